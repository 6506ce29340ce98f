"""A tenant with agents, partitions to write into, and a way in."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

import httpx
import pytest

import factories
from alquimista.cache.bus import Bus
from alquimista.clock import now
from alquimista.config import Settings
from alquimista.db.pool import Database
from alquimista.http.app import App, build
from alquimista.http.limits import Limiter
from alquimista.identity.guards import authenticate
from alquimista.identity.service.kit import install as install_identity
from alquimista.usage import service
from alquimista.usage.api import ROUTES
from alquimista.usage.service import Ingest
from alquimista.wiring import Services
from support.senders import Sender


@pytest.fixture(scope="module")
async def usage_db(db: Database) -> Database:
    """The module's database with its partitions."""
    await service.make_partitions(db, now() - timedelta(days=1))
    return db


@pytest.fixture
async def ingest(usage_db: Database, settings: Settings) -> AsyncIterator[Ingest]:
    """The way in."""
    way_in = Ingest(usage_db, Bus(settings), Limiter(usage_db))
    yield way_in
    await way_in.close()


@dataclass(frozen=True)
class Api:
    """The ways in over HTTP, behind real API keys."""

    app: App
    key: str
    sender: Sender

    def client(self) -> httpx.AsyncClient:
        """A client that shows the key."""
        transport = httpx.ASGITransport(self.app)
        return httpx.AsyncClient(
            transport=transport, base_url="http://localhost", headers={"Authorization": f"Bearer {self.key}"}
        )


@pytest.fixture
async def api(usage_db: Database, settings: Settings, sender: Sender) -> AsyncIterator[Api]:
    """The ways in, with a key of the sender."""
    services = Services(settings, usage_db)
    bus = Bus(settings)
    kit = install_identity(services, bus)
    ways_in = service.install(services, bus)
    key = await factories.make_api_key(usage_db, sender.tenant_id)
    yield Api(build(ROUTES, services, authenticate), key, sender)
    await ways_in.close()
    await kit.close()


@pytest.fixture
async def sender(usage_db: Database) -> Sender:
    """A new tenant with two agents."""
    tenant = await factories.make_tenant(usage_db)
    agents = [await factories.activate_agent(usage_db, tenant.id) for _ in range(2)]
    return Sender(tenant.id, tuple(agents))

"""A tenant with agents, partitions to write into, and a way in."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

import factories
from alquimista.cache.bus import Bus
from alquimista.clock import now
from alquimista.config import Settings
from alquimista.db.pool import Database
from alquimista.http.limits import Limiter
from alquimista.usage import service
from alquimista.usage.service import Ingest
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


@pytest.fixture
async def sender(usage_db: Database) -> Sender:
    """A new tenant with two agents."""
    tenant = await factories.make_tenant(usage_db)
    agents = [await factories.activate_agent(usage_db, tenant.id) for _ in range(2)]
    return Sender(tenant.id, tuple(agents))

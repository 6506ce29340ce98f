from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import psycopg
import pytest

import factories
from alquimista.access import Role
from alquimista.wiring import Services
from support import mail_server as servers
from support.connections import FakeServices, bodies, gateways, on_premises, running_services
from support.whole import Whole, whole


@pytest.fixture(scope="session")
def tls(tmp_path_factory):
    """A server's TLS context for 127.0.0.1, and the file of the authority that vouches for it."""
    return servers.make_tls(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
async def outside() -> AsyncIterator[FakeServices]:
    async with running_services() as running:
        yield running


@pytest.fixture
def fake(outside: FakeServices) -> FakeServices:
    """The services of others, which answer as they should."""
    outside.reset()
    return outside


@pytest.fixture(scope="module")
async def process(settings, outside) -> AsyncIterator[Whole]:
    """The web process, whose gateways lead to the fake services."""
    async with whole(on_premises(settings)) as running:
        running.app.services.add(gateways(settings, outside, timeout_s=3))
        yield running


@pytest.fixture(scope="module")
def worker(db, settings, outside) -> Services:
    """What a worker process has in memory."""
    services = Services(on_premises(settings), db)
    services.add(gateways(settings, outside, timeout_s=3))
    return services


@dataclass
class Company:
    """A tenant and a client of each who might call."""

    id: UUID
    people: dict[str, factories.MadeUser]
    owner: httpx.AsyncClient
    teammate: httpx.AsyncClient
    outsider: httpx.AsyncClient
    staff: httpx.AsyncClient
    support: httpx.AsyncClient
    key: httpx.AsyncClient

    async def connected(self, fake: FakeServices, provider: str = "stripe", name: str = "Caixa") -> str:
        """The id of a new integration."""
        body = {"name": name, "connection": {"provider": provider, **bodies(fake)[provider]}}
        answer = await self.owner.post("/tenant/integrations", json=body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])


@pytest.fixture
async def company(db, process) -> AsyncIterator[Company]:
    tenant, other = [await factories.make_tenant(db) for _ in range(2)]
    people = {
        "owner": await factories.make_user(db, tenant.id),
        "teammate": await factories.make_user(db, tenant.id, role=Role.TENANT_USER),
        "outsider": await factories.make_user(db, other.id),
        "staff": await factories.make_user(db),
        "support": await factories.make_user(db, role=Role.INTERNAL_SUPPORT),
    }
    async with AsyncExitStack() as stack:
        clients: dict[str, Any] = {}
        for name, person in people.items():
            token = await process.token(person.email, person.password)
            clients[name] = await stack.enter_async_context(process.client(token))
        key = await factories.make_api_key(db, tenant.id, scopes=("read",))
        clients["key"] = await stack.enter_async_context(process.client(key))
        yield Company(id=tenant.id, people=people, **clients)


@pytest.fixture
def sql(migrated):
    """Run a statement as a superuser; its rows, if it has any."""

    async def run(statement: str, *values: Any) -> list[tuple[Any, ...]]:
        async with await psycopg.AsyncConnection.connect(migrated.admin_url, autocommit=True) as conn:
            cursor = await conn.execute(statement, values)
            return await cursor.fetchall() if cursor.description else []

    return run

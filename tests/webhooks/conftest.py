"""A company with a receiver on a real socket, and a worker's memory."""

import dataclasses
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx
import psycopg
import pytest

import factories
from alquimista.access import Role
from alquimista.config import Settings
from alquimista.webhooks import service
from alquimista.webhooks.models.deliveries import SendDelivery
from alquimista.wiring import Services
from support.receiver import Receiver, receiving
from support.whole import Whole, whole


@pytest.fixture(scope="module")
def settings(migrated) -> Settings:
    """Receivers of tests are on this machine."""
    return dataclasses.replace(migrated.settings, outbound_private=True)


@pytest.fixture(scope="module")
async def process(settings) -> AsyncIterator[Whole]:
    async with whole(settings) as running:
        yield running


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as running:
        yield running
        if running.hold is not None:
            running.hold.set()


@pytest.fixture
async def worker(db, settings) -> AsyncIterator[Services]:
    """What a worker process has in memory, without its queue: tests say when it works."""
    services = Services(settings, db)
    sending = service.install(services)
    yield services
    await sending.close()


@dataclasses.dataclass
class Company:
    """A tenant, and a client of each who might call."""

    id: UUID
    admin: httpx.AsyncClient
    teammate: httpx.AsyncClient
    outsider: httpx.AsyncClient
    support: httpx.AsyncClient
    email: str

    async def webhook(self, url: str, *types: str) -> dict[str, Any]:
        """A new webhook, with its secret."""
        answer = await self.admin.post("/tenant/webhooks", json={"url": url, "event_types": list(types) or ["*"]})
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    async def deliveries(self, webhook_id: str) -> list[dict[str, Any]]:
        answer = await self.admin.get(f"/tenant/webhooks/{webhook_id}/deliveries")
        assert answer.status_code == 200, answer.text
        return list(answer.json()["deliveries"])

    async def attempts(self, webhook_id: str, delivery_id: str) -> list[dict[str, Any]]:
        answer = await self.admin.get(f"/tenant/webhooks/{webhook_id}/deliveries/{delivery_id}")
        assert answer.status_code == 200, answer.text
        return list(answer.json()["attempts"])


@pytest.fixture
async def company(db, process) -> AsyncIterator[Company]:
    tenant, other = [await factories.make_tenant(db) for _ in range(2)]
    people = {
        "admin": await factories.make_user(db, tenant.id),
        "teammate": await factories.make_user(db, tenant.id, role=Role.TENANT_USER),
        "outsider": await factories.make_user(db, other.id),
        "support": await factories.make_user(db, role=Role.INTERNAL_SUPPORT),
    }
    clients = {name: process.client(await process.token(one.email, one.password)) for name, one in people.items()}
    yield Company(id=tenant.id, email=people["admin"].email, **clients)
    for client in clients.values():
        await client.aclose()


@pytest.fixture
def deliver(worker, sql):
    """Make one try of everything of a company that is due, as the queue's jobs would."""

    async def run(tenant_id: UUID) -> None:
        rows = await sql(
            "SELECT id, endpoint_id FROM alquimista_platform.webhook_deliveries"
            " WHERE tenant_id = %s AND state = 'pending' ORDER BY id",
            tenant_id,
        )
        for delivery_id, endpoint_id in rows:
            await service.deliver(worker, tenant_id, SendDelivery(delivery_id, endpoint_id))

    return run


@pytest.fixture
async def sql(migrated):
    """Ask the database as its superuser."""
    async with await psycopg.AsyncConnection.connect(migrated.admin_url, autocommit=True) as conn:

        async def ask(query, *args):
            cursor = await conn.execute(query, args or None)
            return await cursor.fetchall() if cursor.description else []

        yield ask

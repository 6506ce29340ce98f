"""Tenants whose events are published, and a worker whose consumers tests make."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from uuid import UUID

import httpx
import psycopg
import pytest

import factories
from alquimista.access import Role
from alquimista.events import EventType
from alquimista.orchestrator import service
from alquimista.orchestrator.models import consumers
from alquimista.orchestrator.models.consumers import Consumer, Consumers
from alquimista.orchestrator.models.events import DeliverEvent
from alquimista.wiring import Services
from support.whole import Whole, whole


@pytest.fixture(scope="module")
async def process(settings) -> AsyncIterator[Whole]:
    async with whole(settings) as running:
        yield running


@dataclass
class Company:
    """A tenant, and a client of each who might call."""

    id: UUID
    key: httpx.AsyncClient
    other_key: httpx.AsyncClient
    reader: httpx.AsyncClient
    admin: httpx.AsyncClient
    staff: httpx.AsyncClient
    support: httpx.AsyncClient


@pytest.fixture
async def company(db, process) -> AsyncIterator[Company]:
    tenant, other = [await factories.make_tenant(db) for _ in range(2)]
    people = {
        "admin": await factories.make_user(db, tenant.id),
        "staff": await factories.make_user(db),
        "support": await factories.make_user(db, role=Role.INTERNAL_SUPPORT),
    }
    tokens = {name: await process.token(one.email, one.password) for name, one in people.items()}
    tokens["key"] = await factories.make_api_key(db, tenant.id, scopes=("events",))
    tokens["other_key"] = await factories.make_api_key(db, other.id, scopes=("events",))
    tokens["reader"] = await factories.make_api_key(db, tenant.id, scopes=("read",))
    clients = {name: process.client(token) for name, token in tokens.items()}
    yield Company(id=tenant.id, **clients)
    for client in clients.values():
        await client.aclose()


@pytest.fixture(autouse=True)
def consumed(monkeypatch) -> None:
    """Everything of the vocabulary has a consumer that may want it."""
    monkeypatch.setattr(consumers, "CONSUMED", frozenset(EventType))


@pytest.fixture
def consuming(settings, db) -> Callable[..., Services]:
    """What a worker with these consumers has in memory."""

    def make(*consumers: Consumer) -> Services:
        services = Services(settings, db)
        services.add(Consumers(consumers))
        return services

    return make


@pytest.fixture
async def sql(migrated):
    """Ask the database as its superuser."""
    async with await psycopg.AsyncConnection.connect(migrated.admin_url, autocommit=True) as conn:

        async def ask(query, *args):
            cursor = await conn.execute(query, args or None)
            return await cursor.fetchall() if cursor.description else []

        yield ask


@pytest.fixture
def work(sql):
    """Route and deliver everything of a tenant that is due, as the queue's jobs would, until nothing moves."""

    async def run(services: Services, tenant_id: UUID) -> None:
        for _ in range(20):
            events = await sql(
                "SELECT id FROM fibonacci_core.events WHERE tenant_id = %s AND status = 'published' ORDER BY id",
                tenant_id,
            )
            for (event_id,) in events:
                await service.route(services, tenant_id, event_id)
            before = await sql("SELECT sum(attempts) FROM fibonacci_core.event_deliveries")
            waiting = await sql(
                "SELECT event_id, consumer FROM fibonacci_core.event_deliveries"
                " WHERE tenant_id = %s AND state = 'pending' ORDER BY event_id, consumer",
                tenant_id,
            )
            for row in waiting:
                await service.deliver(services, tenant_id, DeliverEvent(*row))
            if not events and before == await sql("SELECT sum(attempts) FROM fibonacci_core.event_deliveries"):
                return

    return run

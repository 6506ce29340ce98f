"""The whole process beside a company with two agents, and a way to send it requests."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import httpx
import pytest

import factories
from alquimista.access import Role
from alquimista.clock import new_id, now
from alquimista.db.pool import Database
from alquimista.usage import service as usage
from support.whole import Whole, whole


@dataclass
class Company:
    """A tenant, its agents, and a client of each of its people."""

    id: UUID
    agents: tuple[UUID, UUID]
    admin: httpx.AsyncClient
    user: httpx.AsyncClient
    staff: httpx.AsyncClient
    send: Callable[..., Awaitable[None]]


@pytest.fixture(scope="module")
async def process(settings) -> AsyncIterator[Whole]:
    async with whole(settings) as running:
        yield running


@pytest.fixture
async def company(db: Database, process: Whole) -> AsyncIterator[Company]:
    tenant = await factories.make_tenant(db)
    agents = (await factories.activate_agent(db, tenant.id), await factories.activate_agent(db, tenant.id))
    key = await factories.make_api_key(db, tenant.id)
    people = [
        await factories.make_user(db, tenant.id),
        await factories.make_user(db, tenant.id, role=Role.TENANT_USER),
        await factories.make_user(db),
    ]
    clients = [process.client(await process.token(one.email, one.password)) for one in people]

    async def send(agent: UUID, count: int = 1, *, at: datetime | None = None, **more: Any) -> None:
        """Send requests through the front door and fold them."""
        one = {"agent_id": str(agent), "status": "success", "response_time_ms": 100} | more
        moment = (at or now()).isoformat()
        events = [one | {"occurred_at": moment, "idempotency_key": str(new_id())} for _ in range(count)]
        async with process.client(key) as client:
            answer = await client.post("/v1/agent-requests", json=events)
        assert answer.json()["accepted"] == count, answer.text
        while await usage.fold(db, tenant.id):
            pass

    yield Company(tenant.id, agents, *clients, send)
    for client in clients:
        await client.aclose()

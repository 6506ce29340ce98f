"""The whole process on a real socket, and a company whose agents run."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest

import factories
from alquimista.access import Actor, ActorKind, Role
from alquimista.agents import service as agents
from alquimista.agents.models.agents import Agent
from alquimista.agents.models.definitions import EXAMPLE
from alquimista.clock import now
from alquimista.db.pool import Database
from alquimista.db.tenancy import tenant_transaction
from alquimista.fleet import service
from alquimista.http.server import Protocol
from support.listening import listening
from support.whole import Whole, whole


@pytest.fixture(scope="module")
async def process(settings) -> AsyncIterator[Whole]:
    async with whole(settings) as running:
        yield running


@pytest.fixture(scope="module")
async def url(process) -> AsyncIterator[str]:
    """The process on a real socket, for streams."""
    async with listening(process.app, Protocol) as address:
        yield address


@dataclass
class Company:
    """A tenant, one active agent of it, and who acts for it."""

    db: Database
    process: Whole
    id: UUID
    agent: Agent
    key: str
    owner_id: UUID

    @property
    def actor(self) -> Actor:
        return Actor(ActorKind.SESSION, frozenset(), Role.TENANT_ADMIN, self.owner_id, self.id, "dona@example.com")

    async def beat(self, instance="web-1", boot=None, *, key=None, slug=None, **more) -> httpx.Response:
        body = {"instance_id": instance, "boot_id": str(boot or uuid4()), "version": "1.0", **more}
        async with self.process.client(key or self.key) as client:
            return await client.post(f"/v1/agents/{slug or self.agent.slug}/heartbeat", json=body)

    async def running(self, moment=None) -> service.Running:
        return await service.read(self.db.tenant(self.id), self.id, self.agent.id, moment or now())

    async def restart(self, **more):
        async with tenant_transaction(self.db, self.id) as conn:
            return await service.restart(conn, self.actor, self.id, self.agent.id, "test", now(), **more)

    async def restarted(self, restart_id):
        return await service.restarted(self.db.tenant(self.id), self.id, restart_id)

    async def suspend(self):
        async with tenant_transaction(self.db, self.id) as conn:
            await agents.suspend_all(conn, self.id, now())

    async def ack(self, control_id, outcome="done", detail="", *, key=None) -> httpx.Response:
        async with self.process.client(key or self.key) as client:
            path = f"/v1/agents/{self.agent.slug}/control/{control_id}/ack"
            return await client.post(path, json={"outcome": outcome, "detail": detail})


@pytest.fixture
def found_company(db, process):
    """Found a company with a running agent."""

    async def found(**more) -> Company:
        tenant = await factories.make_tenant(db, **more)
        agent = await factories.make_agent(db, definition=EXAMPLE)
        await factories.activate_agent(db, tenant.id, agent.id)
        owner = await factories.make_user(db, tenant.id)
        key = await factories.make_api_key(db, tenant.id, scopes=("agent",))
        return Company(db, process, tenant.id, agent, key, owner.id)

    return found


@pytest.fixture
async def company(found_company) -> Company:
    return await found_company()


class Reader:
    """Control messages of a stream, one by one."""

    def __init__(self, response):
        self.response = response
        self._lines = response.aiter_lines()

    async def next(self) -> dict | None:
        """The next message; None when the stream has ended."""
        data = None
        async for line in self._lines:
            if line.startswith("data: "):
                data = json.loads(line.removeprefix("data: "))
            if not line and data:
                return data
        return None


@pytest.fixture
def stream(url):
    """Open the control stream of a company's process."""

    @asynccontextmanager
    async def opened(company, instance="web-1", *, key=None):
        headers = {"authorization": f"Bearer {key or company.key}"}
        path = f"/v1/agents/{company.agent.slug}/control"
        async with (
            httpx.AsyncClient(base_url=url, timeout=20, headers=headers) as client,
            client.stream("GET", path, params={"instance_id": instance}) as response,
        ):
            yield Reader(response)

    return opened


@pytest.fixture
async def sql(migrated):
    """Run a statement past every policy; its rows, if it answers some."""

    async def run(query, *values):
        async with await psycopg.AsyncConnection.connect(migrated.admin_url, autocommit=True) as conn:
            cursor = await conn.execute(query, values or None)
            return await cursor.fetchall() if cursor.description else []

    return run

"""The whole process beside a model on a real socket, the catalogue, and a company whose people try things."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import psycopg
import pytest

import factories
from alquimista import clock
from alquimista.access import Actor, ActorKind, Role
from alquimista.agents import service as agents
from alquimista.billing.service import catalogue as billing
from alquimista.cache.bus import Bus
from alquimista.catalogue import files
from alquimista.catalogue.load import load
from alquimista.db.pool import Database
from alquimista.jobs.consumer import consume
from alquimista.trials import jobs
from alquimista.usage import service as usage
from alquimista.wiring import Services
from support.identity import eventually
from support.model import FakeModel, answered_by, running_model
from support.whole import Whole, whole


@pytest.fixture(scope="module")
async def catalogue(db) -> dict[str, UUID]:
    """The shipped catalogue; the ids of its agents and SubNúcleos."""
    await load(db, files.read(), clock.now())
    found = {one.slug: one.id for one in await agents.catalogue(db.staff())}
    return found | {f"sub:{one.name}": one.id for one in await billing.subnucleos(db.staff())}


@pytest.fixture(scope="module")
async def endpoint() -> AsyncIterator[FakeModel]:
    async with running_model() as running:
        yield running


@pytest.fixture
def model(endpoint: FakeModel) -> FakeModel:
    """The model's server, which answers as it should."""
    endpoint.failing, endpoint.hold = None, None
    endpoint.asked.clear()
    endpoint.keys.clear()
    return endpoint


@pytest.fixture(scope="module")
async def process(settings, endpoint, catalogue) -> AsyncIterator[Whole]:
    async with whole(answered_by(endpoint, settings)) as running:
        yield running


@dataclass
class Company:
    """A tenant and a client of each who might call."""

    id: UUID
    owner: httpx.AsyncClient
    owner_id: UUID
    teammate: httpx.AsyncClient
    outsider: httpx.AsyncClient
    staff: httpx.AsyncClient
    key: httpx.AsyncClient

    @property
    def actor(self) -> Actor:
        """The owner, past the sign-in."""
        return Actor(ActorKind.SESSION, frozenset(), Role.TENANT_ADMIN, self.owner_id, self.id, "dona@example.com")


@pytest.fixture
async def company(db: Database, process: Whole) -> AsyncIterator[Company]:
    tenant, other = [await factories.make_tenant(db) for _ in range(2)]
    owner = await factories.make_user(db, tenant.id)
    people = {
        "owner": owner,
        "teammate": await factories.make_user(db, tenant.id, role=Role.TENANT_USER),
        "outsider": await factories.make_user(db, other.id),
        "staff": await factories.make_user(db),
    }
    async with AsyncExitStack() as stack:
        clients: dict[str, Any] = {}
        for name, person in people.items():
            token = await process.token(person.email, person.password)
            clients[name] = await stack.enter_async_context(process.client(token))
        key = await factories.make_api_key(db, tenant.id, scopes=("read",))
        clients["key"] = await stack.enter_async_context(process.client(key))
        yield Company(id=tenant.id, owner_id=owner.id, **clients)


@pytest.fixture(scope="module")
async def worker(db, settings) -> AsyncIterator[Services]:
    """What a worker process has in memory."""
    await usage.make_partitions(db, clock.now())
    services, bus = Services(settings, db), Bus(settings)
    ways_in = usage.install(services, bus)
    yield services
    await ways_in.close()


@pytest.fixture
def work(worker, migrated):
    """Run the jobs of trials until none waits, then fold what they counted."""

    async def run(tenant_id: UUID) -> None:
        stop = asyncio.Event()
        running = asyncio.create_task(consume(worker, jobs.JOBS, (), stop))

        async def idle() -> bool:
            query = "SELECT count(*) FROM alquimista_platform.job_queue WHERE entrypoint LIKE 'trials.%'"
            async with await psycopg.AsyncConnection.connect(migrated.admin_url) as conn:
                row = await (await conn.execute(query)).fetchone()
            return row == (0,)

        await eventually(idle, 20)
        stop.set()
        await running
        while await usage.fold(worker.db, tenant_id) is not None:
            pass

    return run

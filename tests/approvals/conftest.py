"""The whole process, a company with three administrators and a user, another company, and three of the staff."""

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
from alquimista.access import PLATFORM_TENANT, ROLE_PERMISSIONS, Actor, ActorKind, Role
from alquimista.approvals import jobs, service
from alquimista.approvals.models import Approval, Audience, NewApproval
from alquimista.db.pool import Database
from alquimista.db.tenancy import tenant_transaction
from alquimista.jobs.consumer import consume
from alquimista.wiring import Services
from support.identity import eventually
from support.whole import Whole, whole

STAFF = {"ops": Role.INTERNAL_ADMIN, "chief": Role.INTERNAL_ADMIN, "helper": Role.INTERNAL_SUPPORT}
PEOPLE = {"ana": Role.TENANT_ADMIN, "bia": Role.TENANT_ADMIN, "caio": Role.TENANT_ADMIN, "davi": Role.TENANT_USER}


@dataclass
class Scene:
    """Who there is."""

    db: Database
    tenant: UUID
    people: dict[str, factories.MadeUser]
    clients: dict[str, httpx.AsyncClient]

    def actor(self, name: str) -> Actor:
        """A person past the sign-in."""
        person = self.people[name]
        home = None if person.tenant_id == PLATFORM_TENANT else person.tenant_id
        return Actor(ActorKind.SESSION, ROLE_PERMISSIONS[person.role], person.role, person.id, home, person.email, name)

    async def ask(self, name: str, audience: Audience = Audience.TENANT, **changes: Any) -> Approval:
        """A request of somebody's, as a room above makes it."""
        plain = {"action_type": "command.X", "resource_type": "agent", "resource_id": "7", "audience": audience}
        moment = changes.pop("now", None)
        async with tenant_transaction(self.db, self.tenant) as conn:
            return await service.request(
                conn, self.actor(name), self.tenant, NewApproval(**(plain | changes)), moment or clock.now()
            )


@pytest.fixture(scope="module")
async def process(db, settings) -> AsyncIterator[Whole]:
    async with whole(settings) as running:
        yield running


@pytest.fixture(scope="module")
async def scene(db, process) -> AsyncIterator[Scene]:
    tenant, other = [await factories.make_tenant(db) for _ in range(2)]
    people = {name: await factories.make_user(db, tenant.id, role=role, name=name) for name, role in PEOPLE.items()}
    people |= {name: await factories.make_user(db, role=role, name=name) for name, role in STAFF.items()}
    people["outsider"] = await factories.make_user(db, other.id)
    async with AsyncExitStack() as stack:
        clients = {}
        for name, person in people.items():
            token = await process.token(person.email, person.password)
            clients[name] = await stack.enter_async_context(process.client(token))
        yield Scene(db, tenant.id, people, clients)


@pytest.fixture
async def sql(migrated):
    """Ask the module's database as its superuser."""
    async with await psycopg.AsyncConnection.connect(migrated.admin_url, autocommit=True) as conn:

        async def ask(query, *values):
            cursor = await conn.execute(query, values or None)
            return await cursor.fetchall() if cursor.description else []

        yield ask


@pytest.fixture
def work(db, settings, sql):
    """Run the jobs of approvals until none waits, with what another room has subscribed."""

    async def run(reactions: service.Reactions | None = None) -> None:
        services = Services(settings, db)
        services.add(reactions or service.Reactions())
        await jobs.due(services, None, None)
        stop = asyncio.Event()
        running = asyncio.create_task(consume(services, jobs.JOBS, (), stop))

        async def idle() -> bool:
            found = await sql("SELECT count(*) FROM alquimista_platform.job_queue WHERE entrypoint LIKE 'approvals.%'")
            return found == [(0,)]

        await eventually(idle, 20)
        stop.set()
        await running

    return run

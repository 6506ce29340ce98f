"""Commands, and workers inside this process that run them."""

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta

import msgspec
import psycopg
import pytest

import factories
from alquimista import clock
from alquimista.access import ROLE_PERMISSIONS, Actor, ActorKind, Role
from alquimista.approvals.service import install as install_approvals
from alquimista.cache.bus import Bus
from alquimista.db.tenancy import tenant_transaction
from alquimista.fleet import service as fleet
from alquimista.fleet.models.states import Beat
from alquimista.jobs import service as queue
from alquimista.jobs.consumer import consume
from alquimista.notifications import jobs as notifications
from alquimista.operations import jobs, service
from alquimista.operations.models.kinds import KINDS, CommandType
from alquimista.operations.service import Wanted
from alquimista.operations.service.effects.effect import Effect
from alquimista.wiring import Services
from support.identity import eventually


@pytest.fixture(scope="module")
async def services(settings, db):
    """What a worker has."""
    bus = Bus(settings)
    found = Services(settings, db)
    found.add(bus)
    install_approvals(found)
    service.install(found)
    await bus.start()
    yield found
    await bus.stop()


@pytest.fixture(scope="module")
async def tenant(db):
    """A company."""
    return await factories.make_tenant(db)


def actor_of(person):
    """Somebody of the staff, as a request would have them."""
    return Actor(ActorKind.TOKEN, ROLE_PERMISSIONS[person.role], person.role, person.id, None, person.email)


@pytest.fixture(scope="module")
async def staff(db):
    """An administrator of the staff."""
    return actor_of(await factories.make_user(db))


@pytest.fixture(scope="module")
async def second(db):
    """Another one."""
    return actor_of(await factories.make_user(db))


@pytest.fixture(scope="module")
async def supporter(db):
    """A supporter of the staff."""
    return actor_of(await factories.make_user(db, role=Role.INTERNAL_SUPPORT))


@pytest.fixture
def give(services, staff):
    """`await give(CommandType.HEALTH_CHECK, tenant_id=…)`: the command, stored with its job."""

    async def given(kind, tenant_id=None, actor=staff, key=None, **parameters):
        shaped = msgspec.convert(parameters, KINDS[kind].parameters)
        wanted = Wanted(CommandType(kind), tenant_id, shaped, key)
        async with tenant_transaction(services.db, wanted.tenant) as conn:
            made, _ = await service.give(conn, actor, wanted, services.settings, clock.now())
        return made

    return given


@pytest.fixture
def working(services):
    """`async with working():` runs a worker inside this process."""

    @asynccontextmanager
    async def work(lease=timedelta(seconds=20)):
        stop = asyncio.Event()
        everything = (*queue.JOBS, *jobs.JOBS, *notifications.JOBS)
        task = asyncio.create_task(consume(services, everything, (), stop, lease=lease))
        try:
            yield task
        finally:
            stop.set()
            await asyncio.wait_for(task, 20)

    return work


@pytest.fixture
async def sql(migrated):
    """Ask the database as its superuser: `await sql("SELECT …")` answers the rows."""
    async with await psycopg.AsyncConnection.connect(migrated.admin_url, autocommit=True) as conn:

        async def ask(query, *args):
            cursor = await conn.execute(query, args or None)
            return await cursor.fetchall() if cursor.description else []

        yield ask


@pytest.fixture
async def empty(sql):
    """No commands and no jobs."""
    await sql("DELETE FROM alquimista_platform.operational_commands")
    await sql("DELETE FROM alquimista_platform.job_queue")
    await sql("DELETE FROM alquimista_platform.failed_jobs")


@pytest.fixture
def line(db):
    """`await line(command)`: the command as staff see it now."""

    async def look(command, locale="pt-BR"):
        return await service.line(db.staff(), command.id, locale)

    return look


@pytest.fixture
def ended(line):
    """`await ended(command)`: wait for its end; how it looks then."""

    async def wait(command):
        async def over():
            return (await line(command)).completed_at is not None

        await eventually(over, 20)
        return await line(command)

    return wait


@pytest.fixture
def beats(db, sql):
    """`await beats(tenant_id, agent_id)`: a process of the agent is heard of."""

    async def heard(tenant_id, agent_id, instance="one", at=None):
        ((slug,),) = await sql("SELECT slug FROM alquimista_platform.agents WHERE id = %s", agent_id)
        told = Beat(instance, clock.new_id(), "1", "python", "host")
        await fleet.beat(db, tenant_id, slug, told, at or clock.now())

    return heard


@pytest.fixture
def effect(monkeypatch):
    """`effect(CommandType.HEALTH_CHECK, work=…)`: let a kind do something else."""

    def put(kind, **parts):
        async def foresee(_conn, _tenant, _parameters, _now):
            raise AssertionError

        monkeypatch.setitem(service.EFFECTS, kind, Effect(foresee=foresee, **parts))

    return put


@pytest.fixture
def at_once(monkeypatch):
    """Tries without the pause between them."""
    monkeypatch.setattr("alquimista.operations.service.running.pause", lambda _: timedelta(0))

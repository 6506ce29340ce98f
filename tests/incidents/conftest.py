import psycopg
import pytest

import factories
from alquimista.access import Role
from alquimista.incidents.jobs import JOBS
from alquimista.support.jobs import JOBS as TICKET_JOBS
from alquimista.wiring import Services
from support import queued
from support.whole import whole


@pytest.fixture(scope="module")
async def process(settings):
    async with whole(settings) as running:
        yield running


@pytest.fixture(scope="module")
async def admin(db, process):
    """An administrator of the staff."""
    person = await factories.make_user(db)
    async with process.client(await process.token(person.email, person.password)) as client:
        yield client


@pytest.fixture(scope="module")
async def support(db, process):
    """A supporter of the staff."""
    person = await factories.make_user(db, role=Role.INTERNAL_SUPPORT, name="Lia Fontes")
    async with process.client(await process.token(person.email, person.password)) as client:
        yield client


@pytest.fixture
async def company(db, process):
    """A company's id, its administrator and a client of theirs."""
    tenant = await factories.make_tenant(db)
    person = await factories.make_user(db, tenant.id)
    async with process.client(await process.token(person.email, person.password)) as client:
        yield tenant.id, person, client


@pytest.fixture
async def sql(migrated):
    """Ask the module's database as its superuser."""
    async with await psycopg.AsyncConnection.connect(migrated.admin_url, autocommit=True) as conn:

        async def ask(query, *values):
            return await (await conn.execute(query, values)).fetchall()

        yield ask


@pytest.fixture
def work(db, settings, migrated):
    """`await work()`: do the waiting jobs of incidents and tickets."""
    services = Services(settings, db)

    async def do(**how):
        return await queued.work(services, migrated.admin_url, (*JOBS, *TICKET_JOBS), **how)

    return do


@pytest.fixture(autouse=True)
async def _empty_queue(sql):
    await sql("DELETE FROM alquimista_platform.job_queue RETURNING 1")

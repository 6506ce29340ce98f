import dataclasses

import psycopg
import pytest

import factories
from alquimista.access import Role
from alquimista.incidents.jobs import JOBS as INCIDENT_JOBS
from alquimista.support.jobs import JOBS
from alquimista.wiring import Services
from support import queued
from support.whole import whole


@pytest.fixture(scope="module")
async def process(settings):
    async with whole(settings) as running:
        yield running


@pytest.fixture
async def signed(process):
    """`await signed(person)`: a client of theirs."""

    async def sign(person):
        return process.client(await process.token(person.email, person.password))

    return sign


@pytest.fixture
async def agent(db, signed):
    """A supporter of the staff, and their client."""
    person = await factories.make_user(db, role=Role.INTERNAL_SUPPORT, name="Lia Fontes")
    return person, await signed(person)


@pytest.fixture
async def company(db, signed):
    """A company's id, one of its people, and their client."""
    tenant = await factories.make_tenant(db)
    await factories.make_user(db, tenant.id, name="Dona Chefe")
    person = await factories.make_user(db, tenant.id, role=Role.TENANT_USER, name="Ana Souza")
    return tenant.id, person, await signed(person)


@pytest.fixture
async def sql(migrated):
    """Ask the module's database as its superuser."""
    async with await psycopg.AsyncConnection.connect(migrated.admin_url, autocommit=True) as conn:

        async def ask(query, *values):
            return await (await conn.execute(query, values)).fetchall()

        yield ask


@pytest.fixture
def work(db, settings, migrated):
    """`await work(support_email=…)`: do the waiting jobs of tickets and incidents, with these settings."""

    async def do(**changed):
        services = Services(dataclasses.replace(settings, **changed), db)
        return await queued.work(services, migrated.admin_url, (*JOBS, *INCIDENT_JOBS))

    return do


@pytest.fixture(autouse=True)
async def _nothing_waits(sql):
    await sql("DELETE FROM alquimista_platform.job_queue RETURNING 1")
    await sql("DELETE FROM alquimista_platform.notifications RETURNING 1")
    await sql("DELETE FROM alquimista_platform.mails RETURNING 1")

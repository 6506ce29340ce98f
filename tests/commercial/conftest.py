import dataclasses

import psycopg
import pytest

import factories
from alquimista import clock
from alquimista.access import Role
from alquimista.catalogue import files
from alquimista.catalogue.load import load
from support.whole import whole

SALES = "Vendas@Example.com"
CONTACT = {
    "companyName": "Clínica Aurora",
    "contactName": "Ana Souza",
    "email": "Ana@Empresa.com.br",
    "whatsapp": "(11) 98765-4321",
}


@pytest.fixture(scope="module")
async def process(db, settings):
    await load(db, files.read(), clock.now())
    async with whole(dataclasses.replace(settings, sales_email=SALES)) as running:
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
    person = await factories.make_user(db, role=Role.INTERNAL_SUPPORT)
    async with process.client(await process.token(person.email, person.password)) as client:
        yield client


@pytest.fixture
async def sql(migrated):
    """Ask the module's database as its superuser."""
    async with await psycopg.AsyncConnection.connect(migrated.admin_url, autocommit=True) as conn:

        async def ask(query, *values):
            return await (await conn.execute(query, values)).fetchall()

        yield ask


@pytest.fixture
def contact(process):
    """`await contact(email=…)`: ask the sales team from an address of one's own, with these fields changed."""

    async def ask(**changes):
        async with process.client() as client:
            return await client.post("/api/commercial/contact", json=CONTACT | changes)

    return ask

from dataclasses import dataclass
from uuid import UUID

import psycopg
import pytest

import factories
from alquimista import clock
from alquimista.access import Role
from alquimista.db.tenancy import tenant_transaction
from alquimista.notifications import service
from alquimista.notifications.models import Category, Choice, MailWhen, Owner, Recipient
from support import mail_server as servers
from support.whole import whole


@pytest.fixture
def mail_server():
    """`async with mail_server() as (server, url):` a server with the options of aiosmtpd's SMTP."""
    return servers.mail_server


@pytest.fixture(scope="session")
def tls(tmp_path_factory):
    """A server's TLS context for 127.0.0.1, and the file of the authority that vouches for it."""
    return servers.make_tls(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
async def process(settings):
    """The whole web process."""
    async with whole(settings) as running:
        yield running


@pytest.fixture
async def sql(migrated):
    """Ask the module's database as its superuser."""
    async with await psycopg.AsyncConnection.connect(migrated.admin_url, autocommit=True) as conn:

        async def ask(query, *values):
            cursor = await conn.execute(query, values)
            return await cursor.fetchall() if cursor.description else []

        yield ask


@dataclass
class Company:
    id: UUID
    ana: factories.MadeUser
    rui: factories.MadeUser
    lia: factories.MadeUser


@pytest.fixture
async def company(db):
    """A company, two of its people, and one of the staff."""
    tenant = await factories.make_tenant(db)
    return Company(
        tenant.id,
        await factories.make_user(db, tenant.id, name="Ana Souza"),
        await factories.make_user(db, tenant.id, role=Role.TENANT_USER, name="Rui Lima"),
        await factories.make_user(db, role=Role.INTERNAL_SUPPORT, name="Lia Fontes"),
    )


@pytest.fixture
def tell(db):
    """`await tell(person, template="incident_opened")`: tell somebody something, as other rooms do."""

    async def told(person, template="incident_opened", title="Agente fora do ar", link="http://localhost:8080/app/x"):
        recipient = Recipient(person.id, person.email, "Ana")
        words = {"company": "Aurora", "title": title, "description": "–", "began": "12:00", "ended": "13:00"}
        words |= {"number": 7, "subject": "A", "text": "B", "ip": "203.0.113.7", "notice": "–"}
        async with tenant_transaction(db, person.tenant_id) as conn:
            await service.tell(conn, person.tenant_id, recipient, template, "pt-BR", link, **words)

    return told


@pytest.fixture
def choose(db):
    """`await choose(person, incident=(True, "digest"))`: what somebody chooses."""

    async def chosen(person, **wanted):
        choices = {Category(name): Choice(in_app, MailWhen(mail)) for name, (in_app, mail) in wanted.items()}
        async with tenant_transaction(db, person.tenant_id) as conn:
            await service.choose(conn, Owner(person.tenant_id, person.id), choices, clock.now())

    return chosen


@pytest.fixture
def signed(process):
    """`await signed(person)`: a client of theirs."""

    async def sign(person):
        return process.client(await process.token(person.email, person.password))

    return sign

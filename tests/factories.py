"""Rows that tests start from, written through the same doors and roles as the product writes them."""

import hashlib
import secrets
from dataclasses import dataclass
from functools import cache
from uuid import UUID

import bcrypt
import msgspec
from stdnum.br import cnpj as cnpj_rules

from alquimista import clock
from alquimista.access import PLATFORM_TENANT, Role
from alquimista.agents.models.agents import Agent
from alquimista.agents.models.definitions import Definition
from alquimista.agents.queries import catalogue as agent_queries
from alquimista.agents.queries import tenants as tenant_agent_queries
from alquimista.db.pool import Database
from alquimista.db.statement import NoRow, Statement
from alquimista.db.tenancy import login_transaction, tenant_transaction
from alquimista.identity.models.api_keys import new_key
from alquimista.identity.models.passwords import prehash
from alquimista.tenants import queries as tenant_queries
from alquimista.tenants.models import NewTenant, Tenant, TenantStatus
from alquimista.tenants.service import prepare

PASSWORD = "Correct-Horse-9-Battery"
_CNPJ_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"

INSERT_USER = Statement(
    """
    INSERT INTO alquimista_platform.users (id, email, full_name, status, created_at, updated_at)
    VALUES (%(id)s, %(email)s, %(full_name)s, %(status)s, %(now)s, %(now)s)
    """,
    NoRow,
)
INSERT_CREDENTIALS = Statement(
    """
    INSERT INTO alquimista_platform.user_credentials (user_id, password_hash, password_changed_at)
    VALUES (%(user_id)s, %(password_hash)s, %(now)s)
    """,
    NoRow,
)
INSERT_MEMBER = Statement(
    """
    INSERT INTO alquimista_platform.tenant_users (tenant_id, user_id, role, status, created_at, updated_at)
    VALUES (%(tenant_id)s, %(user_id)s, %(role)s, 'active', %(now)s, %(now)s)
    """,
    NoRow,
)
INSERT_KEY = Statement(
    """
    INSERT INTO alquimista_platform.api_keys (tenant_id, id, name, prefix, scopes, created_at)
    VALUES (%(tenant_id)s, %(id)s, 'test', %(prefix)s, %(scopes)s::text[], %(now)s)
    """,
    NoRow,
)
INSERT_LOOKUP = Statement(
    """
    INSERT INTO alquimista_platform.api_key_lookup (key_hash, tenant_id, key_id)
    VALUES (%(key_hash)s, %(tenant_id)s, %(key_id)s)
    """,
    NoRow,
)


@dataclass(frozen=True)
class MadeUser:
    """A person who can sign in."""

    id: UUID
    email: str
    password: str
    tenant_id: UUID
    role: Role


def new_cnpj() -> str:
    """A valid CNPJ of the alphanumeric format, never the same twice."""
    base = "".join(secrets.choice(_CNPJ_LETTERS) for _ in range(12))
    return base + str(cnpj_rules.calc_check_digits(base))


@cache
def password_hash(password: str) -> str:
    """Cheap: verifying works with any cost, and tests sign in often."""
    return bcrypt.hashpw(prehash(password), bcrypt.gensalt(4)).decode()


async def make_tenant(
    db: Database,
    *,
    name: str = "Clínica Aurora",
    plan: str = "starter",
    segment: str = "saude",
    time_zone: str = "America/Sao_Paulo",
    status: TenantStatus = TenantStatus.ACTIVE,
    demo: bool = False,
) -> Tenant:
    """A tenant with its plan's limits."""
    new = NewTenant(name=name, cnpj=new_cnpj(), segment=segment, plan=plan, time_zone=time_zone, demo=demo)
    tenant = msgspec.structs.replace(prepare(new, clock.new_id(), clock.now()), status=status, standing=status)
    async with tenant_transaction(db, tenant.id) as conn:
        await tenant_queries.insert(conn, tenant)
    return tenant


async def make_user(
    db: Database,
    tenant_id: UUID = PLATFORM_TENANT,
    *,
    role: Role | None = None,
    email: str | None = None,
    password: str = PASSWORD,
    name: str = "Maria da Silva",
    status: str = "active",
) -> MadeUser:
    """A member of the tenant who can sign in; by default an administrator, of the staff when no tenant is given."""
    user_id, now = clock.new_id(), clock.now()
    role = role or (Role.INTERNAL_ADMIN if tenant_id == PLATFORM_TENANT else Role.TENANT_ADMIN)
    email = email or f"{user_id.hex[-12:]}@example.com"
    async with login_transaction(db) as conn:
        await conn.execute(INSERT_USER, id=user_id, email=email, full_name=name, status=status, now=now)
        await conn.execute(INSERT_CREDENTIALS, user_id=user_id, password_hash=password_hash(password), now=now)
    await add_member(db, tenant_id, user_id, role)
    return MadeUser(user_id, email, password, tenant_id, role)


async def add_member(db: Database, tenant_id: UUID, user_id: UUID, role: Role) -> None:
    """Let an existing person belong to one more tenant."""
    await db.login().execute(INSERT_MEMBER, tenant_id=tenant_id, user_id=user_id, role=role, now=clock.now())


async def make_agent(
    db: Database,
    *,
    slug: str | None = None,
    name: str = "Vendas Ativas",
    status: str = "active",
    definition: Definition | None = None,
) -> Agent:
    """An agent of the catalogue, with rules when they are given."""
    agent_id = clock.new_id()
    agent = Agent(
        id=agent_id,
        slug=slug or f"agent-{agent_id.hex[-12:]}",
        name=name,
        description="",
        segment="vendas",
        category="comercial",
        version="1.0.0",
        status=status,
    )
    async with tenant_transaction(db, PLATFORM_TENANT) as conn:
        agent = msgspec.structs.replace(agent, id=await agent_queries.put_agent(conn, agent, clock.now()))
        if definition is not None:
            await agent_queries.put_version(conn, agent.id, agent.version, definition, None, clock.now())
    return agent


async def activate_agent(db: Database, tenant_id: UUID, agent_id: UUID | None = None) -> UUID:
    """Activate an agent, a new one by default, for the tenant; its id."""
    agent_id = agent_id or (await make_agent(db)).id
    async with tenant_transaction(db, tenant_id) as conn:
        await tenant_agent_queries.activate(conn, tenant_id, agent_id, clock.now())
    return agent_id


async def make_api_key(db: Database, tenant_id: UUID, *, scopes: tuple[str, ...] = ("ingest",)) -> str:
    """A working API key of the tenant: the whole secret text."""
    key, prefix = new_key()
    key_id = clock.new_id()
    async with tenant_transaction(db, tenant_id) as conn:
        await conn.execute(
            INSERT_KEY, tenant_id=tenant_id, id=key_id, prefix=prefix, scopes=list(scopes), now=clock.now()
        )
        key_hash = hashlib.sha256(key.encode()).digest()
        await conn.execute(INSERT_LOOKUP, key_hash=key_hash, tenant_id=tenant_id, key_id=key_id)
    return key

"""The only SQL on alquimista_platform.tenants."""

from datetime import datetime
from uuid import UUID

import msgspec

from alquimista.access import PLATFORM_TENANT
from alquimista.db.statement import Conn, NoRow, Statement
from alquimista.tenants.models import Limits, Tenant

_COLUMNS = """id, name, cnpj, segment, plan, status, time_zone, locale, currency, mrr_cents, max_agents, max_users,
  max_requests_per_month, demo, created_at, updated_at"""

INSERT = Statement(
    f"""
    INSERT INTO alquimista_platform.tenants ({_COLUMNS})
    VALUES (%(id)s, %(name)s, %(cnpj)s, %(segment)s, %(plan)s, %(status)s, %(time_zone)s, %(locale)s, %(currency)s,
      %(mrr_cents)s, %(max_agents)s, %(max_users)s, %(max_requests_per_month)s, %(demo)s, %(created_at)s,
      %(updated_at)s)
    """,  # noqa: S608 - The only interpolation is the constant column list above.
    NoRow,
)

GET = Statement(
    f"SELECT {_COLUMNS} FROM alquimista_platform.tenants WHERE id = %(id)s",  # noqa: S608 - As above.
    Tenant,
)


class TenantId(msgspec.Struct, frozen=True):
    """The id alone, for jobs that visit every tenant."""

    id: UUID


LIST_IDS = Statement(
    "SELECT id FROM alquimista_platform.tenants WHERE id <> %(platform)s ORDER BY id",
    TenantId,
)

SET_STATUS = Statement(
    "UPDATE alquimista_platform.tenants SET status = %(status)s, updated_at = %(now)s WHERE id = %(id)s",
    NoRow,
)

SET_TERMS = Statement(
    """
    UPDATE alquimista_platform.tenants SET plan = %(plan)s, max_agents = %(max_agents)s, max_users = %(max_users)s,
      max_requests_per_month = %(max_requests_per_month)s, mrr_cents = %(mrr_cents)s, updated_at = %(now)s
    WHERE id = %(id)s
    """,
    NoRow,
)


async def insert(conn: Conn, tenant: Tenant) -> None:
    """Store a new tenant; psycopg.errors.UniqueViolation when the CNPJ is taken."""
    await conn.execute(INSERT, **{name: getattr(tenant, name) for name in Tenant.__struct_fields__})


async def get(conn: Conn, tenant_id: UUID) -> Tenant | None:
    """One tenant, if this connection may see it."""
    return await conn.fetch_one(GET, id=tenant_id)


async def list_ids(conn: Conn) -> list[UUID]:
    """Every tenant but the platform's; meant for the internal role."""
    return [row.id for row in await conn.fetch(LIST_IDS, platform=PLATFORM_TENANT)]


async def set_status(conn: Conn, tenant_id: UUID, status: str, now: datetime) -> int:
    """The number of rows changed: 0 or 1."""
    return await conn.execute(SET_STATUS, id=tenant_id, status=status, now=now)


async def set_terms(conn: Conn, tenant_id: UUID, plan: str, limits: Limits, mrr_cents: int, now: datetime) -> None:
    """Write a tenant's plan, its limits and its monthly revenue."""
    await conn.execute(
        SET_TERMS,
        id=tenant_id,
        plan=plan,
        max_agents=limits.max_agents,
        max_users=limits.max_users,
        max_requests_per_month=limits.max_requests_per_month,
        mrr_cents=mrr_cents,
        now=now,
    )

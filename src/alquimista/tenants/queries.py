"""The only SQL on alquimista_platform.tenants."""

from datetime import datetime
from uuid import UUID

import msgspec

from alquimista.access import PLATFORM_TENANT
from alquimista.db.statement import Conn, NoRow, Statement
from alquimista.tenants.models import Limits, OwnLimits, Tenant

_COLUMNS = """id, name, cnpj, segment, plan, status, standing, blocked_reason, time_zone, locale, currency, mrr_cents,
  max_agents, max_users, max_requests_per_month, demo, created_at, updated_at"""

INSERT = Statement(
    """
    INSERT INTO alquimista_platform.tenants (id, name, cnpj, segment, plan, standing, time_zone, locale, currency,
      mrr_cents, plan_max_agents, plan_max_users, plan_max_requests_per_month, demo, created_at, updated_at)
    VALUES (%(id)s, %(name)s, %(cnpj)s, %(segment)s, %(plan)s, %(standing)s, %(time_zone)s, %(locale)s, %(currency)s,
      %(mrr_cents)s, %(max_agents)s, %(max_users)s, %(max_requests_per_month)s, %(demo)s, %(created_at)s,
      %(updated_at)s)
    """,
    NoRow,
)

GET = Statement(
    f"SELECT {_COLUMNS} FROM alquimista_platform.tenants WHERE id = %(id)s",  # noqa: S608 - The constant list above.
    Tenant,
)


class TenantId(msgspec.Struct, frozen=True):
    """The id alone, for jobs that visit every tenant."""

    id: UUID


LIST_IDS = Statement(
    "SELECT id FROM alquimista_platform.tenants WHERE id <> %(platform)s ORDER BY id",
    TenantId,
)

SET_STANDING = Statement(
    "UPDATE alquimista_platform.tenants SET standing = %(standing)s, updated_at = %(now)s WHERE id = %(id)s",
    NoRow,
)

# Of two at once, the second finds the company as the first has left it.
BLOCK = Statement(
    """
    UPDATE alquimista_platform.tenants SET blocked_at = %(now)s, blocked_reason = %(reason)s, updated_at = %(now)s
    WHERE id = %(id)s AND blocked_at IS NULL
    """,
    NoRow,
)
UNBLOCK = Statement(
    """
    UPDATE alquimista_platform.tenants SET blocked_at = NULL, blocked_reason = NULL, updated_at = %(now)s
    WHERE id = %(id)s AND blocked_at IS NOT NULL
    """,
    NoRow,
)

GET_OWN_LIMITS = Statement(
    """
    SELECT own_max_agents AS max_agents, own_max_users AS max_users,
      own_max_requests_per_month AS max_requests_per_month, raw_days
    FROM alquimista_platform.tenants WHERE id = %(id)s
    """,
    OwnLimits,
)
SET_OWN_LIMITS = Statement(
    """
    UPDATE alquimista_platform.tenants SET own_max_agents = %(max_agents)s, own_max_users = %(max_users)s,
      own_max_requests_per_month = %(max_requests_per_month)s, raw_days = %(raw_days)s, updated_at = %(now)s
    WHERE id = %(id)s
    """,
    NoRow,
)

SET_TERMS = Statement(
    """
    UPDATE alquimista_platform.tenants SET plan = %(plan)s, plan_max_agents = %(max_agents)s,
      plan_max_users = %(max_users)s, plan_max_requests_per_month = %(max_requests_per_month)s,
      mrr_cents = %(mrr_cents)s, updated_at = %(now)s
    WHERE id = %(id)s
    """,
    NoRow,
)

SET_MRR = Statement(
    "UPDATE alquimista_platform.tenants SET mrr_cents = %(mrr_cents)s, updated_at = %(now)s WHERE id = %(id)s",
    NoRow,
)


async def insert(conn: Conn, tenant: Tenant) -> None:
    """Store a new tenant; psycopg.errors.UniqueViolation when the CNPJ is taken."""
    derived = {"status", "blocked_reason"}
    values = {name: getattr(tenant, name) for name in Tenant.__struct_fields__ if name not in derived}
    await conn.execute(INSERT, **values)


async def get(conn: Conn, tenant_id: UUID) -> Tenant | None:
    """One tenant, if this connection may see it."""
    return await conn.fetch_one(GET, id=tenant_id)


async def list_ids(conn: Conn) -> list[UUID]:
    """Every tenant but the platform's; meant for the internal role."""
    return [row.id for row in await conn.fetch(LIST_IDS, platform=PLATFORM_TENANT)]


async def set_standing(conn: Conn, tenant_id: UUID, standing: str, now: datetime) -> int:
    """The number of rows changed: 0 or 1."""
    return await conn.execute(SET_STANDING, id=tenant_id, standing=standing, now=now)


async def block(conn: Conn, tenant_id: UUID, reason: str, now: datetime) -> bool:
    """Keep everybody of the tenant out; False when that is so already."""
    return bool(await conn.execute(BLOCK, id=tenant_id, reason=reason, now=now))


async def unblock(conn: Conn, tenant_id: UUID, now: datetime) -> bool:
    """Let them in again; False when nobody kept them out."""
    return bool(await conn.execute(UNBLOCK, id=tenant_id, now=now))


async def own_limits(conn: Conn, tenant_id: UUID) -> OwnLimits | None:
    """What staff have set for this tenant alone; None when there is no such tenant."""
    return await conn.fetch_one(GET_OWN_LIMITS, id=tenant_id)


async def set_own_limits(conn: Conn, tenant_id: UUID, limits: OwnLimits, now: datetime) -> None:
    """Replace what staff have set for this tenant alone."""
    await conn.execute(SET_OWN_LIMITS, id=tenant_id, now=now, **msgspec.structs.asdict(limits))


async def set_mrr(conn: Conn, tenant_id: UUID, mrr_cents: int, now: datetime) -> None:
    """Write a tenant's monthly revenue alone."""
    await conn.execute(SET_MRR, id=tenant_id, mrr_cents=mrr_cents, now=now)


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

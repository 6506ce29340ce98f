"""The only SQL on alquimista_platform.tenants and tenant_onboarding."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from alquimista.access import PLATFORM_TENANT
from alquimista.db.statement import Conn, NoRow, Statement
from alquimista.tenants.models import Goal, Limits, NamedTenant, Onboarding, OwnLimits, Tenant

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
LOCK = Statement(f"{GET.sql} FOR NO KEY UPDATE", Tenant)

# A zone takes effect at the moment of the change, which may not lie before an earlier one that another process's clock
# has written.
SET_PROFILE = Statement(
    f"""
    UPDATE alquimista_platform.tenants SET name = %(name)s, segment = %(segment)s, time_zone = %(time_zone)s,
      locale = %(locale)s, updated_at = greatest(%(now)s, updated_at + interval '1 microsecond')
    WHERE id = %(id)s RETURNING {_COLUMNS}
    """,  # noqa: S608 - As above.
    Tenant,
)


class TenantId(msgspec.Struct, frozen=True):
    """The id alone, for jobs that visit every tenant."""

    id: UUID


LIST_IDS = Statement(
    "SELECT id FROM alquimista_platform.tenants WHERE id <> %(platform)s ORDER BY id",
    TenantId,
)

# Those that are chosen already, then those whose name contains what is searched for.
NAMED = Statement(
    """
    SELECT id, name FROM alquimista_platform.tenants
    WHERE id <> %(platform)s AND (id = ANY (%(chosen)s::uuid[])
      OR strpos(search_name, alquimista_platform.search_text(%(search)s::text)) > 0)
    ORDER BY id <> ALL (%(chosen)s::uuid[]), search_name, id
    LIMIT %(limit)s
    """,
    NamedTenant,
)

NAMES = Statement(
    "SELECT id, name FROM alquimista_platform.tenants WHERE id = ANY (%(ids)s::uuid[])",
    NamedTenant,
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

# Demonstrations have gone their first steps.
UNGREETED = Statement(
    """
    SELECT id FROM alquimista_platform.tenants AS t WHERE id = %(tenant_id)s AND NOT demo
      AND NOT EXISTS (SELECT FROM alquimista_platform.tenant_onboarding AS o WHERE o.tenant_id = t.id)
    """,
    TenantId,
)
GREET = Statement(
    """
    INSERT INTO alquimista_platform.tenant_onboarding (tenant_id, created_at, updated_at)
    VALUES (%(tenant_id)s, %(now)s, %(now)s) ON CONFLICT DO NOTHING
    """,
    NoRow,
)
GET_ONBOARDING = Statement(
    """
    SELECT tenant_id, industry, size, goals, agents, finished_at, dismissed_at
    FROM alquimista_platform.tenant_onboarding WHERE tenant_id = %(tenant_id)s
    """,
    Onboarding,
)
PUT_ONBOARDING = Statement(
    """
    INSERT INTO alquimista_platform.tenant_onboarding (tenant_id, industry, size, goals, agents, finished_at,
      dismissed_at, created_at, updated_at)
    VALUES (%(tenant_id)s, %(industry)s, %(size)s, %(goals)s, %(agents)s, %(finished_at)s, %(dismissed_at)s, %(now)s,
      %(now)s)
    ON CONFLICT (tenant_id) DO UPDATE SET industry = excluded.industry, size = excluded.size, goals = excluded.goals,
      agents = excluded.agents, finished_at = excluded.finished_at, dismissed_at = excluded.dismissed_at,
      updated_at = excluded.updated_at
    """,
    NoRow,
)


async def ungreeted(conn: Conn, tenant_id: UUID) -> bool:
    """Whether nobody of the tenant was shown its first steps."""
    return await conn.fetch_one(UNGREETED, tenant_id=tenant_id) is not None


async def greet(conn: Conn, tenant_id: UUID, now: datetime) -> bool:
    """Remember that they were shown; False when that is remembered already."""
    return bool(await conn.execute(GREET, tenant_id=tenant_id, now=now))


async def onboarding_of(conn: Conn, tenant_id: UUID) -> Onboarding | None:
    """What the tenant answered; None before it was asked."""
    row = await conn.fetch_one(GET_ONBOARDING, tenant_id=tenant_id)
    return row and msgspec.structs.replace(row, goals=[Goal(one) for one in row.goals])  # Arrays come as plain texts.


async def put_onboarding(conn: Conn, said: Onboarding, now: datetime) -> None:
    """Store what the tenant answered in place of what it answered before."""
    plain = {"size": said.size.value, "goals": [one.value for one in said.goals]}
    await conn.execute(PUT_ONBOARDING, now=now, **(msgspec.structs.asdict(said) | plain))


async def insert(conn: Conn, tenant: Tenant) -> None:
    """Store a new tenant; psycopg.errors.UniqueViolation when the CNPJ is taken."""
    derived = {"status", "blocked_reason"}
    values = {name: getattr(tenant, name) for name in Tenant.__struct_fields__ if name not in derived}
    await conn.execute(INSERT, **values)


async def get(conn: Conn, tenant_id: UUID) -> Tenant | None:
    """One tenant, if this connection may see it."""
    return await conn.fetch_one(GET, id=tenant_id)


async def lock(conn: Conn, tenant_id: UUID) -> Tenant | None:
    """One tenant, which nobody else changes before this transaction ends; under the app role."""
    return await conn.fetch_one(LOCK, id=tenant_id)


async def set_profile(conn: Conn, tenant: Tenant, now: datetime) -> Tenant | None:
    """Write a tenant's name, segment, zone and locale; the tenant as it is then."""
    fields = ("id", "name", "segment", "time_zone", "locale")
    return await conn.fetch_one(SET_PROFILE, now=now, **{name: getattr(tenant, name) for name in fields})


async def list_ids(conn: Conn) -> list[UUID]:
    """Every tenant but the platform's; meant for the internal role."""
    return [row.id for row in await conn.fetch(LIST_IDS, platform=PLATFORM_TENANT)]


async def named(conn: Conn, search: str, chosen: list[UUID], limit: int) -> list[NamedTenant]:
    """The chosen ones and those whose name contains `search`, by name; meant for the internal role."""
    return await conn.fetch(NAMED, platform=PLATFORM_TENANT, search=search, chosen=chosen, limit=limit + len(chosen))


async def names(conn: Conn, ids: Sequence[UUID]) -> dict[UUID, str]:
    """What these tenants are called; meant for the internal role."""
    return {row.id: row.name for row in await conn.fetch(NAMES, ids=list(ids))}


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

"""A tenant with its plan, its agents, and the counts of the platform."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from alquimista.db.statement import Conn, Statement


class MeRow(msgspec.Struct, frozen=True):
    """A tenant beside what it uses of its plan."""

    id: UUID
    name: str
    cnpj: str
    segment: str
    plan: str
    status: str
    time_zone: str
    mrr_cents: int
    created_at: datetime
    max_agents: int
    max_users: int
    max_requests_per_month: int
    demo: bool
    active_agents: int
    active_users: int
    requests_this_month: int
    standing: str
    blocked_reason: str | None
    currency: str


# The month is the tenant's own: from the first of it to today, in its zone.
ME = Statement(
    """
    SELECT t.id, t.name, t.cnpj, t.segment, t.plan, t.status, t.time_zone, t.mrr_cents, t.created_at,
      t.max_agents, t.max_users, t.max_requests_per_month, t.demo,
      (SELECT count(*) FROM alquimista_platform.tenant_agents a
        WHERE a.tenant_id = t.id AND a.status = 'active') AS active_agents,
      (SELECT count(*) FROM alquimista_platform.tenant_users u
        WHERE u.tenant_id = t.id AND u.status = 'active') AS active_users,
      (SELECT coalesce(sum(d.requests), 0)::bigint FROM alquimista_platform.tenant_usage_daily d
        WHERE d.tenant_id = t.id
          AND d.day >= date_trunc('month', %(now)s::timestamptz AT TIME ZONE t.time_zone)::date
          AND d.day <= (%(now)s::timestamptz AT TIME ZONE t.time_zone)::date) AS requests_this_month,
      t.standing, t.blocked_reason, t.currency
    FROM alquimista_platform.tenants t WHERE t.id = %(tenant_id)s
    """,
    MeRow,
)


class HomeRow(MeRow, frozen=True):
    """The same beside the tenant's agents by name, each with the fields of OwnAgent.

    `reminded`: it wants to hear of first steps that are not done.
    """

    has_key: bool
    has_usage: bool
    reminded: bool
    agents: list[dict[str, Any]]


HOME = Statement(
    f"""
    SELECT me.*,
      EXISTS (SELECT FROM alquimista_platform.api_keys k
        WHERE k.tenant_id = me.id AND k.revoked_at IS NULL) AS has_key,
      EXISTS (SELECT FROM alquimista_platform.tenant_usage_daily d
        WHERE d.tenant_id = me.id AND d.requests > 0) AS has_usage,
      NOT EXISTS (SELECT FROM alquimista_platform.tenant_onboarding o
        WHERE o.tenant_id = me.id AND o.dismissed_at IS NOT NULL) AS reminded,
      (SELECT coalesce(jsonb_agg(jsonb_build_object('id', a.id, 'name', a.name, 'segment', a.segment,
          'status', ta.status) ORDER BY a.name, a.id), '[]')
        FROM alquimista_platform.tenant_agents ta JOIN alquimista_platform.agents a ON a.id = ta.agent_id
        WHERE ta.tenant_id = me.id) AS agents
    FROM ({ME.sql}) me
    """,  # noqa: S608 - The interpolation is the statement above.
    HomeRow,
)


class AgentRow(msgspec.Struct, frozen=True):
    """A tenant's agent beside its sums of the last 30 local days."""

    id: UUID
    name: str
    segment: str
    status: str
    activated_at: datetime
    requests: int
    failures: int
    response_ms: int


# Both ends of the 30 days are columns of `span`, as in queries/usage.py, so that an index finds them.
AGENTS = Statement(
    """
    WITH today AS (
      SELECT (%(now)s::timestamptz AT TIME ZONE t.time_zone)::date AS day
      FROM alquimista_platform.tenants t WHERE t.id = %(tenant_id)s
    ), span AS MATERIALIZED (
      SELECT day - 29 AS first_day, day AS last_day FROM today
    )
    SELECT a.id, a.name, a.segment, ta.status, ta.activated_at,
      coalesce(u.requests, 0)::bigint AS requests, coalesce(u.failures, 0)::bigint AS failures,
      coalesce(u.response_ms, 0)::bigint AS response_ms
    FROM alquimista_platform.tenant_agents ta
    JOIN alquimista_platform.agents a ON a.id = ta.agent_id
    LEFT JOIN (
      SELECT d.agent_id, sum(d.requests) AS requests, sum(d.failures) AS failures, sum(d.response_ms) AS response_ms
      FROM span JOIN alquimista_platform.tenant_usage_daily d ON d.day >= span.first_day AND d.day <= span.last_day
      WHERE d.tenant_id = %(tenant_id)s
      GROUP BY d.agent_id
    ) u ON u.agent_id = ta.agent_id
    WHERE ta.tenant_id = %(tenant_id)s AND (%(status)s::text = 'all' OR ta.status = %(status)s::text)
    ORDER BY a.name, a.id
    """,
    AgentRow,
)


class PlatformRow(msgspec.Struct, frozen=True):
    """Counts over all tenants, the reserved one left out."""

    total_tenants: int
    active_tenants: int
    agents_deployed: int
    active_users: int
    open_incidents: int
    mrr_cents: int


PLATFORM: Final = Statement(
    """
    SELECT count(*) AS total_tenants, count(*) FILTER (WHERE t.status = 'active') AS active_tenants,
      (SELECT count(*) FROM alquimista_platform.tenant_agents a
        WHERE a.status = 'active' AND a.tenant_id <> %(platform)s) AS agents_deployed,
      (SELECT count(*) FROM alquimista_platform.tenant_users u
        WHERE u.status = 'active' AND u.tenant_id <> %(platform)s) AS active_users,
      (SELECT count(*) FROM alquimista_platform.incidents i
        WHERE i.resolved_at IS NULL AND i.parent_id IS NULL) AS open_incidents,
      coalesce(sum(t.mrr_cents) FILTER (WHERE t.status = 'active'), 0)::bigint AS mrr_cents
    FROM alquimista_platform.tenants t WHERE t.id <> %(platform)s
    """,
    PlatformRow,
)


class PlatformIncident(msgspec.Struct, frozen=True):
    """An open incident of any tenant; `tenant_name` is None for the platform's own."""

    id: UUID
    tenant_id: UUID
    tenant_name: str | None
    severity: str
    title: str
    description: str
    rule: str
    params: dict[str, Any] | None
    created_at: datetime


OPEN_INCIDENTS: Final = Statement(
    """
    SELECT i.id, i.tenant_id, CASE WHEN t.id <> %(platform)s THEN t.name END AS tenant_name, i.severity, i.title,
      i.description, i.rule, i.params, i.created_at
    FROM alquimista_platform.incidents i JOIN alquimista_platform.tenants t ON t.id = i.tenant_id
    WHERE i.resolved_at IS NULL AND i.parent_id IS NULL
    ORDER BY i.created_at DESC, i.id DESC
    LIMIT %(limit)s
    """,
    PlatformIncident,
)


async def me(conn: Conn, tenant_id: UUID, now: datetime) -> MeRow | None:
    """The tenant and its use of the plan, or None."""
    return await conn.fetch_one(ME, tenant_id=tenant_id, now=now)


async def home(conn: Conn, tenant_id: UUID, now: datetime) -> HomeRow | None:
    """The tenant with its agents and its first steps, or None."""
    return await conn.fetch_one(HOME, tenant_id=tenant_id, now=now)


async def agents(conn: Conn, tenant_id: UUID, status: str, now: datetime) -> list[AgentRow]:
    """The tenant's agents of a status, or `all` of them, by name."""
    return await conn.fetch(AGENTS, tenant_id=tenant_id, status=status, now=now)


async def platform(conn: Conn, platform_tenant: UUID) -> PlatformRow:
    """The counts of the whole platform, for a connection of the internal role."""
    row = await conn.fetch_one(PLATFORM, platform=platform_tenant)
    assert row is not None
    return row

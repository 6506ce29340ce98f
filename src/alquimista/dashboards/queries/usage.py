"""Usage of a period: sums by day, by agent and in all, from the daily rollup."""

from datetime import date, datetime
from typing import Final
from uuid import UUID

import msgspec

from alquimista.access import PLATFORM_TENANT
from alquimista.db.statement import Conn, Statement


class UsageRow(msgspec.Struct, frozen=True):
    """The sums of one group: a day's in one currency, an agent's in one currency, or the whole period's in all.

    `last_day` is the period's end in the tenant's zone; None when there is no such tenant. The whole period's row is
    always there, and its sums are None without usage. `histogram` is packed, as digits. Rows come in any order.
    """

    last_day: date | None
    day: date | None
    agent_id: UUID | None
    agent_name: str | None
    currency: str | None
    requests: int | None
    failures: int | None
    response_ms: int | None
    tokens: int | None
    cost_micros: int | None
    histogram: str | None


# The days are the tenant's own: the period ends `back` days before its today. Packed histograms merge by sum().
# Both ends of the period are single values, computed first: arithmetic beside `day` would not be leakproof, row
# security would keep it out of the index condition, and a read would cost what there is of history.
TENANT: Final = Statement(
    """
    WITH span AS MATERIALIZED (
      SELECT (%(now)s::timestamptz AT TIME ZONE t.time_zone)::date - %(back)s::int AS last_day
      FROM alquimista_platform.tenants t WHERE t.id = %(tenant_id)s
    )
    SELECT (SELECT last_day FROM span) AS last_day, d.day, d.agent_id,
      (SELECT a.name FROM alquimista_platform.agents a WHERE a.id = d.agent_id) AS agent_name, d.currency,
      sum(d.requests)::bigint AS requests, sum(d.failures)::bigint AS failures,
      sum(d.response_ms)::bigint AS response_ms, sum(d.input_tokens + d.output_tokens)::bigint AS tokens,
      sum(d.cost_micros)::bigint AS cost_micros, sum(d.histogram)::text AS histogram
    FROM alquimista_platform.tenant_usage_daily d
    WHERE d.tenant_id = %(tenant_id)s AND (%(agent_id)s::uuid IS NULL OR d.agent_id = %(agent_id)s::uuid)
      AND d.day > (SELECT last_day - %(days)s::int FROM span) AND d.day <= (SELECT last_day FROM span)
    GROUP BY GROUPING SETS ((d.day, d.currency), (d.agent_id, d.currency), ())
    """,
    UsageRow,
)


class TrendRow(msgspec.Struct, frozen=True):
    """One day of the whole platform; each tenant's day is its own."""

    day: date
    requests: int
    failures: int
    response_ms: int
    active_tenants: int


# Tenant by tenant, each through the primary key: an index on the day alone would serve this as well, but the planner
# would take it for a single tenant's reads too, and read every other tenant's days with them.
TREND: Final = Statement(
    """
    SELECT d.day, sum(d.requests)::bigint AS requests, sum(d.failures)::bigint AS failures,
      sum(d.response_ms)::bigint AS response_ms, count(*) AS active_tenants
    FROM alquimista_platform.tenants t CROSS JOIN LATERAL (
      SELECT u.day, sum(u.requests) AS requests, sum(u.failures) AS failures, sum(u.response_ms) AS response_ms
      FROM alquimista_platform.tenant_usage_daily u
      WHERE u.tenant_id = t.id AND u.day >= %(first)s AND u.day <= %(last)s
      GROUP BY u.day
    ) d
    WHERE t.id <> %(platform)s
    GROUP BY d.day ORDER BY d.day
    """,
    TrendRow,
)


class TopTenant(msgspec.Struct, frozen=True):
    """A tenant and its requests of a period."""

    tenant_id: UUID
    tenant_name: str
    plan: str
    status: str
    demo: bool
    requests: int
    failures: int
    response_ms: int


TOP_TENANTS: Final = Statement(
    """
    SELECT t.id AS tenant_id, t.name AS tenant_name, t.plan, t.status, t.demo, u.requests, u.failures, u.response_ms
    FROM alquimista_platform.tenants t CROSS JOIN LATERAL (
      SELECT sum(d.requests)::bigint AS requests, sum(d.failures)::bigint AS failures,
        sum(d.response_ms)::bigint AS response_ms
      FROM alquimista_platform.tenant_usage_daily d
      WHERE d.tenant_id = t.id AND d.day >= %(first)s AND d.day <= %(last)s
      HAVING sum(d.requests) > 0
    ) u
    WHERE t.id <> %(platform)s
    ORDER BY u.requests DESC, t.id LIMIT %(limit)s
    """,
    TopTenant,
)


class TopAgent(msgspec.Struct, frozen=True):
    """An agent of the catalogue, its requests of a period in all companies, and in how many it is active now."""

    agent_id: UUID
    agent_name: str
    requests: int
    failures: int
    deployed: int


TOP_AGENTS: Final = Statement(
    """
    WITH top AS (
      SELECT d.agent_id, sum(d.requests)::bigint AS requests, sum(d.failures)::bigint AS failures
      FROM alquimista_platform.tenants t CROSS JOIN LATERAL (
        SELECT u.agent_id, sum(u.requests) AS requests, sum(u.failures) AS failures
        FROM alquimista_platform.tenant_usage_daily u
        WHERE u.tenant_id = t.id AND u.day >= %(first)s AND u.day <= %(last)s
        GROUP BY u.agent_id
      ) d
      WHERE t.id <> %(platform)s
      GROUP BY d.agent_id HAVING sum(d.requests) > 0
      ORDER BY requests DESC, d.agent_id LIMIT %(limit)s
    )
    SELECT a.id AS agent_id, a.name AS agent_name, top.requests, top.failures, count(ta.tenant_id) AS deployed
    FROM top
    JOIN alquimista_platform.agents a ON a.id = top.agent_id
    LEFT JOIN alquimista_platform.tenant_agents ta
      ON ta.agent_id = top.agent_id AND ta.status = 'active' AND ta.tenant_id <> %(platform)s
    GROUP BY a.id, a.name, top.requests, top.failures
    ORDER BY top.requests DESC, a.id
    """,
    TopAgent,
)


async def tenant(
    conn: Conn, tenant_id: UUID, days: int, agent_id: UUID | None, now: datetime, back: int = 0
) -> list[UsageRow]:
    """The sums of the `days` local days that end `back` days before today."""
    return await conn.fetch(TENANT, tenant_id=tenant_id, days=days, agent_id=agent_id, now=now, back=back)


async def trend(conn: Conn, first: date, last: date) -> list[TrendRow]:
    """Each day of the platform, for a connection of the internal role."""
    return await conn.fetch(TREND, platform=PLATFORM_TENANT, first=first, last=last)


async def top_tenants(conn: Conn, first: date, last: date, limit: int) -> list[TopTenant]:
    """The tenants with the most requests, for a connection of the internal role."""
    return await conn.fetch(TOP_TENANTS, platform=PLATFORM_TENANT, first=first, last=last, limit=limit)


async def top_agents(conn: Conn, first: date, last: date, limit: int) -> list[TopAgent]:
    """The agents with the most requests, for a connection of the internal role."""
    return await conn.fetch(TOP_AGENTS, platform=PLATFORM_TENANT, first=first, last=last, limit=limit)

"""Reading rollups: one statement each, so that a read is one round trip."""

from datetime import date
from uuid import UUID

import msgspec

from alquimista.access import PLATFORM_TENANT
from alquimista.db.statement import Conn, Statement
from alquimista.usage.models.overview import OverviewRow
from alquimista.usage.models.reports import SumsRow
from alquimista.usage.queries.sums import SUMS


class Count(msgspec.Struct, frozen=True):
    count: int


REPORT = Statement(
    f"""
    SELECT u.day, u.agent_id, a.name AS agent_name, u.currency, u.requests, u.failures, u.response_ms, u.input_tokens,
      u.output_tokens, u.cost_micros, u.histogram
    FROM (
      SELECT day, agent_id, currency, {SUMS}
      FROM alquimista_platform.tenant_usage_daily
      WHERE tenant_id = %(tenant_id)s AND day BETWEEN %(first_day)s AND %(last_day)s
        AND (%(agent_id)s::uuid IS NULL OR agent_id = %(agent_id)s::uuid)
      GROUP BY GROUPING SETS ((currency), (day, currency), (agent_id, currency))
    ) AS u
    LEFT JOIN alquimista_platform.agents AS a ON a.id = u.agent_id
    """,  # noqa: S608 - The interpolation is a constant column list.
    SumsRow,
)

BY_AGENT = Statement(
    f"""
    SELECT NULL::date AS day, u.agent_id, a.name AS agent_name, u.currency, u.requests, u.failures, u.response_ms,
      u.input_tokens, u.output_tokens, u.cost_micros, u.histogram
    FROM (
      SELECT agent_id, currency, {SUMS}
      FROM alquimista_platform.tenant_usage_daily
      WHERE tenant_id = %(tenant_id)s AND day BETWEEN %(first_day)s AND %(last_day)s
      GROUP BY agent_id, currency
    ) AS u
    JOIN alquimista_platform.agents AS a ON a.id = u.agent_id
    """,  # noqa: S608 - As above.
    SumsRow,
)

REQUESTS = Statement(
    """
    SELECT coalesce(sum(requests), 0)::bigint AS count
    FROM alquimista_platform.tenant_usage_daily
    WHERE tenant_id = %(tenant_id)s AND day BETWEEN %(first_day)s AND %(last_day)s
    """,
    Count,
)

VERSION = Statement(
    """
    SELECT coalesce(max(version), 0) AS count
    FROM alquimista_platform.usage_versions WHERE tenant_id = %(tenant_id)s
    """,
    Count,
)

# The platform's own row is in no figure.
OVERVIEW = Statement(
    f"""
    SELECT u.day, u.agent_id, a.name AS agent_name, u.currency, u.requests, u.failures, u.response_ms, u.input_tokens,
      u.output_tokens, u.cost_micros, u.histogram, u.tenant_id, t.name AS tenant_name, u.tenants
    FROM (
      SELECT day, agent_id, tenant_id, currency, count(DISTINCT tenant_id) AS tenants, {SUMS}
      FROM alquimista_platform.tenant_usage_daily
      WHERE day BETWEEN %(first_day)s AND %(last_day)s AND tenant_id <> %(platform)s
      GROUP BY GROUPING SETS ((currency), (day, currency), (agent_id, currency), (tenant_id, currency))
    ) AS u
    LEFT JOIN alquimista_platform.agents AS a ON a.id = u.agent_id
    LEFT JOIN alquimista_platform.tenants AS t ON t.id = u.tenant_id
    """,  # noqa: S608 - As above.
    OverviewRow,
)


async def report(conn: Conn, tenant_id: UUID, first_day: date, last_day: date, agent_id: UUID | None) -> list[SumsRow]:
    """Sums in all, by day and by agent, one row for each currency."""
    return await conn.fetch(REPORT, tenant_id=tenant_id, first_day=first_day, last_day=last_day, agent_id=agent_id)


async def by_agent(conn: Conn, tenant_id: UUID, first_day: date, last_day: date) -> list[SumsRow]:
    """Sums by agent, one row for each currency."""
    return await conn.fetch(BY_AGENT, tenant_id=tenant_id, first_day=first_day, last_day=last_day)


async def requests(conn: Conn, tenant_id: UUID, first_day: date, last_day: date) -> int:
    """Requests of the days."""
    row = await conn.fetch_one(REQUESTS, tenant_id=tenant_id, first_day=first_day, last_day=last_day)
    return row.count if row else 0


async def version(conn: Conn, tenant_id: UUID) -> int:
    """The rollups' version; 0 before the first event."""
    row = await conn.fetch_one(VERSION, tenant_id=tenant_id)
    return row.count if row else 0


async def overview(conn: Conn, first_day: date, last_day: date) -> list[OverviewRow]:
    """Sums across tenants; for the internal role."""
    return await conn.fetch(OVERVIEW, first_day=first_day, last_day=last_day, platform=PLATFORM_TENANT)

"""Everything of the staff's overview page in one statement: one round trip, and all of it of the same moment."""

from datetime import date, datetime
from typing import Final
from uuid import UUID

import msgspec

from alquimista.access import PLATFORM_TENANT
from alquimista.dashboards.queries.overview import OPEN_INCIDENTS, PLATFORM, PlatformIncident, PlatformRow
from alquimista.dashboards.queries.usage import TOP_AGENTS, TOP_TENANTS, TREND, TopAgent, TopTenant, TrendRow
from alquimista.db.statement import Conn, Statement


class BeforeRow(msgspec.Struct, frozen=True):
    """The sums of the days before the period; None where nobody had requests."""

    requests: int | None
    failures: int | None
    response_ms: int | None


class GivenCommand(msgspec.Struct, frozen=True):
    """A command as the feed shows it; `tenant_name` is None when it is about no company."""

    command_id: UUID
    command_type: str
    tenant_id: UUID | None
    tenant_name: str | None
    status: str
    created_by: str | None
    created_at: datetime


class CompanyRead(msgspec.Struct, frozen=True):
    """The sections of the page."""

    counts: PlatformRow
    trend: list[TrendRow]
    before: BeforeRow
    top_tenants: list[TopTenant]
    top_agents: list[TopAgent]
    incidents: list[PlatformIncident]
    commands: list[GivenCommand]


class Answer(msgspec.Struct, frozen=True):
    """The sections as one JSON object."""

    answer: str


_BEFORE: Final = """
    SELECT sum(d.requests)::bigint AS requests, sum(d.failures)::bigint AS failures,
      sum(d.response_ms)::bigint AS response_ms
    FROM alquimista_platform.tenants t CROSS JOIN LATERAL (
      SELECT sum(u.requests) AS requests, sum(u.failures) AS failures, sum(u.response_ms) AS response_ms
      FROM alquimista_platform.tenant_usage_daily u
      WHERE u.tenant_id = t.id AND u.day >= %(before)s AND u.day < %(first)s
    ) d
    WHERE t.id <> %(platform)s
"""
_COMMANDS: Final = """
    SELECT c.id AS command_id, c.command_type, nullif(c.tenant_id, %(platform)s) AS tenant_id,
      CASE WHEN c.tenant_id <> %(platform)s THEN t.name END AS tenant_name, c.status,
      coalesce(nullif(u.full_name, ''), u.email) AS created_by, c.created_at
    FROM alquimista_platform.operational_commands c
    JOIN alquimista_platform.tenants t ON t.id = c.tenant_id
    LEFT JOIN alquimista_platform.users u ON u.id = c.created_by
    ORDER BY c.created_at DESC, c.id DESC LIMIT %(limit)s
"""


def _one(sql: str) -> str:
    return f"(SELECT to_json(x) FROM ({sql}) x)"  # noqa: S608 - Of our own statements.


def _all(sql: str) -> str:
    return f"(SELECT coalesce(json_agg(x), '[]') FROM ({sql}) x)"  # noqa: S608 - Of our own statements.


COMPANY: Final = Statement(
    f"""
    SELECT json_build_object(
      'counts', {_one(PLATFORM.sql)},
      'trend', {_all(TREND.sql)},
      'before', {_one(_BEFORE)},
      'top_tenants', {_all(TOP_TENANTS.sql)},
      'top_agents', {_all(TOP_AGENTS.sql)},
      'incidents', {_all(OPEN_INCIDENTS.sql)},
      'commands', {_all(_COMMANDS)}
    )::text AS answer
    """,
    Answer,
)


async def company(conn: Conn, before: date, first: date, last: date, limit: int) -> CompanyRead:
    """The sections of a period and of the days before it, for a connection of the internal role."""
    found = await conn.fetch_one(COMPANY, platform=PLATFORM_TENANT, before=before, first=first, last=last, limit=limit)
    assert found is not None
    return msgspec.json.decode(found.answer, type=CompanyRead)

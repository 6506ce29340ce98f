"""The agents of the catalogue over all companies: who has each, how it does, and whether it is heard of."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final, Literal
from uuid import UUID

import msgspec

from alquimista.access import PLATFORM_TENANT
from alquimista.agents.models.agents import AgentStatus
from alquimista.dashboards.models.agents import TenantSort
from alquimista.db.statement import Conn, Statement
from alquimista.fleet.models.states import LATE_AFTER, OFFLINE_AFTER


class CatalogueRow(msgspec.Struct, frozen=True):
    """An agent of the catalogue; `tenants` have it running, of which some are online, late and so on.

    `silent` are those that were never heard of. `histogram` is packed, as digits.
    """

    id: UUID
    name: str
    description: str
    segment: str
    category: str
    version: str
    status: str
    number: int | None
    tenants: int
    suspended: int
    online: int
    late: int
    offline: int
    paused: int
    silent: int
    requests: int
    failures: int
    response_ms: int
    histogram: str


# What decides a state is in fleet/models/states.py: here it is counted, of agents that are to run.
_RUNNING: Final = "ta.status IN ('active', 'trial')"
_HEARD: Final = f"{_RUNNING} AND s.paused_at IS NULL AND h.seen_at"
_FLEET: Final = f"""
    WITH had AS (
      SELECT ta.agent_id, count(*) FILTER (WHERE {_RUNNING}) AS tenants,
        count(*) FILTER (WHERE ta.status = 'suspended') AS suspended,
        count(*) FILTER (WHERE {_HEARD} >= %(late)s) AS online,
        count(*) FILTER (WHERE {_HEARD} < %(late)s AND h.seen_at >= %(offline)s) AS late,
        count(*) FILTER (WHERE {_HEARD} < %(offline)s) AS offline,
        count(*) FILTER (WHERE {_RUNNING} AND h.seen_at IS NOT NULL AND s.paused_at IS NOT NULL) AS paused,
        count(*) FILTER (WHERE {_RUNNING} AND h.seen_at IS NULL) AS silent
      FROM alquimista_platform.tenant_agents ta
      LEFT JOIN (
        SELECT i.tenant_id, i.agent_id, max(i.seen_at) AS seen_at FROM alquimista_platform.agent_instances i
        WHERE {{instance}} GROUP BY i.tenant_id, i.agent_id
      ) h ON h.tenant_id = ta.tenant_id AND h.agent_id = ta.agent_id
      LEFT JOIN alquimista_platform.agent_standings s ON s.tenant_id = ta.tenant_id AND s.agent_id = ta.agent_id
      WHERE ta.tenant_id <> %(platform)s AND {{had}}
      GROUP BY ta.agent_id
    ), used AS (
      SELECT d.agent_id, sum(d.requests)::bigint AS requests, sum(d.failures)::bigint AS failures,
        sum(d.response_ms)::bigint AS response_ms, sum(d.histogram) AS histogram
      FROM alquimista_platform.tenants t CROSS JOIN LATERAL (
        SELECT u.agent_id, sum(u.requests) AS requests, sum(u.failures) AS failures,
          sum(u.response_ms) AS response_ms, sum(u.histogram) AS histogram
        FROM alquimista_platform.tenant_usage_daily u
        WHERE u.tenant_id = t.id AND u.day >= %(first)s AND u.day <= %(last)s AND {{used}}
        GROUP BY u.agent_id
      ) d
      WHERE t.id <> %(platform)s GROUP BY d.agent_id
    )
    SELECT a.id, a.name, a.description, a.segment, a.category, a.version, a.status, a.number,
      coalesce(had.tenants, 0) AS tenants, coalesce(had.suspended, 0) AS suspended,
      coalesce(had.online, 0) AS online, coalesce(had.late, 0) AS late, coalesce(had.offline, 0) AS offline,
      coalesce(had.paused, 0) AS paused, coalesce(had.silent, 0) AS silent, coalesce(used.requests, 0) AS requests,
      coalesce(used.failures, 0) AS failures, coalesce(used.response_ms, 0) AS response_ms,
      coalesce(used.histogram, 0)::text AS histogram
    FROM alquimista_platform.agents a
    LEFT JOIN had ON had.agent_id = a.id
    LEFT JOIN used ON used.agent_id = a.id
    WHERE {{agent}}
    ORDER BY a.number NULLS LAST, a.name, a.id
"""  # noqa: S608 - Of our own constants.
CATALOGUE: Final = Statement(_FLEET.format(instance="true", had="true", used="true", agent="true"), CatalogueRow)
ONE: Final = Statement(
    _FLEET.format(
        instance="i.agent_id = %(agent_id)s",
        had="ta.agent_id = %(agent_id)s",
        used="u.agent_id = %(agent_id)s",
        agent="a.id = %(agent_id)s",
    ),
    CatalogueRow,
)


class AgentDayRow(msgspec.Struct, frozen=True):
    """One day of an agent in all companies; each company's day is its own."""

    day: date
    requests: int
    failures: int


DAYS: Final = Statement(
    """
    SELECT d.day, sum(d.requests)::bigint AS requests, sum(d.failures)::bigint AS failures
    FROM alquimista_platform.tenants t CROSS JOIN LATERAL (
      SELECT u.day, sum(u.requests) AS requests, sum(u.failures) AS failures
      FROM alquimista_platform.tenant_usage_daily u
      WHERE u.tenant_id = t.id AND u.agent_id = %(agent_id)s AND u.day >= %(first)s AND u.day <= %(last)s
      GROUP BY u.day
    ) d
    WHERE t.id <> %(platform)s
    GROUP BY d.day ORDER BY d.day
    """,
    AgentDayRow,
)


class OwnerRow(msgspec.Struct, frozen=True):
    """A company that has or had the agent beside the count of all; of an empty page, only `total` is set."""

    total: int
    tenant_id: UUID | None
    tenant_name: str | None
    plan: str | None
    tenant_status: str | None
    status: AgentStatus | None
    activated_at: datetime | None
    paused_at: datetime | None
    seen_at: datetime | None
    requests: int
    failures: int
    response_ms: int


Order = Literal["asc", "desc"]
_COLUMNS: Final = {
    TenantSort.NAME: 'search_name COLLATE "C"',
    TenantSort.REQUESTS: "requests",
    TenantSort.SUCCESS: "(requests - failures)::float8 / nullif(requests, 0)",
    TenantSort.RESPONSE: "response_ms::float8 / nullif(requests, 0)",
    TenantSort.ACTIVATED: "activated_at",
}


def _owners(column: str, order: Order) -> Statement[OwnerRow]:
    """One statement for each order, so that each has a plan of its own."""
    return Statement(
        f"""
        WITH found AS MATERIALIZED (
          SELECT t.id AS tenant_id, t.name AS tenant_name, t.search_name, t.plan, t.status AS tenant_status, ta.status,
            ta.activated_at, s.paused_at, h.seen_at, coalesce(u.requests, 0)::bigint AS requests,
            coalesce(u.failures, 0)::bigint AS failures, coalesce(u.response_ms, 0)::bigint AS response_ms
          FROM alquimista_platform.tenant_agents ta
          JOIN alquimista_platform.tenants t ON t.id = ta.tenant_id
          LEFT JOIN alquimista_platform.agent_standings s ON s.tenant_id = ta.tenant_id AND s.agent_id = ta.agent_id
          LEFT JOIN LATERAL (
            SELECT max(i.seen_at) AS seen_at FROM alquimista_platform.agent_instances i
            WHERE i.tenant_id = ta.tenant_id AND i.agent_id = ta.agent_id
          ) h ON true
          LEFT JOIN LATERAL (
            SELECT sum(d.requests) AS requests, sum(d.failures) AS failures, sum(d.response_ms) AS response_ms
            FROM alquimista_platform.tenant_usage_daily d
            WHERE d.tenant_id = ta.tenant_id AND d.agent_id = ta.agent_id
              AND d.day >= %(first)s AND d.day <= %(last)s
          ) u ON true
          WHERE ta.agent_id = %(agent_id)s AND ta.tenant_id <> %(platform)s
        ), page AS (
          SELECT * FROM found ORDER BY {column} {order} NULLS LAST, tenant_id LIMIT %(limit)s OFFSET %(offset)s
        )
        SELECT counted.total, page.tenant_id, page.tenant_name, page.plan, page.tenant_status, page.status,
          page.activated_at, page.paused_at, page.seen_at, coalesce(page.requests, 0) AS requests,
          coalesce(page.failures, 0) AS failures, coalesce(page.response_ms, 0) AS response_ms
        FROM (SELECT count(*) AS total FROM found) counted LEFT JOIN page ON true
        ORDER BY {column} {order} NULLS LAST, page.tenant_id
        """,  # noqa: S608 - The only interpolations are the constant columns and directions of OWNERS.
        OwnerRow,
    )


OWNERS: Final = {
    (sort, order): _owners(column, order) for sort, column in _COLUMNS.items() for order in ("asc", "desc")
}


async def catalogue(conn: Conn, first: date, last: date, now: datetime) -> list[CatalogueRow]:
    """Every agent of the catalogue, in its order, with the sums of some days."""
    return await conn.fetch(CATALOGUE, **_span(first, last, now))


async def one(conn: Conn, agent_id: UUID, first: date, last: date, now: datetime) -> CatalogueRow | None:
    """One of them."""
    return await conn.fetch_one(ONE, agent_id=agent_id, **_span(first, last, now))


async def days(conn: Conn, agent_id: UUID, first: date, last: date) -> list[AgentDayRow]:
    """Its days that had requests."""
    return await conn.fetch(DAYS, agent_id=agent_id, platform=PLATFORM_TENANT, first=first, last=last)


async def owners(
    conn: Conn,
    agent_id: UUID,
    first: date,
    last: date,
    *,
    sort: TenantSort,
    order: Order,
    limit: int,
    offset: int,
) -> tuple[Sequence[OwnerRow], int]:
    """A page of the companies that have or had it, and how many there are."""
    rows = await conn.fetch(
        OWNERS[sort, order],
        platform=PLATFORM_TENANT,
        agent_id=agent_id,
        first=first,
        last=last,
        limit=limit,
        offset=offset,
    )
    return [row for row in rows if row.tenant_id is not None], rows[0].total


def _span(first: date, last: date, now: datetime) -> dict[str, object]:
    return {
        "platform": PLATFORM_TENANT,
        "first": first,
        "last": last,
        "late": now - LATE_AFTER,
        "offline": now - OFFLINE_AFTER,
    }

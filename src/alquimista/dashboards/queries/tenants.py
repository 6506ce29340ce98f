"""Companies as staff list them and look at them, for connections of the internal role."""

from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

import msgspec

from alquimista.access import PLATFORM_TENANT
from alquimista.dashboards.models.staff import SortBy
from alquimista.db.statement import Conn, Statement


class ListedTenant(msgspec.Struct, frozen=True):
    """A company of a page beside the count of all that were found; of an empty page, only `total` is set."""

    total: int
    id: UUID | None
    name: str | None
    cnpj: str | None
    segment: str | None
    plan: str | None
    status: str | None
    mrr_cents: int | None
    created_at: datetime | None
    active_agents: int
    active_users: int
    requests: int


_COLUMNS: Final = {SortBy.NAME: 'search_name COLLATE "C"', SortBy.CREATED_AT: "created_at", SortBy.MRR: "mrr_cents"}
Order = Literal["asc", "desc"]


def _listing(column: str, order: Order) -> Statement[ListedTenant]:
    """One statement for each order, so that each has a plan of its own.

    The page is found first, and only its companies are joined to their agents, people and days of use: what the others
    have is never read. Each company's 30 days are its own, so both ends of them are columns of the page.
    """
    return Statement(
        f"""
        WITH found AS MATERIALIZED (
          SELECT t.id, t.name, t.search_name, t.cnpj, t.segment, t.plan, t.status, t.mrr_cents, t.created_at,
            t.time_zone
          FROM alquimista_platform.tenants t
          WHERE t.id <> %(platform)s
            AND (%(status)s::text = 'all' OR t.status = %(status)s::text)
            AND (%(plan)s::text IS NULL OR t.plan = %(plan)s::text)
            AND (%(segment)s::text IS NULL OR t.segment = %(segment)s::text)
            AND (%(search)s::text = ''
              OR strpos(t.search_name, alquimista_platform.search_text(%(search)s::text)) > 0
              OR (%(cnpj)s::text <> '' AND strpos(t.cnpj, %(cnpj)s::text) > 0))
        ), page AS MATERIALIZED (
          SELECT f.*, (%(now)s::timestamptz AT TIME ZONE f.time_zone)::date - 29 AS first_day,
            (%(now)s::timestamptz AT TIME ZONE f.time_zone)::date AS last_day
          FROM found f ORDER BY {column} {order}, id LIMIT %(limit)s OFFSET %(offset)s
        ), agents AS (
          SELECT a.tenant_id, count(*) AS active FROM page JOIN alquimista_platform.tenant_agents a
            ON a.tenant_id = page.id AND a.status = 'active'
          GROUP BY a.tenant_id
        ), people AS (
          SELECT u.tenant_id, count(*) AS active FROM page JOIN alquimista_platform.tenant_users u
            ON u.tenant_id = page.id AND u.status = 'active'
          GROUP BY u.tenant_id
        ), used AS (
          SELECT d.tenant_id, sum(d.requests)::bigint AS requests
          FROM page JOIN alquimista_platform.tenant_usage_daily d
            ON d.tenant_id = page.id AND d.day >= page.first_day AND d.day <= page.last_day
          GROUP BY d.tenant_id
        )
        SELECT counted.total, page.id, page.name, page.cnpj, page.segment, page.plan, page.status, page.mrr_cents,
          page.created_at, coalesce(agents.active, 0) AS active_agents, coalesce(people.active, 0) AS active_users,
          coalesce(used.requests, 0) AS requests
        FROM (SELECT count(*) AS total FROM found) counted
        LEFT JOIN page ON true
        LEFT JOIN agents ON agents.tenant_id = page.id
        LEFT JOIN people ON people.tenant_id = page.id
        LEFT JOIN used ON used.tenant_id = page.id
        ORDER BY {column} {order}, page.id
        """,  # noqa: S608 - The only interpolations are the constant columns and directions of LISTINGS.
        ListedTenant,
    )


LISTINGS: Final = {
    (sort_by, order): _listing(column, order) for sort_by, column in _COLUMNS.items() for order in ("asc", "desc")
}


class Choices(msgspec.Struct, frozen=True):
    """The plans and segments that companies have."""

    plans: list[str]
    segments: list[str]


CHOICES: Final = Statement(
    """
    SELECT coalesce(array_agg(DISTINCT t.plan), '{}') AS plans,
      coalesce(array_agg(DISTINCT t.segment), '{}') AS segments
    FROM alquimista_platform.tenants t WHERE t.id <> %(platform)s
    """,
    Choices,
)


class UsedLately(msgspec.Struct, frozen=True):
    """Requests of a company's last 7 and 30 days, today included."""

    week: int
    month: int
    month_failures: int


USED_LATELY: Final = Statement(
    """
    WITH span AS MATERIALIZED (
      SELECT (%(now)s::timestamptz AT TIME ZONE t.time_zone)::date - 29 AS first_day,
        (%(now)s::timestamptz AT TIME ZONE t.time_zone)::date - 6 AS week_day,
        (%(now)s::timestamptz AT TIME ZONE t.time_zone)::date AS last_day
      FROM alquimista_platform.tenants t WHERE t.id = %(tenant_id)s
    )
    SELECT coalesce(sum(d.requests) FILTER (WHERE d.day >= (SELECT week_day FROM span)), 0)::bigint AS week,
      coalesce(sum(d.requests), 0)::bigint AS month, coalesce(sum(d.failures), 0)::bigint AS month_failures
    FROM alquimista_platform.tenant_usage_daily d
    WHERE d.tenant_id = %(tenant_id)s
      AND d.day >= (SELECT first_day FROM span) AND d.day <= (SELECT last_day FROM span)
    """,
    UsedLately,
)


class InstalledRow(msgspec.Struct, frozen=True):
    """An agent of a company with its sums of the period and the moment of its last request."""

    id: UUID
    slug: str
    name: str
    segment: str
    status: str
    config: dict[str, Any]
    activated_at: datetime
    deactivated_at: datetime | None
    requests: int
    failures: int
    response_ms: int
    last_request_at: datetime | None


# The last request is looked for backwards, from the day to the hour to the request itself: an agent that is in use is
# found in a few rows. Requests that are no longer kept leave the beginning of their hour.
INSTALLED: Final = Statement(
    """
    WITH span AS MATERIALIZED (
      SELECT (%(now)s::timestamptz AT TIME ZONE t.time_zone)::date - %(days)s::int AS before_first,
        (%(now)s::timestamptz AT TIME ZONE t.time_zone)::date AS last_day
      FROM alquimista_platform.tenants t WHERE t.id = %(tenant_id)s
    )
    SELECT a.id, a.slug, a.name, a.segment, ta.status, ta.config, ta.activated_at, ta.deactivated_at,
      coalesce(u.requests, 0)::bigint AS requests, coalesce(u.failures, 0)::bigint AS failures,
      coalesce(u.response_ms, 0)::bigint AS response_ms, coalesce(r.occurred_at, h.hour) AS last_request_at
    FROM alquimista_platform.tenant_agents ta
    JOIN alquimista_platform.agents a ON a.id = ta.agent_id
    LEFT JOIN (
      SELECT d.agent_id, sum(d.requests) AS requests, sum(d.failures) AS failures, sum(d.response_ms) AS response_ms
      FROM alquimista_platform.tenant_usage_daily d
      WHERE d.tenant_id = %(tenant_id)s
        AND d.day > (SELECT before_first FROM span) AND d.day <= (SELECT last_day FROM span)
      GROUP BY d.agent_id
    ) u ON u.agent_id = ta.agent_id
    LEFT JOIN LATERAL (
      SELECT d.day FROM alquimista_platform.tenant_usage_daily d
      WHERE d.tenant_id = %(tenant_id)s AND d.agent_id = ta.agent_id AND d.requests > 0
      ORDER BY d.day DESC LIMIT 1
    ) l ON true
    LEFT JOIN LATERAL (
      SELECT w.hour FROM alquimista_platform.usage_hourly w
      WHERE w.tenant_id = %(tenant_id)s AND w.agent_id = ta.agent_id AND w.requests > 0
        AND w.hour >= l.day::timestamp AT TIME ZONE 'UTC' - interval '1 day'
        AND w.hour < l.day::timestamp AT TIME ZONE 'UTC' + interval '2 days'
      ORDER BY w.hour DESC LIMIT 1
    ) h ON true
    LEFT JOIN LATERAL (
      SELECT q.occurred_at FROM alquimista_platform.agent_requests q
      WHERE q.tenant_id = %(tenant_id)s AND q.agent_id = ta.agent_id AND q.requests > 0
        AND q.occurred_at >= h.hour AND q.occurred_at < h.hour + interval '1 hour'
      ORDER BY q.occurred_at DESC LIMIT 1
    ) r ON true
    WHERE ta.tenant_id = %(tenant_id)s
    ORDER BY a.name, a.id
    """,
    InstalledRow,
)


async def listed(
    conn: Conn,
    *,
    status: str,
    plan: str | None,
    segment: str | None,
    search: str,
    cnpj: str,
    sort_by: SortBy,
    sort_order: Order,
    limit: int,
    offset: int,
    now: datetime,
) -> tuple[list[ListedTenant], int]:
    """A page of the companies for which every given filter holds, and how many there are in all."""
    rows = await conn.fetch(
        LISTINGS[sort_by, sort_order],
        platform=PLATFORM_TENANT,
        status=status,
        plan=plan,
        segment=segment,
        search=search,
        cnpj=cnpj,
        limit=limit,
        offset=offset,
        now=now,
    )
    return [row for row in rows if row.id is not None], rows[0].total


async def choices(conn: Conn) -> Choices:
    """What companies can be told apart by."""
    row = await conn.fetch_one(CHOICES, platform=PLATFORM_TENANT)
    assert row is not None
    return row


async def used_lately(conn: Conn, tenant_id: UUID, now: datetime) -> UsedLately:
    """The company's requests of late."""
    row = await conn.fetch_one(USED_LATELY, tenant_id=tenant_id, now=now)
    assert row is not None
    return row


async def installed(conn: Conn, tenant_id: UUID, days: int, now: datetime) -> list[InstalledRow]:
    """Every agent that the company has or had, by name, with its sums of so many local days."""
    return await conn.fetch(INSTALLED, tenant_id=tenant_id, days=days, now=now)

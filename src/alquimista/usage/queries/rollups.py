"""Folding deltas into rollups, comparing rollups with raw requests, and correcting them."""

from datetime import date, datetime
from uuid import UUID

import msgspec

from alquimista.db.statement import Conn, NoRow, Statement
from alquimista.usage.models.reports import Difference
from alquimista.usage.queries.sums import ANY, COLUMNS, NAMES, NEGATED, SUMS, add, from_requests
from alquimista.usage.queries.upkeep import TenantId


class Version(msgspec.Struct, frozen=True):
    version: int


class Span(msgspec.Struct, frozen=True):
    """UTC hours, the last one excluded; both None when there is no hour."""

    start: datetime | None
    stop: datetime | None


PENDING = Statement("SELECT DISTINCT tenant_id FROM alquimista_platform.usage_deltas", TenantId)

# The version's row is written first by FOLD and CORRECT alike: it makes writers of one tenant's rollups queue up, where
# they could otherwise lock each other's rows in opposite orders. A row named by ctid cannot be another one by the time
# it is deleted: deltas are never updated, and vacuum spares what this statement's snapshot still sees.
FOLD = Statement(
    f"""
    WITH taken AS (
      DELETE FROM alquimista_platform.usage_deltas
      WHERE tenant_id = %(tenant_id)s AND ctid = ANY (ARRAY(
        SELECT ctid FROM alquimista_platform.usage_deltas WHERE tenant_id = %(tenant_id)s LIMIT %(limit)s))
      RETURNING hour, agent_id, currency, {NAMES}
    ), sums AS (
      SELECT hour, agent_id, currency, {SUMS} FROM taken GROUP BY hour, agent_id, currency
    ), hourly AS (
      INSERT INTO alquimista_platform.usage_hourly AS h (tenant_id, hour, agent_id, currency, {NAMES})
      SELECT %(tenant_id)s, hour, agent_id, currency, {NAMES} FROM sums
      ON CONFLICT (tenant_id, hour, agent_id, currency) DO UPDATE SET {add("h")}
    ), daily AS (
      INSERT INTO alquimista_platform.tenant_usage_daily AS d (tenant_id, day, agent_id, currency, {NAMES})
      SELECT %(tenant_id)s, day, agent_id, currency, {SUMS}
      FROM sums JOIN alquimista_platform.local_hours(
        %(tenant_id)s, (SELECT min(hour) FROM sums), (SELECT max(hour) + interval '1 hour' FROM sums)) USING (hour)
      GROUP BY day, agent_id, currency
      ON CONFLICT (tenant_id, day, agent_id, currency) DO UPDATE SET {add("d")}
    )
    INSERT INTO alquimista_platform.usage_versions AS v (tenant_id, version)
    SELECT %(tenant_id)s, 1 WHERE EXISTS (SELECT FROM taken)
    ON CONFLICT (tenant_id) DO UPDATE SET version = v.version + 1
    RETURNING version
    """,  # noqa: S608 - The interpolations are constant column lists.
    Version,
)

_LOCAL_HOURS = """
    hours AS MATERIALIZED (
      SELECT hour, day FROM alquimista_platform.local_hours(%(tenant_id)s, %(start)s, %(stop)s)
      WHERE day BETWEEN %(first_day)s AND %(last_day)s
    )
"""

SPAN = Statement(
    f"WITH {_LOCAL_HOURS} SELECT min(hour) AS start, max(hour) + interval '1 hour' AS stop FROM hours",  # noqa: S608 - As above.
    Span,
)

# A day's pages come in their order and mostly from memory. PostgreSQL 18 has other processes fetch each one ahead: that
# makes a recount take half as long again where the single events of many tenants lie mixed.
IN_ORDER = Statement("SET LOCAL effective_io_concurrency = 0", NoRow)

# Plain values, so that the planner leaves out the other days' partitions and knows how many rows there are.
_WITHIN = "tenant_id = %(tenant_id)s AND {0} >= %(start)s::timestamptz AND {0} < %(stop)s::timestamptz"
_RECOUNT = from_requests("alquimista_platform.agent_requests WHERE " + _WITHIN.format("occurred_at"))

# raw - deltas - rollup, by hour and by day, all read in one snapshot: zero unless a rollup is wrong.
_DIFFERENCES = f"""
    {_LOCAL_HOURS}, recounted AS MATERIALIZED (
      {_RECOUNT}
    ), settled AS MATERIALIZED (
      SELECT hour, day, agent_id, currency, {NAMES} FROM (
        SELECT hour, agent_id, currency, {NAMES} FROM recounted
        UNION ALL
        SELECT hour, agent_id, currency, {NEGATED} FROM alquimista_platform.usage_deltas
        WHERE {_WITHIN.format("hour")}
      ) AS expected JOIN hours USING (hour)
    ), wrong_hours AS MATERIALIZED (
      SELECT hour, agent_id, currency, {SUMS} FROM (
        SELECT hour, agent_id, currency, {NAMES} FROM settled
        UNION ALL
        SELECT hour, agent_id, currency, {NEGATED}
        FROM alquimista_platform.usage_hourly JOIN hours USING (hour)
        WHERE {_WITHIN.format("hour")}
      ) AS compared GROUP BY hour, agent_id, currency HAVING {ANY}
    ), wrong_days AS MATERIALIZED (
      SELECT day, agent_id, currency, {SUMS} FROM (
        SELECT day, agent_id, currency, {NAMES} FROM settled
        UNION ALL
        SELECT day, agent_id, currency, {NEGATED} FROM alquimista_platform.tenant_usage_daily
        WHERE tenant_id = %(tenant_id)s AND day BETWEEN %(first_day)s AND %(last_day)s
      ) AS compared GROUP BY day, agent_id, currency HAVING {ANY}
    )
"""  # noqa: S608 - As above.

COMPARE = Statement(
    f"""
    WITH {_DIFFERENCES}
    SELECT hour, NULL::date AS day, agent_id, currency, {NAMES} FROM wrong_hours
    UNION ALL
    SELECT NULL, day, agent_id, currency, {NAMES} FROM wrong_days
    ORDER BY day, hour, agent_id, currency
    """,  # noqa: S608 - As above.
    Difference,
)

# Only corrections of one tenant exclude each other: two that see the same difference would both add it.
LOCK = Statement(
    """
    SELECT pg_advisory_xact_lock(hashtextextended('alquimista.usage/' || %(tenant_id)s::uuid, 0))::text AS locked
    """,
    NoRow,
)

# The rollups get what they lack added, so that a fold between snapshot and write is not lost.
CORRECT = Statement(
    f"""
    WITH {_DIFFERENCES}, hourly AS (
      INSERT INTO alquimista_platform.usage_hourly AS h (tenant_id, hour, agent_id, currency, {NAMES})
      SELECT %(tenant_id)s, hour, agent_id, currency, {NAMES} FROM wrong_hours
      ON CONFLICT (tenant_id, hour, agent_id, currency) DO UPDATE SET {add("h")}
    ), daily AS (
      INSERT INTO alquimista_platform.tenant_usage_daily AS d (tenant_id, day, agent_id, currency, {NAMES})
      SELECT %(tenant_id)s, day, agent_id, currency, {NAMES} FROM wrong_days
      ON CONFLICT (tenant_id, day, agent_id, currency) DO UPDATE SET {add("d")}
    )
    INSERT INTO alquimista_platform.usage_versions AS v (tenant_id, version)
    SELECT %(tenant_id)s, 1 WHERE EXISTS (SELECT FROM wrong_hours) OR EXISTS (SELECT FROM wrong_days)
    ON CONFLICT (tenant_id) DO UPDATE SET version = v.version + 1
    RETURNING version
    """,  # noqa: S608 - As above.
    Version,
)

assert Difference.__struct_fields__ == ("hour", "day", "agent_id", "currency", *COLUMNS)


async def pending(conn: Conn) -> list[UUID]:
    """The tenants with deltas that wait; meant for the internal role."""
    return [row.tenant_id for row in await conn.fetch(PENDING)]


async def fold(conn: Conn, tenant_id: UUID, limit: int) -> int | None:
    """Move at most `limit` deltas into the rollups; the new version, or None when none waited."""
    row = await conn.fetch_one(FOLD, tenant_id=tenant_id, limit=limit)
    return row.version if row else None


async def local_span(
    conn: Conn, tenant_id: UUID, first_day: date, last_day: date, start: datetime, stop: datetime
) -> dict[str, date | datetime | None]:
    """The parameters of COMPARE and CORRECT: the days, and the UTC hours from their first one to their last."""
    days = {"first_day": first_day, "last_day": last_day}
    span = await conn.fetch_one(SPAN, tenant_id=tenant_id, **days, start=start, stop=stop)
    assert span is not None
    return {**days, "start": span.start, "stop": span.stop}


async def compare(
    conn: Conn, tenant_id: UUID, first_day: date, last_day: date, start: datetime, stop: datetime
) -> list[Difference]:
    """What the rollups lack, by hour and by day; empty when they are right.

    `start` and `stop` are whole UTC hours that hold every hour of the days.
    """
    await conn.execute(IN_ORDER)
    days = await local_span(conn, tenant_id, first_day, last_day, start, stop)
    return await conn.fetch(COMPARE, tenant_id=tenant_id, **days)


async def correct(
    conn: Conn, tenant_id: UUID, first_day: date, last_day: date, start: datetime, stop: datetime
) -> int | None:
    """Add what the rollups lack; the new version, or None when they were right.

    Needs a transaction of its own: the lock comes ahead of the snapshot that the comparison reads.
    """
    await conn.execute(LOCK, tenant_id=tenant_id)
    await conn.execute(IN_ORDER)
    days = await local_span(conn, tenant_id, first_day, last_day, start, stop)
    row = await conn.fetch_one(CORRECT, tenant_id=tenant_id, **days)
    return row.version if row else None

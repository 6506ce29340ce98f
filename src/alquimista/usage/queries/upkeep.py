"""Directory of a tenant's agents, closing of days, purging, and the partitions of raw requests."""

from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from alquimista.db.statement import Conn, NoRow, Statement

TABLE: Final = "agent_requests"


class AgentEntry(msgspec.Struct, frozen=True):
    """An agent that the tenant has or had. `currency` is the tenant's; a tenant without agents has one row of Nones."""

    currency: str
    agent_id: UUID | None
    slug: str | None
    status: str | None
    deactivated_at: datetime | None


class TenantId(msgspec.Struct, frozen=True):
    tenant_id: UUID


class Day(msgspec.Struct, frozen=True):
    day: date


class FirstKept(msgspec.Struct, frozen=True):
    """The first day whose raw requests are kept; None when there is no partition at all."""

    day: date | None


class RawDays(msgspec.Struct, frozen=True):
    """For how many days a tenant's raw requests are kept; None: as the installation keeps them."""

    days: int | None


class OpenDay(msgspec.Struct, frozen=True):
    """A local day of a tenant that has ended and is not closed yet."""

    day: date
    requests: int


class KeysSeen(msgspec.Struct, frozen=True):
    """Keys that were looked at: the last one, and how many of them were forgotten."""

    last: UUID
    forgotten: int


DIRECTORY = Statement(
    """
    SELECT t.currency, ta.agent_id, a.slug, ta.status, ta.deactivated_at
    FROM alquimista_platform.tenants t
    LEFT JOIN alquimista_platform.tenant_agents ta ON ta.tenant_id = t.id
    LEFT JOIN alquimista_platform.agents a ON a.id = ta.agent_id
    WHERE t.id = %(tenant_id)s
    """,
    AgentEntry,
)

# A day is over when 3 hours have passed since its midnight, which is when the hour 3 hours ago lies in another day.
OPEN_DAYS = Statement(
    """
    SELECT u.day, sum(u.requests)::bigint AS requests
    FROM alquimista_platform.tenant_usage_daily AS u
    WHERE u.tenant_id = %(tenant_id)s
      AND u.day >= %(since)s
      AND u.day < (SELECT day FROM alquimista_platform.local_hours(
        %(tenant_id)s, %(now)s::timestamptz - interval '3 hours', %(now)s::timestamptz - interval '2 hours'))
      AND NOT EXISTS (
        SELECT FROM alquimista_platform.usage_closed_days AS c WHERE c.tenant_id = %(tenant_id)s AND c.day = u.day)
    GROUP BY u.day ORDER BY u.day
    """,
    OpenDay,
)

# Across tenants, for the internal role: each tenant's own day is found once, then its open days by the key.
TO_CLOSE = Statement(
    """
    SELECT t.id AS tenant_id
    FROM alquimista_platform.tenants AS t
    CROSS JOIN LATERAL (
      SELECT day AS today FROM alquimista_platform.local_hours(
        t.id, %(now)s::timestamptz - interval '3 hours', %(now)s::timestamptz - interval '2 hours')
    ) AS local
    WHERE EXISTS (
      SELECT FROM alquimista_platform.tenant_usage_daily AS u
      WHERE u.tenant_id = t.id AND u.day >= %(since)s AND u.day < local.today
        AND NOT EXISTS (
          SELECT FROM alquimista_platform.usage_closed_days AS c WHERE c.tenant_id = u.tenant_id AND c.day = u.day))
    """,
    TenantId,
)

CLOSE_DAY = Statement(
    """
    INSERT INTO alquimista_platform.usage_closed_days (tenant_id, day, closed_at, requests)
    VALUES (%(tenant_id)s, %(day)s, %(now)s, %(requests)s)
    ON CONFLICT DO NOTHING
    """,
    NoRow,
)

# Through the primary key alone, which holds the day: an index of the days would cost every event that comes in.
PURGE_KEYS = Statement(
    """
    WITH part AS MATERIALIZED (
      SELECT key, seen_on < %(before)s AS old FROM alquimista_platform.event_keys
      WHERE tenant_id = %(tenant_id)s AND key > %(after)s AND key <= %(last)s ORDER BY key LIMIT %(limit)s
    ), forgotten AS (
      DELETE FROM alquimista_platform.event_keys
      WHERE tenant_id = %(tenant_id)s AND key = ANY (ARRAY(SELECT key FROM part WHERE old))
    )
    SELECT key AS last, (SELECT count(*) FROM part WHERE old) AS forgotten FROM part ORDER BY key DESC LIMIT 1
    """,
    KeysSeen,
)

# By the rows' places, a batch at a time: a purge never holds many locks, nor a long transaction.
PURGE_SPANS = Statement(
    """
    DELETE FROM alquimista_platform.usage_spans
    WHERE tenant_id = %(tenant_id)s AND (trace_id, span_id) IN (
      SELECT trace_id, span_id FROM alquimista_platform.usage_spans
      WHERE tenant_id = %(tenant_id)s AND seen_on < %(before)s ORDER BY seen_on LIMIT %(limit)s)
    """,
    NoRow,
)

PARTITIONS = Statement(
    """
    SELECT to_date(right(c.relname, 8), 'YYYYMMDD') AS day
    FROM pg_catalog.pg_inherits AS i JOIN pg_catalog.pg_class AS c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'alquimista_platform.agent_requests'::regclass
    ORDER BY 1
    """,
    Day,
)

# Of the partitions, and of this tenant, whose raw requests may be kept for fewer days. Null without any partition.
FIRST_KEPT = Statement(
    """
    SELECT CASE WHEN count(*) > 0 THEN greatest(
      to_date(min(right(c.relname, 8)), 'YYYYMMDD'),
      (SELECT t.raw_from FROM alquimista_platform.tenants AS t WHERE t.id = alquimista_platform.current_tenant())
    ) END AS day
    FROM pg_catalog.pg_inherits AS i JOIN pg_catalog.pg_class AS c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'alquimista_platform.agent_requests'::regclass
    """,
    FirstKept,
)

# Held to the end of the transaction: no partition is dropped while its rows are being counted, since dropping one locks
# the table that it is a part of. ONLY spares a year's locks on the others.
HOLD = Statement("LOCK TABLE ONLY alquimista_platform.agent_requests IN ACCESS SHARE MODE", NoRow)

# The same for one tenant's rows, which its own retention deletes: who counts shares the lock, who deletes has it alone.
_RAW_LOCK = "hashtextextended('alquimista.usage.raw:' || current_setting('app.tenant_id'), 0)"
HOLD_RAW = Statement(f"SELECT pg_advisory_xact_lock_shared({_RAW_LOCK})::text AS locked", NoRow)
TAKE_RAW = Statement(f"SELECT pg_advisory_xact_lock({_RAW_LOCK})::text AS locked", NoRow)

RAW_DAYS = Statement("SELECT raw_days AS days FROM alquimista_platform.tenants WHERE id = %(tenant_id)s", RawDays)
FORGET_RAW = Statement(
    "DELETE FROM alquimista_platform.agent_requests WHERE tenant_id = %(tenant_id)s AND occurred_at < %(before)s", NoRow
)
NOTE_RAW = Statement(
    """
    UPDATE alquimista_platform.tenants SET raw_from = greatest(raw_from, %(day)s), updated_at = %(now)s
    WHERE id = %(tenant_id)s
    """,
    NoRow,
)

# Makers of partitions take turns, so that the second one finds nothing missing.
TAKE_TURN = Statement(
    "SELECT pg_advisory_xact_lock(hashtextextended('alquimista.usage.partitions', 0))::text AS locked", NoRow
)
# Whoever wants a lock that blocks all writers must not keep them waiting behind it in the queue.
GIVE_WAY = Statement("SET LOCAL lock_timeout = '2s'", NoRow)


async def directory(conn: Conn, tenant_id: UUID) -> list[AgentEntry]:
    """The tenant's agents, past ones included."""
    return await conn.fetch(DIRECTORY, tenant_id=tenant_id)


async def open_days(conn: Conn, tenant_id: UUID, since: date, now: datetime) -> list[OpenDay]:
    """Days with usage from `since` on that ended 3 hours ago or earlier and are not closed."""
    return await conn.fetch(OPEN_DAYS, tenant_id=tenant_id, since=since, now=now)


async def to_close(conn: Conn, since: date, now: datetime) -> list[UUID]:
    """The tenants that have a day to close; for the internal role."""
    return [row.tenant_id for row in await conn.fetch(TO_CLOSE, since=since, now=now)]


async def close_day(conn: Conn, tenant_id: UUID, day: OpenDay, now: datetime) -> int:
    """1 when this closed the day, 0 when it was closed already."""
    return await conn.execute(CLOSE_DAY, tenant_id=tenant_id, day=day.day, requests=day.requests, now=now)


async def purge_keys(conn: Conn, tenant_id: UUID, after: UUID, last: UUID, before: date, limit: int) -> KeysSeen | None:
    """Look at the next `limit` keys up to `last`, and forget those seen before a day; None when there are no more."""
    return await conn.fetch_one(PURGE_KEYS, tenant_id=tenant_id, after=after, last=last, before=before, limit=limit)


async def purge_spans(conn: Conn, tenant_id: UUID, before: date, limit: int) -> int:
    """Forget at most `limit` spans seen before a day; how many."""
    return await conn.execute(PURGE_SPANS, tenant_id=tenant_id, before=before, limit=limit)


async def partitions(conn: Conn) -> list[date]:
    """The UTC days that have a partition, in order."""
    return [row.day for row in await conn.fetch(PARTITIONS)]


async def hold_partitions(conn: Conn) -> date | None:
    """The tenant's first UTC day of raw requests, none of which is dropped before the transaction ends."""
    await conn.execute(HOLD)
    await conn.execute(HOLD_RAW)
    row = await conn.fetch_one(FIRST_KEPT)
    return row.day if row else None


async def raw_days(conn: Conn, tenant_id: UUID) -> int | None:
    """For how many days the tenant's raw requests are kept, when that is its own."""
    found = await conn.fetch_one(RAW_DAYS, tenant_id=tenant_id)
    return found.days if found else None


async def forget_raw(conn: Conn, tenant_id: UUID, day: date, before: datetime, now: datetime) -> int:
    """Delete the tenant's raw requests of before a UTC day, as the owner, once nobody counts them; how many."""
    await conn.execute(TAKE_RAW)
    await conn.execute(NOTE_RAW, tenant_id=tenant_id, day=day, now=now)
    return await conn.execute(FORGET_RAW, tenant_id=tenant_id, before=before)


async def make_partition(conn: Conn, day: date) -> None:
    """Make a day's partition, as the owner.

    It is attached after it is made, which blocks no writer: CREATE TABLE … PARTITION OF would lock the whole table.
    It gets no grants, and its own row security refuses whoever would name it directly.
    """
    name = f"alquimista_platform.{TABLE}_{day:%Y%m%d}"
    for sql in (
        f"CREATE TABLE {name} (LIKE alquimista_platform.{TABLE} INCLUDING ALL)",
        f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {name} FORCE ROW LEVEL SECURITY",
        f"""
        ALTER TABLE alquimista_platform.{TABLE} ATTACH PARTITION {name}
        FOR VALUES FROM ('{day}T00:00:00Z') TO ('{day + timedelta(days=1)}T00:00:00Z')
        """,
    ):
        await conn.execute(Statement(sql, NoRow))


async def take_turn(conn: Conn) -> None:
    """Wait until no other transaction makes partitions."""
    await conn.execute(TAKE_TURN)


async def drop_partition(conn: Conn, day: date) -> None:
    """Drop a day's raw requests, as the owner; psycopg.errors.LockNotAvailable when that would hold up writers."""
    await conn.execute(GIVE_WAY)
    await conn.execute(Statement(f"DROP TABLE alquimista_platform.{TABLE}_{day:%Y%m%d}", NoRow))

"""The platform's own SQL on the queue; taking jobs out is PgQueuer's.

The queue measures time by the server's clock, like PgQueuer does: now() here is when a job may start, not a business
time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from alquimista.db.statement import Conn, NoRow, Statement
from alquimista.jobs.models import Depth, Lag

ENQUEUE = Statement(
    """
    INSERT INTO alquimista_platform.job_queue (entrypoint, payload, dedupe_key, priority, status, execute_after)
    SELECT %(name)s::text, j.payload, j.dedupe_key, 0, 'queued', coalesce(%(run_at)s::timestamptz, now())
    FROM unnest(%(payloads)s::bytea[], %(dedupe_keys)s::text[]) AS j (payload, dedupe_key)
    ON CONFLICT (dedupe_key) WHERE status IN ('queued', 'picked') AND dedupe_key IS NOT NULL DO NOTHING
    """,
    NoRow,
)

BEAT = Statement(
    """
    INSERT INTO alquimista_platform.workers (id, started_at, seen_at) VALUES (%(id)s, %(now)s, %(now)s)
    ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at
    """,
    NoRow,
)

FORGET_WORKERS = Statement(
    "DELETE FROM alquimista_platform.workers WHERE id = %(id)s OR seen_at < %(gone_since)s", NoRow
)


@dataclass(frozen=True, slots=True)
class Alive:
    alive: bool


@dataclass(frozen=True, slots=True)
class Count:
    count: int


ALIVE = Statement("SELECT EXISTS (SELECT FROM alquimista_platform.workers WHERE seen_at >= %(since)s) AS alive", Alive)

DEPTHS = Statement(
    """
    SELECT entrypoint AS name, status::text AS status, count(*) AS count,
        extract(epoch FROM max(now() - created))::float8 AS oldest_seconds
    FROM alquimista_platform.job_queue GROUP BY entrypoint, job_queue.status ORDER BY 1, 2
    """,
    Depth,
)

# A job that is not due yet does not wait.
LAG = Statement(
    """
    SELECT entrypoint AS name, extract(epoch FROM now() - execute_after)::float8 AS seconds,
      count(*) OVER () AS waiting
    FROM alquimista_platform.job_queue
    WHERE status = 'queued' AND execute_after <= now()
    ORDER BY execute_after LIMIT 1
    """,
    Lag,
)

# Each return to the queue starts a new count: what is left are takings that ended with the worker.
TAKINGS = Statement(
    """
    SELECT count(*) AS count FROM alquimista_platform.job_log
    WHERE job_id = %(id)s AND status = 'picked' AND id > coalesce(
        (SELECT max(id) FROM alquimista_platform.job_log WHERE job_id = %(id)s AND status = 'queued'), 0)
    """,
    Count,
)

TRIM_LOG = Statement(
    """
    DELETE FROM alquimista_platform.job_log l
    WHERE l.created < %(before)s AND l.aggregated
      AND NOT EXISTS (SELECT FROM alquimista_platform.job_queue q WHERE q.id = l.job_id)
    """,
    NoRow,
)
TRIM_STATISTICS = Statement("DELETE FROM alquimista_platform.job_statistics WHERE created < %(before)s", NoRow)


async def enqueue(
    conn: Conn, name: str, payloads: Sequence[bytes], dedupe_keys: Sequence[str | None], run_at: datetime | None
) -> int:
    """Insert jobs of one name; how many were not there yet."""
    return await conn.execute(ENQUEUE, name=name, payloads=list(payloads), dedupe_keys=list(dedupe_keys), run_at=run_at)


async def beat(conn: Conn, worker_id: UUID, now: datetime) -> None:
    """Say that a worker lives."""
    await conn.execute(BEAT, id=worker_id, now=now)


async def forget_worker(conn: Conn, worker_id: UUID, now: datetime) -> None:
    """Take a worker off the list, and those that died an hour ago."""
    await conn.execute(FORGET_WORKERS, id=worker_id, gone_since=now - timedelta(hours=1))


async def alive(conn: Conn, since: datetime) -> bool:
    """Whether any worker was seen since then."""
    found = await conn.fetch_one(ALIVE, since=since)
    return found is not None and found.alive


async def depths(conn: Conn) -> list[Depth]:
    """Jobs in the queue, by name and state; takes a connection of the internal role."""
    return await conn.fetch(DEPTHS)


async def lag(conn: Conn) -> Lag | None:
    """The job that is due for the longest; takes the internal role's connection."""
    return await conn.fetch_one(LAG)


async def takings(conn: Conn, job_id: int) -> int:
    """How often workers have taken a job since it was last put into the queue; takes the internal role's connection."""
    found = await conn.fetch_one(TAKINGS, id=job_id)
    return found.count if found else 0


async def trim(conn: Conn, before: datetime) -> None:
    """Forget what happened to jobs that are gone; takes a connection of the internal role."""
    await conn.execute(TRIM_LOG, before=before)
    await conn.execute(TRIM_STATISTICS, before=before)

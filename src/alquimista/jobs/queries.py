"""The platform's own SQL on the queue; taking jobs out is PgQueuer's.

The queue measures time by the server's clock, like PgQueuer does: now() here is when a job may start, not a business
time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from alquimista.db.statement import Conn, NoRow, Statement, Writer
from alquimista.jobs.models import RUN_SLACK, Dead, Depth, Lag, Missed, live_since

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


@dataclass(frozen=True, slots=True)
class Seconds:
    seconds: float


@dataclass(frozen=True, slots=True)
class Takeable:
    name: str
    held: bool


@dataclass(frozen=True, slots=True)
class JobId:
    job_id: int


@dataclass(frozen=True, slots=True)
class TenantId:
    tenant_id: UUID


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

# The names of the jobs that wait: reading one after the other costs the same however many jobs there are.
_NAMES = """
    WITH RECURSIVE names AS (
      SELECT min(entrypoint) AS name FROM alquimista_platform.job_queue WHERE status = 'queued'
      UNION ALL
      SELECT (SELECT min(q.entrypoint) FROM alquimista_platform.job_queue q
              WHERE q.status = 'queued' AND q.entrypoint > names.name)
      FROM names WHERE names.name IS NOT NULL
    )
"""

# What a worker may find something of, and (`held`) what it is at itself.
TAKEABLE = Statement(
    f"""
    {_NAMES}
    SELECT name, false AS held FROM names WHERE name IS NOT NULL
    UNION
    SELECT entrypoint, false FROM alquimista_platform.job_queue
    WHERE status = 'picked' AND heartbeat < now() - %(lease)s::interval
    UNION
    SELECT entrypoint, true FROM alquimista_platform.job_queue WHERE queue_manager_id = %(worker)s::uuid
    """,  # noqa: S608 - A constant of our own.
    Takeable,
)

# The oldest job of each name that could have begun, by the index on (entrypoint, execute_after).
OLDEST_WAIT = Statement(
    f"""
    {_NAMES}
    SELECT coalesce(max(extract(epoch FROM now() - oldest.execute_after)), 0)::float8 AS seconds
    FROM names CROSS JOIN LATERAL (
      SELECT q.execute_after FROM alquimista_platform.job_queue q
      WHERE q.status = 'queued' AND q.entrypoint = names.name AND q.execute_after <= now()
      ORDER BY q.execute_after LIMIT 1
    ) oldest
    """,  # noqa: S608 - As above.
    Seconds,
)

# None ended well for as long as from one run to the next, and an hour; while a worker was there for that hour, since
# one that comes back has everything to catch up.
MISSED_RUNS = Statement(
    """
    SELECT s.entrypoint AS name, s.succeeded_at
    FROM alquimista_platform.job_schedules s
    JOIN unnest(%(names)s::text[], %(crons)s::text[]) AS r (name, cron)
      ON r.name = s.entrypoint AND r.cron = s.expression
    WHERE s.succeeded_at < now() - coalesce(s.next_run - s.last_run, interval '1 day') - %(slack)s::interval
      AND EXISTS (SELECT FROM alquimista_platform.workers
        WHERE seen_at >= %(live_since)s AND started_at < %(started_before)s)
    ORDER BY s.entrypoint
    """,
    Missed,
)
SUCCEEDED = Statement(
    "UPDATE alquimista_platform.job_schedules SET succeeded_at = now() WHERE entrypoint = %(name)s", NoRow
)

WORKERS = Statement("SELECT count(*) AS count FROM alquimista_platform.workers WHERE seen_at >= %(since)s", Count)

REMEMBER_FAILED = Statement(
    """
    INSERT INTO alquimista_platform.failed_jobs (tenant_id, job_id, name, error, failed_at)
    VALUES (%(tenant_id)s, %(job_id)s, %(name)s, left(%(error)s, 2000), %(now)s)
    ON CONFLICT (tenant_id, job_id)
    DO UPDATE SET error = excluded.error, failed_at = excluded.failed_at, requeued_at = NULL
    """,
    NoRow,
)

# Only what is still failed in the queue: a worker may have died between noting a failure and telling the queue.
_FAILED = """
    FROM alquimista_platform.failed_jobs f JOIN alquimista_platform.job_queue q ON q.id = f.job_id
    WHERE f.tenant_id = %(tenant_id)s AND f.requeued_at IS NULL AND q.status = 'failed'
      AND (%(ids)s::bigint[] IS NULL OR f.job_id = ANY (%(ids)s::bigint[]))
"""
DEAD = Statement(
    """
    SELECT f.name, count(*) AS count
    FROM alquimista_platform.failed_jobs f JOIN alquimista_platform.job_queue q ON q.id = f.job_id
    WHERE f.requeued_at IS NULL AND q.status = 'failed' GROUP BY f.name ORDER BY f.name
    """,
    Dead,
)
COUNT_FAILED = Statement(f"SELECT count(*) AS count {_FAILED}", Count)
TAKE_FAILED = Statement(
    f"""
    WITH picked AS MATERIALIZED (SELECT f.job_id {_FAILED} ORDER BY f.failed_at LIMIT %(limit)s FOR UPDATE OF f)
    UPDATE alquimista_platform.failed_jobs SET requeued_at = %(now)s
    WHERE tenant_id = %(tenant_id)s AND requeued_at IS NULL AND job_id IN (SELECT job_id FROM picked)
    RETURNING job_id
    """,  # noqa: S608 - A constant condition.
    JobId,
)

# Its key may be another job's by now, and a job that is asked for by hand is not to be left out for it.
REQUEUE = Statement(
    """
    WITH moved AS (
      UPDATE alquimista_platform.job_queue
      SET status = 'queued', attempts = 0, dedupe_key = NULL, queue_manager_id = NULL, slot = NULL,
        execute_after = now(), updated = now()
      WHERE id = ANY (%(ids)s::bigint[]) AND status = 'failed'
      RETURNING id, entrypoint, priority
    )
    INSERT INTO alquimista_platform.job_log (job_id, status, entrypoint, priority)
    SELECT id, 'queued', entrypoint, priority FROM moved
    """,
    NoRow,
)

OLD_FAILURES = Statement(
    """
    SELECT DISTINCT tenant_id FROM alquimista_platform.failed_jobs f
    WHERE f.failed_at < %(before)s
      AND NOT EXISTS (SELECT FROM alquimista_platform.job_queue q WHERE q.id = f.job_id)
    """,
    TenantId,
)
FORGET_FAILURES = Statement(
    """
    DELETE FROM alquimista_platform.failed_jobs f
    WHERE f.tenant_id = %(tenant_id)s AND f.failed_at < %(before)s
      AND NOT EXISTS (SELECT FROM alquimista_platform.job_queue q WHERE q.id = f.job_id)
    """,
    NoRow,
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


async def put(conn: Writer, name: str, payload: bytes, dedupe_key: str) -> None:
    """Insert a job that may run at once, unless it is there."""
    await conn.execute(ENQUEUE, name=name, payloads=[payload], dedupe_keys=[dedupe_key], run_at=None)


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


def takeable(worker: UUID, lease: timedelta) -> tuple[str, timedelta, UUID]:
    """TAKEABLE with its parameters, for PgQueuer's driver."""
    text, names = TAKEABLE.positional
    assert names == ("lease", "worker")
    return text, lease, worker


async def takings(conn: Conn, job_id: int) -> int:
    """How often workers have taken a job since it was last put into the queue; takes the internal role's connection."""
    found = await conn.fetch_one(TAKINGS, id=job_id)
    return found.count if found else 0


async def trim(conn: Conn, before: datetime) -> None:
    """Forget what happened to jobs that are gone; takes a connection of the internal role."""
    await conn.execute(TRIM_LOG, before=before)
    await conn.execute(TRIM_STATISTICS, before=before)


async def oldest_wait(conn: Conn) -> float:
    """For how many seconds the oldest job that could run has waited; takes a connection of the internal role."""
    found = await conn.fetch_one(OLDEST_WAIT)
    return found.seconds if found else 0.0


async def missed_runs(conn: Conn, names: Sequence[str], crons: Sequence[str], now: datetime) -> list[Missed]:
    """Which of these runs did not come; takes a connection of the internal role."""
    return await conn.fetch(
        MISSED_RUNS,
        names=list(names),
        crons=list(crons),
        slack=RUN_SLACK,
        live_since=live_since(now),
        started_before=now - RUN_SLACK,
    )


async def succeeded(conn: Conn, name: str) -> None:
    """Note that a run ended well; takes a connection of the internal role."""
    await conn.execute(SUCCEEDED, name=name)


async def workers(conn: Conn, since: datetime) -> int:
    """How many workers were seen since then."""
    found = await conn.fetch_one(WORKERS, since=since)
    return found.count if found else 0


async def remember_failed(conn: Conn, tenant_id: UUID, job_id: int, name: str, error: str, now: datetime) -> None:
    """Note that a tenant's job failed for good."""
    await conn.execute(REMEMBER_FAILED, tenant_id=tenant_id, job_id=job_id, name=name, error=error, now=now)


async def dead(conn: Conn) -> list[Dead]:
    """The failed jobs of all tenants that were not moved back, by name; takes a connection of the internal role."""
    return await conn.fetch(DEAD)


async def count_failed(conn: Conn, tenant_id: UUID, ids: Sequence[int] | None) -> int:
    """How many of the tenant's jobs (or of these) have failed and were not moved back."""
    found = await conn.fetch_one(COUNT_FAILED, tenant_id=tenant_id, ids=None if ids is None else list(ids))
    return found.count if found else 0


async def take_failed(conn: Conn, tenant_id: UUID, ids: Sequence[int] | None, limit: int, now: datetime) -> list[int]:
    """Mark the tenant's failed jobs (or these) as moved back, the oldest failures first; which ones."""
    wanted = None if ids is None else list(ids)
    return [row.job_id for row in await conn.fetch(TAKE_FAILED, tenant_id=tenant_id, ids=wanted, limit=limit, now=now)]


async def requeue(conn: Conn, ids: Sequence[int]) -> None:
    """Put failed jobs back into the queue; takes a connection of the internal role."""
    await conn.execute(REQUEUE, ids=list(ids))


async def old_failures(conn: Conn, before: datetime) -> list[UUID]:
    """Whose jobs failed before then and are gone; takes a connection of the internal role."""
    return [row.tenant_id for row in await conn.fetch(OLD_FAILURES, before=before)]


async def forget_failures(conn: Conn, tenant_id: UUID, before: datetime) -> None:
    """Forget the tenant's jobs that failed before then and are gone."""
    await conn.execute(FORGET_FAILURES, tenant_id=tenant_id, before=before)

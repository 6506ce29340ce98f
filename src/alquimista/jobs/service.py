"""What the rest of the platform asks about jobs."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily

from alquimista import clock
from alquimista.db.statement import Conn
from alquimista.jobs import queries
from alquimista.jobs.models import Dead, Job, Lag, Missed, Periodic, Requeue, Runs, live_since
from alquimista.jobs.queue import enqueue
from alquimista.wiring import Services

LOG_KEPT: Final = timedelta(days=30)
_REQUEUE: Final = "jobs.requeue"
_REQUEUED: Final = 500  # Ids in one job.


async def worker_alive(conn: Conn, now: datetime) -> bool:
    """Whether at least one worker gave a sign of life lately; for the readiness check. Takes an app connection."""
    return await queries.alive(conn, live_since(now))


async def lag(conn: Conn) -> Lag | None:
    """What waits for the longest; None when nothing that is due waits. Takes a connection of the internal role."""
    return await queries.lag(conn)


async def missed_runs(conn: Conn, runs: Runs, now: datetime) -> list[Missed]:
    """Which runs did not end well in their time and an hour. Takes a connection of the internal role."""
    names, crons = [one.name for one in runs.periodic], [one.cron for one in runs.periodic]
    return await queries.missed_runs(conn, names, crons, now)


async def gauges(conn: Conn) -> list[Metric]:
    """The queue's depth and age for /metrics; takes a connection of the internal role."""
    depth = GaugeMetricFamily("alquimista_job_queue_depth", "Jobs in the queue.", labels=["job", "status"])
    oldest = GaugeMetricFamily("alquimista_job_queue_oldest_seconds", "Age of the oldest.", labels=["job", "status"])
    for one in await queries.depths(conn):
        depth.add_metric([one.name, one.status], one.count)
        oldest.add_metric([one.name, one.status], one.oldest_seconds)
    return [depth, oldest]


async def oldest_wait(conn: Conn) -> float:
    """For how many seconds the oldest job that could run has waited; takes a connection of the internal role."""
    return await queries.oldest_wait(conn)


async def workers(conn: Conn, now: datetime) -> int:
    """How many workers gave a sign of life lately. Takes an app or internal connection."""
    return await queries.workers(conn, live_since(now))


async def dead(conn: Conn) -> list[Dead]:
    """How many jobs of each name failed for good and were not moved back. Takes the internal role's connection."""
    return await queries.dead(conn)


async def count_failed(conn: Conn, tenant_id: UUID, ids: Sequence[int] | None = None) -> int:
    """How many of the tenant's jobs, or of these, have failed for good and were not moved back."""
    return await queries.count_failed(conn, tenant_id, ids)


async def requeue_failed(conn: Conn, tenant_id: UUID, ids: Sequence[int] | None, limit: int, now: datetime) -> int:
    """Move the tenant's failed jobs, or these, back into the queue, each once; how many. Takes a transaction.

    Another tenant's ids are nobody's here. The queue itself is changed by a job, which the transaction brings.
    """
    taken = await queries.take_failed(conn, tenant_id, ids, limit, now)
    for start in range(0, len(taken), _REQUEUED):
        await enqueue(conn, _REQUEUE, Requeue(taken[start : start + _REQUEUED]), tenant_id=tenant_id)
    return len(taken)


async def requeue(services: Services, _tenant_id: UUID | None, payload: Requeue) -> None:
    """Put failed jobs back; those that are not failed any more stay as they are."""
    await queries.requeue(services.db.staff(), payload.job_ids)


async def trim(services: Services, _tenant_id: UUID | None, _payload: object) -> None:
    """Forget what happened to finished jobs more than 30 days ago. Failed jobs stay, and their log."""
    before = clock.now() - LOG_KEPT
    await queries.trim(services.db.staff(), before)
    for tenant_id in await queries.old_failures(services.db.staff(), before):
        await queries.forget_failures(services.db.tenant(tenant_id), tenant_id, before)


JOBS: Final = (Job(name=_REQUEUE, handler=requeue, payload=Requeue),)
PERIODIC: Final = (Periodic(name="jobs.trim", cron="40 3 * * *", handler=trim),)

"""What the rest of the platform asks about jobs."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily

from alquimista import clock
from alquimista.db.statement import Conn
from alquimista.jobs import queries
from alquimista.jobs.models import Lag, Periodic, live_since
from alquimista.wiring import Services

_LOG_KEPT: Final = timedelta(days=30)


async def worker_alive(conn: Conn, now: datetime) -> bool:
    """Whether at least one worker gave a sign of life lately; for the readiness check. Takes an app connection."""
    return await queries.alive(conn, live_since(now))


async def lag(conn: Conn) -> Lag | None:
    """What waits for the longest; None when nothing that is due waits. Takes a connection of the internal role."""
    return await queries.lag(conn)


async def gauges(conn: Conn) -> list[Metric]:
    """The queue's depth and age for /metrics; takes a connection of the internal role."""
    depth = GaugeMetricFamily("alquimista_job_queue_depth", "Jobs in the queue.", labels=["job", "status"])
    oldest = GaugeMetricFamily("alquimista_job_queue_oldest_seconds", "Age of the oldest.", labels=["job", "status"])
    for one in await queries.depths(conn):
        depth.add_metric([one.name, one.status], one.count)
        oldest.add_metric([one.name, one.status], one.oldest_seconds)
    return [depth, oldest]


async def trim(services: Services, _tenant_id: UUID | None, _payload: object) -> None:
    """Forget what happened to finished jobs more than 30 days ago. Failed jobs stay, and their log."""
    await queries.trim(services.db.staff(), clock.now() - _LOG_KEPT)


PERIODIC: Final = (Periodic(name="jobs.trim", cron="40 3 * * *", handler=trim),)

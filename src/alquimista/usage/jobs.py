"""The jobs of usage: folding every second, watching failures, closing days every hour, the full pass at 02:00 UTC."""

import asyncio
import time
from contextlib import suppress
from datetime import timedelta
from typing import Final
from uuid import UUID

import psycopg
import structlog

from alquimista import clock
from alquimista.db.pool import Database
from alquimista.errors import Unavailable
from alquimista.jobs.models import Job, Periodic
from alquimista.jobs.queue import enqueue_for_each
from alquimista.tenants import service as tenants
from alquimista.usage import service
from alquimista.wiring import Services

FOLD_EVERY_S: Final = 1.0  # Fresh within 5 seconds, with room for a slow moment.
_RECONCILED: Final = timedelta(days=3)
_CLOSE: Final = "usage.close_days"
_FULL: Final = "usage.full_pass"
_JUDGE: Final = "usage.judge_failures"

log = structlog.get_logger(__name__)


async def keep_folding(db: Database, stop: asyncio.Event) -> None:
    """Fold what waits, every second until `stop`. Several workers may do it; the database may go away meanwhile.

    A second passes from one beginning to the next: when much waits, a round takes a good part of it.
    """
    while not stop.is_set():
        due = time.monotonic() + FOLD_EVERY_S
        try:
            await service.fold_all(db)
        except (Unavailable, psycopg.Error, OSError) as error:
            log.warning("usage.fold_round_failed", error=type(error).__name__)
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), max(0, due - time.monotonic()))


async def hourly(services: Services, _tenant_id: UUID | None, _payload: object) -> None:
    """Have the days closed that ended 3 hours ago, one job for each tenant that has such a day."""
    waiting = await service.tenants_to_close(services.db, clock.now())
    await enqueue_for_each(services.db.staff(), _CLOSE, waiting)


async def daily(services: Services, _tenant_id: UUID | None, _payload: object) -> None:
    """Make and drop partitions, then have every tenant's usage gone through, one job each."""
    now = clock.now()
    await service.make_partitions(services.db, now)
    await enqueue_for_each(services.db.staff(), _FULL, await tenants.list_ids(services.db.staff()))
    # Last, since it gives way to writers and may have to be tried again.
    await service.drop_partitions(services.db, now)


async def close_days(services: Services, tenant_id: UUID | None, _payload: object) -> None:
    """Close one tenant's days."""
    assert tenant_id is not None
    await service.close_days(services.db, tenant_id, clock.now())


async def full_pass(services: Services, tenant_id: UUID | None, _payload: object) -> None:
    """Close one tenant's days, compare the latest ones once more, and forget what is no longer needed.

    Counters, such as the requests of a month, are sums of the daily rollup: right as soon as that is.
    """
    assert tenant_id is not None
    now = clock.now()
    await service.close_days(services.db, tenant_id, now)
    yesterday = (now - timedelta(days=1)).date()
    for back in range(_RECONCILED.days):
        day = yesterday - timedelta(days=back)
        await service.reconcile(services.db, tenant_id, day, day, now)
    await service.purge(services.db, tenant_id, now)


async def watch_failures(services: Services, _tenant_id: UUID | None, _payload: object) -> None:
    """Have the requests of tenants judged of which too many fail or failed, one job each."""
    waiting = await service.tenants_to_judge(services.db, services.settings, clock.now())
    await enqueue_for_each(services.db.staff(), _JUDGE, waiting)


async def judge_failures(services: Services, tenant_id: UUID | None, _payload: object) -> None:
    """Judge one tenant's latest requests."""
    assert tenant_id is not None
    await service.judge_failures(services.db, services.settings, tenant_id, clock.now())


JOBS: Final = (
    Job(name=_CLOSE, handler=close_days, timeout_s=600, concurrency=2),
    Job(name=_FULL, handler=full_pass, timeout_s=1800, concurrency=2),
    Job(name=_JUDGE, handler=judge_failures, timeout_s=60),
)
PERIODIC: Final = (
    Periodic(name="usage.hourly", cron="5 * * * *", handler=hourly),
    Periodic(name="usage.watch_failures", cron="*/5 * * * *", handler=watch_failures, timeout_s=60),
    Periodic(name="usage.daily", cron="0 2 * * *", handler=daily),
)

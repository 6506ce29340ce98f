"""The worker process: the only place where jobs are put together."""

import asyncio
import os
import signal
import time
from collections.abc import Awaitable
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Final

import psycopg
import structlog
from pgqueuer.domain.errors import FailingListenerError

from alquimista import clock
from alquimista.approvals import jobs as approvals
from alquimista.approvals.service import install as install_approvals
from alquimista.audit import jobs as audit
from alquimista.billing import jobs as billing
from alquimista.cache.bus import Bus
from alquimista.config import Settings
from alquimista.db.pool import Database
from alquimista.errors import Unavailable
from alquimista.fleet import jobs as fleet
from alquimista.identity import jobs as identity
from alquimista.identity.service.kit import install as install_identity
from alquimista.incidents import jobs as incidents
from alquimista.integrations import jobs as integrations
from alquimista.integrations.service import install as install_integrations
from alquimista.jobs import queries as liveness
from alquimista.jobs import service as queue
from alquimista.jobs.consumer import consume
from alquimista.jobs.models import Job, Periodic, Runs
from alquimista.notifications import jobs as notifications
from alquimista.observability import logs
from alquimista.observability.exposition import DIRECTORY_VARIABLE, SNAPSHOT_SECONDS, Exposition
from alquimista.operations import jobs as operations
from alquimista.operations.service import install as install_operations
from alquimista.orchestrator import jobs as orchestrator
from alquimista.orchestrator.models.consumers import Consumer, Consumers
from alquimista.payments.service import Providers
from alquimista.portability import jobs as portability
from alquimista.support import jobs as support
from alquimista.trials import jobs as trials
from alquimista.usage import jobs as usage
from alquimista.usage.service import install as install_usage
from alquimista.webhooks import jobs as webhooks
from alquimista.webhooks.service import install as install_webhooks
from alquimista.wiring import Services

JOBS: Final[tuple[Job, ...]] = (
    *queue.JOBS,
    *identity.JOBS,
    *notifications.JOBS,
    *usage.JOBS,
    *billing.JOBS,
    *trials.JOBS,
    *portability.JOBS,
    *approvals.JOBS,
    *incidents.JOBS,
    *support.JOBS,
    *orchestrator.JOBS,
    *webhooks.JOBS,
    *integrations.JOBS,
    *fleet.JOBS,
    *operations.JOBS,
)
PERIODIC: Final[tuple[Periodic, ...]] = (
    *queue.PERIODIC,
    *identity.PERIODIC,
    *notifications.PERIODIC,
    *incidents.PERIODIC,
    *fleet.PERIODIC,
    *usage.PERIODIC,
    *billing.PERIODIC,
    *trials.PERIODIC,
    *portability.PERIODIC,
    *approvals.PERIODIC,
    *orchestrator.PERIODIC,
    *webhooks.PERIODIC,
    *integrations.PERIODIC,
    *audit.PERIODIC,
    *operations.PERIODIC,
)
# Rooms that act upon events are named here.
CONSUMERS: Final[tuple[Consumer, ...]] = (*fleet.CONSUMERS,)

_BEAT_SECONDS: Final = 5
_GRACE_SECONDS: Final = 20  # For running jobs when the process is asked to end; then they go back into the queue.
_FIRST_BACKOFF_SECONDS: Final = 0.5
_LAST_BACKOFF_SECONDS: Final = 10

_log = structlog.get_logger("alquimista.worker")


async def run(settings: Settings) -> None:
    """Run jobs until SIGTERM or SIGINT, finish those that run, and return."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    logs.setup(settings, "worker")
    async with AsyncExitStack() as stack:
        services = Services(settings, await Database.open(settings))
        stack.push_async_callback(services.db.close)
        bus = Bus(settings)
        services.add(bus)
        await bus.start()
        stack.push_async_callback(bus.stop)
        stack.push_async_callback(install_identity(services, bus).close)
        install_approvals(services)
        install_operations(services)
        services.add(Providers(settings))
        stack.push_async_callback(services.get(Providers).close)
        stack.push_async_callback(install_usage(services, bus).close)
        stack.push_async_callback(install_webhooks(services).close)
        services.add(Consumers(CONSUMERS))
        services.add(Runs(PERIODIC))
        install_integrations(services)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_beat(services, stop))
            tasks.create_task(_publish(stop))
            tasks.create_task(_consume(services, stop))
            tasks.create_task(usage.keep_folding(services.db, stop))
            tasks.create_task(audit.keep_sealing(services.db, stop))


async def _consume(services: Services, stop: asyncio.Event) -> None:
    """Keep a consumer running: when the database goes away, start anew as soon as it is back."""
    backoff = _FIRST_BACKOFF_SECONDS
    while not stop.is_set():
        started = time.monotonic()
        task = asyncio.create_task(consume(services, JOBS, PERIODIC, stop))
        stopped = asyncio.create_task(stop.wait())
        await asyncio.wait({task, stopped}, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        if stop.is_set():
            await _ended(task)
        try:
            await task
        except (psycopg.Error, FailingListenerError, OSError) as error:
            if time.monotonic() - started > _LAST_BACKOFF_SECONDS:
                backoff = _FIRST_BACKOFF_SECONDS  # It had worked for a while: this is a new outage.
            _log.warning("worker.lost_database", error=type(error).__name__, again_in=backoff)
            await _wait(stop, backoff)
            backoff = min(backoff * 2, _LAST_BACKOFF_SECONDS)
        except asyncio.CancelledError:
            return


async def _ended(task: "asyncio.Task[None]") -> None:
    """Let running jobs end, for a while; then cut them off, which puts them back into the queue."""
    done, _ = await asyncio.wait({task}, timeout=_GRACE_SECONDS)
    while not done:
        task.cancel()  # The first one only asks the queue to end; jobs are cut off by those that follow.
        done, _ = await asyncio.wait({task}, timeout=1)


async def _beat(services: Services, stop: asyncio.Event) -> None:
    """Tell the readiness check that a worker lives."""
    worker_id = clock.new_id()
    while not stop.is_set():
        await _tolerant(liveness.beat(services.db.staff(), worker_id, clock.now()))
        await _wait(stop, _BEAT_SECONDS)
    await _tolerant(liveness.forget_worker(services.db.staff(), worker_id, clock.now()))


async def _publish(stop: asyncio.Event) -> None:
    """Show this process's metrics to the web processes, which answer /metrics."""
    directory = os.environ.get(DIRECTORY_VARIABLE)
    exposition = Exposition(Path(directory) if directory else None)
    while not stop.is_set():
        await _wait(stop, SNAPSHOT_SECONDS)
        exposition.publish()


async def _tolerant(work: Awaitable[None]) -> None:
    """The database may be away for a while; the next beat tries again."""
    with suppress(Unavailable, psycopg.Error):
        await work


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)

"""Taking jobs out of the queue: PgQueuer over our tables, on direct connections of its own."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Any, Final

import psycopg
from pgqueuer import PgQueuer
from pgqueuer.adapters.drivers.psycopg import PsycopgDriver
from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment, QueryQueueBuilder, QuerySchedulerBuilder
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.core.executors import EntrypointExecutorParameters
from pgqueuer.domain.models import Job as QueuedJob
from pgqueuer.domain.models import Schedule
from pgqueuer.domain.settings import DBSettings
from pgqueuer.domain.types import Channel, QueueEntrypoint, QueueManagerId
from pgqueuer.ports.repository import EntrypointExecutionParameter

from alquimista.access import PLATFORM_TENANT
from alquimista.db.roles import connection_info
from alquimista.jobs.driver import Driver
from alquimista.jobs.executor import Executor
from alquimista.jobs.models import Job, Periodic
from alquimista.jobs.queries import takeable
from alquimista.jobs.queue import enqueue
from alquimista.wiring import Services

# The names of migration 018. All are given, so that no environment variable of PgQueuer's changes them.
NAMES: Final = DBSettings(
    prefix="",
    db_schema="alquimista_platform",
    channel=Channel("alquimista_jobs"),
    function="job_queue_changed",
    statistics_table="job_statistics",
    queue_status_type="job_status",
    queue_table="job_queue",
    queue_table_log="job_log",
    trigger="job_queue_changed",
    schedules_table="job_schedules",
)
# A worker that gave no sign of life for so long loses its jobs to another one.
LEASE: Final = timedelta(seconds=20)
_BATCH: Final = 10
_AT_ONCE: Final = 40
# Notifications wake the worker at once; this is how long a lost one can cost.
_POLL: Final = timedelta(seconds=5)


class Narrowed(Queries):
    """PgQueuer's statements, which take jobs by the names that something waits of, in place of all that are registered.

    Its statement pairs each job that it takes with the seats of every name that it is asked about. For four jobs and
    sixty names it takes 1.9 ms, for one name 0.75; and where nothing waits, 0.06 ms in place of 0.4. Of a backlog of
    commands, PostgreSQL takes each out for 0.4 ms in place of 0.8.
    """

    async def dequeue(
        self,
        batch_size: int,
        entrypoints: dict[QueueEntrypoint, EntrypointExecutionParameter],
        queue_manager_id: QueueManagerId,
        global_concurrency_limit: int | None,
        heartbeat_timeout: timedelta,
    ) -> list[QueuedJob]:
        """Take jobs. The names that this worker is at are asked about too: by them it counts what it runs."""
        found = await self.driver.fetch(*takeable(queue_manager_id, heartbeat_timeout))
        if all(row["held"] or row["name"] not in entrypoints for row in found):
            return []
        names = {row["name"] for row in found}
        wanted = {name: limit for name, limit in entrypoints.items() if name in names}
        return await super().dequeue(batch_size, wanted, queue_manager_id, global_concurrency_limit, heartbeat_timeout)


def queue_queries(driver: PsycopgDriver) -> Queries:
    """PgQueuer's statements over our tables."""
    return Narrowed(driver, QueryBuilderEnvironment(NAMES), QueryQueueBuilder(NAMES), QuerySchedulerBuilder(NAMES))


async def consume(
    services: Services,
    jobs: Sequence[Job],
    periodic: Sequence[Periodic],
    stop: asyncio.Event,
    *,
    lease: timedelta = LEASE,
) -> None:
    """Run jobs until `stop` is set, then finish those that run.

    Raises:
        psycopg.Error, pgqueuer.domain.errors.FailingListenerError: the connection was lost; call again.
        RuntimeError: two jobs have the same name.
        ValueError: a cron expression cannot be read.
    """
    everything = [*jobs, *(one.job for one in periodic)]
    async with await _connect(services) as asking, await _connect(services) as listening:
        # One plan whatever the names: planned anew for each, the statement took longer to plan than to run.
        await asking.execute("SET plan_cache_mode = force_generic_plan")
        queries = queue_queries(Driver(asking, listening))
        queuer = PgQueuer(connection=queries.driver, channel=NAMES.channel, queries=queries)
        for job in everything:
            _register(queuer, services, job)
        for one in periodic:
            queuer.schedule(one.name, one.cron)(partial(_due, services, one.name))
        stopper = asyncio.create_task(_stop(queuer, stop))
        try:
            await queuer.run(
                dequeue_timeout=_POLL,
                batch_size=_BATCH,
                max_concurrent_tasks=_AT_ONCE,
                shutdown_on_listener_failure=True,
                heartbeat_timeout=lease,
            )
        finally:
            stopper.cancel()


async def _connect(services: Services) -> psycopg.AsyncConnection[Any]:
    return await psycopg.AsyncConnection.connect(connection_info(services.settings, "internal"), autocommit=True)


async def _due(services: Services, name: str, _schedule: Schedule) -> None:
    await enqueue(services.db.tenant(PLATFORM_TENANT), name, dedupe=name)


async def _stop(queuer: PgQueuer, stop: asyncio.Event) -> None:
    await stop.wait()
    queuer.shutdown.set()


def _register(queuer: PgQueuer, services: Services, job: Job) -> None:
    async def unused(_job: object) -> None:
        raise AssertionError("The executor calls the handler itself")

    parameters = EntrypointExecutorParameters(
        func=unused, concurrency_limit=job.concurrency, accepts_context=False, on_failure="hold"
    )
    queuer.qm.register_executor(job.name, Executor(parameters, job, services))

"""One try of one job: decode, run within its time, count, and decide whether it is tried again."""

import asyncio
import time
from dataclasses import dataclass

import msgspec
import psycopg
import structlog
from pgqueuer.core.executors import AbstractEntrypointExecutor
from pgqueuer.domain.errors import RetryRequested
from pgqueuer.domain.models import Context as QueueContext
from pgqueuer.domain.models import Job as QueuedJob

from alquimista import clock
from alquimista.access import PLATFORM_TENANT
from alquimista.errors import Unavailable
from alquimista.jobs import queries
from alquimista.jobs.models import MOST_TAKINGS, Envelope, Job, JobFailed, WorkersDied, pause
from alquimista.observability.logs import bound
from alquimista.observability.masking import mask
from alquimista.observability.metrics import JOB_SECONDS, JOBS
from alquimista.wiring import Services

_log = structlog.get_logger("alquimista.jobs")


@dataclass
class Executor(AbstractEntrypointExecutor):
    """What PgQueuer calls for each job of a name."""

    job: Job
    services: Services

    async def execute(self, job: QueuedJob, context: QueueContext) -> None:  # noqa: ARG002 - PgQueuer's signature.
        """Run the handler.

        Raises:
            RetryRequested: it failed and has tries left.
            JobFailed: it failed for good; PgQueuer keeps the job and this error's text, which is masked.
        """
        started = time.monotonic()
        result = "failure"
        with bound(job=self.job.name, job_id=job.id):
            try:
                if not self.job.own_tries and await queries.takings(self.services.db.staff(), job.id) > MOST_TAKINGS:
                    raise WorkersDied  # noqa: TRY301 - Told and counted like any other failure.
                await self._run(job.payload or b"")
                if self.job.by_clock:
                    await queries.succeeded(self.services.db.staff(), self.job.name)
                result = "success"
            except asyncio.CancelledError:
                # The worker is going down; PgQueuer would take this for a person's wish and delete the job.
                result = "retry"
                raise RetryRequested(reason="The worker stopped") from None
            except Exception as error:  # noqa: BLE001 - Whatever a handler raises is the job's result.
                failed = JobFailed(f"{type(error).__name__}: {mask(str(error))}")
                if job.attempts < self.job.retries and not isinstance(error, msgspec.MsgspecError | WorkersDied):
                    result = "retry"
                    _log.warning("job.retry", attempt=job.attempts + 1, exc_info=True)
                    raise RetryRequested(delay=pause(job.attempts), reason=str(failed)) from None
                _log.exception("job.failed", attempt=job.attempts + 1)
                await self._remember(job, str(failed))
                raise failed from None
            finally:
                JOBS.labels(self.job.name, result).inc()
                JOB_SECONDS.labels(self.job.name).observe(time.monotonic() - started)

    async def _remember(self, job: QueuedJob, error: str) -> None:
        """Keep a row of the tenant's own beside the failed job, by which it can be moved back."""
        if self.job.own_queue:
            return
        try:
            tenant_id = msgspec.json.decode(job.payload or b"", type=Envelope).tenant_id or PLATFORM_TENANT
        except msgspec.MsgspecError:
            return  # It can never be read: running it again would change nothing.
        try:
            await queries.remember_failed(
                self.services.db.tenant(tenant_id), tenant_id, job.id, self.job.name, error, clock.now()
            )
        except (Unavailable, psycopg.Error):
            _log.exception("job.failure_not_kept")

    async def _run(self, stored: bytes) -> None:
        envelope = msgspec.json.decode(stored, type=Envelope)
        payload = msgspec.json.decode(envelope.data, type=self.job.payload)
        with bound(trace_id=envelope.trace_id, tenant_id=str(envelope.tenant_id) if envelope.tenant_id else None):
            async with asyncio.timeout(self.job.timeout_s):
                await self.job.handler(self.services, envelope.tenant_id, payload)

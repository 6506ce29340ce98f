"""REPROCESS_QUEUE: what failed for good goes back into its queue, each once."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from alquimista import clock
from alquimista.config import Settings
from alquimista.db.statement import Conn
from alquimista.i18n import N_
from alquimista.jobs import service as jobs
from alquimista.notifications import service as notifications
from alquimista.operations.models.kinds import MOST_MOVED, Queue, ReprocessQueueParameters, read_ids
from alquimista.operations.service.effects.effect import Effect, Foreseen, Output, Run
from alquimista.orchestrator import service as orchestrator
from alquimista.webhooks import service as webhooks


@dataclass(frozen=True, slots=True)
class Movable:
    """A queue whose failures can be moved back: how those of one tenant are counted and moved."""

    count: Callable[[Conn, UUID, Sequence[Any] | None], Awaitable[int]]
    move: Callable[[Conn, UUID, Sequence[Any] | None, int, datetime], Awaitable[int]]


async def _move_mails(conn: Conn, tenant_id: UUID, ids: Sequence[UUID] | None, limit: int, _now: datetime) -> int:
    return await notifications.requeue(conn, tenant_id, ids, limit)


QUEUES: Final[dict[Queue, Movable]] = {
    Queue.MAILS: Movable(notifications.count_given_up, _move_mails),
    Queue.JOBS: Movable(jobs.count_failed, jobs.requeue_failed),
    Queue.WEBHOOKS: Movable(webhooks.count_given_up, webhooks.requeue),
    Queue.EVENTS: Movable(orchestrator.count_given_up, orchestrator.requeue),
}


async def commit(conn: Conn, run: Run) -> Output:
    """Move them, in the transaction that ends the command: both or neither."""
    wanted: ReprocessQueueParameters = run.parameters
    ids = read_ids(wanted)
    limit = MOST_MOVED if ids is not None else wanted.count  # An event may have failed at many consumers.
    moved = await QUEUES[wanted.queue].move(conn, run.tenant, ids, limit, clock.now())
    return {"queue": wanted.queue.value, "moved": moved}


async def foresee(
    conn: Conn, tenant_id: UUID, wanted: ReprocessQueueParameters, _settings: Settings, _now: datetime
) -> Foreseen:
    """How many would move."""
    failed = await QUEUES[wanted.queue].count(conn, tenant_id, read_ids(wanted))
    would = failed if wanted.ids else min(failed, wanted.count)
    return Foreseen(N_("Moves {n} failed entries back into the queue.", n=would), {"failed": failed, "moved": would})


EFFECT: Final = Effect(foresee=foresee, commit=commit)

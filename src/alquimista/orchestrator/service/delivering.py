"""Delivery: each consumer gets each event at least once, with its own row, tries and end."""

import asyncio
import secrets
import time
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog

from alquimista import clock
from alquimista.db.statement import Conn
from alquimista.db.tenancy import tenant_transaction
from alquimista.jobs.queue import enqueue
from alquimista.observability.masking import mask
from alquimista.observability.metrics import EVENT_DELIVERIES, EVENT_MILLISECONDS
from alquimista.orchestrator.models.consumers import Consumers
from alquimista.orchestrator.models.events import KEPT, Cause, DeliverEvent, Event, RouteEvent, is_trace, next_try
from alquimista.orchestrator.models.traces import EVENT_ID
from alquimista.orchestrator.queries import deliveries as rows
from alquimista.orchestrator.queries import events as queries
from alquimista.orchestrator.queries import spans
from alquimista.orchestrator.service.publishing import ROUTE, caused_by
from alquimista.wiring import Services

DELIVER: Final = "orchestrator.deliver"
# What is so much later than it should be has lost the job that would have woken a worker up.
_OVERDUE: Final = timedelta(seconds=30)
_BATCH: Final = 1000
_log = structlog.get_logger("alquimista.orchestrator")


class UnknownConsumer(Exception):  # noqa: N818 - It is told as a fact.
    """No consumer of this worker has the name that the delivery is kept under."""


async def route(services: Services, tenant_id: UUID, event_id: UUID) -> None:
    """Give an event to everyone who wants it; again, to those who do not have it yet."""
    now = clock.now()
    async with tenant_transaction(services.db, tenant_id) as conn:
        event = await queries.hold(conn, tenant_id, event_id)
        if event is None:
            return
        wanting = services.get(Consumers).wanting(event)
        for name in await rows.add(conn, tenant_id, event_id, wanting, now):
            await enqueue(conn, DELIVER, DeliverEvent(event_id, name), tenant_id=tenant_id)
        await queries.settle(conn, tenant_id, event_id, now)


async def deliver(services: Services, tenant_id: UUID, wanted: DeliverEvent) -> None:
    """Make one try of a delivery, if it is due.

    The handler commits by itself. A worker that dies after that and before the delivery is marked leads to a second
    delivery of the same event, when the lease of this try is over.
    """
    started = clock.now()
    async with tenant_transaction(services.db, tenant_id) as conn:
        claimed = await rows.claim(conn, tenant_id, wanted, started)
        if claimed is None:
            await _abandon(conn, tenant_id, wanted, started)
            return
        event = await queries.read(conn, tenant_id, wanted.event_id)
    assert event is not None
    attempt, step = claimed
    span_id = secrets.token_hex(8)
    error = await _handle(services, event, wanted.consumer, span_id)
    now = clock.now()
    async with tenant_transaction(services.db, tenant_id) as conn:
        await queries.hold(conn, tenant_id, wanted.event_id)
        if error is None:
            await rows.delivered(conn, tenant_id, wanted, now)
            result = "delivered"
        else:
            retry_at = next_try(step, now)
            result = "retry" if retry_at else "dead"
            counts = await rows.failed(conn, tenant_id, wanted, attempt, error, retry_at, now)
            if counts and retry_at is not None:
                await enqueue(conn, DELIVER, wanted, tenant_id=tenant_id, run_at=retry_at)
        await queries.settle(conn, tenant_id, wanted.event_id, now)
        await _trace(conn, event, wanted.consumer, attempt, span_id, started, now, error)
    EVENT_DELIVERIES.labels(wanted.consumer, result).inc()
    if error is None:
        EVENT_MILLISECONDS.labels(wanted.consumer).observe((now - event.occurred_at) / timedelta(milliseconds=1))


async def sweep(services: Services, tenant_id: UUID) -> None:
    """Wake up what was lost, and forget what is old."""
    now = clock.now()
    async with tenant_transaction(services.db, tenant_id) as conn:
        for event_id in await queries.unrouted(conn, tenant_id, now - _OVERDUE, _BATCH):
            key = f"{ROUTE}:{tenant_id}:{event_id}"
            await enqueue(conn, ROUTE, RouteEvent(event_id), tenant_id=tenant_id, dedupe=key)
        for one in await rows.due(conn, tenant_id, now - _OVERDUE, _BATCH):
            key = f"{DELIVER}:{tenant_id}:{one.event_id}:{one.consumer}"
            await enqueue(conn, DELIVER, one, tenant_id=tenant_id, dedupe=key)
        await queries.purge(conn, tenant_id, now - KEPT, _BATCH)


async def tenants_due(conn: Conn, now: datetime) -> list[UUID]:
    """Whom `sweep` has something to do for. Takes a connection of the internal role."""
    return await queries.tenants_due(conn, now - _OVERDUE, now - KEPT)


async def _handle(services: Services, event: Event, name: str, span_id: str) -> str | None:
    """Call the consumer; why it failed, without personal data."""
    consumer = services.get(Consumers).get(name)
    cause = Cause(event.id, event.hops, event.trace_id, span_id if is_trace(event.trace_id) else None, name)
    started = time.monotonic()
    try:
        if consumer is None:
            raise UnknownConsumer(name)  # noqa: TRY301 - Told like any other failure.
        async with asyncio.timeout(consumer.timeout_s):
            with caused_by(cause):
                await consumer.handler(services, event)
    except Exception as error:  # noqa: BLE001 - Whatever a consumer raises is the delivery's result.
        _log.warning("event.consumer_failed", consumer=name, event_type=event.event_type, exc_info=True)
        seconds = time.monotonic() - started
        return mask(f"{type(error).__name__} after {seconds:.1f} s: {error}").replace("\x00", "")
    return None


async def _abandon(conn: Conn, tenant_id: UUID, wanted: DeliverEvent, now: datetime) -> None:
    await queries.hold(conn, tenant_id, wanted.event_id)
    if await rows.abandon(conn, tenant_id, wanted, now):
        await queries.settle(conn, tenant_id, wanted.event_id, now)
        EVENT_DELIVERIES.labels(wanted.consumer, "dead").inc()


async def _trace(
    conn: Conn,
    event: Event,
    consumer: str,
    attempt: int,
    span_id: str,
    started: datetime,
    ended: datetime,
    error: str | None,
) -> None:
    """Keep the span of a try, below the event's own."""
    if not is_trace(event.trace_id):
        return
    await spans.insert(
        conn,
        event.tenant_id,
        trace_id=event.trace_id,
        span_id=span_id,
        parent=event.span_id,
        name=f"deliver {event.event_type} to {consumer}",
        kind="consumer",
        start=started,
        end=max(started, ended),
        attributes={EVENT_ID: str(event.id), "event.consumer": consumer, "event.attempt": attempt},
        error=error,
    )

"""What staff look at and set going again: events, and traces."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import blake2b
from uuid import UUID

from alquimista.access import Actor
from alquimista.audit import service as audit
from alquimista.db.statement import Conn
from alquimista.jobs.queue import enqueue
from alquimista.orchestrator.models.events import (
    DeliverEvent,
    Event,
    EventDelivery,
    EventLine,
    EventStatus,
    NothingToReplay,
    ReplayOf,
    RouteEvent,
    UnknownEvent,
)
from alquimista.orchestrator.models.traces import (
    MOST_SPANS,
    SERVICE,
    Span,
    TraceSpan,
    UnknownTrace,
    published_event,
    tree,
)
from alquimista.orchestrator.queries import deliveries as rows
from alquimista.orchestrator.queries import events as queries
from alquimista.orchestrator.queries import spans
from alquimista.orchestrator.service.delivering import DELIVER
from alquimista.orchestrator.service.publishing import ROUTE
from alquimista.webhooks import service as webhooks
from alquimista.webhooks.models.deliveries import Told


async def list_events(
    conn: Conn, tenant_id: UUID | None, status: EventStatus | None, event_type: str | None, limit: int, offset: int
) -> tuple[list[EventLine], int]:
    """A page of events, the newest first, and how many there are. Takes a connection of the internal role."""
    return await queries.page(conn, tenant_id, status, event_type, limit, offset)


async def detail(conn: Conn, event_id: UUID) -> tuple[EventLine, Event, list[EventDelivery]]:
    """An event, its content, and what became of it at each consumer. Takes a connection of the internal role.

    Raises:
        UnknownEvent: there is none with this id.
    """
    line = await queries.find(conn, event_id)
    event = await queries.read(conn, line.tenant_id, event_id) if line else None
    if line is None or event is None:
        raise UnknownEvent
    return line, event, await rows.deliveries(conn, line.tenant_id, event_id)


async def owner(conn: Conn, event_id: UUID) -> UUID:
    """The tenant of an event. Takes a connection of the internal role.

    Raises:
        UnknownEvent: there is none with this id.
    """
    found = await queries.find(conn, event_id)
    if found is None:
        raise UnknownEvent
    return found.tenant_id


async def replay(
    conn: Conn, actor: Actor, tenant_id: UUID, event_id: UUID, which: ReplayOf, now: datetime
) -> list[EventDelivery]:
    """Deliver an event again, to those that failed or to everybody who wants it now. Takes the tenant's transaction.

    Raises:
        UnknownEvent: the tenant has none with this id.
        NothingToReplay: none of its consumers failed.
    """
    if await queries.hold(conn, tenant_id, event_id) is None:
        raise UnknownEvent
    everybody = which is ReplayOf.ALL
    again = await rows.reopen(conn, tenant_id, event_id, everybody=everybody, now=now)
    if not again and not everybody:
        raise NothingToReplay
    for consumer in again:
        await enqueue(conn, DELIVER, DeliverEvent(event_id, consumer), tenant_id=tenant_id)
    if everybody:
        await enqueue(conn, ROUTE, RouteEvent(event_id), tenant_id=tenant_id)
    await queries.settle(conn, tenant_id, event_id, now)
    await audit.record(
        conn,
        actor,
        "event.replayed",
        category="system",
        resource_type="event",
        resource_id=str(event_id),
        details={"which": which.value, "consumers": again},
        tenant_id=tenant_id,
    )
    return await rows.deliveries(conn, tenant_id, event_id)


async def count_given_up(conn: Conn, tenant_id: UUID, ids: Sequence[UUID] | None = None) -> int:
    """How many deliveries of the tenant's events, or of these, were given up."""
    return await rows.count_given_up(conn, tenant_id, ids)


async def count_dead(conn: Conn) -> int:
    """How many deliveries were given up, whosever they are. Takes a connection of the internal role."""
    return await rows.count_dead(conn)


async def requeue(conn: Conn, tenant_id: UUID, ids: Sequence[UUID] | None, limit: int, now: datetime) -> int:
    """Try deliveries of the tenant's events that were given up, or of these events, again, each once; how many.

    Takes the tenant's transaction.
    """
    moved = await rows.requeue(conn, tenant_id, ids, limit, now)
    for one in moved:
        await enqueue(conn, DELIVER, one, tenant_id=tenant_id)
    for event_id in sorted({one.event_id for one in moved}):
        await queries.settle(conn, tenant_id, event_id, now)
    return len(moved)


async def trace(conn: Conn, trace_id: str) -> tuple[list[TraceSpan], bool]:
    """A trace as a tree, and whether it has more spans than are shown. Takes a connection of the internal role.

    Raises:
        UnknownTrace: there is none with this id.
    """
    found = await spans.trace(conn, trace_id, MOST_SPANS + 1)
    if not found:
        raise UnknownTrace
    published = {(one.tenant_id, event_id): one.span_id for one in found if (event_id := published_event(one))}
    tries = await webhooks.told(conn, list(published), MOST_SPANS)
    found += [_webhook(one, published[one.tenant_id, one.event_id]) for one in tries]
    return tree(found[:MOST_SPANS]), len(found) > MOST_SPANS


def _webhook(told: Told, parent: str) -> Span:
    """A try of a webhook as a span below the publication of its event."""
    return Span(
        tenant_id=told.tenant_id,
        span_id=blake2b(told.delivery_id.bytes + told.number.to_bytes(8, "big"), digest_size=8).hexdigest(),
        parent_span_id=parent,
        name="webhook",
        kind="client",
        service=SERVICE,
        status="error" if told.failure else "ok",
        start=told.started_at,
        end=told.started_at + timedelta(milliseconds=told.duration_ms),
        duration_ms=told.duration_ms,
        attributes={
            "webhook.id": str(told.endpoint_id),
            "webhook.attempt": told.number,
            "http.response.status_code": told.status_code,
        },
        error=told.failure.value if told.failure else None,
    )

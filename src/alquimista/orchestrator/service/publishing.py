"""Publishing: the event, its webhooks and, where somebody acts on it, a job are committed with what it tells."""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final
from uuid import UUID

import msgspec
from structlog.contextvars import get_contextvars

from alquimista import clock
from alquimista.db.statement import Conn
from alquimista.events import EventType, kind_of
from alquimista.jobs.queue import enqueue
from alquimista.observability.metrics import EVENTS
from alquimista.orchestrator.models import consumers
from alquimista.orchestrator.models.events import (
    MOST_HOPS,
    PLATFORM_SOURCE,
    Cause,
    EventIdReused,
    Published,
    RouteEvent,
    TooManyHops,
    UnknownEvent,
    check_detail,
    is_trace,
    outside_type,
)
from alquimista.orchestrator.models.traces import EVENT_ID
from alquimista.orchestrator.queries import events as queries
from alquimista.orchestrator.queries import spans
from alquimista.webhooks import service as webhooks

ROUTE: Final = "orchestrator.route"
_cause: ContextVar[Cause | None] = ContextVar("cause_of_events", default=None)


@contextmanager
def caused_by(cause: Cause) -> Iterator[None]:
    """What is published in the block is published upon that event."""
    token = _cause.set(cause)
    try:
        yield
    finally:
        _cause.reset(token)


async def publish(
    conn: Conn,
    tenant_id: UUID,
    event_type: str,
    data: Mapping[str, Any],
    *,
    source: str = PLATFORM_SOURCE,
    event_id: UUID | None = None,
    causation_id: UUID | None = None,
) -> UUID:
    """Publish an event in the caller's transaction: it exists when that commits, and then reaches every consumer.

    What a consumer publishes while it handles an event is caused by that event, without being told; what it has a job
    publish later says so by `causation_id`.

    Args:
        conn: the app's, inside a transaction under `tenant_id`.
        tenant_id: to whom it happened; the platform tenant when to nobody.
        event_type: an EventType, or its text.
        data: ids, names and states; webhooks show it to the company, so nothing that is secret or internal.
        source: who says so.
        event_id: the event's id, when it is known before: publishing again under it changes nothing.
        causation_id: the event upon which this is published.

    Returns:
        The event's id.

    Raises:
        TooManyHops: the chain of events is too long, which is a loop.
        UnknownEvent: there is no event `causation_id`.
        ValueError: the type is not in the vocabulary.
    """
    own = event_id or clock.new_id()
    cause = _cause.get() if causation_id is None else await _find(conn, tenant_id, causation_id)
    detail = msgspec.to_builtins(dict(data))
    name = EventType(event_type).value
    published = await _store(conn, tenant_id, own, str(own), name, detail, source, cause, parent=None)
    return published.id


async def receive(
    conn: Conn,
    tenant_id: UUID,
    *,
    source: str,
    event_type: str,
    detail: dict[str, Any],
    event_id: str | None,
    causation_id: UUID | None,
    parent_span_id: str | None,
) -> Published:
    """Take an event from outside, once for each id of a source. Takes a transaction.

    Raises:
        ReservedEvent, UnknownVersion: the type or source is not an outsider's.
        DetailTooLarge: the detail cannot be kept.
        EventIdReused: another event has this id.
        UnknownEvent: the tenant has no event `causation_id`.
        TooManyHops: the chain of events is too long, which is a loop.
    """
    name = outside_type(event_type, source)
    cause = None if causation_id is None else await _find(conn, tenant_id, causation_id)
    own = clock.new_id()
    return await _store(conn, tenant_id, own, event_id or str(own), name, detail, source, cause, parent_span_id)


async def _find(conn: Conn, tenant_id: UUID, event_id: UUID) -> Cause:
    found = await queries.cause(conn, tenant_id, event_id)
    if found is None:
        raise UnknownEvent
    return found


async def _store(
    conn: Conn,
    tenant_id: UUID,
    own: UUID,
    event_id: str,
    event_type: str,
    detail: dict[str, Any],
    source: str,
    cause: Cause | None,
    parent: str | None,
) -> Published:
    check_detail(detail)
    if cause is not None and cause.hops >= MOST_HOPS:
        raise TooManyHops(hops=cause.hops + 1)
    published = Published(own, _trace(cause), clock.now(), event_type, detail)
    span_id = secrets.token_hex(8)
    consumed = event_type in consumers.CONSUMED
    new = await queries.insert(
        conn, tenant_id, published, event_id=event_id, source=source, span_id=span_id, cause=cause, done=not consumed
    )
    if not new:
        before = await queries.sent_before(conn, tenant_id, source, event_id)
        if before is None or (before.event_type, before.detail) != (event_type, detail):
            raise EventIdReused
        return before
    await spans.insert(
        conn,
        tenant_id,
        trace_id=published.trace_id,
        span_id=span_id,
        parent=(cause.span_id if cause else None) or parent,
        name=f"publish {event_type}",
        kind="producer",
        start=published.created_at,
        end=published.created_at,
        attributes={EVENT_ID: str(own), "event.type": event_type, "event.source": source},
    )
    kind = kind_of(event_type)
    if kind is None or kind.told:  # Types of the company's own are told to its own systems.
        await webhooks.emit(conn, tenant_id, own, event_type, detail, published.created_at)
    if consumed:
        await enqueue(conn, ROUTE, RouteEvent(own), tenant_id=tenant_id)
    EVENTS.labels(event_type if kind is not None else "other").inc()
    return published


def _trace(cause: Cause | None) -> str:
    """The trace that goes on: the cause's, else that of the request or job at hand, else a new one."""
    bound = str(get_contextvars().get("trace_id") or "")
    for one in (cause.trace_id if cause else "", bound):
        if is_trace(one):
            return one
    return secrets.token_hex(16)

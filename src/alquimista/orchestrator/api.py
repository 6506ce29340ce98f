"""Events from outside; and for staff, what became of events, delivering them again, and traces as trees."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from msgspec import Meta

from alquimista.access import ActorKind, Permission
from alquimista.audit import service as audit
from alquimista.audit.guards import listed
from alquimista.db.tenancy import tenant_transaction
from alquimista.errors import Invalid
from alquimista.events import EventType
from alquimista.http.context import Context
from alquimista.http.pagination import Page
from alquimista.http.routes import Limit, Route, TenantScope
from alquimista.http.shares import READING, READING_ONE
from alquimista.i18n import N_
from alquimista.orchestrator import service
from alquimista.orchestrator.models.events import (
    DeliveryStatus,
    DetailTooLarge,
    EventDelivery,
    EventIdReused,
    EventLine,
    EventStatus,
    NothingToReplay,
    ReplayOf,
    ReservedEvent,
    TooManyHops,
    UnknownEvent,
    UnknownVersion,
    is_trace,
)
from alquimista.orchestrator.models.traces import Span, TraceSpan, UnknownTrace

_SPAN: Final = re.compile(rb"^[0-9a-f]{2}-[0-9a-f]{32}-(?!0{16})([0-9a-f]{16})-")
_Type = Annotated[
    str,
    Meta(
        max_length=200,
        pattern=r"^[a-z][a-z0-9_]*(\.[a-z0-9_]+)+(@v[0-9]{1,4})?$(?!\n)",
        description="What happened (docs/events.md).",
    ),
]


class NewEvent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Something that happened. `id` is the sender's own; without one, sending twice is two events."""

    source: Annotated[
        str,
        Meta(
            max_length=200,
            pattern=r"^(nigredo|alquimista|fibonacci)(\.[a-z0-9_-]+)+$(?!\n)",
            description="Who says so.",
        ),
    ]
    type: _Type
    detail: dict[str, Any] = {}
    id: Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[!-~]+$(?!\n)")] | None = None
    causation_id: Annotated[UUID, Meta(description="The event that this one answers.")] | None = None


class EventAccepted(msgspec.Struct, frozen=True, rename="camel"):
    """The event is kept, and reaches whoever wants it."""

    event_id: UUID
    trace_id: str
    timestamp: datetime


class EventsQuery(Page, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which events."""

    status: Annotated[EventStatus, Meta(description="Of this status only.")] | None = None
    type: Annotated[str, Meta(min_length=1, max_length=200, description="Of this type only.")] | None = None
    tenant_id: Annotated[UUID, Meta(description="Of this company only.")] | None = None


class Events(msgspec.Struct, frozen=True):
    """One page of events, newest first, and how many there are."""

    events: list[EventLine]
    total: int


class EventDetail(msgspec.Struct, frozen=True):
    """An event, its content, and what became of it at each consumer."""

    event: EventLine
    detail: dict[str, Any]
    deliveries: list[EventDelivery]


class EventReplay(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who gets it again: the consumers that failed, or all that want it."""

    which: ReplayOf = ReplayOf.FAILED


class EventDeliveries(msgspec.Struct, frozen=True):
    """What becomes of an event at each consumer."""

    deliveries: list[EventDelivery]


class TraceTree(msgspec.Struct, frozen=True):
    """A trace from its top down: each span is followed by those below it, one `depth` deeper."""

    trace_id: str
    spans: list[TraceSpan]
    truncated: bool


async def receive_event(context: Context) -> EventAccepted:
    """Take an event."""
    body: NewEvent = context.body
    above = _SPAN.match(context.headers.get(b"traceparent", b""))
    async with tenant_transaction(context.db, context.tenant) as conn:
        taken = await service.receive(
            conn,
            context.tenant,
            source=body.source,
            event_type=body.type,
            detail=body.detail,
            event_id=body.id,
            causation_id=body.causation_id,
            parent_span_id=above[1].decode("ascii") if above else None,
        )
    return EventAccepted(taken.id, taken.trace_id, taken.created_at)


async def list_events(context: Context) -> Events:
    """Events of all companies, or of one."""
    query: EventsQuery = context.query
    found = Events(
        *await service.list_events(
            context.db.staff(), query.tenant_id, query.status, query.type, query.limit, query.offset
        )
    )
    await listed(context, query.tenant_id, found=bool(found.total), action="event.listed")
    return found


async def get_event(context: Context) -> EventDetail:
    """One event."""
    line, event, deliveries = await service.detail(context.db.staff(), context.uuid("event_id"))
    await _audit(context, line.tenant_id, "event.read", str(line.id))
    return EventDetail(line, event.data, deliveries)


async def replay_event(context: Context) -> EventDeliveries:
    """Deliver it again."""
    body: EventReplay = context.body
    event_id = context.uuid("event_id")
    tenant_id = await service.owner(context.db.staff(), event_id)
    async with tenant_transaction(context.db, tenant_id) as conn:
        return EventDeliveries(await service.replay(conn, context.who, tenant_id, event_id, body.which, context.now))


async def get_trace(context: Context) -> TraceTree:
    """A trace, of whichever company."""
    trace_id = context.path["trace_id"].lower()
    if not is_trace(trace_id):
        raise Invalid.of("trace_id", N_("Give a trace id: 32 hexadecimal digits."), "trace_id")
    spans, truncated = await service.trace(context.db.staff(), trace_id)
    for tenant_id in sorted({one.span.tenant_id for one in spans}):
        await _audit(context, tenant_id, "trace.read", trace_id)
    return TraceTree(trace_id, spans, truncated)


async def _audit(context: Context, tenant_id: UUID, action: str, resource_id: str) -> None:
    """What staff look at leaves a row in the audit of the company whose it is."""
    await audit.record(
        context.db.tenant(tenant_id),
        context.who,
        action,
        category="tenant",
        resource_type=action.split(".", maxsplit=1)[0],
        resource_id=resource_id,
        ip=context.client_ip,
        trace_id=context.trace_id,
        tenant_id=tenant_id,
    )


_ID: Final = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
_MOMENT: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)
_LINE: Final = EventLine(
    tenant_id=_ID,
    id=_ID,
    event_id="lote-7-1",
    source="nigredo.recebimento",
    event_type=EventType.LEAD_RECEIVED,
    status=EventStatus.PROCESSED,
    trace_id="4bf92f3577b34da6a3ce929d0e0e4736",
    hops=0,
    retry_count=0,
    error_message=None,
    created_at=_MOMENT,
    processed_at=_MOMENT,
)
_DELIVERED: Final = EventDelivery("estrategia", DeliveryStatus.DELIVERED, 1, None, None, _MOMENT)
_SPANNED: Final = Span(
    _ID,
    "00f067aa0ba902b7",
    None,
    "publish lead.recebido",
    "producer",
    "alquimista",
    "ok",
    _MOMENT,
    _MOMENT,
    0,
    {},
    None,
)
_STAFF: Final[dict[str, Any]] = {
    "tag": "events",
    "scope": TenantScope.PLATFORM,
    "limits": READING,
}

ROUTES: Final = (
    Route(
        method="POST",
        path="/events",
        handler=receive_event,
        summary="Publish an event of your agents or workflows; with an id, once however often it is sent",
        tag="events",
        permission=Permission.EVENT_WRITE,
        kinds=frozenset({ActorKind.API_KEY}),
        scope=TenantScope.OWN,
        body=NewEvent,
        response=EventAccepted,
        status=202,
        request_headers={"traceparent": "The trace and span in which it happened (W3C Trace Context)."},
        limits=(Limit(count=1_200, seconds=60, per=("tenant",)),),
        problems=(ReservedEvent, UnknownVersion, DetailTooLarge, EventIdReused, UnknownEvent, TooManyHops),
        example=NewEvent("nigredo.recebimento", "lead.recebido", {"lead_id": str(_ID)}, "lote-7-1"),
    ),
    Route(
        method="GET",
        path="/internal/events",
        handler=list_events,
        summary="Events of all companies, newest first, without their content",
        permission=Permission.TRACE_READ,
        query=EventsQuery,
        response=Events,
        example=Events([_LINE], 1),
        **(_STAFF | {"limits": READING_ONE}),
    ),
    Route(
        method="GET",
        path="/internal/events/{event_id:uuid}",
        handler=get_event,
        summary="An event, and what became of it at each consumer",
        permission=Permission.TRACE_READ,
        response=EventDetail,
        problems=(UnknownEvent,),
        example=EventDetail(_LINE, {"lead_id": str(_ID)}, [_DELIVERED]),
        **_STAFF,
    ),
    Route(
        method="POST",
        path="/internal/events/{event_id:uuid}/replay",
        handler=replay_event,
        summary="Deliver an event again, to the consumers that failed or to all",
        permission=Permission.COMMAND_RUN,
        body=EventReplay,
        response=EventDeliveries,
        status=202,
        problems=(UnknownEvent, NothingToReplay),
        example=EventReplay(ReplayOf.ALL),
        **_STAFF,
    ),
    Route(
        method="GET",
        path="/internal/traces/{trace_id}",
        handler=get_trace,
        summary="A trace as a tree of spans",
        permission=Permission.TRACE_READ,
        response=TraceTree,
        problems=(UnknownTrace,),
        example=TraceTree("4bf92f3577b34da6a3ce929d0e0e4736", [TraceSpan(_SPANNED, 0, orphan=False)], truncated=False),
        **_STAFF,
    ),
)

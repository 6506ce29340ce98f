"""From a line of an invoice down to its days and its events."""

from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Final, Self
from uuid import UUID

import msgspec
from msgspec import Meta

from alquimista.audit.guards import reader
from alquimista.billing.api.invoice_shapes import EXAMPLE_ID, EXAMPLE_MOMENT
from alquimista.billing.api.invoices import OWN
from alquimista.billing.models.invoices import LineKind, NoUsageLine, UnknownInvoice, UnknownLine
from alquimista.billing.service import invoices
from alquimista.db.statement import Conn
from alquimista.errors import Invalid
from alquimista.http.context import Context
from alquimista.http.pagination import DEFAULT_LIMIT, MAX_LIMIT
from alquimista.http.routes import Limit, Route
from alquimista.i18n import N_
from alquimista.usage.models.drilldown import AgentDay, Place, UsageEvent

# These count or list events themselves, which is more work than reading sums.
_LIMITS: Final = (Limit(count=120, seconds=60, per=("tenant",)), Limit(count=60, seconds=60, per=("user",)))
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_LAST_POSITION: Final = 32_767
_CURSOR: Final = r"^[0-9]{1,16}-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$(?!\n)"


class EventsQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A local day of the line's period, and where to go on."""

    day: Annotated[date, Meta(description="A day of the line's period; its first one unless given.")] | None = None
    limit: Annotated[int, Meta(ge=1, le=MAX_LIMIT, description="How many items to answer.")] = DEFAULT_LIMIT
    after: Annotated[str, Meta(pattern=_CURSOR, description="What `next` said of the page before.")] | None = None


class LineDayAgent(msgspec.Struct, frozen=True, rename="camel"):
    """What an agent did on that day."""

    agent_id: UUID
    agent_name: str
    requests: int
    failures: int
    input_tokens: int
    output_tokens: int


class LineDay(msgspec.Struct, frozen=True, rename="camel"):
    """A day, and its agents."""

    day: date
    requests: int
    agents: list[LineDayAgent]


class LineUsage(msgspec.Struct, frozen=True, rename="camel"):
    """The use under a line.

    `requests` is the sum of the days, `billedRequests` what the line says. Where the line bills a whole period, what
    came after its invoice is their difference, `laterRequests`: the adjustments of later invoices bill it.
    """

    kind: LineKind
    first_day: date
    last_day: date
    billed_requests: int
    requests: int
    later_requests: int
    amount_cents: int
    currency: str
    days: list[LineDay]


class LineEvent(msgspec.Struct, frozen=True, rename="camel"):
    """An event as it was counted: 1 request; 0 for tokens alone; -1 takes back one that was part of another."""

    id: UUID
    occurred_at: datetime
    received_at: datetime
    agent_id: UUID
    agent_name: str
    requests: int
    status: str
    model: str
    response_time_ms: int
    input_tokens: int
    output_tokens: int

    @classmethod
    def of(cls, event: UsageEvent) -> Self:
        """An event."""
        return cls(*msgspec.structs.astuple(event))


class LineEvents(msgspec.Struct, frozen=True, rename="camel"):
    """A page of a day's events, in order; `next` leads to the one after it, null at the end."""

    day: date
    events: list[LineEvent]
    next: str | None


async def line_usage(context: Context) -> LineUsage:
    """The days under a line, by agent."""
    conn = await reader(context)
    of = await _line(conn, context)
    days = _grouped(await invoices.usage_days(conn, context.tenant, of))
    requests = sum(day.requests for day in days)
    return LineUsage(
        kind=of.line.kind,
        first_day=of.period.from_on,
        last_day=of.period.until_on - timedelta(days=1),
        billed_requests=of.line.quantity,
        requests=requests,
        later_requests=requests - of.line.quantity,
        amount_cents=of.line.amount_cents,
        currency=of.period.currency,
        days=days,
    )


async def line_events(context: Context) -> LineEvents:
    """The events of one of those days."""
    query: EventsQuery = context.query
    conn = await reader(context)
    of = await _line(conn, context)
    place = _place(query.after) if query.after is not None else None
    day = query.day or of.period.from_on
    found = await invoices.usage_events(conn, context.tenant, of, day, place, query.limit + 1)
    page = found[: query.limit]
    more = _cursor(page[-1]) if len(found) > query.limit else None
    return LineEvents(day, [LineEvent.of(one) for one in page], more)


async def _line(conn: Conn, context: Context) -> invoices.UsageLine:
    text = context.path["position"]
    if not (text.isascii() and text.isdecimal() and len(text) <= len(str(_LAST_POSITION))):
        raise Invalid.of("position", N_("Give the line's position, a whole number from 1."))
    return await invoices.usage_line(conn, context.tenant, context.uuid("invoice_id"), int(text))


def _grouped(rows: list[AgentDay]) -> list[LineDay]:
    days: dict[date, list[LineDayAgent]] = {}
    for row in rows:
        agent = LineDayAgent(row.agent_id, row.agent, row.requests, row.failures, row.input_tokens, row.output_tokens)
        days.setdefault(row.day, []).append(agent)
    return [LineDay(day, sum(one.requests for one in agents), agents) for day, agents in days.items()]


def _cursor(event: UsageEvent) -> str:
    return f"{(event.occurred_at - _EPOCH) // _MICROSECOND}-{event.id}"


def _place(cursor: str) -> Place:
    """Where a page ended. The pattern has let nothing else through; its last moments lie beyond every calendar."""
    micros, _, event_id = cursor.partition("-")
    return Place(_EPOCH + min(int(micros) * _MICROSECOND, timedelta(days=365 * 1000)), UUID(event_id))


_LINE: Final = "/api/billing/invoices/{invoice_id:uuid}/lines/{position}/usage"
_PROBLEMS: Final = (UnknownInvoice, UnknownLine, NoUsageLine)
ROUTES: Final = (
    Route(
        path=_LINE,
        handler=line_usage,
        summary="The days and agents under a line about use",
        response=LineUsage,
        problems=_PROBLEMS,
        example=LineUsage(
            LineKind.USAGE,
            date(2026, 2, 15),
            date(2026, 3, 14),
            12_000,
            12_000,
            0,
            5_000,
            "BRL",
            [
                LineDay(
                    date(2026, 2, 15),
                    12_000,
                    [LineDayAgent(EXAMPLE_ID, "Vendas Ativas", 12_000, 12, 4_800_000, 1_200_000)],
                )
            ],
        ),
        **(OWN | {"limits": _LIMITS}),
    ),
    Route(
        path=f"{_LINE}/events",
        handler=line_events,
        summary="The events of a day under a line about use",
        query=EventsQuery,
        response=LineEvents,
        problems=_PROBLEMS,
        example=LineEvents(
            EXAMPLE_MOMENT.date(),
            [
                LineEvent(
                    id=EXAMPLE_ID,
                    occurred_at=EXAMPLE_MOMENT,
                    received_at=EXAMPLE_MOMENT,
                    agent_id=EXAMPLE_ID,
                    agent_name="Vendas Ativas",
                    requests=1,
                    status="success",
                    model="claude-sonnet-4-5",
                    response_time_ms=640,
                    input_tokens=420,
                    output_tokens=88,
                )
            ],
            None,
        ),
        **(OWN | {"limits": _LIMITS}),
    ),
)

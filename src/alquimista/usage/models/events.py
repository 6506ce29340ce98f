"""An event on its way in: its shape, the rules that it must meet, and what becomes of it."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from hashlib import blake2b
from typing import Annotated, Final, Literal
from uuid import UUID

from babel.numbers import list_currencies
from msgspec import Meta, Struct

from alquimista.errors import BadRequest, TooManyRequests, Unavailable
from alquimista.i18n import N_, Text

LATEST: Final = timedelta(days=35)
AHEAD: Final = timedelta(minutes=5)
KEY_DAYS: Final = 40  # Longer than an event may be late, so that no repetition outlives its key.
MAX_EVENTS: Final = 10_000  # In one request.
MAX_BODY: Final = 4 * 1024 * 1024
# Ten thousand of the currency for one request. Sums are 64 bits wide, and what does not fit is never folded: a whole
# day at the default limit of events, each this dear, still fits, so that no tenant can stop its own metering.
MAX_COST: Final = 10**10

Status = Literal["success", "error"]
# Told, and refused by nul_refusal: a regular expression for each text took a third of the time of reading a batch.
_NO_NUL: Final = {"pattern": "^[^\\u0000]*$"}
Milliseconds = Annotated[int, Meta(ge=0, lt=2**31)]
Tokens = Annotated[int, Meta(ge=0, lt=2**31)]
Micros = Annotated[int, Meta(ge=0, le=MAX_COST)]
Model = Annotated[str, Meta(max_length=200, extra_json_schema=_NO_NUL)]
Currency = Annotated[str, Meta(extra_json_schema={"pattern": "^[A-Z]{3}$"})]  # See measures_refusal.
TraceId = Annotated[str, Meta(max_length=64, pattern="^[!-~]*$")]
Slug = Annotated[str, Meta(min_length=1, max_length=64, extra_json_schema=_NO_NUL)]
EventId = Annotated[str, Meta(min_length=1, max_length=256, extra_json_schema=_NO_NUL)]
Source = Annotated[str, Meta(min_length=1, max_length=1024, extra_json_schema=_NO_NUL)]
Moment = Annotated[datetime, Meta(tz=True)]


class Measures(Struct, frozen=True, kw_only=True, gc=False):
    """What an agent did in one request. `cost` in micro-units; `currency` defaults to the tenant's."""

    status: Status
    response_time_ms: Milliseconds
    agent_id: UUID | None = None
    agent: Slug | None = None
    input_tokens: Tokens = 0
    output_tokens: Tokens = 0
    model: Model = ""
    cost: Micros = 0
    currency: Currency | None = None
    trace_id: TraceId = ""


class Event(Struct, frozen=True, gc=False):
    """A well-formed event of one tenant. `agent` is an id or a slug, not looked up yet."""

    index: int  # Its place in the request.
    key: bytes
    source: str
    event_id: str
    occurred_at: datetime
    agent: UUID | str
    measures: Measures
    prefix: str = ""  # Of the measures' names where the sender wrote them.

    @property
    def agent_field(self) -> str:
        """Where the sender wrote the agent."""
        return f"{self.prefix}{'agent' if self.measures.agent_id is None else 'agent_id'}"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why one event was not taken."""

    index: int
    event_id: str
    code: str
    detail: Text
    field: str = ""


@dataclass(slots=True)
class Outcome:
    """What became of a request's events: every one is accepted, a duplicate or refused."""

    accepted: int = 0
    duplicates: int = 0
    refused: list[Refusal] = field(default_factory=list)


class Row(Struct, frozen=True, gc=False):
    """One row for agent_requests, but for what a whole write has in common. `requests`: see the column's comment."""

    key: bytes
    agent_id: UUID
    occurred_at: datetime
    cost_micros: int
    response_time_ms: int
    input_tokens: int
    output_tokens: int
    requests: int
    status: str
    currency: str
    model: str
    source: str
    trace_id: str
    span_id: str
    event_id: str


class MalformedEvents(BadRequest):
    """Raise with `reason`, a Text."""

    code = "malformed_events"
    message = N_("The body cannot be read: {reason}")


class TooManyEvents(BadRequest):
    code = "too_many_events"
    message = N_("Send at most {limit} events in one request.")


class IngestLimit(TooManyRequests):
    code = "ingest_limited"
    message = N_("Your company may send {limit} events a minute. Wait {retry_after} seconds and send these again.")


class IngestBusy(Unavailable):
    code = "ingest_busy"
    message = N_("Too many events wait to be written. Send these again in {retry_after} seconds.")


class Keys:
    """The keys of events that came one way: what makes an event the same event, as 128 bits of a hash.

    A source is hashed once; the ids of its events go on from there, in a quarter of the time.
    """

    def __init__(self, kind: str) -> None:
        self._kind = kind  # It keeps the ways in apart.
        self._begun: dict[str, blake2b] = {}

    def key(self, source: str, event_id: str) -> bytes:
        """The key of the event that its source calls by this id."""
        begun = self._begun.get(source)
        if begun is None:
            # The length is part of what is hashed, so that no two pairs of source and id read the same.
            text = f"{self._kind}\0{len(source)}\0{source}\0".encode("utf-8", "surrogatepass")
            begun = self._begun[source] = blake2b(text, digest_size=16, person=b"alquimista.event")
        whole = begun.copy()
        whole.update(event_id.encode("utf-8", "surrogatepass"))
        return whole.digest()


def event_key(kind: str, source: str, event_id: str) -> bytes:
    """The key of one event."""
    return Keys(kind).key(source, event_id)


def time_refusal(occurred_at: datetime, now: datetime) -> tuple[str, Text] | None:
    """Why a moment is refused, as a code and a text: more than 35 days ago, or more than 5 minutes ahead."""
    if occurred_at < now - LATEST:
        return "too_late", N_("The event is more than {days} days old.", days=LATEST.days)
    if occurred_at > now + AHEAD:
        return "in_future", N_(
            "The event lies more than {minutes} minutes in the future: check the sender's clock.",
            minutes=AHEAD // timedelta(minutes=1),
        )
    return None


def measures_refusal(measures: Measures) -> tuple[str, Text, str] | None:
    """What the shape alone cannot say: code, text and field of the mistake."""
    if measures.agent_id is None and measures.agent is None:
        return "required", N_("Name the agent: agent_id, or agent with its slug."), "agent_id"
    if measures.currency is not None and measures.currency not in currencies():
        return "currency", N_("Use an ISO 4217 currency code, such as BRL."), "currency"
    return None


@cache
def currencies() -> frozenset[str]:
    """The ISO 4217 codes."""
    return frozenset(list_currencies())

"""Events as they are published, kept and looked at."""

import re
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

import msgspec

from alquimista.errors import BadRequest, Conflict, Forbidden, NotFound
from alquimista.events import Origin, kind_of
from alquimista.i18n import N_

PLATFORM_SOURCE: Final = "alquimista.platform"
MOST_HOPS: Final = 8
DETAIL_LIMIT: Final = 64 * 1024
KEPT: Final = timedelta(days=30)
LEASE: Final = timedelta(minutes=2)  # A worker that says nothing for so long after it began a delivery is dead.
SLACK: Final = timedelta(seconds=2)  # By how much the clocks of two machines may differ.
# Pauses after a failed try: four tries within twelve minutes.
PAUSES: Final = (timedelta(seconds=5), timedelta(minutes=1), timedelta(minutes=10))
MOST_TRIES: Final = len(PAUSES) + 1
_DEPTH: Final = 32
_DIGITS: Final = 16
_VERSION: Final = re.compile(r"(?P<name>.+)@v(?P<version>[0-9]{1,4})")
_TRACE_ID: Final = re.compile(r"[0-9a-f]{32}")


class EventStatus(StrEnum):
    """published until it is routed, processing until each consumer is done, then processed, or failed at one."""

    PUBLISHED = "published"
    PROCESSING = "processing"
    PROCESSED = "processed"
    FAILED = "failed"


class DeliveryStatus(StrEnum):
    PENDING = "pending"
    DELIVERED = "delivered"
    DEAD = "dead"


class ReplayOf(StrEnum):
    """Which consumers get an event again."""

    FAILED = "failed"
    ALL = "all"


class Cause(msgspec.Struct, frozen=True):
    """The event upon which something else is published: its trace goes on, and it counts as one hop."""

    event_id: UUID
    hops: int
    trace_id: str
    span_id: str | None = None
    consumer: str | None = None


class Published(msgspec.Struct, frozen=True):
    """An event as it was accepted; `new` unless its sender had sent it before."""

    id: UUID
    trace_id: str
    created_at: datetime
    event_type: str
    detail: dict[str, Any]
    new: bool = True


class Event(msgspec.Struct, frozen=True):
    """What a consumer gets. `key` is the same at each delivery of an event: do nothing that was done under it."""

    tenant_id: UUID
    id: UUID
    event_type: str
    source: str
    data: dict[str, Any]
    occurred_at: datetime
    trace_id: str
    span_id: str | None
    hops: int
    produced_by: str | None

    @property
    def key(self) -> str:
        """The idempotency key."""
        return str(self.id)


class EventLine(msgspec.Struct, frozen=True):
    """An event in a list, without its content."""

    tenant_id: UUID
    id: UUID
    event_id: str
    source: str
    event_type: str
    status: EventStatus
    trace_id: str | None
    hops: int
    retry_count: int
    error_message: str | None
    created_at: datetime
    processed_at: datetime | None


class EventDelivery(msgspec.Struct, frozen=True):
    """What became of an event at one consumer."""

    consumer: str
    state: DeliveryStatus
    attempts: int
    next_attempt_at: datetime | None
    last_error: str | None
    delivered_at: datetime | None


class RouteEvent(msgspec.Struct, frozen=True):
    """Which event a job routes."""

    event_id: UUID


class DeliverEvent(msgspec.Struct, frozen=True):
    """Which delivery a job makes."""

    event_id: UUID
    consumer: str


class UnknownEvent(NotFound):
    code = "event_not_found"
    message = N_("There is no event with this id.")


class NothingToReplay(Conflict):
    code = "event_nothing_to_replay"
    message = N_("No consumer has failed with this event. To deliver it to all of them again, say so.")


class EventIdReused(Conflict):
    code = "event_id_reused"
    message = N_("This source has sent another event with this id. Give each event an id of its own.")


class TooManyHops(Conflict):
    code = "event_loop"
    message = N_("{hops} events lie above this one, which looks like a loop: no more are accepted here.")


class ReservedEvent(Forbidden):
    code = "event_reserved"
    message = N_("Only the platform itself publishes events of this type or source.")


class UnknownVersion(BadRequest):
    code = "event_version_unknown"
    message = N_("This type is known in version 1 only: write {name} or {name}@v1.")


class DetailTooLarge(BadRequest):
    code = "event_detail_refused"
    message = N_(
        "The detail must be at most {limit} bytes of JSON, {depth} levels deep, without NUL characters and without "
        "numbers of more than 16 digits before or after the point: write those as text."
    )


def outside_type(raw: str, source: str) -> str:
    """The type of an event from outside, as it is stored.

    Raises:
        ReservedEvent: the platform's own.
        UnknownVersion: a known type, of a version that is not known.
    """
    found = _VERSION.fullmatch(raw)
    name = found["name"] if found else raw
    kind = kind_of(name)
    if source == PLATFORM_SOURCE or (kind is not None and kind.origin is Origin.PLATFORM):
        raise ReservedEvent
    if kind is None:
        return raw
    if found and int(found["version"]) != 1:
        raise UnknownVersion(name=name)
    return name


def check_detail(detail: dict[str, Any]) -> None:
    """Whether a detail can be kept.

    Raises:
        DetailTooLarge: it is too large or too deep, or PostgreSQL has no such text.
    """
    if not _plain(detail, _DEPTH) or len(msgspec.json.encode(detail)) > DETAIL_LIMIT:
        raise DetailTooLarge(limit=DETAIL_LIMIT, depth=_DEPTH)


def is_trace(text: str) -> bool:
    """Whether this names a trace as W3C Trace Context has it."""
    return _TRACE_ID.fullmatch(text) is not None and text.strip("0") != ""


def next_try(step: int, now: datetime) -> datetime | None:
    """When an event is given to a consumer again after try number `step` failed; None when that was the last."""
    return None if step >= MOST_TRIES else now + PAUSES[step - 1]


def _plain(value: object, left: int) -> bool:
    """Whether a value is shallow enough, and without what PostgreSQL cannot keep, or only in many more bytes."""
    if isinstance(value, str):
        return "\x00" not in value
    if isinstance(value, float | int) and not isinstance(value, bool):
        return value == 0 or 10**-_DIGITS <= abs(value) <= 10**_DIGITS
    if isinstance(value, dict):
        return left > 0 and all("\x00" not in name and _plain(one, left - 1) for name, one in value.items())
    return not isinstance(value, list) or (left > 0 and all(_plain(one, left - 1) for one in value))

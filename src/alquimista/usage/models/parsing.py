"""Reading request bodies: what is common to all ways in. A well-formed event, or a refusal with its reason."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, TypeVar

import msgspec

from alquimista.errors import Invalid
from alquimista.http.explain import explain
from alquimista.i18n import N_
from alquimista.usage.models.events import (
    AHEAD,
    LATEST,
    MAX_EVENTS,
    Event,
    Keys,
    MalformedEvents,
    Measures,
    Refusal,
    TooManyEvents,
    measures_refusal,
    time_refusal,
)

T = TypeVar("T", bound=msgspec.Struct)
_SHOWN_ID: Final = 256


@dataclass(slots=True)
class Parsed:
    """A request's events: the well-formed ones, and what was refused on sight."""

    events: list[Event] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)


def decode(body: bytes) -> Any:  # noqa: ANN401 - Any JSON.
    """A JSON body.

    Raises:
        MalformedEvents: it is not JSON in UTF-8, or it is nested too deeply.
    """
    try:
        return msgspec.json.decode(body)
    except UnicodeDecodeError:
        raise MalformedEvents(reason=N_("it is not valid UTF-8.")) from None
    except RecursionError:
        raise MalformedEvents(reason=N_("the JSON is nested too deeply.")) from None
    except msgspec.DecodeError:
        raise MalformedEvents(reason=N_("it is not valid JSON.")) from None


def decode_all(body: bytes, decoder: msgspec.json.Decoder[list[T]]) -> list[T | dict[str, Any]]:
    """The items of a JSON list, each in its shape, or as it came when any item of the list is out of shape.

    Raises:
        MalformedEvents: the body is not a JSON list.
        TooManyEvents: the list is longer than a request may be.
    """
    items: Any
    try:
        items = decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        items = decode(body)
    if not isinstance(items, list):
        raise MalformedEvents(reason=N_("it is not a list of events."))
    if len(items) > MAX_EVENTS:
        raise TooManyEvents(limit=MAX_EVENTS)
    return items


def shaped(item: object, shape: type[T]) -> T:
    """An item in its shape.

    Raises:
        Invalid: it does not fit; every wrong field is named.
    """
    if isinstance(item, shape):
        return item
    try:
        return msgspec.convert(item, shape)
    except msgspec.ValidationError as error:
        raise Invalid(errors=explain(item, shape, str(error))) from None


def read_each(items: list[Any], read: Callable[[int, Any], Event]) -> Parsed:
    """Every item read by itself, so that a bad one does not sink the rest."""
    parsed = Parsed()
    for index, item in enumerate(items):
        try:
            parsed.events.append(read(index, item))
        except Invalid as problem:
            first = problem.errors[0]
            parsed.refused.append(Refusal(index, shown_id(item), first.code, first.reason, first.field))
    return parsed


def shown_id(item: object) -> str:
    """The id that a refused item calls itself by, as far as it has one."""
    if isinstance(item, dict):
        for name in ("id", "idempotency_key"):
            value = item.get(name)
            if isinstance(value, str):
                return value[:_SHOWN_ID]
    found = getattr(item, "id", None) or getattr(item, "idempotency_key", None)
    return found if isinstance(found, str) else ""


class Maker:
    """Makes the events of one request: what they have in common is worked out once.

    Args:
        kind: the way that they came in, which keeps their keys apart from other ways'.
        now: when the request came; an event without a time of its own occurred then.
        id_field, time_field: where the sender writes an event's id and time.
        prefix: goes before the names of measures.
    """

    def __init__(self, kind: str, now: datetime, *, id_field: str, time_field: str, prefix: str = "") -> None:
        self._now = now
        self._earliest, self._latest = now - LATEST, now + AHEAD
        self._keys = Keys(kind)
        self._id_field, self._time_field, self.prefix = id_field, time_field, prefix

    def make(self, index: int, measures: Measures, source: str, event_id: str, occurred_at: datetime | None) -> Event:
        """An event of measures that meet the rules.

        Raises:
            Invalid: a NUL character, no agent, an unknown currency, too late or too early.
        """
        if "\0" in f"{event_id}{source}{measures.model}{measures.agent}":
            raise self._nul(measures, source, event_id)
        wrong = measures_refusal(measures)
        if wrong is not None:
            raise Invalid.of(f"{self.prefix}{wrong[2]}", wrong[1], wrong[0])
        if occurred_at is None:
            occurred_at = self._now
        elif not self._earliest <= occurred_at <= self._latest and (late := time_refusal(occurred_at, self._now)):
            raise Invalid.of(self._time_field, late[1], late[0])
        agent = measures.agent_id or measures.agent
        assert agent is not None
        key = self._keys.key(source, event_id)
        return Event(index, key, source, event_id, occurred_at, agent, measures, self.prefix)

    def _nul(self, measures: Measures, source: str, event_id: str) -> Invalid:
        texts = {
            self._id_field: event_id,
            "source": source,
            f"{self.prefix}model": measures.model,
            f"{self.prefix}agent": measures.agent or "",
        }
        field = next(name for name, text in texts.items() if "\0" in text)
        return Invalid.of(field, N_("Remove the NUL character."), "nul")

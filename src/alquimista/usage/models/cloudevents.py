"""CloudEvents 1.0 over HTTP: structured, batched and binary mode (POST /v1/events).

Rules: cloudevents.io specification 1.0.2, its JSON event format and its HTTP protocol binding.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final, Literal
from urllib.parse import unquote

import msgspec
from msgspec import Meta

from alquimista.errors import Invalid
from alquimista.i18n import N_
from alquimista.usage.models.events import Event, EventId, MalformedEvents, Measures, Moment, Source
from alquimista.usage.models.parsing import Maker, Parsed, decode, decode_all, read_each, shaped

EVENT: Final = "application/cloudevents+json"
BATCH: Final = "application/cloudevents-batch+json"
TYPE: Final = "agent.request"
_ATTRIBUTES: Final = ("specversion", "id", "source", "type", "time")


class Attributes(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The context attributes that matter here; extensions are welcome and ignored."""

    specversion: Literal["1.0"]
    id: EventId
    source: Source
    type: Annotated[str, Meta(extra_json_schema={"const": TYPE})]  # Another is refused with a reason of its own.
    time: Moment | None = None


class Structured(Attributes, frozen=True, kw_only=True, gc=False):
    """An event with its data inside. Binary data must be the same JSON."""

    data: Measures | None = None
    data_base64: bytes | None = None


_many: Final = msgspec.json.Decoder(list[Structured])
_one: Final = msgspec.json.Decoder(Structured)


def read_batch(body: bytes, now: datetime) -> Parsed:
    """The events of a batch.

    Raises:
        MalformedEvents, TooManyEvents: the body as a whole cannot be read.
    """
    maker = _maker(now, "data.")
    return read_each(decode_all(body, _many), lambda index, item: _structured(index, item, maker))


def read_structured(body: bytes, now: datetime) -> Event:
    """The one event of a structured request.

    Raises:
        MalformedEvents: the body is not JSON.
        Invalid: it is not a valid event; every wrong field is named.
    """
    try:
        item: Any = _one.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        item = decode(body)
    return _structured(0, item, _maker(now, "data."))


def read_binary(headers: Mapping[str, str], body: bytes, now: datetime) -> Event:
    """The one event of a request whose attributes are `ce-` headers and whose body is the data.

    Raises:
        MalformedEvents: the body is not JSON.
        Invalid: a missing or wrong attribute or field; every wrong one is named.
    """
    attributes = {name: _header(value) for name in _ATTRIBUTES if (value := headers.get(f"ce-{name}")) is not None}
    return _event(0, shaped(attributes, Attributes), decode(body), _maker(now, ""))


def _maker(now: datetime, prefix: str) -> Maker:
    return Maker("cloudevents", now, id_field="id", time_field="time", prefix=prefix)


def _structured(index: int, item: object, maker: Maker) -> Event:
    event = shaped(item, Structured)
    data: object = event.data
    if event.data_base64 is not None:
        try:
            data = decode(event.data_base64)
        except MalformedEvents:
            raise Invalid.of("data_base64", N_("The data is not JSON."), "malformed") from None
    if data is None:
        raise Invalid.of("data", N_("This field is required."), "required")
    return _event(index, event, data, maker)


def _event(index: int, attributes: Attributes, data: object, maker: Maker) -> Event:
    if attributes.type != TYPE:
        raise Invalid.of("type", N_("Only events of type {type} are taken here.", type=TYPE), "unsupported_type")
    try:
        measures = shaped(data, Measures)
    except Invalid as problem:
        inner = tuple(msgspec.structs.replace(error, field=f"{maker.prefix}{error.field}") for error in problem.errors)
        raise Invalid(errors=inner) from None
    return maker.make(index, measures, attributes.source, attributes.id, attributes.time)


def _header(value: str) -> str:
    """A header's text: quotes and percent-encoding undone, as the HTTP binding asks (section 3.1.3.2)."""
    if len(value) > 1 and value[0] == value[-1] == '"':
        value = value[1:-1].replace('\\"', '"').replace("\\\\", "\\")
    return unquote(value, errors="replace")

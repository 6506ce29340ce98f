"""OTLP/HTTP traces: the two encodings, and what a span says about an agent's work (POST /v1/traces).

Rules: the OpenTelemetry protocol specification 1.x (OTLP/HTTP) and the GenAI semantic conventions.
"""

import base64
import binascii
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

import msgspec
from google.protobuf import json_format
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1 import trace_pb2

from alquimista.i18n import N_
from alquimista.usage.models.events import MAX_EVENTS, MalformedEvents, TooManyEvents
from alquimista.usage.models.parsing import decode

PROTOBUF: Final = "application/x-protobuf"
JSON: Final = "application/json"
_KINDS: Final = ("internal", "internal", "server", "client", "producer", "consumer")
_STATUSES: Final[tuple[Literal["unset", "ok", "error"], ...]] = ("unset", "ok", "error")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_NS: Final = 253_402_300_799 * 10**9  # 9999-12-31, the last day of datetime.
# Reading takes some 10 µs an object. A span with all its attributes has about 40 of them in 1.5 kB.
_MOST_OBJECTS: Final = 200_000
_TOO_MANY_OBJECTS: Final = N_("it holds too many objects; send fewer spans in one request.")
_DEPTH: Final = 8  # Of nested attribute values.
_TEXT_LIMIT: Final = 4_000
_METADATA_LIMIT: Final = 48_000  # Bytes of JSON; the columns hold 64 KiB of PostgreSQL's own, longer, rendering.
# What people wrote and models answered is personal data that metering does not need: it is not stored.
_PRIVATE: Final = (
    "gen_ai.input.messages",
    "gen_ai.output.messages",
    "gen_ai.system_instructions",
    "gen_ai.prompt",
    "gen_ai.completion",
    "gen_ai.content",
    "gen_ai.tool.call.arguments",
    "gen_ai.tool.call.result",
)


@dataclass(frozen=True, slots=True)
class Span:
    """One span as it came. Ids are hexadecimal; `parent_span_id` is empty for a root. Bad ids and times are None."""

    trace_id: str
    span_id: str
    parent_span_id: str
    name: str
    kind: str
    service: str
    start: datetime | None
    end: datetime | None
    status: Literal["unset", "ok", "error"]
    message: str
    attributes: dict[str, Any]
    resource: dict[str, Any]
    events: list[dict[str, Any]]

    @property
    def milliseconds(self) -> int:
        """How long it took."""
        assert self.start is not None
        assert self.end is not None
        return round((self.end - self.start) / timedelta(milliseconds=1))


def read_protobuf(body: bytes) -> list[Span]:
    """The spans of an ExportTraceServiceRequest.

    Raises:
        MalformedEvents: the body is not one, or it holds more objects than spans of its size would.
        TooManyEvents: it holds more spans, or empty groups of them, than a request may.
    """
    request = ExportTraceServiceRequest()
    try:
        request.ParseFromString(body)
    except DecodeError:
        raise MalformedEvents(reason=N_("it is not an OTLP trace export in protobuf.")) from None
    return list(_spans(request))


def read_json(body: bytes) -> list[Span]:
    """The spans of an ExportTraceServiceRequest in OTLP's JSON, where ids are hexadecimal; unknown fields are ignored.

    Raises:
        MalformedEvents: the body is not one, or it holds more objects than spans of its size would.
        TooManyEvents: it holds more spans, or empty groups of them, than a request may.
    """
    if body.count(b"{") > _MOST_OBJECTS:
        raise MalformedEvents(reason=_TOO_MANY_OBJECTS)
    document = decode(body)
    request = ExportTraceServiceRequest()
    try:
        _ids_to_base64(document)
        json_format.ParseDict(document, request, ignore_unknown_fields=True)
    except (json_format.ParseError, ValueError, TypeError, AttributeError, RecursionError):
        raise MalformedEvents(reason=N_("it is not an OTLP trace export in JSON.")) from None
    return list(_spans(request))


def write_response(encoding: str, rejected: int, message: str) -> bytes:
    """An ExportTraceServiceResponse; with rejected spans, or a message, it has a partial_success."""
    response = ExportTraceServiceResponse()
    if rejected or message:
        response.partial_success.rejected_spans = rejected
        response.partial_success.error_message = message
    if encoding == PROTOBUF:
        return bytes(response.SerializeToString())
    return msgspec.json.encode(json_format.MessageToDict(response))


def write_status(encoding: str, code: int, message: str) -> bytes:
    """A google.rpc.Status, which OTLP asks for with every 4xx and 5xx: field 1 is the code, field 2 the message."""
    if encoding == JSON:
        return msgspec.json.encode({"code": code, "message": message})
    text = message.encode()
    return b"\x08" + _varint(code) + b"\x12" + _varint(len(text)) + text


def stored_attributes(span: Span) -> dict[str, Any]:
    """The attributes to keep: without message contents, the resource's under `resource.`, within 48 kB."""
    kept: dict[str, Any] = {}
    size = 2
    own = span.attributes.items()
    for name, value in (*own, *((f"resource.{name}", value) for name, value in span.resource.items())):
        if name.startswith(_PRIVATE):
            continue
        size += len(msgspec.json.encode(name)) + len(msgspec.json.encode(value)) + 2
        if size > _METADATA_LIMIT:
            break
        kept[name] = value
    return kept


def stored_events(span: Span) -> list[dict[str, Any]]:
    """The span's events to keep, within 48 kB."""
    kept: list[dict[str, Any]] = []
    size = 2
    for event in span.events:
        clean = event | {
            "attributes": {k: v for k, v in event["attributes"].items() if not k.startswith(_PRIVATE)},
        }
        size += len(msgspec.json.encode(clean)) + 2
        if size > _METADATA_LIMIT:
            break
        kept.append(clean)
    return kept


def _spans(request: ExportTraceServiceRequest) -> Iterator[Span]:
    groups = request.resource_spans
    scopes = [scope for group in groups[:MAX_EVENTS] for scope in group.scope_spans]
    if max(len(groups), len(scopes), sum(len(scope.spans) for scope in scopes)) > MAX_EVENTS:
        raise TooManyEvents(limit=MAX_EVENTS)
    if sum(len(span.events) + len(span.attributes) for scope in scopes for span in scope.spans) > _MOST_OBJECTS:
        raise MalformedEvents(reason=_TOO_MANY_OBJECTS)
    for group in groups:
        resource = _attributes(group.resource.attributes)
        service = str(resource.get("service.name", ""))[:200]
        for scope in group.scope_spans:
            for span in scope.spans:
                yield _span(span, service, resource)


def _span(span: trace_pb2.Span, service: str, resource: dict[str, Any]) -> Span:
    status = span.status.code
    return Span(
        trace_id=_id(span.trace_id, 16),
        span_id=_id(span.span_id, 8),
        parent_span_id=_id(span.parent_span_id, 8),
        name=_text(span.name)[:500],
        kind=_KINDS[span.kind] if 0 <= span.kind < len(_KINDS) else "internal",
        service=service,
        start=_moment(span.start_time_unix_nano),
        end=_moment(span.end_time_unix_nano),
        status=_STATUSES[status] if 0 <= status < len(_STATUSES) else "unset",
        message=_text(span.status.message)[:2000],
        attributes=_attributes(span.attributes),
        resource=resource,
        events=[
            {
                "name": _text(event.name)[:500],
                "time": moment.isoformat() if (moment := _moment(event.time_unix_nano)) else None,
                "attributes": _attributes(event.attributes),
            }
            for event in span.events
        ],
    )


def _attributes(pairs: Any) -> dict[str, Any]:  # noqa: ANN401 - A protobuf container of KeyValue.
    found: dict[str, Any] = {}
    pair: KeyValue
    for pair in pairs:
        found[_text(pair.key)[:200]] = _value(pair.value, 0)
    return found


def _value(value: AnyValue, depth: int) -> Any:  # noqa: ANN401 - Any JSON.
    which = value.WhichOneof("value")
    plain: Any = None
    if depth > _DEPTH:
        return plain
    match which:
        case "string_value":
            plain = _text(value.string_value)[:_TEXT_LIMIT]
        case "array_value":
            plain = [_value(item, depth + 1) for item in value.array_value.values]
        case "kvlist_value":
            plain = {_text(pair.key)[:200]: _value(pair.value, depth + 1) for pair in value.kvlist_value.values}
        case "bytes_value":
            plain = base64.b64encode(value.bytes_value[:_TEXT_LIMIT]).decode()
        case "double_value":
            # JSON has no NaN and no infinity.
            plain = value.double_value if abs(value.double_value) < float("inf") else str(value.double_value)
        case "bool_value" | "int_value":
            plain = getattr(value, which)
    return plain


def _text(text: str) -> str:
    """PostgreSQL's texts cannot hold NUL."""
    return text.replace("\0", "")


def _id(raw: bytes, size: int) -> str:
    """An id in hexadecimal; empty when it is absent, invalid or all zeros (which the specification calls invalid)."""
    return raw.hex() if len(raw) == size and any(raw) else ""


def _moment(nanoseconds: int) -> datetime | None:
    if not 0 < nanoseconds < _LAST_NS:
        return None
    return _EPOCH + timedelta(microseconds=nanoseconds // 1000)


def _ids_to_base64(document: Any) -> None:  # noqa: ANN401 - Any JSON.
    """Turn hexadecimal ids into the base64 that protobuf's JSON reader takes.

    Raises:
        TypeError, AttributeError: the document has another shape.
        ValueError: an id is not hexadecimal.
    """
    for group in document.get("resourceSpans") or ():
        for scope in group.get("scopeSpans") or ():
            for span in scope.get("spans") or ():
                for holder in (span, *(span.get("links") or ())):
                    for name in ("traceId", "spanId", "parentSpanId"):
                        if name in holder:
                            holder[name] = base64.b64encode(_unhex(holder[name])).decode()


def _unhex(text: str | None) -> bytes:
    try:
        return binascii.unhexlify(text or "")
    except UnicodeEncodeError:
        raise ValueError("an id is not hexadecimal") from None


def _varint(number: int) -> bytes:
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


def text_attribute(attributes: Mapping[str, Any], name: str) -> str:
    """An attribute that is a text and not empty, else an empty text."""
    value = attributes.get(name)
    return value if isinstance(value, str) else ""

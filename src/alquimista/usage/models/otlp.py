"""OTLP/HTTP traces: the two encodings, read into spans, and the answers (POST /v1/traces).

Rules: the OpenTelemetry protocol specification 1.x (OTLP/HTTP).
"""

import base64
import binascii
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal, NamedTuple

import msgspec
from google.protobuf import descriptor_pb2, json_format
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import DecodeError
from google.protobuf.message_factory import GetMessageClass
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.common.v1 import common_pb2
from opentelemetry.proto.resource.v1 import resource_pb2
from opentelemetry.proto.trace.v1 import trace_pb2

from alquimista.i18n import N_
from alquimista.usage.models.attributes import Known, clean, joined, members
from alquimista.usage.models.events import MAX_EVENTS, MalformedEvents, TooManyEvents
from alquimista.usage.models.parsing import decode

PROTOBUF: Final = "application/x-protobuf"
JSON: Final = "application/json"
_KINDS: Final = ("internal", "internal", "server", "client", "producer", "consumer")
_STATUSES: Final[tuple[Literal["unset", "ok", "error"], ...]] = ("unset", "ok", "error")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_MICROSECOND: Final = 253_402_300_799 * 10**6  # 9999-12-31, the last day of datetime.
# Reading takes up to 10 µs an object. A span with all its attributes has about 40 of them in 1.5 kB.
_MOST_OBJECTS: Final = 200_000
_TOO_MANY_OBJECTS: Final = N_("it holds too many objects; send fewer spans in one request.")


class Span(msgspec.Struct, frozen=True, gc=False):
    """One span as it came. Ids are hexadecimal, empty when bad; a root's `parent_span_id` is empty. Bad times are None.

    `metadata` and `annotations` are the JSON to keep: its attributes with its resource's, and its events.
    """

    trace_id: str
    span_id: str
    parent_span_id: str
    name: str
    kind: str
    service: str
    start: datetime | None
    end: datetime | None
    milliseconds: int  # How long it took, when both its times are good.
    status: Literal["unset", "ok", "error"]
    message: str
    attributes: dict[str, Any]
    resource: dict[str, Any]
    metadata: bytes
    annotations: bytes


def _lazy(full_name: str) -> Any:  # noqa: ANN401 - A message class made at run time.
    """A message of the protocol that leaves attributes, events and links as the bytes that they came in.

    On the wire a message and a bytes field are the same. Most attributes of an export repeat others, are told by their
    bytes and decoded once (`Known`).
    """
    left = {
        f".{message.DESCRIPTOR.full_name}"
        for message in (common_pb2.KeyValue, trace_pb2.Span.Event, trace_pb2.Span.Link)
    }
    pool = DescriptorPool()
    for module in (common_pb2, resource_pb2, trace_pb2, trace_service_pb2):
        file = descriptor_pb2.FileDescriptorProto()
        module.DESCRIPTOR.CopyToProto(file)
        for message in file.message_type:
            for field in (*message.field, *(field for nested in message.nested_type for field in nested.field)):
                if field.type_name in left:
                    field.type = descriptor_pb2.FieldDescriptorProto.TYPE_BYTES
                    field.ClearField("type_name")
        pool.Add(file)
    return GetMessageClass(pool.FindMessageTypeByName(full_name))


_Request: Final = _lazy(ExportTraceServiceRequest.DESCRIPTOR.full_name)
_Event: Final = _lazy(trace_pb2.Span.Event.DESCRIPTOR.full_name)


def read_protobuf(body: bytes) -> list[Span]:
    """The spans of an ExportTraceServiceRequest.

    Raises:
        MalformedEvents: the body is not one, or it holds more objects than spans of its size would.
        TooManyEvents: it holds more spans, or empty groups of them, than a request may.
    """
    try:
        return list(_spans(_Request.FromString(body)))
    except DecodeError:
        raise MalformedEvents(reason=N_("it is not an OTLP trace export in protobuf.")) from None


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
    return read_protobuf(request.SerializeToString())


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


def _spans(request: Any) -> Iterator[Span]:  # noqa: ANN401 - A lazy ExportTraceServiceRequest.
    groups = request.resource_spans
    scopes = [scope for group in groups[:MAX_EVENTS] for scope in group.scope_spans]
    if max(len(groups), len(scopes), sum(len(scope.spans) for scope in scopes)) > MAX_EVENTS:
        raise TooManyEvents(limit=MAX_EVENTS)
    if sum(len(span.events) + len(span.attributes) for scope in scopes for span in scope.spans) > _MOST_OBJECTS:
        raise MalformedEvents(reason=_TOO_MANY_OBJECTS)
    known = Known()
    for group in groups:
        of_resource = Known(prefix="resource.")
        resource = [of_resource[encoded] for encoded in group.resource.attributes]
        named = {name: value for name, value, _ in resource}
        service = named.get("service.name")
        origin = _Origin(named, service[:200] if isinstance(service, str) else "", members(resource))
        for scope in group.scope_spans:
            for span in scope.spans:
                yield _span(span, origin, known)


class _Origin(NamedTuple):
    """What the spans of a resource have in common."""

    resource: dict[str, Any]
    service: str
    members: list[bytes]


def _span(span: Any, origin: _Origin, known: Known) -> Span:  # noqa: ANN401 - A lazy Span.
    own = [known[encoded] for encoded in span.attributes]
    kind, status, events = span.kind, span.status, span.events
    start, end = span.start_time_unix_nano // 1000, span.end_time_unix_nano // 1000
    return Span(
        trace_id=_id(span.trace_id, 16),
        span_id=_id(span.span_id, 8),
        parent_span_id=_id(span.parent_span_id, 8),
        name=clean(span.name)[:500],
        kind=_KINDS[kind] if 0 <= kind < len(_KINDS) else "internal",
        service=origin.service,
        start=_moment(start),
        end=_moment(end),
        milliseconds=round((end - start) / 1000),
        status=_STATUSES[status.code] if 0 <= status.code < len(_STATUSES) else "unset",
        message=clean(status.message)[:2000],
        attributes={name: value for name, value, _ in own},
        resource=origin.resource,
        metadata=b"{%b}" % joined([*members(own), *origin.members]),
        annotations=b"[%b]" % joined([_event(event, known) for event in events]) if events else b"[]",
    )


def _event(encoded: bytes, known: Known) -> bytes:
    """A span's event as JSON."""
    event = _Event.FromString(encoded)
    time = _moment(event.time_unix_nano // 1000)
    return b'{"name":%b,"time":%b,"attributes":{%b}}' % (
        msgspec.json.encode(clean(event.name)[:500]),
        msgspec.json.encode(time.isoformat() if time else None),
        b",".join(members(known[attribute] for attribute in event.attributes)),
    )


def _id(raw: bytes, size: int) -> str:
    """An id in hexadecimal; empty when it is absent, invalid or all zeros (which the specification calls invalid)."""
    return raw.hex() if len(raw) == size and any(raw) else ""


def _moment(microseconds: int) -> datetime | None:
    return _EPOCH + timedelta(microseconds=microseconds) if 0 < microseconds < _LAST_MICROSECOND else None


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

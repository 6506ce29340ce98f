"""POST /v1/traces: OTLP/HTTP, in protobuf and JSON, for unmodified OpenTelemetry exporters."""

from collections import Counter
from typing import Any, Final

import msgspec

from alquimista.access import Permission
from alquimista.errors import Problem, UnsupportedMedia
from alquimista.http.body import media_type
from alquimista.http.context import Context
from alquimista.http.responses import Answer
from alquimista.http.routes import Content, Route, TenantScope
from alquimista.usage.api.events import KINDS
from alquimista.usage.api.reading import read
from alquimista.usage.models import otlp
from alquimista.usage.models.events import (
    MAX_BODY,
    IngestBusy,
    IngestLimit,
    MalformedEvents,
    Refusal,
    TooManyEvents,
)
from alquimista.usage.service import Room, SpanIngest

# google.rpc.Code of the statuses that this handler itself answers.
_RPC_CODES: Final = {400: 3, 429: 8, 503: 14}
_UNKNOWN: Final = 2


class PartialSuccess(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """The spans that were refused (a number, as text: protobuf's JSON writes 64-bit numbers so), and why."""

    rejected_spans: str = "0"
    error_message: str = ""


class ExportResult(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """ExportTraceServiceResponse: empty when every span was taken."""

    partial_success: PartialSuccess | None = None


class RpcStatus(msgspec.Struct, frozen=True):
    """google.rpc.Status."""

    code: int
    message: str


async def post_traces(context: Context) -> Answer:
    """Spans of an export. Refused ones are counted in partial_success; an answer is in the request's encoding.

    A failure is a google.rpc.Status, as the protocol asks; an exporter tries again after 429 and 503, not after 400.
    """
    media = media_type(context.headers)
    if media not in {otlp.PROTOBUF, otlp.JSON}:
        raise UnsupportedMedia(accepted=f"{otlp.PROTOBUF}, {otlp.JSON}")  # An empty body comes this far without a type.
    try:
        with context.services.get(Room).take(context.tenant, len(context.raw)):
            spans = await read(otlp.read_json if media == otlp.JSON else otlp.read_protobuf, context.raw)
            refused = await context.services.get(SpanIngest).submit(context.tenant, spans, context.now)
    except Problem as problem:
        code = _RPC_CODES.get(problem.status, _UNKNOWN)
        body = otlp.write_status(media, code, problem.detail.render(context.locale))
        return Answer(problem.status, body, media, {name.lower(): value for name, value in problem.headers.items()})
    return Answer(200, otlp.write_response(media, len(refused), _summary(refused, context.locale)), media)


def _summary(refused: list[Refusal], locale: str) -> str:
    """Each reason with its count, the most frequent first."""
    reasons = Counter(refusal.detail.render(locale) for refusal in refused)
    return " ".join(f"({count}) {reason}" for reason, count in reasons.most_common(5))


_EXPORT: Final = {
    "resourceSpans": [
        {
            "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "atendimento"}}]},
            "scopeSpans": [
                {
                    "spans": [
                        {
                            "traceId": "0af7651916cd43dd8448eb211c80319c",
                            "spanId": "b7ad6b7169203331",
                            "name": "chat gpt-5-mini",
                            "kind": 3,
                            "startTimeUnixNano": "1772358600000000000",
                            "endTimeUnixNano": "1772358600840000000",
                            "attributes": [
                                {"key": "gen_ai.agent.id", "value": {"stringValue": "vendas-ativas"}},
                                {"key": "gen_ai.request.model", "value": {"stringValue": "gpt-5-mini"}},
                                {"key": "gen_ai.usage.input_tokens", "value": {"intValue": "412"}},
                                {"key": "gen_ai.usage.output_tokens", "value": {"intValue": "96"}},
                            ],
                        }
                    ]
                }
            ],
        }
    ]
}

ROUTES: Final = (
    Route(
        method="POST",
        path="/v1/traces",
        handler=post_traces,
        summary="Send OpenTelemetry spans (OTLP/HTTP); gen_ai spans become agent requests, others are kept",
        tag="ingest",
        permission=Permission.USAGE_WRITE,
        kinds=KINDS,
        scope=TenantScope.OWN,
        raw_body=True,
        media=(otlp.PROTOBUF, otlp.JSON),
        body_limit=MAX_BODY,
        raw_content={otlp.JSON: Content(shape=dict[str, Any], example=_EXPORT)},
        response=ExportResult,
        others=dict.fromkeys(_RPC_CODES, RpcStatus),
        answers=(otlp.PROTOBUF, otlp.JSON),
        problems=(MalformedEvents, TooManyEvents, IngestLimit, IngestBusy),
    ),
)

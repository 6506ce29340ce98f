"""POST /v1/events (CloudEvents 1.0) and POST /v1/agent-requests (plain JSON)."""

from typing import Final

import msgspec

from alquimista.access import ActorKind, Permission
from alquimista.errors import Invalid, UnsupportedMedia
from alquimista.http.context import Context
from alquimista.http.routes import Content, Route, TenantScope
from alquimista.i18n import N_
from alquimista.usage.api.reading import read
from alquimista.usage.models import cloudevents, plain
from alquimista.usage.models.events import (
    MAX_BODY,
    Event,
    IngestBusy,
    IngestLimit,
    MalformedEvents,
    Measures,
    Outcome,
    Refusal,
    TooManyEvents,
)
from alquimista.usage.models.parsing import Parsed
from alquimista.usage.service import Ingest, Room

JSON: Final = "application/json"
KINDS: Final = frozenset({ActorKind.API_KEY, ActorKind.TOKEN})
IDEMPOTENCY_HEADER: Final = "idempotency-key"
_KEY_LIMIT: Final = 256


class RefusedEvent(msgspec.Struct, frozen=True):
    """An event that was not taken: its place in the request, its id, and why."""

    index: int
    id: str
    code: str
    detail: str
    field: str


class IngestResult(msgspec.Struct, frozen=True):
    """What became of a request's events: accepted + duplicates + refused are all of them."""

    accepted: int
    duplicates: int
    refused: list[RefusedEvent]


async def post_events(context: Context) -> IngestResult:
    """CloudEvents in structured, batched or binary mode. A single event that is refused is a 400."""
    headers = context.request.headers
    media = headers.get("content-type", "").partition(";")[0].strip().lower()
    with context.services.get(Room).take(context.tenant, len(context.raw)):
        if media == cloudevents.BATCH:
            return await _take_many(context, await read(cloudevents.read_batch, context.raw, context.now))
        if media == cloudevents.EVENT:
            return await _take_one(context, cloudevents.read_structured(context.raw, context.now))
        if "ce-specversion" not in headers:
            raise UnsupportedMedia(accepted=f"{cloudevents.EVENT}, {cloudevents.BATCH}, {JSON} + ce-*")
        return await _take_one(context, cloudevents.read_binary(headers, context.raw, context.now))


async def post_agent_requests(context: Context) -> IngestResult:
    """One request as a JSON object, or a list of them. A single one that is refused is a 400."""
    key = context.request.headers.get(IDEMPOTENCY_HEADER)
    with context.services.get(Room).take(context.tenant, len(context.raw)):
        if context.raw.lstrip(b" \t\r\n").startswith(b"["):
            return await _take_many(context, await read(plain.read_many, context.raw, context.now))
        if key is not None and (not 1 <= len(key) <= _KEY_LIMIT or "\0" in key):
            raise Invalid.of("Idempotency-Key", N_("Write 1 to {limit} characters.", limit=_KEY_LIMIT))
        return await _take_one(context, plain.read_one(context.raw, key, context.now))


async def _take_one(context: Context, event: Event) -> IngestResult:
    outcome = await context.services.get(Ingest).submit(context.tenant, [event])
    for refusal in outcome.refused:
        raise Invalid.of(refusal.field, refusal.detail, refusal.code)
    return _result(outcome, [], context.locale)


async def _take_many(context: Context, parsed: Parsed) -> IngestResult:
    outcome = await context.services.get(Ingest).submit(context.tenant, parsed.events, besides=len(parsed.refused))
    return _result(outcome, parsed.refused, context.locale)


def _result(outcome: Outcome, refused: list[Refusal], locale: str) -> IngestResult:
    every = sorted((*refused, *outcome.refused), key=lambda refusal: refusal.index)
    return IngestResult(
        outcome.accepted,
        outcome.duplicates,
        [RefusedEvent(r.index, r.event_id, r.code, r.detail.render(locale), r.field) for r in every],
    )


_PROBLEMS: Final = (MalformedEvents, TooManyEvents, Invalid, IngestLimit, IngestBusy)
_DATA: Final = {
    "agent": "vendas-ativas",
    "status": "success",
    "response_time_ms": 840,
    "input_tokens": 412,
    "output_tokens": 96,
    "model": "gpt-5-mini",
    "cost": 1900,
    "currency": "BRL",
}
_EVENT: Final = {
    "specversion": "1.0",
    "id": "01890a5d-ac96-774b-bcce-b302099a8057",
    "source": "/atendimento",
    "type": cloudevents.TYPE,
    "data": _DATA,
}

ROUTES: Final = (
    Route(
        method="POST",
        path="/v1/events",
        handler=post_events,
        summary="Send agent requests as CloudEvents 1.0: structured, batched or binary; each counts once",
        tag="ingest",
        permission=Permission.USAGE_WRITE,
        kinds=KINDS,
        scope=TenantScope.OWN,
        raw_body=True,
        media=(cloudevents.EVENT, cloudevents.BATCH, JSON),
        body_limit=MAX_BODY,
        response=IngestResult,
        problems=_PROBLEMS,
        raw_content={
            cloudevents.EVENT: Content(shape=cloudevents.Structured, example=_EVENT),
            cloudevents.BATCH: Content(shape=list[cloudevents.Structured], example=[_EVENT]),
            JSON: Content(shape=Measures, example=_DATA),
        },
        request_headers={
            f"ce-{name}": f"Binary mode: the event's {name}."
            for name in ("specversion", "id", "source", "type", "time")
        },
    ),
    Route(
        method="POST",
        path="/v1/agent-requests",
        handler=post_agent_requests,
        summary="Send agent requests as plain JSON, one or a list; each idempotency_key counts once",
        tag="ingest",
        permission=Permission.USAGE_WRITE,
        kinds=KINDS,
        scope=TenantScope.OWN,
        raw_body=True,
        media=(JSON,),
        body_limit=MAX_BODY,
        response=IngestResult,
        problems=_PROBLEMS,
        raw_content={
            JSON: Content(
                shape=plain.AgentRequest | list[plain.AgentRequest],
                example={"idempotency_key": "pedido-4711", **_DATA},
            )
        },
        request_headers={"Idempotency-Key": "For a single request without idempotency_key: counts once by this text."},
    ),
)

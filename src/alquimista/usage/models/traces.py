"""Which spans of a trace are requests, and whose tokens are whose (docs/decisions/0030-otlp-requests.md).

The rules look at all that is known of a trace, so the result does not depend on how it was cut into exports, nor on
their order: what was counted too early is taken back when the span above arrives.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec

from alquimista.i18n import N_, Text
from alquimista.usage.models.events import MAX_COST, currencies, time_refusal
from alquimista.usage.models.otlp import Span

_INVOCATION: Final = "invoke_agent"
_INFERENCES: Final = frozenset({"chat", "text_completion", "generate_content"})
_MOST_INT: Final = 2**31
_FIGURES: Final = (
    (("gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens"), _MOST_INT),
    (("gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens"), _MOST_INT),
    (("alquimista.cost_micros",), MAX_COST + 1),
)
_SHORTEST_UUID: Final = 32  # As text.


class SpanKind(StrEnum):
    """Invocations are requests; inferences carry tokens."""

    INVOCATION = "invocation"
    INFERENCE = "inference"


class Work(msgspec.Struct, frozen=True, gc=False):
    """An agent's invocation or a model call, as usage_spans keeps it. No `agent_id` until a span above names one."""

    trace_id: str
    span_id: str
    parent_span_id: str
    kind: SpanKind
    agent_id: UUID | None
    counted: bool
    occurred_at: datetime
    status: str
    response_time_ms: int
    input_tokens: int
    output_tokens: int
    cost_micros: int
    currency: str
    model: str
    seen_on: date


@dataclass(slots=True)
class Settled:
    """What a trace's new spans change: work to store, work to count, work whose count is taken back, and refusals."""

    changed: list[Work] = field(default_factory=list)
    added: list[Work] = field(default_factory=list)
    taken_back: list[Work] = field(default_factory=list)
    orphans: list[Work] = field(default_factory=list)


def span_refusal(span: Span, now: datetime) -> tuple[str, Text] | None:
    """Why a span cannot be taken, as a code and a text."""
    if not span.trace_id or not span.span_id:
        return "invalid_id", N_("The trace id or the span id is not valid.")
    if span.parent_span_id == span.span_id:
        return "invalid_id", N_("The span names itself as its parent.")
    if span.start is None or span.end is None or span.end < span.start:
        return "invalid_time", N_("The span has no valid start and end.")
    if span.milliseconds >= _MOST_INT:
        return "invalid_time", N_("The span took too long to be a request.")
    return time_refusal(span.end, now)


def kind_of(span: Span) -> SpanKind | None:
    """What a span says about an agent's work; None for any other span."""
    operation = span.attributes.get("gen_ai.operation.name")
    if operation == _INVOCATION:
        return SpanKind.INVOCATION
    return SpanKind.INFERENCE if isinstance(operation, str) and operation in _INFERENCES else None


def agent_names(span: Span) -> list[UUID | str]:
    """The agents that a span may mean, the best first: its own attributes, then its resource's."""
    values = [
        _text(attributes, name)
        for attributes in (span.attributes, span.resource)
        for name in ("gen_ai.agent.id", "gen_ai.agent.name")
    ]
    return [_as_uuid(value) or value for value in values if value]


def work_of(span: Span, kind: SpanKind, agent_id: UUID | None, currency: str, seen_on: date) -> Work | Text:
    """The span's work, or what is wrong with its figures. Tokens and cost count on model calls only."""
    figures = [0, 0, 0]
    if kind is SpanKind.INFERENCE:
        for place, (names, most) in enumerate(_FIGURES):
            value = next((span.attributes[name] for name in names if name in span.attributes), 0)
            if type(value) is not int or not 0 <= value < most:
                return N_("{name} is not a whole number within bounds.", name=names[0])
            figures[place] = value
    own_currency = _text(span.attributes, "alquimista.currency")
    if own_currency and own_currency not in currencies():
        return N_("Use an ISO 4217 currency code, such as BRL.")
    model = _text(span.attributes, "gen_ai.response.model") or _text(span.attributes, "gen_ai.request.model")
    assert span.end is not None
    return Work(
        trace_id=span.trace_id,
        span_id=span.span_id,
        parent_span_id=span.parent_span_id,
        kind=kind,
        agent_id=agent_id,
        counted=False,
        occurred_at=span.end,
        status="error" if span.status == "error" else "success",
        response_time_ms=span.milliseconds,
        input_tokens=figures[0],
        output_tokens=figures[1],
        cost_micros=figures[2],
        currency=own_currency or currency,
        model=model[:200],
        seen_on=seen_on,
    )


def settle(known: Iterable[Work], new: Iterable[Work], parents: Mapping[str, str]) -> Settled:
    """Decide about one trace, given what was stored of it and what just came.

    A request is an invocation with no invocation above it, or, in a trace without invocations, a model call. Work whose
    own span names no agent belongs to the nearest invocation above that does. Spans only ever lose their count when
    more is known: never gain it.

    Args:
        known: stored work of the trace.
        new: work that is not stored yet.
        parents: the parent of every span of the trace seen so far, the new ones included; empty for a root.
    """
    old = {work.span_id: work for work in known}
    every = old | {work.span_id: work for work in new if work.span_id not in old}
    above = _look_up(every, parents)
    agents = {span_id: work.agent_id or above[span_id].agent_id for span_id, work in every.items()}
    invoked = any(w.kind is SpanKind.INVOCATION and agents[w.span_id] for w in every.values())
    settled = Settled()
    for span_id, work in every.items():
        agent_id = agents[span_id]
        nested = invoked if work.kind is SpanKind.INFERENCE else above[span_id].agent_id is not None
        counted = agent_id is not None and not nested
        if span_id not in old and agent_id is None and above[span_id].complete:
            settled.orphans.append(work)
            continue
        now = work
        if agent_id != work.agent_id or counted != work.counted:
            now = msgspec.structs.replace(work, agent_id=agent_id, counted=counted)
        if now is not old.get(span_id):
            settled.changed.append(now)
        if work.counted and not counted:
            settled.taken_back.append(now)
        elif agent_id is not None and (span_id not in old or old[span_id].agent_id is None):
            settled.added.append(now)
    return settled


class _Above(NamedTuple):
    """What lies above a span: the agent of the nearest invocation that names one; whether all is known to the root."""

    agent_id: UUID | None
    complete: bool


def _look_up(every: Mapping[str, Work], parents: Mapping[str, str]) -> dict[str, _Above]:
    """What lies above each span, as far as it is known.

    Each link is followed once: a trace is settled anew with every export, and a tenant may send a chain of any length.
    """
    named = {name: w.agent_id for name, w in every.items() if w.kind is SpanKind.INVOCATION and w.agent_id}
    found: dict[str, _Above] = {}
    for start in every:
        path: dict[str, None] = {}
        current = start
        while current not in found and current not in path and (parent := parents.get(current)):
            path[current] = None
            current = parent
        way = list(path)
        if current in path:
            first = way.index(current)
            found |= _in_circle(way[first:], named)
            del way[first:]
        elif current not in found:
            found[current] = _Above(None, complete=parents.get(current) == "")
        for name in reversed(way):
            parent = parents[name]
            found[name] = _Above(named.get(parent) or found[parent].agent_id, found[parent].complete)
    return found


def _in_circle(circle: list[str], named: Mapping[str, UUID]) -> dict[str, _Above]:
    """Of spans that lie above one another, each before the one above it: the nearest other one that names an agent."""
    found: dict[str, _Above] = {}
    nearest = ""
    for name in reversed(circle * 2):
        found[name] = _Above(named.get(nearest) if nearest != name else None, complete=False)
        nearest = name if name in named else nearest
    return found


def _text(attributes: Mapping[str, Any], name: str) -> str:
    """An attribute that is a text, else an empty text."""
    value = attributes.get(name)
    return value if isinstance(value, str) else ""


def _as_uuid(value: str) -> UUID | None:
    if len(value) < _SHORTEST_UUID:
        return None
    try:
        return UUID(value)
    except ValueError:
        return None

"""Traces as trees: each span below the one that it names, whatever arrived and in whatever order."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from alquimista.errors import NotFound
from alquimista.i18n import N_

MOST_SPANS: Final = 2000
DEEPEST: Final = 64
SERVICE: Final = "alquimista"  # Of the platform's own spans.
EVENT_ID: Final = "event.id"


class Span(msgspec.Struct, frozen=True):
    """A span as it is kept."""

    tenant_id: UUID
    span_id: str
    parent_span_id: str | None
    name: str
    kind: str
    service: str
    status: str
    start: datetime
    end: datetime | None
    duration_ms: float | None
    attributes: dict[str, Any]
    error: str | None


class TraceSpan(msgspec.Struct, frozen=True):
    """A span in its place. `depth` is 0 at the top; `orphan`: the span that it names is not here."""

    span: Span
    depth: int
    orphan: bool


def published_event(span: Span) -> UUID | None:
    """The event whose publication a span of our own is."""
    if span.service != SERVICE or span.kind != "producer":
        return None
    try:
        return UUID(str(span.attributes.get(EVENT_ID)))
    except ValueError:
        return None


class UnknownTrace(NotFound):
    code = "trace_not_found"
    message = N_("There is no trace with this id.")


def tree(spans: Iterable[Span]) -> list[TraceSpan]:
    """The spans from the top down, each followed by those below it, the earlier first.

    A span whose parent is not here stands at the top, and so does the earliest of a circle. What lies deeper than
    DEEPEST is shown at that depth, still below the right spans.
    """
    every = sorted(spans, key=lambda span: (span.start, span.span_id))
    known = {(span.tenant_id, span.span_id) for span in every}
    below: dict[tuple[UUID, str], list[Span]] = {}
    tops: list[Span] = []
    for span in every:
        parent = (span.tenant_id, span.parent_span_id or "")
        if parent in known:
            below.setdefault(parent, []).append(span)
        else:
            tops.append(span)
    placed: list[TraceSpan] = []
    seen: set[tuple[UUID, str]] = set()
    # What is left after the tops lies in circles, or below one.
    for top in (*tops, *every):
        waiting = [(top, 0)]
        while waiting:
            span, depth = waiting.pop()
            own = (span.tenant_id, span.span_id)
            if own in seen:
                continue
            seen.add(own)
            orphan = depth == 0 and span.parent_span_id is not None
            placed.append(TraceSpan(span, min(depth, DEEPEST), orphan))
            waiting += [(one, depth + 1) for one in reversed(below.get(own, []))]
    return placed

"""Spans: what is known of a trace, and storing more of it."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import msgspec

from alquimista.db.statement import Conn, NoRow, Statement
from alquimista.usage.models.otlp import Span
from alquimista.usage.models.traces import Work
from alquimista.usage.queries import packed


class Link(msgspec.Struct, frozen=True):
    """A span and the one above it; empty for a root."""

    trace_id: str
    span_id: str
    parent_span_id: str


class StoredSpan(msgspec.Struct, frozen=True, gc=False):
    """A span to keep, with its agent when it has one."""

    span: Span
    agent_id: UUID | None


# Exports of one tenant take turns: two parts of a trace decided at once would each miss the other.
TAKE_TURN = Statement(
    "SELECT pg_advisory_xact_lock(hashtextextended('alquimista.traces/' || %(tenant_id)s::uuid, 0))::text AS locked",
    NoRow,
)

WORK = Statement(
    """
    SELECT trace_id, span_id, parent_span_id, kind, agent_id, counted, occurred_at, status, response_time_ms,
      input_tokens, output_tokens, cost_micros, currency, model, seen_on
    FROM alquimista_platform.usage_spans
    WHERE tenant_id = %(tenant_id)s AND trace_id = ANY (%(trace_ids)s::text[])
    """,
    Work,
)

LINKS = Statement(
    """
    SELECT trace_id, span_id, coalesce(parent_span_id, '') AS parent_span_id
    FROM fibonacci_core.traces
    WHERE tenant_id = %(tenant_id)s AND trace_id = ANY (%(trace_ids)s::text[])
    """,
    Link,
)


class Size(msgspec.Struct, frozen=True):
    """How many spans are stored of a trace."""

    trace_id: str
    spans: int


# Counts no further than the limit, so that a full trace costs no more than a nearly full one.
SIZES = Statement(
    """
    SELECT trace_id, spans FROM unnest(%(trace_ids)s::text[]) AS wanted (trace_id), LATERAL (
      SELECT count(*) AS spans FROM (
        SELECT FROM fibonacci_core.traces t
        WHERE t.tenant_id = %(tenant_id)s AND t.trace_id = wanted.trace_id LIMIT %(limit)s
      ) stored
    ) counted WHERE spans > 0
    """,
    Size,
)

STORE_WORK = Statement(
    """
    INSERT INTO alquimista_platform.usage_spans (tenant_id, trace_id, span_id, parent_span_id, kind, agent_id, counted,
      occurred_at, status, response_time_ms, input_tokens, output_tokens, cost_micros, currency, model, seen_on)
    SELECT %(tenant_id)s, w.* FROM unnest(
      %(trace_ids)s::text[], %(span_ids)s::text[], %(parent_span_ids)s::text[], %(kinds)s::text[],
      %(agent_ids)s::uuid[], %(counted)s::boolean[], %(occurred_at)s::timestamptz[], %(statuses)s::text[],
      %(response_time_ms)s::integer[], %(input_tokens)s::integer[], %(output_tokens)s::integer[],
      %(cost_micros)s::bigint[], %(currencies)s::text[], %(models)s::text[], %(seen_on)s::date[]
    ) AS w
    ON CONFLICT (tenant_id, trace_id, span_id) DO UPDATE
      SET agent_id = excluded.agent_id, counted = excluded.counted
    """,
    NoRow,
)

STORE_SPANS = Statement(
    """
    INSERT INTO fibonacci_core.traces (tenant_id, trace_id, span_id, parent_span_id, agent_id, span_name, span_type,
      service_name, status, start_time, end_time, annotations, metadata, error_message, received_at)
    SELECT %(tenant_id)s, trace_id, span_id, nullif(parent_span_id, ''), agent_id, span_name, span_type, service_name,
      status, start_time, end_time, annotations, metadata, nullif(error_message, ''), %(received_at)s::timestamptz
    FROM unnest(
      %(trace_ids)s::text[], %(span_ids)s::text[], %(parent_span_ids)s::text[], %(agent_ids)s::uuid[],
      %(names)s::text[], %(types)s::text[], %(services)s::text[], %(statuses)s::text[], %(starts)s::timestamptz[],
      %(ends)s::timestamptz[], %(annotations)s::jsonb[], %(metadata)s::jsonb[], %(messages)s::text[]
    ) AS s (trace_id, span_id, parent_span_id, agent_id, span_name, span_type, service_name, status, start_time,
      end_time, annotations, metadata, error_message)
    ON CONFLICT DO NOTHING
    """,
    NoRow,
)

PURGE_TRACES = Statement(
    """
    DELETE FROM fibonacci_core.traces
    WHERE tenant_id = %(tenant_id)s AND (trace_id, span_id) IN (
      SELECT trace_id, span_id FROM fibonacci_core.traces
      WHERE tenant_id = %(tenant_id)s AND start_time < %(before)s::date ORDER BY start_time LIMIT %(limit)s)
    """,
    NoRow,
)


async def take_turn(conn: Conn, tenant_id: UUID) -> None:
    """Wait until no other transaction decides about the tenant's traces; ahead of reading them."""
    await conn.execute(TAKE_TURN, tenant_id=tenant_id)


async def work(conn: Conn, tenant_id: UUID, trace_ids: Sequence[str]) -> list[Work]:
    """The stored work of some traces."""
    return await conn.fetch(WORK, tenant_id=tenant_id, trace_ids=packed.texts(trace_ids))


async def links(conn: Conn, tenant_id: UUID, trace_ids: Sequence[str]) -> list[Link]:
    """The stored spans of some traces, with their parents."""
    return await conn.fetch(LINKS, tenant_id=tenant_id, trace_ids=packed.texts(trace_ids))


async def sizes(conn: Conn, tenant_id: UUID, trace_ids: Sequence[str], limit: int) -> dict[str, int]:
    """How many spans are stored of each trace, counted to `limit`; a trace without any is left out."""
    rows = await conn.fetch(SIZES, tenant_id=tenant_id, trace_ids=packed.texts(trace_ids), limit=limit)
    return {row.trace_id: row.spans for row in rows}


async def store_work(conn: Conn, tenant_id: UUID, items: Sequence[Work]) -> None:
    """Store work; of what is stored already, its agent and whether it counts."""
    await conn.execute(
        STORE_WORK,
        tenant_id=tenant_id,
        trace_ids=packed.texts([w.trace_id for w in items]),
        span_ids=packed.texts([w.span_id for w in items]),
        parent_span_ids=packed.texts([w.parent_span_id for w in items]),
        kinds=packed.texts([w.kind for w in items]),
        agent_ids=packed.uuids([w.agent_id for w in items]),
        counted=packed.booleans([w.counted for w in items]),
        occurred_at=packed.moments([w.occurred_at for w in items]),
        statuses=packed.texts([w.status for w in items]),
        response_time_ms=packed.int4s([w.response_time_ms for w in items]),
        input_tokens=packed.int4s([w.input_tokens for w in items]),
        output_tokens=packed.int4s([w.output_tokens for w in items]),
        cost_micros=packed.int8s([w.cost_micros for w in items]),
        currencies=packed.texts([w.currency for w in items]),
        models=packed.texts([w.model for w in items]),
        seen_on=packed.days([w.seen_on for w in items]),
    )


async def store_spans(conn: Conn, tenant_id: UUID, items: Sequence[StoredSpan], received_at: datetime) -> None:
    """Keep spans; one that is there already stays as it is."""
    spans = [item.span for item in items]
    await conn.execute(
        STORE_SPANS,
        tenant_id=tenant_id,
        received_at=received_at,
        trace_ids=packed.texts([s.trace_id for s in spans]),
        span_ids=packed.texts([s.span_id for s in spans]),
        parent_span_ids=packed.texts([s.parent_span_id for s in spans]),
        agent_ids=packed.uuids([item.agent_id for item in items]),
        names=packed.texts([s.name or "span" for s in spans]),
        types=packed.texts([s.kind for s in spans]),
        services=packed.texts([s.service for s in spans]),
        statuses=packed.texts([s.status for s in spans]),
        starts=packed.moments([s.start for s in spans]),
        ends=packed.moments([s.end for s in spans]),
        annotations=packed.documents([s.annotations for s in spans]),
        metadata=packed.documents([s.metadata for s in spans]),
        messages=packed.texts([s.message for s in spans]),
    )


async def purge_traces(conn: Conn, tenant_id: UUID, before: date, limit: int) -> int:
    """Forget at most `limit` spans that started before a day; how many."""
    return await conn.execute(PURGE_TRACES, tenant_id=tenant_id, before=before, limit=limit)

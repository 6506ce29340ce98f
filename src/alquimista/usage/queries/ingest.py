"""Writing events: keys, rows and sums in one statement, which is one transaction."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

import msgspec

from alquimista.db.statement import Conn, Statement
from alquimista.usage.models.events import Row
from alquimista.usage.queries.arrays import plain, texts
from alquimista.usage.queries.sums import NAMES, from_requests


class Key(msgspec.Struct, frozen=True):
    """The key of an event that was not known before."""

    key: UUID


# Keys go in sorted, so that two writers of the same events wait for each other instead of locking up. Whoever comes
# second finds the keys committed and claims nothing; if the first rolls back, the second claims them.
WRITE = Statement(
    f"""
    WITH sent AS MATERIALIZED (
      SELECT * FROM unnest(
        %(ids)s::uuid[], %(keys)s::uuid[], %(occurred_at)s::timestamptz[], %(agent_ids)s::uuid[],
        %(requests)s::smallint[], %(statuses)s::text[], %(response_time_ms)s::integer[],
        %(input_tokens)s::integer[], %(output_tokens)s::integer[], %(cost_micros)s::bigint[], %(currencies)s::text[],
        %(models)s::text[], %(trace_ids)s::text[], %(span_ids)s::text[], %(sources)s::text[], %(event_ids)s::text[]
      ) AS s (id, key, occurred_at, agent_id, requests, status, response_time_ms, input_tokens, output_tokens,
        cost_micros, currency, model, trace_id, span_id, source, event_id)
    ), claimed AS (
      INSERT INTO alquimista_platform.event_keys (tenant_id, key, seen_on)
      SELECT %(tenant_id)s, key, %(today)s::date FROM sent ORDER BY key
      ON CONFLICT DO NOTHING
      RETURNING key
    ), stored AS (
      INSERT INTO alquimista_platform.agent_requests (tenant_id, occurred_at, id, agent_id, requests, status,
        response_time_ms, input_tokens, output_tokens, cost_micros, currency, model, trace_id, span_id, source,
        event_id, received_at)
      SELECT %(tenant_id)s, occurred_at, id, agent_id, requests, status, response_time_ms, input_tokens, output_tokens,
        cost_micros, currency, model, trace_id, span_id, source, event_id, %(received_at)s::timestamptz
      FROM sent JOIN claimed USING (key)
      RETURNING occurred_at, agent_id, requests, status, response_time_ms, input_tokens, output_tokens, cost_micros,
        currency
    ), summed AS (
      INSERT INTO alquimista_platform.usage_deltas (tenant_id, batch_id, hour, agent_id, currency, {NAMES})
      SELECT %(tenant_id)s, %(batch_id)s::uuid, hour, agent_id, currency, {NAMES}
      FROM ({from_requests("stored")}) AS sums
    )
    SELECT key FROM claimed
    """,  # noqa: S608 - The interpolations are constant column lists.
    Key,
)


async def write(conn: Conn, tenant_id: UUID, rows: Sequence[Row], batch_id: UUID, received_at: datetime) -> set[UUID]:
    """Write events once; the keys that were new. Events whose key is known already leave no trace.

    `rows` must not repeat a key. All or nothing: on an exception no event of the batch is written.
    """
    claimed = await conn.fetch(
        WRITE,
        tenant_id=tenant_id,
        batch_id=batch_id,
        received_at=received_at,
        today=received_at.astimezone(UTC).date(),
        ids=plain(r.id for r in rows),
        keys=plain(r.key for r in rows),
        occurred_at=plain(r.occurred_at for r in rows),
        agent_ids=plain(r.agent_id for r in rows),
        requests=plain(r.requests for r in rows),
        statuses=texts([r.status for r in rows]),
        response_time_ms=plain(r.response_time_ms for r in rows),
        input_tokens=plain(r.input_tokens for r in rows),
        output_tokens=plain(r.output_tokens for r in rows),
        cost_micros=plain(r.cost_micros for r in rows),
        currencies=texts([r.currency for r in rows]),
        models=texts([r.model for r in rows]),
        trace_ids=texts([r.trace_id for r in rows]),
        span_ids=texts([r.span_id for r in rows]),
        sources=texts([r.source for r in rows]),
        event_ids=texts([r.event_id for r in rows]),
    )
    return {row.key for row in claimed}

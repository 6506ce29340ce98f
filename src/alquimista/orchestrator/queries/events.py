"""Events."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from alquimista.db.statement import Conn, NoRow, Statement
from alquimista.orchestrator.models.events import (
    Cause,
    Event,
    EventLine,
    EventStatus,
    Published,
)


class _Count(msgspec.Struct, frozen=True):
    count: int


class _Tenant(msgspec.Struct, frozen=True):
    tenant_id: UUID


class _Id(msgspec.Struct, frozen=True):
    id: UUID


INSERT = Statement(
    """
    INSERT INTO fibonacci_core.events (tenant_id, id, event_id, trace_id, span_id, source, event_type, detail, hops,
      causation_id, produced_by, created_at, status, processed_at)
    VALUES (%(tenant_id)s, %(id)s, %(event_id)s, %(trace_id)s, %(span_id)s, %(source)s, %(type)s, %(detail)s::jsonb,
      %(hops)s, %(causation_id)s, %(produced_by)s, %(now)s,
      CASE WHEN %(done)s THEN 'processed' ELSE 'published' END, CASE WHEN %(done)s THEN %(now)s::timestamptz END)
    ON CONFLICT (tenant_id, source, event_id) DO NOTHING
    """,
    NoRow,
)

SENT_BEFORE = Statement(
    """
    SELECT id, coalesce(trace_id, '') AS trace_id, created_at, event_type, detail, false AS new
    FROM fibonacci_core.events
    WHERE tenant_id = %(tenant_id)s AND source = %(source)s AND event_id = %(event_id)s
    """,
    Published,
)

CAUSE = Statement(
    """
    SELECT id AS event_id, hops, coalesce(trace_id, '') AS trace_id, span_id, NULL::text AS consumer
    FROM fibonacci_core.events WHERE tenant_id = %(tenant_id)s AND id = %(id)s
    """,
    Cause,
)

# Whoever changes what became of an event holds its row, so that of two that end at once the second sees the first.
HOLD = Statement(
    """
    SELECT tenant_id, id, event_type, source, detail AS data, created_at AS occurred_at,
      coalesce(trace_id, '') AS trace_id, span_id, hops, produced_by
    FROM fibonacci_core.events WHERE tenant_id = %(tenant_id)s AND id = %(id)s FOR UPDATE
    """,
    Event,
)

SETTLE = Statement(
    """
    UPDATE fibonacci_core.events e
    SET status = d.status, retry_count = d.failed, error_message = d.error,
        processed_at = CASE WHEN d.status = 'processed' THEN coalesce(e.processed_at, %(now)s) END
    FROM (
      SELECT CASE WHEN bool_or(state = 'pending') THEN 'processing' WHEN bool_or(state = 'dead') THEN 'failed'
          ELSE 'processed' END AS status,
        coalesce(sum(attempts - (state = 'delivered')::integer), 0)::integer AS failed,
        max(last_error) AS error
      FROM fibonacci_core.event_deliveries WHERE tenant_id = %(tenant_id)s AND event_id = %(event_id)s
    ) d
    WHERE e.tenant_id = %(tenant_id)s AND e.id = %(event_id)s
    """,
    NoRow,
)

PAGE = Statement(
    """
    SELECT tenant_id, id, event_id, source, event_type, status, trace_id, hops, retry_count, error_message, created_at,
      processed_at
    FROM fibonacci_core.events
    WHERE (%(tenant_id)s::uuid IS NULL OR tenant_id = %(tenant_id)s)
      AND (%(status)s::text IS NULL OR status = %(status)s) AND (%(type)s::text IS NULL OR event_type = %(type)s)
    ORDER BY created_at DESC, id DESC LIMIT %(limit)s OFFSET %(offset)s
    """,
    EventLine,
)

TOTAL = Statement(
    """
    SELECT count(*) AS count FROM fibonacci_core.events
    WHERE (%(tenant_id)s::uuid IS NULL OR tenant_id = %(tenant_id)s)
      AND (%(status)s::text IS NULL OR status = %(status)s) AND (%(type)s::text IS NULL OR event_type = %(type)s)
    """,
    _Count,
)

FIND = Statement(
    """
    SELECT tenant_id, id, event_id, source, event_type, status, trace_id, hops, retry_count, error_message, created_at,
      processed_at
    FROM fibonacci_core.events WHERE id = %(id)s ORDER BY tenant_id LIMIT 1
    """,
    EventLine,
)

READ = Statement(
    """
    SELECT tenant_id, id, event_type, source, detail AS data, created_at AS occurred_at,
      coalesce(trace_id, '') AS trace_id, span_id, hops, produced_by
    FROM fibonacci_core.events WHERE tenant_id = %(tenant_id)s AND id = %(id)s
    """,
    Event,
)

UNROUTED = Statement(
    """
    SELECT id FROM fibonacci_core.events
    WHERE tenant_id = %(tenant_id)s AND status = 'published' AND created_at <= %(before)s
    ORDER BY created_at LIMIT %(limit)s
    """,
    _Id,
)

TENANTS_DUE = Statement(
    """
    SELECT tenant_id FROM fibonacci_core.event_deliveries WHERE state = 'pending' AND next_attempt_at <= %(before)s
    UNION SELECT tenant_id FROM fibonacci_core.events
      WHERE status IN ('published', 'processing') AND status = 'published' AND created_at <= %(before)s
    UNION SELECT tenant_id FROM fibonacci_core.events
      WHERE created_at < %(old)s AND status IN ('processed', 'failed')
    """,
    _Tenant,
)

PURGE = Statement(
    """
    DELETE FROM fibonacci_core.events
    WHERE tenant_id = %(tenant_id)s AND id IN (
      SELECT id FROM fibonacci_core.events
      WHERE tenant_id = %(tenant_id)s AND created_at < %(before)s AND status IN ('processed', 'failed')
      LIMIT %(limit)s)
    """,
    NoRow,
)


async def insert(
    conn: Conn,
    tenant_id: UUID,
    event: Published,
    *,
    event_id: str,
    source: str,
    span_id: str,
    cause: Cause | None,
    done: bool,
) -> bool:
    """Store an event, of which `done` says that nobody acts upon it; whether it is new."""
    stored = await conn.execute(
        INSERT,
        tenant_id=tenant_id,
        id=event.id,
        event_id=event_id,
        trace_id=event.trace_id,
        span_id=span_id,
        source=source,
        type=event.event_type,
        detail=event.detail,
        hops=cause.hops + 1 if cause else 0,
        causation_id=cause.event_id if cause else None,
        produced_by=cause.consumer if cause else None,
        now=event.created_at,
        done=done,
    )
    return bool(stored)


async def sent_before(conn: Conn, tenant_id: UUID, source: str, event_id: str) -> Published | None:
    """The event that a source sent under an id."""
    return await conn.fetch_one(SENT_BEFORE, tenant_id=tenant_id, source=source, event_id=event_id)


async def cause(conn: Conn, tenant_id: UUID, event_id: UUID) -> Cause | None:
    """An event of the tenant as the cause of others."""
    return await conn.fetch_one(CAUSE, tenant_id=tenant_id, id=event_id)


async def hold(conn: Conn, tenant_id: UUID, event_id: UUID) -> Event | None:
    """An event; nobody else changes what became of it before the end of the transaction."""
    return await conn.fetch_one(HOLD, tenant_id=tenant_id, id=event_id)


async def read(conn: Conn, tenant_id: UUID, event_id: UUID) -> Event | None:
    """An event."""
    return await conn.fetch_one(READ, tenant_id=tenant_id, id=event_id)


async def settle(conn: Conn, tenant_id: UUID, event_id: UUID, now: datetime) -> None:
    """Let the event say what became of it; after `hold` and the change."""
    await conn.execute(SETTLE, tenant_id=tenant_id, event_id=event_id, now=now)


async def page(
    conn: Conn, tenant_id: UUID | None, status: EventStatus | None, event_type: str | None, limit: int, offset: int
) -> tuple[list[EventLine], int]:
    """A page of events, the newest first, and how many there are; takes the internal role's connection."""
    wanted: dict[str, Any] = {"tenant_id": tenant_id, "status": status.value if status else None, "type": event_type}
    total = await conn.fetch_one(TOTAL, **wanted)
    return await conn.fetch(PAGE, **wanted, limit=limit, offset=offset), total.count if total else 0


async def find(conn: Conn, event_id: UUID) -> EventLine | None:
    """An event, whosever it is; takes the internal role's connection."""
    return await conn.fetch_one(FIND, id=event_id)


async def unrouted(conn: Conn, tenant_id: UUID, before: datetime, limit: int) -> list[UUID]:
    """Events that should have been routed by then."""
    return [one.id for one in await conn.fetch(UNROUTED, tenant_id=tenant_id, before=before, limit=limit)]


async def tenants_due(conn: Conn, before: datetime, old: datetime) -> list[UUID]:
    """Whose events ask for attention; takes the internal role's connection."""
    return [one.tenant_id for one in await conn.fetch(TENANTS_DUE, before=before, old=old)]


async def purge(conn: Conn, tenant_id: UUID, before: datetime, limit: int) -> int:
    """Forget finished events of before then; how many."""
    return await conn.execute(PURGE, tenant_id=tenant_id, before=before, limit=limit)

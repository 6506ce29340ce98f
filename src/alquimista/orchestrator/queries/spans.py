"""Spans: the orchestrator's own, and all of a trace."""

from datetime import datetime
from typing import Any
from uuid import UUID

from alquimista.db.statement import Conn, NoRow, Statement
from alquimista.orchestrator.models.traces import SERVICE, Span

INSERT = Statement(
    """
    INSERT INTO fibonacci_core.traces (tenant_id, trace_id, span_id, parent_span_id, span_name, span_type, service_name,
      status, start_time, end_time, metadata, error_message, received_at)
    VALUES (%(tenant_id)s, %(trace_id)s, %(span_id)s, %(parent)s, %(name)s, %(kind)s, %(service)s, %(status)s,
      %(start)s, %(end)s, %(attributes)s::jsonb, %(error)s, %(end)s)
    ON CONFLICT DO NOTHING
    """,
    NoRow,
)

# By way of the tenants, each of which leads the key of its spans: no index of its own for what staff look up now and
# then, in a table that is written by the million.
TRACE = Statement(
    """
    SELECT s.tenant_id, s.span_id, s.parent_span_id, s.span_name AS name, s.span_type AS kind,
      s.service_name AS service, s.status, s.start_time AS start, s.end_time AS end, s.duration_ms,
      s.metadata AS attributes, s.error_message AS error
    FROM alquimista_platform.tenants t CROSS JOIN LATERAL (
      SELECT * FROM fibonacci_core.traces
      WHERE tenant_id = t.id AND trace_id = %(trace_id)s LIMIT %(limit)s
    ) s
    ORDER BY s.start_time, s.span_id LIMIT %(limit)s
    """,
    Span,
)


async def insert(
    conn: Conn,
    tenant_id: UUID,
    *,
    trace_id: str,
    span_id: str,
    parent: str | None,
    name: str,
    kind: str,
    start: datetime,
    end: datetime,
    attributes: dict[str, Any],
    error: str | None = None,
) -> None:
    """Keep a span that has ended."""
    await conn.execute(
        INSERT,
        tenant_id=tenant_id,
        trace_id=trace_id,
        span_id=span_id,
        parent=parent,
        name=name[:500],
        kind=kind,
        service=SERVICE,
        status="error" if error is not None else "ok",
        start=start,
        end=end,
        attributes=attributes,
        error=error[:2000] if error is not None else None,
    )


async def trace(conn: Conn, trace_id: str, limit: int) -> list[Span]:
    """The spans of a trace, whosever they are, the earlier first; takes the internal role's connection."""
    return await conn.fetch(TRACE, trace_id=trace_id, limit=limit)

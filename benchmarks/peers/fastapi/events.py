"""An event becomes one row, written once: a repetition has the same key and changes nothing."""

import time
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import NAMESPACE_URL, UUID, uuid5

from fastapi import HTTPException
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from benchmarks.peers.fastapi.database import tenant_transaction
from benchmarks.peers.fastapi.schemas import CloudEvent, IngestResult

_AGENTS = text(
    """
    SELECT t.currency, a.id, a.slug
    FROM alquimista_platform.tenants t
    LEFT JOIN alquimista_platform.tenant_agents ta ON ta.tenant_id = t.id AND ta.status = 'active'
    LEFT JOIN alquimista_platform.agents a ON a.id = ta.agent_id
    WHERE t.id = :tenant_id
    """
)
# The primary key is (tenant_id, occurred_at, id), and the id derives from the event's own.
_INSERT = text(
    """
    INSERT INTO alquimista_platform.agent_requests (tenant_id, occurred_at, id, agent_id, requests, status,
      response_time_ms, input_tokens, output_tokens, cost_micros, currency, model, trace_id, span_id, source, event_id,
      received_at)
    VALUES (:tenant_id, :occurred_at, :id, :agent_id, 1, :status, :response_time_ms, :input_tokens, :output_tokens,
      :cost_micros, :currency, :model, :trace_id, '', :source, :event_id, :received_at)
    ON CONFLICT DO NOTHING
    """
)
_KEEP_S = 30.0


class Directory(NamedTuple):
    """A tenant's agents by id and by slug."""

    currency: str
    agents: dict[UUID | str, UUID]
    loaded: float


_directories: dict[UUID, Directory] = {}


async def record(tenant_id: UUID, event: CloudEvent) -> IngestResult:
    """Write the event; it is committed when this answers."""
    now = datetime.now(UTC)
    data = event.data
    async with tenant_transaction(tenant_id) as connection:
        directory = await _directory(connection, tenant_id)
        agent_id = directory.agents.get(data.agent_id or data.agent)
        if agent_id is None:
            raise HTTPException(400, "Your company has not activated this agent")
        written = await connection.execute(
            _INSERT,
            {
                "tenant_id": tenant_id,
                "occurred_at": event.time or now,
                "id": uuid5(NAMESPACE_URL, f"{event.source}\n{event.id}"),
                "agent_id": agent_id,
                "status": data.status,
                "response_time_ms": data.response_time_ms,
                "input_tokens": data.input_tokens,
                "output_tokens": data.output_tokens,
                "cost_micros": data.cost,
                "currency": data.currency or directory.currency,
                "model": data.model,
                "trace_id": data.trace_id,
                "source": event.source,
                "event_id": event.id,
                "received_at": now,
            },
        )
    return IngestResult(accepted=written.rowcount, duplicates=1 - written.rowcount)


async def _directory(connection: AsyncConnection, tenant_id: UUID) -> Directory:
    known = _directories.get(tenant_id)
    if known is None or time.monotonic() - known.loaded > _KEEP_S:
        rows = (await connection.execute(_AGENTS, {"tenant_id": tenant_id})).all()
        agents = {name: row.id for row in rows if row.id is not None for name in (row.id, row.slug)}
        known = _directories[tenant_id] = Directory(rows[0].currency, agents, time.monotonic())
    return known

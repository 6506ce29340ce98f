"""Putting jobs into the queue, in the caller's transaction."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

import msgspec
import structlog

from alquimista.db.statement import Conn, Writer
from alquimista.jobs import queries
from alquimista.jobs.models import Envelope, Nothing

_ENCODER = msgspec.json.Encoder()


async def enqueue(
    conn: Conn,
    name: str,
    payload: msgspec.Struct | None = None,
    *,
    tenant_id: UUID | None = None,
    run_at: datetime | None = None,
    dedupe: str | None = None,
) -> bool:
    """Enqueue one job; it exists when the caller's transaction commits. Whether it is new.

    Args:
        conn: the app's, the sign-in role's or the worker's; inside a transaction, or a single statement of its own.
        name: a Job's name. A name that no worker knows stays queued, and the queue-depth metric shows it.
        payload: a Struct of the job's type, without secrets: ids, not contents.
        tenant_id: whose job this is; the handler gets it. None: nobody's.
        run_at: not before this moment, by the database server's clock.
        dedupe: nothing is enqueued while a job with this key waits or runs. Name the tenant in it.
    """
    return bool(await queries.enqueue(conn, name, [_pack(payload, tenant_id)], [dedupe], run_at))


async def put(conn: Writer, name: str, payload: msgspec.Struct, *, tenant_id: UUID, dedupe: str) -> None:
    """As enqueue, where nobody asks whether the job is new: one of several statements that are sent together."""
    await queries.put(conn, name, _pack(payload, tenant_id), dedupe)


async def enqueue_for_each(
    conn: Conn, name: str, tenant_ids: Iterable[UUID], payload: msgspec.Struct | None = None
) -> int:
    """Enqueue one job for each tenant, in one statement; those whose last one still waits or runs are left out."""
    tenants = list(tenant_ids)
    packed = [_pack(payload, tenant) for tenant in tenants]
    return await queries.enqueue(conn, name, packed, [f"{name}:{tenant}" for tenant in tenants], None)


def _pack(payload: msgspec.Struct | None, tenant_id: UUID | None) -> bytes:
    trace_id = structlog.contextvars.get_contextvars().get("trace_id", "")
    data = msgspec.Raw(_ENCODER.encode(payload or Nothing()))
    return _ENCODER.encode(Envelope(data=data, tenant_id=tenant_id, trace_id=str(trace_id)))

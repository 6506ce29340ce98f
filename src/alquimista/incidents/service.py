"""Use cases of incidents."""

from datetime import datetime
from uuid import UUID

from alquimista.cache import store
from alquimista.db.statement import Conn
from alquimista.incidents import queries
from alquimista.incidents.models import Incident, NewIncident


async def open_incident(conn: Conn, tenant_id: UUID, new: NewIncident, now: datetime) -> bool:
    """Open an incident; False when the same condition already has an open one."""
    opened = bool(await queries.open_incident(conn, tenant_id, new, now))
    if opened:
        await store.invalidate(conn, tenant_id, "incidents")
    return opened


async def resolve(conn: Conn, tenant_id: UUID, dedupe_key: str, now: datetime) -> bool:
    """Resolve the open incident of a condition; False when there is none."""
    resolved = bool(await queries.resolve(conn, tenant_id, dedupe_key, now))
    if resolved:
        await store.invalidate(conn, tenant_id, "incidents")
    return resolved


async def page(conn: Conn, tenant_id: UUID, limit: int, offset: int) -> tuple[list[Incident], int]:
    """A page of the tenant's incidents, newest first, and how many there are in all."""
    return await queries.page(conn, tenant_id, limit, offset)

"""Conditions that the platform finds by itself: what they open, and what their end resolves."""

from datetime import datetime
from uuid import UUID

from alquimista.db.statement import Conn
from alquimista.incidents.models import NewIncident
from alquimista.incidents.queries import changes
from alquimista.incidents.service import steps


async def open_incident(conn: Conn, tenant_id: UUID, new: NewIncident, now: datetime) -> bool:
    """Open an incident with what its rule asks for; False when the same condition already has an open one.

    Takes a transaction of the tenant.
    """
    return await steps.begin(conn, tenant_id, new, now) is not None


async def resolve(conn: Conn, tenant_id: UUID, dedupe_key: str, now: datetime) -> bool:
    """Resolve the open incident of a condition; False when there is none. Takes a transaction of the tenant."""
    incident = await changes.resolve_condition(conn, tenant_id, dedupe_key, now)
    if incident is None:
        return False
    await steps.ended(conn, incident, now)
    return True

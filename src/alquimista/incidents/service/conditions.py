"""Conditions that the platform finds by itself: what they open, and what their end resolves."""

from datetime import datetime
from typing import Final
from uuid import UUID

from alquimista.access import PLATFORM_TENANT
from alquimista.db.pool import Database
from alquimista.db.statement import Conn
from alquimista.db.tenancy import tenant_transaction
from alquimista.incidents.models import NewIncident, RuleName, by_rule
from alquimista.incidents.queries import changes
from alquimista.incidents.service import steps
from alquimista.jobs import service as jobs

_SOURCE: Final = "jobs"


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


async def watch_queue(db: Database, minutes: int, now: datetime) -> None:
    """Open an incident of the platform while a job that is due has waited for longer, and resolve it afterwards."""
    lag = await jobs.lag(db.staff())
    async with tenant_transaction(db, PLATFORM_TENANT) as conn:
        if lag is None or lag.seconds < minutes * 60:
            await resolve(conn, PLATFORM_TENANT, RuleName.QUEUE_LAG, now)
            return
        params = {"job": lag.name, "minutes": int(lag.seconds // 60), "waiting": lag.waiting}
        new = by_rule(RuleName.QUEUE_LAG, source=_SOURCE, params=params)
        await open_incident(conn, PLATFORM_TENANT, new, now)

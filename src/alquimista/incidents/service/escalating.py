"""Telling staff's administrators, once, of critical incidents that nobody takes up."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from alquimista.access import PLATFORM_TENANT, Permission, Role
from alquimista.db.pool import Database
from alquimista.db.tenancy import tenant_transaction
from alquimista.identity import service as identity
from alquimista.incidents.models import EventKind, Reported, Severity, State
from alquimista.incidents.queries import alerts, changes
from alquimista.incidents.service import steps
from alquimista.incidents.service.alerting import tell_staff
from alquimista.jobs.queue import enqueue
from alquimista.tenants import service as tenants

UNHEARD: Final = timedelta(minutes=15)
_MOST: Final = 200  # What is beyond them follows a minute later.


async def look(db: Database, now: datetime) -> None:
    """Have a job escalate each critical incident that nobody has acknowledged within 15 minutes."""
    staff = db.staff()
    for one in await alerts.unheard(staff, now - UNHEARD, _MOST):
        key = f"{steps.ESCALATE}:{one.id}"
        await enqueue(staff, steps.ESCALATE, Reported(one.id), tenant_id=one.tenant_id, dedupe=key)


async def escalate(db: Database, tenant_id: UUID, incident_id: UUID, now: datetime) -> None:
    """Tell staff's administrators of it, while it is critical and nobody has taken it up. Safe to repeat."""
    async with tenant_transaction(db, tenant_id) as conn:
        incident = await changes.lock(conn, tenant_id, incident_id)
        if incident is None or incident.status is not State.OPEN or incident.escalated_at is not None:
            return
        if incident.severity is not Severity.CRITICAL:
            return
        company = (await tenants.get(conn, tenant_id)).name
    staff = await identity.holders(db.tenant(PLATFORM_TENANT), PLATFORM_TENANT, Permission.INCIDENT_MANAGE)
    people = [one for one in staff if one.role is Role.INTERNAL_ADMIN]
    minutes = UNHEARD // timedelta(minutes=1)
    await tell_staff(db, incident, company, people, "incident_escalated", minutes=minutes)
    async with tenant_transaction(db, tenant_id) as conn:
        if await alerts.escalated(conn, tenant_id, incident_id, now):
            details = {"recipients": len(people), "to": "escalation"}
            await changes.note(conn, tenant_id, incident_id, EventKind.NOTIFIED, now, public=False, details=details)
            await steps.refresh(conn, tenant_id)

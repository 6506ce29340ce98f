"""An incident of the platform as each tenant that it affects sees it: a row of its own that says the same."""

from datetime import datetime
from uuid import UUID

from alquimista.db.pool import Database
from alquimista.db.statement import Conn
from alquimista.db.tenancy import tenant_transaction
from alquimista.incidents.models import (
    Event,
    EventKind,
    Incident,
    NewIncident,
    RuleName,
    Visibility,
)
from alquimista.incidents.queries import changes, reads
from alquimista.incidents.service import steps


async def mirror(db: Database, tenant_id: UUID, parent_id: UUID, now: datetime) -> None:
    """Bring what a tenant sees of a platform incident to what that says now. Safe to repeat, in any order.

    The platform's is read only once nobody else mirrors it here, so that of two at once the last writes the newest.
    """
    async with tenant_transaction(db, tenant_id) as conn:
        child = await changes.child(conn, tenant_id, parent_id)
        staff = db.staff()
        parent = await reads.find(staff, parent_id)
        if parent is None or parent.visibility is not Visibility.TENANT:
            return
        if child is None:
            if parent.resolved_at is not None:
                return
            child = await _begin(conn, tenant_id, parent)
        events = await reads.timeline(staff, parent.tenant_id, parent.id)
        await _follow(conn, child, parent, events, now)


async def _begin(conn: Conn, tenant_id: UUID, parent: Incident) -> Incident:
    new = NewIncident(
        severity=parent.severity,
        title=parent.title,
        description=parent.description,
        source=parent.source,
        dedupe_key=f"{RuleName.MANUAL.value}:{parent.id}",
        visibility=Visibility.TENANT,
    )
    child_id = await steps.begin(conn, tenant_id, new, parent.created_at, parent_id=parent.id)
    assert child_id is not None
    child = await changes.lock(conn, tenant_id, child_id)
    assert child is not None
    return child


async def _follow(conn: Conn, child: Incident, parent: Incident, events: list[Event], now: datetime) -> None:
    tenant_id = child.tenant_id
    for event in events:
        if event.kind is EventKind.COMMENT and event.public:
            await changes.note(
                conn,
                tenant_id,
                child.id,
                EventKind.COMMENT,
                event.occurred_at,
                public=True,
                actor_id=event.actor_id,
                body=event.body,
                event_id=event.id,
            )
    if parent.severity is not child.severity and await changes.set_severity(conn, tenant_id, child.id, parent.severity):
        details = {"from": child.severity.value, "to": parent.severity.value}
        await steps.step(conn, child, EventKind.SEVERITY_CHANGED, now, details=details)
    if parent.acknowledged_at is not None and await changes.acknowledge(
        conn, tenant_id, child.id, parent.acknowledged_at
    ):
        await steps.step(conn, child, EventKind.ACKNOWLEDGED, parent.acknowledged_at)
    if parent.resolved_at is not None:
        resolved = await changes.resolve(conn, tenant_id, child.id, parent.resolved_at)
        if resolved is not None:
            await steps.ended(conn, resolved, parent.resolved_at)
    await steps.refresh(conn, tenant_id)

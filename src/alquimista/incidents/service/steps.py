"""What belongs to each step of an incident, whoever takes it: timeline, caches, and the jobs that carry it on."""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from alquimista.access import PLATFORM_TENANT
from alquimista.cache import store
from alquimista.clock import new_id
from alquimista.db.statement import Conn
from alquimista.events import EventType
from alquimista.incidents.models import (
    GRAVE,
    REACT,
    Alert,
    EventKind,
    Incident,
    NewIncident,
    Reaction,
    Reported,
    RuleName,
    Severity,
    Visibility,
    rule_of,
)
from alquimista.incidents.queries import changes
from alquimista.jobs.queue import enqueue
from alquimista.orchestrator import service as orchestrator

TELL: Final = "incidents.tell"
ALERT: Final = "incidents.alert"
ESCALATE: Final = "incidents.escalate"
MIRROR: Final = "incidents.mirror"
ENDED: Final = "support.incident_resolved"  # Support, above this room, tells it in the tickets that are linked.
QUIET: Final = timedelta(hours=1)  # A condition that flaps is told, and reacted to, once in this time.
TOPIC: Final = "incidents"

PUBLISHED: Final = {
    EventKind.OPENED: EventType.INCIDENT_OPENED,
    EventKind.ACKNOWLEDGED: EventType.INCIDENT_ACKNOWLEDGED,
    EventKind.RESOLVED: EventType.INCIDENT_RESOLVED,
}


async def begin(
    conn: Conn,
    tenant_id: UUID,
    new: NewIncident,
    now: datetime,
    *,
    incident_id: UUID | None = None,
    actor_id: UUID | None = None,
    parent_id: UUID | None = None,
) -> UUID | None:
    """Open an incident with all that follows from it; None when the same condition already has an open one."""
    rule = rule_of(new.dedupe_key)
    visibility = new.visibility or (rule.visibility if rule else Visibility.TENANT)
    chosen = incident_id or new_id()
    name = rule.name.value if rule else ""
    if not await changes.insert(conn, tenant_id, chosen, new, name, visibility, parent_id, now):
        return None
    public = visibility is Visibility.TENANT
    details = {"severity": new.severity.value}
    await changes.note(
        conn, tenant_id, chosen, EventKind.OPENED, now, public=public, actor_id=actor_id, details=details
    )
    await _publish(conn, tenant_id, EventKind.OPENED, chosen, new, visibility)
    if is_told(tenant_id, name, visibility):
        await enqueue(conn, TELL, Reported(chosen), tenant_id=tenant_id)
    if alerts(tenant_id, new.severity) and parent_id is None:
        await enqueue(conn, ALERT, Alert(chosen, actor_id), tenant_id=tenant_id)
    if rule is not None and rule.command is not None:
        last = await changes.last_opened(conn, tenant_id, new.dedupe_key, chosen)
        if last is None or now - last >= QUIET:
            reaction = Reaction(tenant_id, chosen, rule.command)
            await enqueue(conn, REACT, reaction, tenant_id=tenant_id, dedupe=f"{REACT}:{chosen}")
    await store.invalidate(conn, tenant_id, TOPIC)
    return chosen


async def ended(conn: Conn, incident: Incident, now: datetime, actor_id: UUID | None = None) -> None:
    """What follows from the end of an incident."""
    public = incident.visibility is Visibility.TENANT
    await step(conn, incident, EventKind.RESOLVED, now, actor_id)
    if is_told(incident.tenant_id, incident.rule, incident.visibility):
        await enqueue(conn, TELL, Reported(incident.id), tenant_id=incident.tenant_id)
    if public and incident.tenant_id != PLATFORM_TENANT:
        await enqueue(conn, ENDED, Reported(incident.id), tenant_id=incident.tenant_id)


async def step(
    conn: Conn,
    incident: Incident,
    kind: EventKind,
    now: datetime,
    actor_id: UUID | None = None,
    details: dict[str, Any] | None = None,
) -> None:
    """Write a step that the tenant sees when it sees the incident."""
    public = incident.visibility is Visibility.TENANT
    await changes.note(
        conn, incident.tenant_id, incident.id, kind, now, public=public, actor_id=actor_id, details=details
    )
    await _publish(conn, incident.tenant_id, kind, incident.id, incident, incident.visibility)
    await store.invalidate(conn, incident.tenant_id, TOPIC)


async def _publish(
    conn: Conn,
    tenant_id: UUID,
    kind: EventKind,
    incident_id: UUID,
    said: Incident | NewIncident,
    visibility: Visibility,
) -> None:
    """Publish a step that the tenant may hear of; nothing of what is internal, or the platform's own."""
    if kind in PUBLISHED and visibility is Visibility.TENANT and tenant_id != PLATFORM_TENANT:
        data = {"incident_id": incident_id, "severity": said.severity, "title": said.title}
        await orchestrator.publish(conn, tenant_id, PUBLISHED[kind], data)


async def spread(conn: Conn, incident: Incident) -> None:
    """Have what the platform's incident says now shown to each tenant that it affects."""
    if incident.tenant_id != PLATFORM_TENANT or incident.visibility is not Visibility.TENANT:
        return
    for tenant_id in await changes.affected(conn, incident.tenant_id, incident.id):
        await enqueue(conn, MIRROR, Reported(incident.id), tenant_id=tenant_id)


def is_told(tenant_id: UUID, rule: str, visibility: Visibility) -> bool:
    """Whether people are told by themselves: a tenant's administrators of what it sees, staff's of what is internal.

    Staff who opened one of the platform by hand know of it.
    """
    found = rule_of(rule)
    if found is None or not found.tells:
        return False
    if tenant_id == PLATFORM_TENANT:
        return found.name is not RuleName.MANUAL
    return visibility is Visibility.TENANT


def alerts(tenant_id: UUID, severity: Severity) -> bool:
    """Whether staff are told of an incident by themselves: of the grave ones of customers."""
    return tenant_id != PLATFORM_TENANT and severity in GRAVE


async def refresh(conn: Conn, tenant_id: UUID) -> None:
    """Have the tenant's kept answers about incidents made anew."""
    await store.invalidate(conn, tenant_id, TOPIC)

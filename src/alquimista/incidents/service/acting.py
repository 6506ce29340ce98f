"""What staff do with an incident. Each takes a transaction of the incident's own tenant."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID, uuid5

from alquimista.access import PLATFORM_TENANT, Actor
from alquimista.audit import service as audit
from alquimista.cache import store
from alquimista.clock import new_id
from alquimista.db.statement import Conn
from alquimista.incidents.models import (
    Alert,
    EventKind,
    Incident,
    IncidentResolved,
    MirroredIncident,
    NewIncident,
    RuleName,
    Severity,
    UnknownIncident,
    Visibility,
    shown_comment,
)
from alquimista.incidents.models.incidents import AlreadyAcknowledged
from alquimista.incidents.queries import changes
from alquimista.incidents.service import steps
from alquimista.jobs.queue import enqueue


async def open_by_hand(
    conn: Conn,
    actor: Actor,
    tenant_id: UUID,
    severity: Severity,
    title: str,
    description: str,
    visibility: Visibility,
    affected: list[UUID],
    now: datetime,
) -> UUID:
    """Open an incident of a tenant, or one of the platform that affects several; its id.

    `affected` is for the platform's alone. What it shows to them is written by a job for each.
    """
    incident_id = new_id()
    new = NewIncident(
        severity=severity,
        title=title,
        description=description,
        source="staff",
        dedupe_key=f"{RuleName.MANUAL.value}:{incident_id}",
        visibility=visibility,
    )
    await steps.begin(conn, tenant_id, new, now, incident_id=incident_id, actor_id=actor.user_id)
    if affected:
        await changes.add_affected(conn, tenant_id, incident_id, affected, now)
        incident = await changes.lock(conn, tenant_id, incident_id)
        assert incident is not None
        await steps.spread(conn, incident)
    details = {"severity": severity.value, "visibility": visibility.value, "affected": [str(one) for one in affected]}
    await _record(conn, actor, "incident.opened", tenant_id, incident_id, details)
    return incident_id


async def acknowledge(conn: Conn, actor: Actor, tenant_id: UUID, incident_id: UUID, now: datetime) -> None:
    """Take an incident up. Of two who do so at once, the second is told.

    Raises:
        UnknownIncident, MirroredIncident, IncidentResolved, AlreadyAcknowledged
    """
    await _own(conn, tenant_id, incident_id)
    incident = await changes.acknowledge(conn, tenant_id, incident_id, now)
    if incident is None:
        raise AlreadyAcknowledged
    await steps.step(conn, incident, EventKind.ACKNOWLEDGED, now, actor.user_id)
    await steps.spread(conn, incident)
    await _record(conn, actor, "incident.acknowledged", tenant_id, incident_id)


async def end(conn: Conn, actor: Actor, tenant_id: UUID, incident_id: UUID, now: datetime) -> None:
    """Resolve an incident by hand, acknowledged or not.

    Raises:
        UnknownIncident, MirroredIncident, IncidentResolved
    """
    await _own(conn, tenant_id, incident_id)
    incident = await changes.resolve(conn, tenant_id, incident_id, now)
    if incident is None:
        raise IncidentResolved
    await steps.ended(conn, incident, now, actor.user_id)
    await steps.spread(conn, incident)
    await _record(conn, actor, "incident.resolved", tenant_id, incident_id)


async def change_severity(
    conn: Conn, actor: Actor, tenant_id: UUID, incident_id: UUID, severity: Severity, now: datetime
) -> None:
    """Say that an incident weighs more or less than was thought; the same severity again is no change.

    Raises:
        UnknownIncident, MirroredIncident, IncidentResolved
    """
    before = await _own(conn, tenant_id, incident_id)
    incident = await changes.set_severity(conn, tenant_id, incident_id, severity)
    if incident is None:
        return
    details = {"from": before.severity.value, "to": severity.value}
    await steps.step(conn, incident, EventKind.SEVERITY_CHANGED, now, actor.user_id, details)
    if steps.alerts(tenant_id, severity):
        await enqueue(conn, steps.ALERT, Alert(incident_id, actor.user_id), tenant_id=tenant_id)
    await steps.spread(conn, incident)
    await _record(conn, actor, "incident.severity_changed", tenant_id, incident_id, details)


async def comment(
    conn: Conn, actor: Actor, tenant_id: UUID, incident_id: UUID, body: str, now: datetime, *, public: bool
) -> None:
    """Write into the timeline, also after the end. What is not public, and all of an internal one, staff alone read.

    Raises:
        UnknownIncident, MirroredIncident. Invalid: there is no text.
    """
    text = shown_comment(body)
    incident = await changes.lock(conn, tenant_id, incident_id)
    _acted_on_here(incident)
    assert incident is not None
    seen = public and incident.visibility is Visibility.TENANT
    await changes.note(
        conn, tenant_id, incident_id, EventKind.COMMENT, now, public=seen, actor_id=actor.user_id, body=text
    )
    await store.invalidate(conn, tenant_id, steps.TOPIC)
    if seen:
        await steps.spread(conn, incident)
    await _record(conn, actor, "incident.commented", tenant_id, incident_id, {"public": seen})


async def note_command(
    conn: Conn, tenant_id: UUID, incident_id: UUID, command_id: UUID, command_type: str, now: datetime
) -> None:
    """Write into the timeline, for staff, that a command was created for the incident. Safe to repeat.

    Takes a transaction of the incident's tenant, as when operations runs what a rule asked for.
    """
    details = {"command_id": str(command_id), "command_type": command_type}
    await changes.note(
        conn, tenant_id, incident_id, EventKind.COMMAND, now, public=False, details=details, event_id=command_id
    )


async def note_refusal(
    conn: Conn, tenant_id: UUID, incident_id: UUID, command_type: str, code: str, reason: str, now: datetime
) -> None:
    """Write into the timeline, for staff, that the incident's command was refused, and why. Safe to repeat.

    Takes a transaction of the incident's tenant.
    """
    details = {"command_type": command_type, "refused": code, "reason": reason}
    event_id = uuid5(incident_id, command_type)
    await changes.note(
        conn, tenant_id, incident_id, EventKind.COMMAND, now, public=False, details=details, event_id=event_id
    )


async def _own(conn: Conn, tenant_id: UUID, incident_id: UUID) -> Incident:
    """The incident under lock, when it can be acted on."""
    incident = await changes.lock(conn, tenant_id, incident_id)
    _acted_on_here(incident)
    assert incident is not None
    if incident.resolved_at is not None:
        raise IncidentResolved
    return incident


def _acted_on_here(incident: Incident | None) -> None:
    if incident is None:
        raise UnknownIncident
    if incident.parent_id is not None:
        raise MirroredIncident(parent_id=str(incident.parent_id))


async def _record(
    conn: Conn,
    actor: Actor,
    action: str,
    tenant_id: UUID,
    incident_id: UUID,
    details: Mapping[str, object] | None = None,
) -> None:
    await audit.record(
        conn,
        actor,
        action,
        category="system" if tenant_id == PLATFORM_TENANT else "tenant",
        resource_type="incident",
        resource_id=str(incident_id),
        details=details,
        tenant_id=tenant_id,
    )

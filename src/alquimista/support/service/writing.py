"""What people do with a ticket. Each takes a transaction of the ticket's own tenant."""

from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import structs

from alquimista.access import PLATFORM_TENANT, Actor
from alquimista.audit import service as audit
from alquimista.cache import store
from alquimista.clock import new_id
from alquimista.db.statement import Conn
from alquimista.events import EventType
from alquimista.i18n import N_
from alquimista.incidents.models import Incident, InternalIncident, Visibility, texts
from alquimista.jobs.queue import enqueue
from alquimista.orchestrator import service as orchestrator
from alquimista.support import queries
from alquimista.support.models import (
    AuthorKind,
    Ticket,
    TicketClosed,
    TicketNotClosed,
    TicketSeverity,
    TicketStatus,
    UnknownTicket,
    Written,
    after,
    clean_body,
    clean_subject,
)
from alquimista.tenants import service as tenants

TELL: Final = "support.tell"
TOPIC: Final = "tickets"


async def open_ticket(
    conn: Conn,
    actor: Actor,
    tenant_id: UUID,
    subject: str,
    severity: TicketSeverity,
    body: str,
    now: datetime,
    *,
    incident: Incident | None = None,
) -> Ticket:
    """Ask support something, of the tenant's `incident` or of anything else.

    Staff may open a ticket for a tenant, which then waits on the tenant.

    Raises:
        Invalid: there is no subject, or no text. InternalIncident: the tenant must not see it.
    """
    assert actor.user_id is not None
    _seen_by_tenant(incident)
    subject, text = clean_subject(subject), clean_body(body)
    incident_id = incident.id if incident else None
    ticket = await queries.insert(conn, tenant_id, new_id(), subject, severity, actor.user_id, incident_id, now)
    await _write(conn, actor, ticket, text, now)
    await _record(conn, actor, "ticket.opened", ticket, {"number": ticket.number, "severity": severity.value})
    await _publish(conn, EventType.TICKET_OPENED, ticket, severity=severity)
    return ticket


async def write_message(
    conn: Conn, actor: Actor, tenant_id: UUID, ticket_id: UUID, body: str, now: datetime, *, internal: bool = False
) -> UUID:
    """Write in a ticket; the message's id. A note (`internal`, of staff alone) moves nothing and tells nobody.

    Raises:
        UnknownTicket. TicketClosed: only notes can still be written. Invalid: there is no text.
    """
    text = clean_body(body)
    ticket = await _lock(conn, tenant_id, ticket_id)
    if ticket.status is TicketStatus.CLOSED and not internal:
        raise TicketClosed
    message_id = await _write(conn, actor, ticket, text, now, internal=internal)
    await _record(conn, actor, "ticket.noted" if internal else "ticket.answered", ticket)
    if not internal:
        by = AuthorKind.STAFF if actor.internal else AuthorKind.TENANT
        await _publish(conn, EventType.TICKET_ANSWERED, ticket, message_id=message_id, by=by)
    return message_id


async def close(conn: Conn, actor: Actor, tenant_id: UUID, ticket_id: UUID, now: datetime) -> None:
    """Close a ticket. Raises UnknownTicket, and TicketClosed when somebody did already."""
    ticket = await _lock(conn, tenant_id, ticket_id)
    if ticket.status is TicketStatus.CLOSED:
        raise TicketClosed
    await _save(conn, structs.replace(ticket, status=TicketStatus.CLOSED, closed_at=now), now)
    await _record(conn, actor, "ticket.closed", ticket)
    await _publish(conn, EventType.TICKET_CLOSED, ticket)


async def reopen(conn: Conn, actor: Actor, tenant_id: UUID, ticket_id: UUID, now: datetime) -> None:
    """Take a ticket up again: it waits on us. Raises UnknownTicket, and TicketNotClosed."""
    ticket = await _lock(conn, tenant_id, ticket_id)
    if ticket.status is not TicketStatus.CLOSED:
        raise TicketNotClosed
    await _save(conn, structs.replace(ticket, status=TicketStatus.WAITING_ON_US, closed_at=None), now)
    await _record(conn, actor, "ticket.reopened", ticket)


async def assign(
    conn: Conn, actor: Actor, tenant_id: UUID, ticket_id: UUID, staff_id: UUID | None, now: datetime
) -> None:
    """Say which member of staff looks after it; None: nobody does. Raises UnknownTicket."""
    ticket = await _lock(conn, tenant_id, ticket_id)
    await _save(conn, structs.replace(ticket, assigned_to=staff_id), now)
    await _record(conn, actor, "ticket.assigned", ticket, {"assigned_to": str(staff_id) if staff_id else None})


async def link(
    conn: Conn, actor: Actor, tenant_id: UUID, ticket_id: UUID, incident: Incident | None, now: datetime
) -> None:
    """Say which of the tenant's incidents it is about; None: none. The tenant sees it here.

    Raises:
        UnknownTicket. InternalIncident: the tenant must not see it.
    """
    _seen_by_tenant(incident)
    ticket = await _lock(conn, tenant_id, ticket_id)
    incident_id = incident.id if incident else None
    await _save(conn, structs.replace(ticket, incident_id=incident_id), now)
    await _record(conn, actor, "ticket.linked", ticket, {"incident_id": str(incident_id) if incident_id else None})


async def incident_resolved(conn: Conn, tenant_id: UUID, incident: Incident, now: datetime) -> int:
    """Say in each ticket that is about an incident that it is over, once; in how many it was said. Safe to repeat."""
    locale = (await tenants.get(conn, tenant_id)).locale
    title, _ = texts(incident, locale)
    text = N_("The incident “{title}” is over.", title=title).render(locale)
    said = 0
    for ticket_id in await queries.linked(conn, tenant_id, incident.id):
        ticket = await _lock(conn, tenant_id, ticket_id)
        message_id = new_id()
        if await queries.write(conn, ticket, message_id, AuthorKind.STAFF, None, text, now, incident_id=incident.id):
            await _save(conn, ticket, now)
            await enqueue(conn, TELL, Written(ticket.id, message_id), tenant_id=tenant_id)
            await _publish(conn, EventType.TICKET_ANSWERED, ticket, message_id=message_id, by=AuthorKind.STAFF)
            said += 1
    return said


async def _write(conn: Conn, actor: Actor, ticket: Ticket, text: str, now: datetime, *, internal: bool = False) -> UUID:
    author = AuthorKind.STAFF if actor.internal else AuthorKind.TENANT
    message_id = new_id()
    await queries.write(conn, ticket, message_id, author, actor.user_id, text, now, internal=internal)
    if not internal:
        ticket = structs.replace(ticket, status=after(ticket.status, author))
        await enqueue(conn, TELL, Written(ticket.id, message_id), tenant_id=ticket.tenant_id)
    await _save(conn, ticket, now, internal=internal)
    return message_id


def _seen_by_tenant(incident: Incident | None) -> None:
    if incident is not None and incident.visibility is not Visibility.TENANT:
        raise InternalIncident


async def _save(conn: Conn, ticket: Ticket, now: datetime, *, internal: bool = False) -> None:
    """Keep it as it is now, and have open pages look again: those of staff alone, when only they see what changed."""
    await queries.save(conn, ticket, now)
    await store.invalidate(conn, PLATFORM_TENANT if internal else ticket.tenant_id, TOPIC)


async def _lock(conn: Conn, tenant_id: UUID, ticket_id: UUID) -> Ticket:
    ticket = await queries.lock(conn, tenant_id, ticket_id)
    if ticket is None:
        raise UnknownTicket
    return ticket


async def _publish(conn: Conn, what: EventType, ticket: Ticket, **more: object) -> None:
    """Publish what happened to a ticket: neither its subject nor its text, which are whatever somebody wrote."""
    data = {"ticket_id": ticket.id, "number": ticket.number, **more}
    await orchestrator.publish(conn, ticket.tenant_id, what, data)


async def _record(
    conn: Conn, actor: Actor, action: str, ticket: Ticket, details: dict[str, object] | None = None
) -> None:
    await audit.record(
        conn,
        actor,
        action,
        category="tenant",
        resource_type="ticket",
        resource_id=str(ticket.id),
        details=details,
        tenant_id=ticket.tenant_id,
    )

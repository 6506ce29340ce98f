"""Tickets as tenants and staff read them."""

from collections.abc import Collection
from uuid import UUID

import msgspec

from alquimista.db.statement import Conn
from alquimista.support import queries
from alquimista.support.models import (
    Ticket,
    TicketLine,
    TicketMessage,
    TicketSeverity,
    TicketStatus,
    UnknownTicket,
)
from alquimista.support.queries import StaffPage


class Conversation(msgspec.Struct, frozen=True):
    """A ticket and what was written in it."""

    ticket: Ticket
    messages: list[TicketMessage]


async def page(
    conn: Conn,
    tenant_id: UUID,
    status: TicketStatus | None,
    limit: int,
    offset: int,
    *,
    severity: TicketSeverity | None = None,
    incident_id: UUID | None = None,
) -> tuple[tuple[Ticket, ...], int]:
    """A page of the tenant's tickets, those that changed last first, and how many there are in all."""
    found = await queries.page(
        conn, tenant_id, limit, offset, status=status, severity=severity, incident_id=incident_id
    )
    return found.items, found.total


async def read(conn: Conn, tenant_id: UUID, ticket_id: UUID) -> Conversation:
    """A ticket of the tenant, without notes among staff. Raises UnknownTicket."""
    ticket = await queries.own(conn, tenant_id, ticket_id)
    if ticket is None:
        raise UnknownTicket
    return Conversation(ticket, await queries.messages(conn, tenant_id, ticket_id))


async def find(conn: Conn, ticket_id: UUID) -> TicketLine:
    """Anybody's ticket; takes a connection of the internal role, as all that follow. Raises UnknownTicket."""
    found = await queries.find(conn, ticket_id)
    if found is None:
        raise UnknownTicket
    return found


async def messages(conn: Conn, ticket: Ticket) -> list[TicketMessage]:
    """All that was written in a ticket, notes included."""
    return await queries.messages(conn, ticket.tenant_id, ticket.id)


async def staff_page(
    conn: Conn,
    limit: int,
    offset: int,
    *,
    states: Collection[TicketStatus] = (),
    severity: TicketSeverity | None = None,
    tenant_id: UUID | None = None,
    assigned_to: UUID | None = None,
    incident_ids: Collection[UUID] = (),
    search: str = "",
    waiting_first: bool = False,
) -> StaffPage:
    """A page of all tickets for which every given field holds, those that changed last first.

    Args:
        conn: of the internal role.
        limit: how many at most.
        offset: how many to leave out.
        states: in one of these.
        severity: of this one.
        tenant_id: of this tenant.
        assigned_to: looked after by this member of the staff.
        incident_ids: about one of these incidents.
        search: what stands in the subject or the tenant's name, or the ticket's number.
        waiting_first: what waits for an answer of staff before the rest, and what has waited longest before that.
    """
    return await queries.staff_page(
        conn,
        limit,
        offset,
        states=states,
        severity=severity,
        tenant_id=tenant_id,
        assigned_to=assigned_to,
        incident_ids=incident_ids,
        search=search.strip(),
        waiting_first=waiting_first,
    )

"""Tickets as tenants and staff read them."""

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
    conn: Conn, tenant_id: UUID, status: TicketStatus | None, limit: int, offset: int
) -> tuple[tuple[Ticket, ...], int]:
    """A page of the tenant's tickets, those that changed last first, and how many there are in all."""
    found = await queries.page(conn, tenant_id, status, limit, offset)
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
    status: TicketStatus | None = None,
    severity: TicketSeverity | None = None,
    tenant_id: UUID | None = None,
    assigned_to: UUID | None = None,
) -> StaffPage:
    """A page of all tickets for which every given field holds, those that changed last first."""
    return await queries.staff_page(
        conn, limit, offset, status=status, severity=severity, tenant_id=tenant_id, assigned_to=assigned_to
    )

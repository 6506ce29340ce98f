"""All tickets, for staff. They are written through the door of the tenant that they belong to."""

from typing import Any, Final
from uuid import UUID

from alquimista.access import PLATFORM_TENANT, Permission
from alquimista.audit.guards import listed, seen
from alquimista.db.tenancy import tenant_transaction
from alquimista.http.context import Context
from alquimista.http.routes import Route, TenantScope
from alquimista.http.shares import READING_ONE
from alquimista.identity import service as identity
from alquimista.identity.models.users import MemberStatus
from alquimista.incidents import service as incidents
from alquimista.incidents.models import InternalIncident, UnknownIncident
from alquimista.support import service
from alquimista.support.api.shapes import (
    ID,
    STAFF_SUMMARY,
    STAFF_VIEW,
    TEXT,
    NewStaffMessage,
    StaffTickets,
    StaffTicketsQuery,
    StaffTicketView,
    TicketAssignment,
    TicketLink,
    staff_summary,
    staff_view,
)
from alquimista.support.guards import ANSWERING, READING
from alquimista.support.models import NotStaff, TicketClosed, UnknownTicket


async def list_tickets(context: Context) -> StaffTickets:
    """All tickets."""
    query: StaffTicketsQuery = context.query
    found = await service.staff_page(
        context.db.staff(),
        query.limit,
        query.offset,
        states=(query.status,) if query.status else (),
        severity=query.severity,
        tenant_id=query.tenant,
        assigned_to=query.assigned_to,
    )
    await listed(context, query.tenant, found=bool(found.total), action="tickets.listed")
    return StaffTickets([staff_summary(line) for line in found.items], found.total)


async def get_ticket(context: Context) -> StaffTicketView:
    """One of them."""
    return await _view(context)


async def write_message(context: Context) -> StaffTicketView:
    """Answer, or note something."""
    body: NewStaffMessage = context.body
    home, ticket_id = await _home(context)
    async with tenant_transaction(context.db, home) as conn:
        await service.write_message(conn, context.who, home, ticket_id, body.body, context.now, internal=body.internal)
    return await _view(context)


async def assign(context: Context) -> StaffTicketView:
    """Say who looks after it."""
    user_id: UUID | None = context.body.user_id
    home, ticket_id = await _home(context)
    if user_id is not None:
        member = await identity.find_member(context.db.tenant(PLATFORM_TENANT), PLATFORM_TENANT, user_id)
        if member is None or member.status is not MemberStatus.ACTIVE:
            raise NotStaff
    async with tenant_transaction(context.db, home) as conn:
        await service.assign(conn, context.who, home, ticket_id, user_id, context.now)
    return await _view(context)


async def link(context: Context) -> StaffTicketView:
    """Say which incident it is about."""
    incident_id: UUID | None = context.body.incident_id
    home, ticket_id = await _home(context)
    incident = await incidents.shown_to(context.db.staff(), home, incident_id) if incident_id else None
    async with tenant_transaction(context.db, home) as conn:
        await service.link(conn, context.who, home, ticket_id, incident, context.now)
    return await _view(context)


async def close(context: Context) -> StaffTicketView:
    """Close it."""
    home, ticket_id = await _home(context)
    async with tenant_transaction(context.db, home) as conn:
        await service.close(conn, context.who, home, ticket_id, context.now)
    return await _view(context)


async def _home(context: Context) -> tuple[UUID, UUID]:
    """Whose ticket the path names, and which."""
    ticket_id = context.uuid("ticket_id")
    return (await service.find(context.db.staff(), ticket_id)).ticket.tenant_id, ticket_id


async def _view(context: Context) -> StaffTicketView:
    staff = context.db.staff()
    line = await service.find(staff, context.uuid("ticket_id"))
    await seen(
        context, line.ticket.tenant_id, action="ticket.read", resource_type="ticket", resource_id=str(line.ticket.id)
    )
    return staff_view(line, await service.messages(staff, line.ticket))


_READ: Final[dict[str, Any]] = {
    "tag": "support",
    "permission": Permission.TICKET_ANSWER,
    "scope": TenantScope.PLATFORM,
    "limits": READING,
}
_WRITE: Final[dict[str, Any]] = {**_READ, "limits": ANSWERING}
_PATH: Final = "/internal/tickets/{ticket_id:uuid}"

ROUTES: Final = (
    Route(
        method="GET",
        path="/internal/tickets",
        handler=list_tickets,
        summary="The tickets of all companies, those that changed last first",
        query=StaffTicketsQuery,
        response=StaffTickets,
        example=StaffTickets([STAFF_SUMMARY], 1),
        **(_READ | {"limits": READING_ONE}),
    ),
    Route(
        method="GET",
        path=_PATH,
        handler=get_ticket,
        summary="A ticket with its messages and notes",
        response=StaffTicketView,
        problems=(UnknownTicket,),
        example=STAFF_VIEW,
        **_READ,
    ),
    Route(
        method="POST",
        path=f"{_PATH}/messages",
        handler=write_message,
        summary="Answer a ticket, or leave a note that the company never sees",
        body=NewStaffMessage,
        response=StaffTicketView,
        status=201,
        problems=(UnknownTicket, TicketClosed),
        example=NewStaffMessage(TEXT),
        **_WRITE,
    ),
    Route(
        method="POST",
        path=f"{_PATH}/assign",
        handler=assign,
        summary="Say which member of the staff looks after a ticket",
        body=TicketAssignment,
        response=StaffTicketView,
        problems=(UnknownTicket, NotStaff),
        example=TicketAssignment(ID),
        **_WRITE,
    ),
    Route(
        method="POST",
        path=f"{_PATH}/link",
        handler=link,
        summary="Say which incident of the company a ticket is about",
        body=TicketLink,
        response=StaffTicketView,
        problems=(UnknownTicket, UnknownIncident, InternalIncident),
        example=TicketLink(ID),
        **_WRITE,
    ),
    Route(
        method="POST",
        path=f"{_PATH}/close",
        handler=close,
        summary="Close a ticket",
        response=StaffTicketView,
        problems=(UnknownTicket, TicketClosed),
        example=STAFF_VIEW,
        **_WRITE,
    ),
)

"""A tenant's own tickets. Staff who name a tenant act for it, as staff."""

from typing import Any, Final

from alquimista.access import Permission
from alquimista.audit.guards import seen
from alquimista.db.tenancy import tenant_transaction
from alquimista.http.context import Context
from alquimista.http.routes import Route, TenantScope
from alquimista.support import service
from alquimista.support.api.shapes import (
    SUBJECT,
    SUMMARY,
    TEXT,
    VIEW,
    NewTicket,
    NewTicketMessage,
    Tickets,
    TicketsQuery,
    TicketView,
    summary,
    view,
)
from alquimista.support.guards import OPENING, READING, WRITING
from alquimista.support.models import TicketClosed, TicketNotClosed, TicketSeverity, UnknownTicket


async def list_tickets(context: Context) -> Tickets:
    """The tenant's tickets."""
    query: TicketsQuery = context.query
    await seen(context, context.tenant)
    conn = context.db.tenant(context.tenant)
    found, total = await service.page(conn, context.tenant, query.status, query.limit, query.offset)
    return Tickets([summary(one) for one in found], total)


async def get_ticket(context: Context) -> TicketView:
    """One of them."""
    await seen(context, context.tenant)
    return await _view(context)


async def open_ticket(context: Context) -> TicketView:
    """Ask something."""
    body: NewTicket = context.body
    async with tenant_transaction(context.db, context.tenant) as conn:
        ticket = await service.open_ticket(
            conn, context.who, context.tenant, body.subject, body.severity, body.body, context.now
        )
        found = await service.read(conn, context.tenant, ticket.id)
    return view(found.ticket, found.messages)


async def write_message(context: Context) -> TicketView:
    """Write in one."""
    ticket_id = context.uuid("ticket_id")
    async with tenant_transaction(context.db, context.tenant) as conn:
        await service.write_message(conn, context.who, context.tenant, ticket_id, context.body.body, context.now)
    return await _view(context)


async def close(context: Context) -> TicketView:
    """Close one."""
    async with tenant_transaction(context.db, context.tenant) as conn:
        await service.close(conn, context.who, context.tenant, context.uuid("ticket_id"), context.now)
    return await _view(context)


async def reopen(context: Context) -> TicketView:
    """Take one up again."""
    async with tenant_transaction(context.db, context.tenant) as conn:
        await service.reopen(conn, context.who, context.tenant, context.uuid("ticket_id"), context.now)
    return await _view(context)


async def _view(context: Context) -> TicketView:
    conn = context.db.tenant(context.tenant)
    found = await service.read(conn, context.tenant, context.uuid("ticket_id"))
    return view(found.ticket, found.messages)


_READ: Final[dict[str, Any]] = {
    "tag": "support",
    "permission": Permission.TICKET_READ,
    "scope": TenantScope.OWN,
    "limits": READING,
}
_WRITE: Final[dict[str, Any]] = {**_READ, "permission": Permission.TICKET_WRITE, "limits": WRITING}
_PATH: Final = "/tenant/tickets/{ticket_id:uuid}"

ROUTES: Final = (
    Route(
        method="GET",
        path="/tenant/tickets",
        handler=list_tickets,
        summary="Your tickets, those that changed last first",
        query=TicketsQuery,
        response=Tickets,
        example=Tickets([SUMMARY], 1),
        **_READ,
    ),
    Route(
        method="POST",
        path="/tenant/tickets",
        handler=open_ticket,
        summary="Ask support something",
        body=NewTicket,
        response=TicketView,
        status=201,
        example=NewTicket(SUBJECT, TEXT, TicketSeverity.HIGH),
        **{**_WRITE, "limits": OPENING},
    ),
    Route(
        method="GET",
        path=_PATH,
        handler=get_ticket,
        summary="One of your tickets and its messages",
        response=TicketView,
        problems=(UnknownTicket,),
        example=VIEW,
        **_READ,
    ),
    Route(
        method="POST",
        path=f"{_PATH}/messages",
        handler=write_message,
        summary="Write in one of your tickets",
        body=NewTicketMessage,
        response=TicketView,
        status=201,
        problems=(UnknownTicket, TicketClosed),
        example=NewTicketMessage(TEXT),
        **_WRITE,
    ),
    Route(
        method="POST",
        path=f"{_PATH}/close",
        handler=close,
        summary="Close one of your tickets",
        response=TicketView,
        problems=(UnknownTicket, TicketClosed),
        example=VIEW,
        **_WRITE,
    ),
    Route(
        method="POST",
        path=f"{_PATH}/reopen",
        handler=reopen,
        summary="Take a closed ticket up again",
        response=TicketView,
        problems=(UnknownTicket, TicketNotClosed),
        example=VIEW,
        **_WRITE,
    ),
)

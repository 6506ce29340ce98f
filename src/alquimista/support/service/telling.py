"""Telling the other side of a ticket that there is a message for it."""

from typing import Final
from uuid import UUID

from alquimista.access import PLATFORM_TENANT
from alquimista.config import Settings
from alquimista.db.pool import Database
from alquimista.db.statement import Conn
from alquimista.db.tenancy import tenant_transaction
from alquimista.i18n import DEFAULT_LOCALE
from alquimista.identity import service as identity
from alquimista.identity.models.users import Member, MemberStatus
from alquimista.notifications import service as notifications
from alquimista.notifications.models import Recipient
from alquimista.support import queries
from alquimista.support.models import AuthorKind, Ticket, TicketLine, TicketMessage
from alquimista.tenants import service as tenants

_MOST_STAFF: Final = 100
_EXCERPT: Final = 500


async def tell(db: Database, settings: Settings, ticket_id: UUID, message_id: UUID) -> None:
    """Tell whom a message is for.

    What staff write is for who opened the ticket and who wrote in it; when staff opened it, for the administrators.
    What the tenant writes is for the member of staff who looks after the ticket; while nobody does, for the support
    address, or for all staff when there is none.
    """
    staff = db.staff()
    line = await queries.find(staff, ticket_id)
    assert line is not None
    written = await queries.messages(staff, line.ticket.tenant_id, ticket_id)
    message = next(one for one in written if one.id == message_id)
    if message.author_kind is AuthorKind.STAFF:
        async with tenant_transaction(db, line.ticket.tenant_id) as conn:
            await _tell_tenant(conn, settings, line.ticket, message)
    else:
        async with tenant_transaction(db, PLATFORM_TENANT) as conn:
            await _tell_staff(conn, settings, line, message)


async def _tell_tenant(conn: Conn, settings: Settings, ticket: Ticket, message: TicketMessage) -> None:
    tenant = await tenants.get(conn, ticket.tenant_id)
    found = [
        await identity.find_member(conn, tenant.id, one) for one in await queries.writers(conn, tenant.id, ticket.id)
    ]
    people = [one for one in found if one is not None and one.status is MemberStatus.ACTIVE]
    for member in people or await identity.administrators(conn, tenant.id):
        await notifications.tell(
            conn,
            tenant.id,
            _recipient(member),
            "ticket_answered",
            tenant.locale,
            f"{settings.public_url}/app/dashboard/support/{ticket.id}",
            number=ticket.number,
            subject=ticket.subject,
            text=_excerpt(message.body),
        )


async def _tell_staff(conn: Conn, settings: Settings, line: TicketLine, message: TicketMessage) -> None:
    ticket = line.ticket
    link = f"{settings.public_url}/app/company/support/{ticket.id}"
    facts = {
        "company": line.tenant_name,
        "number": ticket.number,
        "subject": ticket.subject,
        "text": _excerpt(message.body),
    }
    people = await _assigned(conn, ticket)
    if not people and settings.support_email:
        await notifications.send_mail(
            conn, PLATFORM_TENANT, settings.support_email, "ticket_waiting", DEFAULT_LOCALE, link=link, **facts
        )
        return
    if not people:
        staff, _ = await identity.list_members(conn, PLATFORM_TENANT, _MOST_STAFF, 0)
        people = [one for one in staff if one.status is MemberStatus.ACTIVE]
    for member in people:
        await notifications.tell(
            conn, PLATFORM_TENANT, _recipient(member), "ticket_received", DEFAULT_LOCALE, link, **facts
        )


async def _assigned(conn: Conn, ticket: Ticket) -> list[Member]:
    """Who looks after it, while they are active."""
    if ticket.assigned_to is None:
        return []
    member = await identity.find_member(conn, PLATFORM_TENANT, ticket.assigned_to)
    return [member] if member is not None and member.status is MemberStatus.ACTIVE else []


def _recipient(member: Member) -> Recipient:
    return Recipient(member.id, member.email, member.full_name)


def _excerpt(text: str) -> str:
    return text if len(text) <= _EXCERPT else f"{text[:_EXCERPT]}…"

"""Tickets, their messages, and where a message moves a ticket."""

from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

import msgspec

from alquimista.errors import Conflict, Invalid, NotFound
from alquimista.i18n import N_

BODY_LIMIT: Final = 10_000
SUBJECT_LIMIT: Final = 200


class TicketSeverity(StrEnum):
    """How much it matters to who asks."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    URGENT = "urgent"


class TicketStatus(StrEnum):
    """Whose turn it is."""

    OPEN = "open"  # Nobody has answered yet.
    WAITING_ON_CUSTOMER = "waiting_on_customer"
    WAITING_ON_US = "waiting_on_us"
    CLOSED = "closed"


WAITING: Final = (TicketStatus.OPEN, TicketStatus.WAITING_ON_US)  # For an answer of staff.


class AuthorKind(StrEnum):
    """Which side wrote."""

    TENANT = "tenant"
    STAFF = "staff"


class Ticket(msgspec.Struct, frozen=True):
    """A row of tickets."""

    tenant_id: UUID
    id: UUID
    number: int
    subject: str
    severity: TicketSeverity
    status: TicketStatus
    opened_by: UUID
    assigned_to: UUID | None
    incident_id: UUID | None
    created_at: datetime
    updated_at: datetime
    closed_at: datetime | None


class TicketMessage(msgspec.Struct, frozen=True):
    """A message. `author_name` is None for the platform itself, and for staff in a tenant's eyes."""

    id: UUID
    created_at: datetime
    author_kind: AuthorKind
    author_id: UUID | None
    author_name: str | None
    internal: bool
    body: str


class TicketLine(msgspec.Struct, frozen=True):
    """A ticket in staff's list. `waiting_since`: in the queue, since when it has waited for an answer of staff."""

    ticket: Ticket
    tenant_name: str
    assigned_name: str | None
    waiting_since: datetime | None


class Written(msgspec.Struct, frozen=True):
    """The payload of the job that tells staff: which message."""

    ticket_id: UUID
    message_id: UUID


class UnknownTicket(NotFound):
    code = "ticket_not_found"
    message = N_("There is no ticket with this id.")


class TicketClosed(Conflict):
    code = "ticket_closed"
    message = N_("The ticket is closed. Reopen it to write in it.")


class TicketNotClosed(Conflict):
    code = "ticket_not_closed"
    message = N_("The ticket is not closed.")


class NotStaff(Invalid):
    code = "not_staff"
    message = N_("Only an active member of the staff can look after a ticket.")


def after(status: TicketStatus, author: AuthorKind) -> TicketStatus:
    """Whose turn it is after a message. What nobody has answered stays open, however much the tenant adds to it."""
    if author is AuthorKind.STAFF:
        return TicketStatus.WAITING_ON_CUSTOMER
    return status if status is TicketStatus.OPEN else TicketStatus.WAITING_ON_US


def clean_subject(raw: str) -> str:
    """A subject on one line. Raises Invalid when nothing is left, or too much."""
    subject = " ".join(raw.replace("\x00", " ").split())
    if not subject or not subject.isprintable():
        raise Invalid.of("subject", N_("Write what it is about, in a line, without control characters."))
    if len(subject) > SUBJECT_LIMIT:
        raise Invalid.of("subject", N_("Write at most {n} characters.", n=SUBJECT_LIMIT))
    return subject


def clean_body(raw: str) -> str:
    """A message's text without blanks around it. Raises Invalid when nothing is left, or too much."""
    body = raw.replace("\r\n", "\n").strip()
    if not body or "\x00" in body:
        raise Invalid.of("body", N_("Write a message, without control characters."))
    if len(body) > BODY_LIMIT:
        raise Invalid.of("body", N_("Write at most {n} characters.", n=BODY_LIMIT))
    return body

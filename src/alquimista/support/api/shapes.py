"""The shapes of tickets in answers and bodies."""

from datetime import UTC, datetime
from typing import Annotated, Final
from uuid import UUID

import msgspec
from msgspec import Meta

from alquimista.http.pagination import Page
from alquimista.support.models import (
    BODY_LIMIT,
    SUBJECT_LIMIT,
    AuthorKind,
    Ticket,
    TicketLine,
    TicketMessage,
    TicketSeverity,
    TicketStatus,
)

Body = Annotated[str, Meta(min_length=1, max_length=BODY_LIMIT)]


class TicketSummary(msgspec.Struct, frozen=True):
    """A ticket in your list."""

    id: UUID
    number: int
    subject: str
    severity: TicketSeverity
    status: TicketStatus
    incident_id: UUID | None
    created_at: datetime
    updated_at: datetime
    closed_at: datetime | None


class Tickets(msgspec.Struct, frozen=True):
    """One page of tickets, those that changed last first, and how many there are."""

    tickets: list[TicketSummary]
    total: int


class TicketText(msgspec.Struct, frozen=True):
    """A message. `author` is null for staff, who answer as one."""

    id: UUID
    created_at: datetime
    author_kind: AuthorKind
    author: str | None
    body: str


class TicketView(msgspec.Struct, frozen=True):
    """A ticket and its messages, the first first."""

    ticket: TicketSummary
    messages: list[TicketText]


class StaffTicketSummary(msgspec.Struct, frozen=True):
    """A ticket in staff's list."""

    id: UUID
    tenant_id: UUID
    tenant_name: str
    number: int
    subject: str
    severity: TicketSeverity
    status: TicketStatus
    assigned_to: UUID | None
    assigned_name: str | None
    incident_id: UUID | None
    created_at: datetime
    updated_at: datetime
    closed_at: datetime | None


class StaffTickets(msgspec.Struct, frozen=True):
    """One page of all companies' tickets, those that changed last first, and how many there are."""

    tickets: list[StaffTicketSummary]
    total: int


class StaffTicketText(msgspec.Struct, frozen=True):
    """A message, or a note (`internal`) among staff. `author` is null for the platform itself."""

    id: UUID
    created_at: datetime
    author_kind: AuthorKind
    author: str | None
    internal: bool
    body: str


class StaffTicketView(msgspec.Struct, frozen=True):
    """A ticket with all that was written in it, the first first."""

    ticket: StaffTicketSummary
    messages: list[StaffTicketText]


class TicketsQuery(Page, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which of your tickets."""

    status: Annotated[TicketStatus, Meta(description="Of this status only.")] | None = None


class StaffTicketsQuery(Page, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which tickets: those for which every given field holds."""

    status: Annotated[TicketStatus, Meta(description="Of this status only.")] | None = None
    severity: Annotated[TicketSeverity, Meta(description="Of this severity only.")] | None = None
    tenant: Annotated[UUID, Meta(description="Of this company.")] | None = None
    assigned_to: Annotated[UUID, Meta(description="Looked after by this member of staff.")] | None = None


class NewTicket(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is asked of support."""

    subject: Annotated[str, Meta(min_length=1, max_length=SUBJECT_LIMIT)]
    body: Body
    severity: TicketSeverity = TicketSeverity.NORMAL


class NewTicketMessage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A message to the other side."""

    body: Body


class NewStaffMessage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A message to the company, or a note (`internal`) that it never sees."""

    body: Body
    internal: bool = False


class TicketAssignment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who looks after it: a member of the staff, or null for nobody."""

    user_id: UUID | None


class TicketLink(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The company's incident that it is about, by its id or the platform's; null for none."""

    incident_id: UUID | None


def summary(one: Ticket) -> TicketSummary:
    """A ticket as its tenant sees it."""
    return TicketSummary(
        id=one.id,
        number=one.number,
        subject=one.subject,
        severity=one.severity,
        status=one.status,
        incident_id=one.incident_id,
        created_at=one.created_at,
        updated_at=one.updated_at,
        closed_at=one.closed_at,
    )


def view(one: Ticket, messages: list[TicketMessage]) -> TicketView:
    """A ticket with its messages as its tenant sees them."""
    return TicketView(
        summary(one), [TicketText(m.id, m.created_at, m.author_kind, m.author_name, m.body) for m in messages]
    )


def staff_summary(line: TicketLine) -> StaffTicketSummary:
    """A ticket as staff see it."""
    one = line.ticket
    return StaffTicketSummary(
        id=one.id,
        tenant_id=one.tenant_id,
        tenant_name=line.tenant_name,
        number=one.number,
        subject=one.subject,
        severity=one.severity,
        status=one.status,
        assigned_to=one.assigned_to,
        assigned_name=line.assigned_name,
        incident_id=one.incident_id,
        created_at=one.created_at,
        updated_at=one.updated_at,
        closed_at=one.closed_at,
    )


def staff_view(line: TicketLine, messages: list[TicketMessage]) -> StaffTicketView:
    """A ticket with all that was written in it."""
    return StaffTicketView(
        staff_summary(line),
        [StaffTicketText(m.id, m.created_at, m.author_kind, m.author_name, m.internal, m.body) for m in messages],
    )


# What the examples of the routes say.
ID: Final = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
MOMENT: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)
SUBJECT: Final = "WhatsApp não envia"
TEXT: Final = "Desde as 9 h as mensagens não saem."
SUMMARY: Final = TicketSummary(
    id=ID,
    number=12,
    subject=SUBJECT,
    severity=TicketSeverity.HIGH,
    status=TicketStatus.OPEN,
    incident_id=None,
    created_at=MOMENT,
    updated_at=MOMENT,
    closed_at=None,
)
VIEW: Final = TicketView(SUMMARY, [TicketText(ID, MOMENT, AuthorKind.TENANT, "Ana Souza", TEXT)])
STAFF_SUMMARY: Final = StaffTicketSummary(
    id=ID,
    tenant_id=ID,
    tenant_name="Clínica Aurora",
    number=12,
    subject=SUBJECT,
    severity=TicketSeverity.HIGH,
    status=TicketStatus.OPEN,
    assigned_to=None,
    assigned_name=None,
    incident_id=None,
    created_at=MOMENT,
    updated_at=MOMENT,
    closed_at=None,
)
STAFF_VIEW: Final = StaffTicketView(
    STAFF_SUMMARY,
    [
        StaffTicketText(
            id=ID, created_at=MOMENT, author_kind=AuthorKind.TENANT, author="Ana Souza", internal=False, body=TEXT
        )
    ],
)

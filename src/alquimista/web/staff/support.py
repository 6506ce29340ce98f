"""What staff see of all companies' tickets, arranged from what support and incidents answered."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Final
from uuid import UUID

import msgspec
from msgspec import Meta

from alquimista.i18n import N_
from alquimista.incidents.service import Shown
from alquimista.support.models import TicketLine, TicketMessage, TicketStatus
from alquimista.web import views
from alquimista.web.support import STAFF_STATES
from alquimista.web.tables import Paged

PATH: Final = "/app/company/support"
SIZE: Final = 50
OFFERED_INCIDENTS: Final = 20

Word = Annotated[str, Meta(max_length=40)]

_NOT_CLOSED: Final = tuple(one for one in TicketStatus if one is not TicketStatus.CLOSED)
STATES: Final = [
    ("", N_("Not closed")),
    *((one.value, badge.label) for one, badge in STAFF_STATES.items()),
    ("all", N_("All states")),
]
KEEPERS: Final = [("", N_("Everybody's")), ("me", N_("Mine"))]

DONE: Final = {
    "answered": views.Notice(N_("Your answer is sent to the customer."), "good", "circle-check"),
    "noted": views.Notice(N_("The note is kept. Only staff see it."), "good", "circle-check"),
    "taken": views.Notice(N_("You look after this ticket now."), "good", "circle-check"),
    "left": views.Notice(N_("Nobody looks after this ticket now."), "good", "circle-check"),
    "linked": views.Notice(N_("What the ticket is about is noted."), "good", "circle-check"),
    "closed": views.Notice(N_("The ticket is closed."), "good", "circle-check"),
    "reopened": views.Notice(N_("The ticket is open again, and it is our turn."), "good", "circle-check"),
}


class QueueQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The state of the queue, in its address. What is unknown filters nothing."""

    search: Annotated[str, Meta(max_length=200)] = ""
    status: Word = ""
    severity: Word = ""
    keeper: Word = ""
    tenant: UUID | None = None
    page: int = 1
    seen: str = ""  # The hash of the fragment that the browser shows.


class TicketQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was just done here, and the hash of the fragment that the browser shows."""

    done: Word = ""
    seen: str = ""


class AnswerForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A message to the company, or with `internal` a note among staff."""

    body: str = ""
    internal: Word = ""


class KeepForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`mine`: the reader looks after the ticket; otherwise nobody does."""

    mine: Word = ""


class LinkForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The id of the incident that the ticket is about; empty for none."""

    incident: Word = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """The queue. `tenant_name` is that of the one company whose tickets are wanted."""

    table: Paged[TicketLine]
    tenant_name: str
    live_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OneTicket:
    """A ticket with all that was written in it."""

    line: TicketLine
    messages: Sequence[TicketMessage]

    @property
    def path(self) -> str:
        """Where it is."""
        return f"{PATH}/{self.line.ticket.id}"

    @property
    def closed(self) -> bool:
        """Whether only notes can still be written."""
        return self.line.ticket.status is TicketStatus.CLOSED


@dataclass(frozen=True, slots=True, kw_only=True)
class Related:
    """The incidents that a ticket may be about, and the one that it is about."""

    offered: Sequence[Shown]
    chosen: Shown | None


def states_of(text: str) -> tuple[TicketStatus, ...]:
    """The states that are wanted; none: all of them."""
    if text == "all":
        return ()
    chosen = tuple(one for one in TicketStatus if one.value == text)
    return chosen or _NOT_CLOSED

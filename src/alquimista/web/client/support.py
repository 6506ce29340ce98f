"""What a company sees of its tickets and incidents, arranged from what support and incidents answered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Final
from uuid import UUID

import msgspec
from msgspec import Meta

from alquimista.i18n import N_, Text
from alquimista.incidents.models import Event, Incident
from alquimista.incidents.service import Shown
from alquimista.support.models import Ticket, TicketMessage, TicketSeverity, TicketStatus
from alquimista.web import views
from alquimista.web.support import STATES
from alquimista.web.tables import Paged

PATH: Final = "/app/dashboard/support"
INCIDENTS: Final = f"{PATH}/incidents"
SIZE: Final = 10
SHOWN_INCIDENTS: Final = 4  # Of those that are not over, beside the tickets.
SHOWN_TICKETS: Final = 10  # Of those about an incident, beside it.
OFFERED_INCIDENTS: Final = 20  # That a new ticket may be about.

Word = Annotated[str, Meta(max_length=40)]

TICKET_STATES: Final = [("", N_("All states")), *((one.value, badge.label) for one, badge in STATES.items())]
INCIDENT_STATES: Final = [("", N_("All states")), ("open", N_("Not resolved")), ("over", N_("Resolved"))]

DONE: Final = {
    "opened": views.Notice(
        N_("Your ticket is open. We answer here, and you get a mail when we do."), "good", "circle-check"
    ),
    "sent": views.Notice(N_("Your message is sent."), "good", "circle-check"),
    "closed": views.Notice(N_("The ticket is closed. You can reopen it whenever you like."), "good", "circle-check"),
    "reopened": views.Notice(N_("The ticket is open again, and it is our turn."), "good", "circle-check"),
}


class TicketsQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The state of the list of tickets, in its address. What is unknown filters nothing."""

    status: Word = ""
    severity: Word = ""
    page: int = 1
    seen: str = ""  # The hash of the fragment that the browser shows.


class IncidentsQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The state of the list of incidents, in its address."""

    state: Word = ""
    severity: Word = ""
    page: int = 1
    seen: str = ""


class OneQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was just done here, and the hash of the fragment that the browser shows."""

    done: Word = ""
    seen: str = ""


class NewQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The incident that the ticket is to be about."""

    incident: UUID | None = None


class NewForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is asked of support; `incident` is the id of the one that it is about."""

    subject: str = ""
    body: str = ""
    severity: TicketSeverity = TicketSeverity.NORMAL
    incident: str = ""


class ReplyForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A message."""

    body: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Whose pages these are: the company's name and zone, and what each link carries on when it is staff who read."""

    name: str
    zone: str
    carried: Mapping[str, str]

    def to(self, *further: object, **query: str) -> str:
        """The address of a page of support."""
        path = "/".join(map(str, (PATH, *further)))
        query = {**self.carried, **query}
        return views.query_of(path, query) if query else path

    def tabs(self, *, incidents: bool) -> tuple[tuple[Text, str, bool], ...]:
        """The two lists; which one this is."""
        return (N_("Tickets"), self.to(), not incidents), (N_("Incidents"), self.to("incidents"), incidents)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tickets:
    """The list of tickets, beside what goes wrong at present."""

    place: Place
    table: Paged[Ticket]
    filtered: bool
    going_on: Sequence[Shown]
    more: int  # Incidents that are not over and not shown.
    live_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Incidents:
    """The list of incidents."""

    place: Place
    table: Paged[Shown]
    filtered: bool
    live_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OneTicket:
    """A ticket with what was written in it, and the incident that it is about."""

    place: Place
    ticket: Ticket
    messages: Sequence[TicketMessage]
    incident: Incident | None
    writes: bool

    @property
    def closed(self) -> bool:
        """Whether it must be reopened to write in it."""
        return self.ticket.status is TicketStatus.CLOSED

    @property
    def live_url(self) -> str:
        """Where the part that changes refreshes from."""
        return self.place.to(self.ticket.id, "live")


@dataclass(frozen=True, slots=True, kw_only=True)
class OneIncident:
    """An incident with its timeline, and the tickets about it."""

    place: Place
    incident: Incident
    events: Sequence[Event]
    tickets: Sequence[Ticket]

    @property
    def live_url(self) -> str:
        """Where the part that changes refreshes from."""
        return self.place.to("incidents", self.incident.id, "live")


def over_of(state: str) -> bool | None:
    """Whether only incidents that are over are wanted, or only those that are not; None: both."""
    return {"open": False, "over": True}.get(state)

"""What staff see of all incidents, arranged from what incidents and support answered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Final
from uuid import UUID

import msgspec
from msgspec import Meta

from alquimista.access import PLATFORM_TENANT
from alquimista.i18n import N_
from alquimista.incidents.models import Incident, RuleName, Severity, State, Visibility
from alquimista.incidents.service import Detail
from alquimista.support.models import TicketLine
from alquimista.web import views
from alquimista.web.incidents import RULES
from alquimista.web.incidents import STATES as BADGES
from alquimista.web.tables import Paged

PATH: Final = "/app/company/incidents"
SIZE: Final = 50
# The part of the platform that raised an incident.
SOURCES: Final = {
    "staff": N_("Staff"),
    "usage": N_("Usage"),
    "billing": N_("Billing"),
    "integrations": N_("Integrations"),
    "fleet": N_("Agents"),
    "jobs": N_("Jobs"),
    "audit": N_("Audit"),
    "demo": N_("Demonstration"),
}
SHOWN_TICKETS: Final = 20
OFFERED_TENANTS: Final = 50  # Companies to choose from at once; a search finds the others.
MOST_TENANTS: Final = 200  # That one incident may affect.

Word = Annotated[str, Meta(max_length=40)]
Search = Annotated[str, Meta(max_length=200)]

STATES: Final = [
    ("", N_("Not resolved")),
    *((one.value, badge.label) for one, badge in BADGES.items()),
    ("all", N_("All states")),
]
SEVERITIES: Final = [(name, badge.label) for name, badge in views.SEVERITIES.items()]
RULE_FILTER: Final = [("", N_("All rules")), *RULES.items()]
VISIBILITIES: Final = (
    (Visibility.TENANT, N_("The customers see it")),
    (Visibility.INTERNAL, N_("Only staff see it")),
)

DONE: Final = {
    "opened": views.Notice(N_("The incident is open."), "good", "circle-check"),
    "acknowledged": views.Notice(N_("The incident is taken up."), "good", "circle-check"),
    "noted": views.Notice(N_("It stands in the timeline now."), "good", "circle-check"),
    "weighed": views.Notice(N_("The severity is changed."), "good", "circle-check"),
    "resolved": views.Notice(
        N_("The incident is resolved. Who was told of it hears of its end."), "good", "circle-check"
    ),
}


class IncidentsQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The state of the list, in its address. What is unknown filters nothing."""

    search: Search = ""
    state: Word = ""
    severity: Word = ""
    rule: Word = ""
    tenant: UUID | None = None
    page: int = 1
    seen: str = ""  # The hash of the fragment that the browser shows.


class IncidentQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was just done here, and the hash of the fragment that the browser shows."""

    done: Word = ""
    seen: str = ""


class NoteForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A text for the timeline; with `public` it is for the companies, too."""

    body: str = ""
    public: Word = ""


class SeverityForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How much it weighs."""

    severity: Severity


class NewQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The companies that are ticked, and what is searched for among the others."""

    search: Search = ""
    tenants: Annotated[list[UUID], Meta(max_length=MOST_TENANTS)] = []


class NewForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An incident opened by hand. `look`: the form is only to be shown again, with other companies to choose from."""

    severity: Severity = Severity.WARNING
    title: str = ""
    description: str = ""
    visibility: Visibility = Visibility.TENANT
    search: Search = ""
    tenants: Annotated[list[UUID], Meta(max_length=MOST_TENANTS)] = []
    look: Word = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An incident in the list; `tenant_name` is None for the platform's own, which affects so many companies."""

    incident: Incident
    title: str
    tenant_name: str | None
    affected: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Incidents:
    """The list. `tenant_name` is that of the one company whose incidents are wanted."""

    table: Paged[Row]
    tenant_name: str
    live_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OneIncident:
    """An incident with its timeline and the companies that it affects, and with the tickets about it."""

    found: Detail
    tickets: Sequence[TicketLine]
    manages: bool

    @property
    def incident(self) -> Incident:
        """Itself."""
        return self.found.incident

    @property
    def path(self) -> str:
        """Where it is."""
        return f"{PATH}/{self.incident.id}"

    @property
    def of_platform(self) -> bool:
        """Whether it is no company's own."""
        return self.incident.tenant_id == PLATFORM_TENANT

    @property
    def acts(self) -> bool:
        """Whether the reader may act on it here: what shows one of the platform to a company follows that one."""
        return self.manages and self.incident.parent_id is None

    @property
    def over(self) -> bool:
        """Whether it is resolved, and stays so."""
        return self.incident.status is State.RESOLVED

    @property
    def public(self) -> bool:
        """Whether companies see it."""
        return self.incident.visibility is Visibility.TENANT


def states_of(text: str) -> tuple[State, ...]:
    """The states that are wanted; none: all of them."""
    if text == "all":
        return ()
    return tuple(one for one in State if one.value == text) or (State.OPEN, State.ACKNOWLEDGED)


def rule_of(text: str) -> str | None:
    """The rule of that name."""
    return text if text in set(RuleName) else None


def values_of(form: NewForm) -> Mapping[str, str]:
    """What a form shows again."""
    return {
        "severity": form.severity,
        "title": form.title,
        "description": form.description,
        "visibility": form.visibility,
    }

"""The shapes of incidents in answers and bodies."""

from datetime import UTC, datetime
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from msgspec import Meta

from alquimista.access import PLATFORM_TENANT
from alquimista.http.pagination import Page
from alquimista.incidents.models import Event, EventKind, Severity, State, Visibility, texts
from alquimista.incidents.models.incidents import COMMENT_LIMIT, DESCRIPTION_LIMIT, TITLE_LIMIT
from alquimista.incidents.service import Detail

_MOST_TENANTS: Final = 200


class IncidentEvent(msgspec.Struct, frozen=True):
    """A step. `actor` is a member of staff: null for the platform itself, and for readers outside the staff."""

    id: UUID
    occurred_at: datetime
    kind: EventKind
    public: bool
    actor: str | None
    body: str
    details: dict[str, Any]


class TenantIncident(msgspec.Struct, frozen=True):
    """An incident of yours, and what has happened to it."""

    id: UUID
    severity: Severity
    status: State
    title: str
    description: str
    created_at: datetime
    acknowledged_at: datetime | None
    resolved_at: datetime | None
    timeline: list[IncidentEvent]


class StaffIncidentLine(msgspec.Struct, frozen=True):
    """An incident in staff's list. `tenant_id` null: it is the platform's, and affects `affected_tenants` companies."""

    id: UUID
    tenant_id: UUID | None
    tenant_name: str | None
    severity: Severity
    status: State
    visibility: Visibility
    source: str
    title: str
    affected_tenants: int
    created_at: datetime
    acknowledged_at: datetime | None
    resolved_at: datetime | None


class StaffIncidents(msgspec.Struct, frozen=True):
    """One page of incidents, newest first, and how many there are."""

    incidents: list[StaffIncidentLine]
    total: int


class AffectedCompany(msgspec.Struct, frozen=True):
    """A company that a platform incident affects; `incident_id` is what shows it there, if anything does."""

    tenant_id: UUID
    tenant_name: str
    incident_id: UUID | None


class StaffIncident(msgspec.Struct, frozen=True):
    """All of an incident. `parent_id` is the platform's incident that it shows to a company."""

    id: UUID
    tenant_id: UUID | None
    tenant_name: str | None
    severity: Severity
    status: State
    visibility: Visibility
    source: str
    rule: str
    title: str
    description: str
    details: dict[str, Any]
    created_at: datetime
    acknowledged_at: datetime | None
    resolved_at: datetime | None
    parent_id: UUID | None
    affected: list[AffectedCompany]
    timeline: list[IncidentEvent]


class StaffIncidentsQuery(Page, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which incidents: those for which every given field holds."""

    status: Annotated[State, Meta(description="Of this state only.")] | None = None
    severity: Annotated[Severity, Meta(description="Of this severity only.")] | None = None
    tenant: Annotated[UUID, Meta(description="Of this company, or affecting it.")] | None = None
    source: Annotated[str, Meta(min_length=1, max_length=100, description="Raised by this part.")] | None = None


class NewStaffIncident(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An incident opened by hand. Of one company it is its own; of none or several it is the platform's."""

    severity: Severity
    title: Annotated[str, Meta(min_length=1, max_length=TITLE_LIMIT)]
    description: Annotated[str, Meta(max_length=DESCRIPTION_LIMIT)] = ""
    visibility: Visibility = Visibility.TENANT
    tenant_ids: Annotated[list[UUID], Meta(max_length=_MOST_TENANTS)] = []


class IncidentComment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A text for the timeline; `public` ones are for the companies, too."""

    body: Annotated[str, Meta(min_length=1, max_length=COMMENT_LIMIT)]
    public: bool = False


class IncidentSeverity(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How much it weighs."""

    severity: Severity


def staff_view(found: Detail, locale: str) -> StaffIncident:
    """An incident as staff see it, in the reader's language."""
    one = found.incident
    tenant_id, name = owner(one.tenant_id, found.tenant_name)
    title, description = texts(one, locale)
    return StaffIncident(
        id=one.id,
        tenant_id=tenant_id,
        tenant_name=name,
        severity=one.severity,
        status=one.status,
        visibility=one.visibility,
        source=one.source,
        rule=one.rule,
        title=title,
        description=description,
        details=one.details,
        created_at=one.created_at,
        acknowledged_at=one.acknowledged_at,
        resolved_at=one.resolved_at,
        parent_id=one.parent_id,
        affected=[AffectedCompany(a.tenant_id, a.tenant_name, a.incident_id) for a in found.affected],
        timeline=[step(event) for event in found.events],
    )


def owner(tenant_id: UUID, name: str) -> tuple[UUID | None, str | None]:
    """Whose it is, by id and name; None for the platform's."""
    return (None, None) if tenant_id == PLATFORM_TENANT else (tenant_id, name)


def step(event: Event) -> IncidentEvent:
    """A step of a timeline."""
    return IncidentEvent(
        id=event.id,
        occurred_at=event.occurred_at,
        kind=event.kind,
        public=event.public,
        actor=event.actor_name,
        body=event.body,
        details=event.details,
    )


# What the examples of the routes say.
ID: Final = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
MOMENT: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)
OPENED: Final = IncidentEvent(
    id=ID,
    occurred_at=MOMENT,
    kind=EventKind.OPENED,
    public=True,
    actor=None,
    body="",
    details={"severity": "warning"},
)
TITLE: Final = "WhatsApp sem resposta"
TEXT: Final = "O provedor não responde há 10 minutos."

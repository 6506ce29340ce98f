"""The head of the staff's pages about one company, and what each of its tabs shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

import msgspec
from markupsafe import Markup

from alquimista.access import PLATFORM_TENANT, Actor, Permission
from alquimista.dashboards.models.client import IntegrationLine, TenantUsage
from alquimista.dashboards.models.figures import Period
from alquimista.dashboards.models.tenant import RunningAgent, TenantHead
from alquimista.i18n import N_, Text
from alquimista.incidents.models import Incident, Visibility, texts
from alquimista.web import formats, views
from alquimista.web.charts import LineChart, Quota
from alquimista.web.client.overview import UNLIMITED
from alquimista.web.incidents import STATES as INCIDENT_STATES
from alquimista.web.staff.commands import STATES as COMMAND_STATES
from alquimista.web.staff.tenants import PATH as LIST

BASE: Final = f"{LIST}/{{tenant_id:uuid}}"
MAIN: Final = "tenant-tab"  # The id of the element that a link replaces.
SIZE: Final = 50
SHOWN_INVITATIONS: Final = 20
SHOWN_INCIDENTS: Final = 5

_TABS: Final = (
    ("", N_("Overview"), Permission.PLATFORM_READ),
    ("users", N_("Users"), Permission.USER_READ),
    ("agents", N_("Agents"), Permission.PLATFORM_READ),
    ("integrations", N_("Integrations"), Permission.PLATFORM_READ),
    ("usage", N_("Usage"), Permission.PLATFORM_READ),
    ("billing", N_("Billing"), Permission.PAYMENT_MANAGE),
    ("incidents", N_("Incidents"), Permission.PLATFORM_READ),
    ("commands", N_("Commands"), Permission.COMMAND_READ),
    ("audit", N_("Audit"), Permission.AUDIT_READ),
)
DONE: Final = {
    "created": views.Notice(
        N_("The customer is registered, and its administrator is invited by mail."), "good", "circle-check"
    ),
    "changed": views.Notice(N_("The customer is changed: all its people see it at once."), "good", "circle-check"),
    "suspended": views.Notice(N_("The customer is suspended: nobody of it gets in any more."), "good", "circle-check"),
    "resumed": views.Notice(N_("The customer is let in again."), "good", "circle-check"),
    "limits": views.Notice(N_("The limits are changed, and hold at once."), "good", "circle-check"),
    "resent": views.Notice(N_("The invitation is mailed anew, with a link of its own."), "good", "circle-check"),
}
RUNNING_STATES: Final = {
    "online": views.Badge(N_("Online"), "good", icon="circle-check"),
    "late": views.Badge(N_("Late"), "warn", icon="hourglass"),
    "offline": views.Badge(N_("Offline"), "bad", icon="wifi-off"),
    "paused": views.Badge(N_("Paused"), "idle", icon="circle-pause"),
    "suspended": views.Badge(N_("Suspended"), "bad", icon="circle-off"),
}
NEVER_HEARD: Final = views.Badge(N_("Never connected"), "idle", icon="unplug")
MEMBER_STATES: Final = {
    "active": views.Badge(N_("Active"), "good", icon="circle-check"),
    "deactivated": views.Badge(N_("Deactivated"), "idle", icon="circle-off"),
}
_ANY: Final = ("", N_("All states"))
INCIDENT_STATUSES: Final = [_ANY, *((one.value, badge.label) for one, badge in INCIDENT_STATES.items())]
COMMAND_STATUSES: Final = [_ANY, *((one.value, badge.label) for one, badge in COMMAND_STATES.items())]


class TabQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The page of the tab's list, and what was just done."""

    page: int = 1
    done: str = ""


class PeriodQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How far back."""

    period: Period = Period.MONTH


class IncidentsQuery(TabQuery, frozen=True, forbid_unknown_fields=True):
    """Which incidents; an unknown state or severity says nothing."""

    status: str = ""
    severity: str = ""
    seen: str = ""  # The hash of the part that the browser shows.


class CommandsQuery(TabQuery, frozen=True, forbid_unknown_fields=True):
    """Which commands; an unknown state says nothing."""

    status: str = ""
    seen: str = ""  # As above.


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What stands above every tab, and what the reader may do to the company."""

    tenant: TenantHead
    since: date  # In the company's own zone.
    here: str
    tabs: Sequence[tuple[Text, str, bool]]
    quotas: Sequence[tuple[Text, Quota]]
    state: views.Badge
    plan: Text | str
    manages: bool
    exports: bool
    commands: bool

    @property
    def path(self) -> str:
        """The first tab."""
        return path_of(self.tenant.id)

    def command(self, kind: str, **more: object) -> str:
        """The form that gives a command about this company."""
        query = {
            "command_type": kind,
            "tenant_id": str(self.tenant.id),
            **{name: str(one) for name, one in more.items()},
        }
        return views.query_of("/app/company/operations/new", query)


def path_of(tenant_id: UUID, *further: object) -> str:
    """The address of a company's page, or of something below it."""
    return "/".join(map(str, (LIST, tenant_id, *further)))


def head_of(tenant: TenantHead, here: str, who: Actor) -> Head:
    """The head of the tab that is called `here` in its address."""
    limits, used = tenant.limits, tenant.usage
    users = limits.max_users if limits.max_users < UNLIMITED else None
    return Head(
        tenant=tenant,
        since=formats.day_of(tenant.created_at, tenant.time_zone),
        here=here,
        tabs=[
            (label, path_of(tenant.id, *([key] if key else [])), key == here)
            for key, label, permission in _TABS
            if who.may(permission)
        ],
        quotas=[
            (N_("Requests this month"), Quota(used.requests_this_month, limits.max_requests_per_month)),
            (N_("Active agents"), Quota(used.active_agents, limits.max_agents)),
            (N_("Active users"), Quota(used.active_users, users)),
        ],
        state=views.TENANT_STATES[tenant.status],
        plan=views.PLANS.get(tenant.plan, tenant.plan),
        manages=who.may(Permission.TENANT_MANAGE),
        exports=who.may(Permission.TENANT_EXPORT) and who.may(Permission.COMMAND_RUN),
        commands=who.may(Permission.COMMAND_RUN),
    )


@dataclass(frozen=True, slots=True)
class InPeriod:
    """A tab whose figures are of a period."""

    path: str
    period: Period

    periods = tuple(Period)

    def for_period(self, period: Period) -> Markup:
        """The attributes of a link to another period."""
        return views.address(self.path, MAIN, period=period.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage(InPeriod):
    """Figures of a period, compared with the one before."""

    kpis: tuple[views.Kpi, ...]
    chart: LineChart
    usage: TenantUsage


@dataclass(frozen=True, slots=True, kw_only=True)
class Agents(InPeriod):
    """The company's agents, and how many of them run."""

    rows: Sequence[RunningAgent]


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentRow:
    """An incident of the list. `platform`: it is the platform's own, and affects the company among others."""

    id: UUID
    title: str
    weight: views.Badge
    state: views.Badge
    internal: bool
    platform: bool
    created_at: datetime
    resolved_at: datetime | None


def incident_row(one: Incident, locale: str) -> IncidentRow:
    """An incident as staff see it, in the reader's language."""
    return IncidentRow(
        id=one.id,
        title=texts(one, locale)[0],
        weight=views.SEVERITIES[one.severity],
        state=INCIDENT_STATES[one.status],
        internal=one.visibility is Visibility.INTERNAL,
        platform=one.tenant_id == PLATFORM_TENANT,
        created_at=one.created_at,
        resolved_at=one.resolved_at,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """How the company does of late."""

    kpis: tuple[views.Kpi, ...]
    chart: LineChart
    integrations: Sequence[IntegrationLine]

"""The map of integrations over all companies, arranged from what the dashboards room answered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Final, NamedTuple

import msgspec
from msgspec import Meta

from alquimista.dashboards.models.connections import STATES, PlatformIntegration, ProviderUse
from alquimista.i18n import N_, Text
from alquimista.integrations.models.connections import DEMO, Kind
from alquimista.web import formats, views
from alquimista.web.tables import Paged

PATH: Final = "/app/company/integrations"
MAIN: Final = "integrations"  # The id of the element that a link or a filter replaces.
SIZE: Final = 50
KINDS: Final[Mapping[str, views.Badge]] = {
    Kind.EMAIL: views.Badge(N_("E-mail"), "info", icon="mail"),
    Kind.WHATSAPP: views.Badge(N_("WhatsApp"), "info", icon="message-circle"),
    Kind.CALENDAR: views.Badge(N_("Calendar"), "info", icon="calendar-days"),
    Kind.CRM: views.Badge(N_("CRM"), "info", icon="contact"),
    Kind.PAYMENT: views.Badge(N_("Payment"), "info", icon="credit-card"),
}
PROVIDER_NAMES: Final[Mapping[str, Text]] = {
    "smtp": N_("SMTP"),
    "imap": N_("IMAP"),
    "cloud_api": N_("Meta Cloud API"),
    "evolution": N_("Evolution API"),
    "ics": N_("iCalendar"),
    "google": N_("Google Calendar"),
    "webhook": N_("Signed webhook"),
    "stripe": N_("Stripe"),
    "asaas": N_("Asaas"),
    DEMO: N_("Demonstration"),
}
_ANY: Final = N_("All")


class IntegrationsQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The state of the page, in its address. A type or state that there is not finds nothing."""

    type: Annotated[str, Meta(max_length=40)] = ""
    provider: Annotated[str, Meta(max_length=40)] = ""
    state: Annotated[str, Meta(max_length=20)] = ""
    q: Annotated[str, Meta(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$(?!\n)")] = ""
    page: int = 1


class Part(NamedTuple):
    """A stretch of a provider's bar, of 100: its state and where it stands."""

    tone: str
    x: float
    width: float


@dataclass(frozen=True, slots=True)
class Line:
    """A provider on the map."""

    use: ProviderUse

    @property
    def total(self) -> int:
        """Its integrations that are not disconnected."""
        return self.use.active + self.use.error + self.use.pending

    @property
    def bar(self) -> tuple[Part, ...]:
        """Those by state, the failing ones first."""
        parts, x = [], 0.0
        for state in ("error", "pending", "active"):
            width = 100 * getattr(self.use, state) / self.total if self.total else 0.0
            if width:
                parts.append(Part(views.INTEGRATION_STATES[state].tone, round(x, 2), round(width, 2)))
            x += width
        return tuple(parts)

    @property
    def counts(self) -> tuple[tuple[str, int], ...]:
        """How many are in each state that some are in."""
        return tuple((state, count) for state in STATES if (count := getattr(self.use, state)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Integrations:
    """Everything on the page."""

    kpis: tuple[views.Kpi, ...]
    lines: Sequence[Line]
    unused: Sequence[ProviderUse]
    listed: Paged[PlatformIntegration]
    query: IntegrationsQuery
    types: Sequence[tuple[str, Text | str]]
    states: Sequence[tuple[str, Text]]

    def only(self, kind: str, provider: str = "", state: str = "") -> str:
        """The address of the integrations of one provider. The whole page is loaded: its filters change as well."""
        return views.query_of(PATH, {"type": kind, "provider": provider, "state": state}) + "#list"


def kept(query: IntegrationsQuery) -> dict[str, str]:
    """What every link of the list keeps."""
    return {"type": query.type, "provider": query.provider, "state": query.state, "q": query.q}


def arranged(
    found: Sequence[ProviderUse], listed: Paged[PlatformIntegration], query: IntegrationsQuery, locale: str
) -> Integrations:
    """The page from the answers. The map shows the type that is picked, or all of them."""
    shown = [one for one in found if query.type in {"", one.type}]
    present = list(dict.fromkeys(one.type for one in found))
    return Integrations(
        kpis=_sums(found, locale),
        lines=[line for one in shown if (line := Line(one)).counts],
        unused=[one for one in shown if not Line(one).counts],
        listed=listed,
        query=query,
        types=[("", _ANY), *((one, KINDS[one].label if one in KINDS else one) for one in present)],
        states=[("", _ANY), *((one, views.INTEGRATION_STATES[one].label) for one in STATES)],
    )


def _sums(found: Sequence[ProviderUse], locale: str) -> tuple[views.Kpi, ...]:
    active, failing = sum(one.active for one in found), sum(one.error for one in found)
    pending = sum(one.pending for one in found)
    return (
        views.Kpi(
            icon="plug",
            label=N_("Working integrations"),
            value=formats.number(active, locale),
            note=N_("integrations that answer"),
        ),
        views.Kpi(
            icon="circle-alert",
            label=N_("Failing integrations"),
            value=formats.number(failing, locale),
            note=N_("of {count} that are not disconnected", count=formats.number(active + failing + pending, locale)),
        ),
        views.Kpi(
            icon="clock",
            label=N_("Waiting integrations"),
            value=formats.number(pending, locale),
            note=N_("not connected by the customer yet"),
        ),
        views.Kpi(
            icon="layers",
            label=N_("Providers in use"),
            value=formats.number(sum(one.tenants > 0 for one in found), locale),
            note=N_("of {count} on the map", count=formats.number(len(found), locale)),
        ),
    )

"""A company's connections, arranged for its pages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Final, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from alquimista.audit.models import Entry
from alquimista.i18n import N_, Text
from alquimista.integrations.models.connections import DEMO, PROVIDERS
from alquimista.integrations.models.integrations import CONNECTED, IntegrationRecord, IntegrationStatus
from alquimista.tenants.models import Tenant
from alquimista.web import views
from alquimista.web.client.addresses import Links
from alquimista.web.client.providers import CHOICES, FIELDS, KINDS, LABELS, Named
from alquimista.web.tables import Paged
from alquimista.web.views import Badge, Notice

PATH: Final = "/app/dashboard/integrations"
MAIN: Final = "integrations"  # The id of the element that a link replaces.
SHOWN: Final = 12
HISTORY: Final = 20

DONE: Final = {
    "connected": Notice(N_("Connected: it was tried, and it works."), "good", "circle-check"),
    "reconnected": Notice(N_("Connected again: it was tried, and it works."), "good", "circle-check"),
    "disconnected": Notice(
        N_("Disconnected. Its credentials are destroyed, its history stays."), "good", icon="circle-check"
    ),
}
FILTERS: Final[tuple[tuple[str, str], ...]] = (
    ("", N_("All: {count}").template),
    ("active", N_("Connected: {count}").template),
    ("error", N_("Failing: {count}").template),
    ("pending", N_("Waiting: {count}").template),
    ("inactive", N_("Off: {count}").template),
)
HAPPENED: Final = {
    "integration.connected": Badge(N_("Connected"), "good", icon="plug"),
    "integration.reconnected": Badge(N_("Connected again"), "good", icon="plug"),
    "integration.disconnected": Badge(N_("Disconnected"), "idle", icon="unplug"),
    "integration.reset": Badge(N_("Credentials destroyed by support"), "warn", icon="key-round"),
    "integration.tested": Badge(N_("Tested"), "info", icon="stethoscope"),
    "integration.failed": Badge(N_("Stopped working"), "bad", icon="circle-alert"),
    "integration.recovered": Badge(N_("Works again"), "good", icon="circle-check"),
    "integration.authorization_started": Badge(N_("Consent asked for"), "info", icon="external-link"),
}
DEMONSTRATION: Final = Notice(
    N_("This is demonstration data: it leads nowhere and is never tested. Connect a real one beside it."),
    "info",
    icon="flask-conical",
)


class IntegrationsQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which ones, what was just done, and what was just tested."""

    state: Literal["", "active", "error", "pending", "inactive"] = ""
    page: int = 1
    done: Annotated[str, Meta(max_length=20)] = ""
    tested: UUID | None = None


@dataclass(frozen=True, slots=True)
class Card:
    """An integration, what it is called, and what may be done about it."""

    record: IntegrationRecord
    manages: bool

    @property
    def named(self) -> Named:
        """The provider in words."""
        return LABELS[self.record.provider]

    @property
    def kind(self) -> Named:
        """What it is for."""
        return KINDS[self.record.type]

    @property
    def state(self) -> Badge:
        """How it stands; one that is connected and failed its last tests says so before it is in error."""
        if self.record.status is IntegrationStatus.ACTIVE and self.record.failures:
            return Badge(N_("Unsteady"), "warn", icon="triangle-alert")
        return views.INTEGRATION_STATES[self.record.status]

    @property
    def demo(self) -> bool:
        """Whether it is a story."""
        return self.record.provider == DEMO

    @property
    def testable(self) -> bool:
        """Whether it can be tested now."""
        return self.manages and self.record.provider in PROVIDERS and self.record.status in CONNECTED

    @property
    def reconnectable(self) -> bool:
        """Whether it can be connected again."""
        return self.manages and self.record.provider in PROVIDERS

    @property
    def disconnectable(self) -> bool:
        """Whether there is something to take away."""
        return self.manages and self.record.status is not IntegrationStatus.INACTIVE

    @property
    def settings(self) -> list[tuple[Text, Text]]:
        """Its public settings, as the form calls them."""
        return [
            (FIELDS[name], CHOICES.get(str(value), Text("{value}", {"value": value})))
            for name, value in self.record.config.items()
            if name in FIELDS
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class IntegrationsPage:
    """Everything on the page of all of them. `errors`: whether the reader sees why one fails."""

    tenant: Tenant
    counts: Mapping[IntegrationStatus, int]
    cards: Paged[Card]
    state: str
    manages: bool
    errors: bool
    links: Links

    def count(self, state: str) -> int:
        """How many there are in a state, or in all."""
        return self.counts[IntegrationStatus(state)] if state else sum(self.counts.values())

    @property
    def totals(self) -> tuple[tuple[str, Text, int, str], ...]:
        """How many there are, work and fail: an icon, words, the number, and a tone where it matters."""
        failing = self.counts[IntegrationStatus.ERROR]
        return (
            ("plug", N_("Integrations"), self.count(""), ""),
            ("circle-check", N_("Connected now"), self.counts[IntegrationStatus.ACTIVE], ""),
            ("circle-alert", N_("Failing now"), failing, "text-bad" if failing else ""),
        )

    @property
    def tabs(self) -> list[tuple[Text, str, bool]]:
        """The filters by state, as links."""
        return [
            (Text(template, {"count": self.count(value)}), self.links.to(PATH, state=value), value == self.state)
            for value, template in FILTERS
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class IntegrationPage:
    """Everything on the page of one. `history` is None for those who may not read the audit."""

    tenant: Tenant
    card: Card
    errors: bool
    history: Sequence[Entry] | None
    links: Links


def tested_notice(record: IntegrationRecord, *, errors: bool) -> Notice:
    """What the test that was just made has found, as it is written down."""
    if record.last_error is None:
        return Notice(N_("{name} was tested just now: it works.", name=record.name), "good", "circle-check")
    if errors:
        text = N_("{name} was tested just now and does not work. {reason}", name=record.name, reason=record.last_error)
    else:
        text = N_("{name} was tested just now and does not work.", name=record.name)
    return Notice(text, "bad", "circle-alert")

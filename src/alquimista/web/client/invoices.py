"""An invoice's page, and the page where it is paid by hand, arranged from what billing and payments answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal, Self

import segno
from markupsafe import Markup

from alquimista.billing.models.invoices import Invoice, InvoiceStatus, Issued, Kind, LineKind
from alquimista.billing.models.summary import Summary
from alquimista.i18n import N_
from alquimista.payments.models import Charge, Outcome
from alquimista.tenants.models import Tenant
from alquimista.usage.models.drilldown import AgentDay
from alquimista.web import formats, views

MAIN: Final = "pay"  # The id of the element that refreshes itself.
KINDS: Final = {
    Kind.FIRST: N_("Begin of the subscription"),
    Kind.RENEWAL: N_("Renewal"),
    Kind.CHANGE: N_("Change of plan"),
    Kind.USAGE: N_("Use beyond the plan"),
}
CHARGE_STATES: Final = {
    Outcome.PENDING: views.Badge(N_("Waiting for payment"), "info", icon="clock"),
    Outcome.FAILED: views.Badge(N_("Refused"), "bad", icon="circle-alert"),
    Outcome.EXPIRED: views.Badge(N_("Expired"), "idle", icon="clock-alert"),
    Outcome.PAID: views.Badge(N_("Received"), "good", icon="circle-check"),
    Outcome.REFUNDED: views.Badge(N_("Paid back"), "idle", icon="undo-2"),
}
PROVIDERS: Final = {"manual": N_("Pix or transfer, confirmed by hand")}
_SUMS: Final = frozenset({LineKind.TAX, LineKind.CREDIT})
_QUANTIFIED: Final = frozenset({LineKind.ADDON, LineKind.USAGE, LineKind.ADJUSTMENT})
PayState = Literal["open", "paid", "closed", "elsewhere"]


@dataclass(frozen=True, slots=True)
class UsageDays:
    """The requests of each day under a line about use."""

    text: str
    days: tuple[tuple[date, int], ...]

    @classmethod
    def of(cls, text: str, found: Sequence[AgentDay]) -> Self:
        """The days from those of each agent."""
        sums: dict[date, int] = {}
        for one in found:
            sums[one.day] = sums.get(one.day, 0) + one.requests
        return cls(text, tuple(sorted(sums.items())))


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoicePage:
    """Everything on an invoice's page."""

    issued: Issued
    tenant: Tenant
    charges: Sequence[Charge]
    usage: Sequence[UsageDays]
    state: views.Badge
    pays: bool
    query: dict[str, str]

    @property
    def invoice(self) -> Invoice:
        """The invoice alone."""
        return self.issued.invoice

    @property
    def billed(self) -> tuple[tuple[str, int | None, int], ...]:
        """What it is for: text, quantity where that says something, cents."""
        return tuple(
            (line.description, line.quantity if line.kind in _QUANTIFIED else None, line.amount_cents)
            for line in self.issued.lines
            if line.kind not in _SUMS
        )

    @property
    def added(self) -> tuple[tuple[str, int], ...]:
        """What follows from it: taxes, and the credit that was used."""
        return tuple((line.description, line.amount_cents) for line in self.issued.lines if line.kind in _SUMS)

    def day(self, moment: datetime) -> date:
        """The tenant's day of a moment."""
        return formats.day_of(moment, self.tenant.time_zone)


@dataclass(frozen=True, slots=True, kw_only=True)
class PayPage:
    """Everything on the page where an invoice is paid by hand. `summary` is what is active once it is.

    `contact`: where to ask for bank details; empty when the installation names none.
    """

    charge: Charge
    invoice: Invoice
    tenant: Tenant
    state: PayState
    summary: Summary | None
    today: date
    contact: str
    query: dict[str, str]

    @property
    def live_url(self) -> str:
        """Where this page's fragment refreshes from."""
        path = f"/billing/pay/{self.charge.id}/live"
        return views.query_of(path, self.query) if self.query else path

    @property
    def qr(self) -> Markup:
        """The Pix code as a picture, drawn here: nothing is asked of anybody."""
        return Markup(segno.make(self.charge.pix_code or "", error="m").svg_inline(scale=4, border=2))  # noqa: S704 - Paths of our own.

    @property
    def late(self) -> bool:
        """Whether its day is over."""
        return self.invoice.due_on < self.today


def pay_state(charge: Charge, invoice: Invoice, now: datetime) -> PayState:
    """What there is to do on the page."""
    if invoice.status is InvoiceStatus.PAID or charge.status is Outcome.PAID:
        return "paid"
    if invoice.status is not InvoiceStatus.OPEN or not charge.payable(now):
        return "closed"
    return "open" if charge.provider == "manual" else "elsewhere"

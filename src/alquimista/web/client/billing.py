"""The tenant's page of its plan and invoices, arranged from what billing answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal
from uuid import UUID

from markupsafe import Markup

from alquimista.billing.models.invoices import Invoice, InvoiceStatus
from alquimista.billing.models.subscriptions import Status
from alquimista.billing.models.summary import Summary, Use
from alquimista.billing.models.usage import reached
from alquimista.billing.service.viewing import Standing
from alquimista.i18n import N_, Text
from alquimista.tenants.models import Tenant
from alquimista.web import formats, views
from alquimista.web.charts import Tone
from alquimista.web.client.overview import UNLIMITED

PATH: Final = "/app/billing"
PLAN: Final = f"{PATH}/plan"
MAIN: Final = "billing"  # The id of the element that a link replaces.
PAGE_SIZE: Final = 10

STATES: Final = {
    Status.PENDING: views.Badge(N_("Waiting for payment"), "warn", icon="clock"),
    Status.TRIALING: views.Badge(N_("On trial"), "info", icon="flask-conical"),
    Status.ACTIVE: views.Badge(N_("Running"), "good", icon="circle-check"),
    Status.PAST_DUE: views.Badge(N_("Overdue"), "bad", icon="triangle-alert"),
    Status.SUSPENDED: views.Badge(N_("Suspended for payment"), "bad", icon="circle-off"),
    Status.CANCELED: views.Badge(N_("Canceled"), "idle", icon="circle-x"),
}
INVOICE_STATES: Final = {
    InvoiceStatus.OPEN: views.Badge(N_("Open"), "info", icon="clock"),
    InvoiceStatus.PAID: views.Badge(N_("Paid"), "good", icon="circle-check"),
    InvoiceStatus.VOID: views.Badge(N_("Void"), "idle", icon="circle-x"),
    InvoiceStatus.REFUNDED: views.Badge(N_("Paid back"), "idle", icon="undo-2"),
}
OVERDUE: Final = views.Badge(N_("Overdue"), "bad", icon="triangle-alert")
NO_PLAN: Final = views.Badge(N_("No plan"), "idle", icon="circle-dashed")
# Each threshold in words too: a colour alone says nothing to many.
_REACHED: Final[dict[int, tuple[Tone, str, Text]]] = {
    80: ("warn", "triangle-alert", N_("80% or more used")),
    95: ("bad", "triangle-alert", N_("almost all used")),
    100: ("bad", "circle-alert", N_("limit reached")),
}


@dataclass(frozen=True, slots=True)
class Bar:
    """Use against a limit; `limit` None is unlimited. `said` puts the threshold that is reached in words."""

    label: Text
    used: int
    limit: int | None
    percent: int
    tone: Tone | None
    icon: str
    said: Text | None
    span: tuple[date, date] | None

    @property
    def width(self) -> int:
        """The bar's width, 0 to 100."""
        return min(100, self.percent)


@dataclass(frozen=True, slots=True)
class Row:
    """An invoice of the table."""

    invoice: Invoice
    issued_on: date
    state: views.Badge


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Everything on the page. `summary` None: the tenant never had a subscription. `manages`: its own administrator."""

    tenant: Tenant
    summary: Summary | None
    standing: Standing | None
    state: views.Badge
    sentence: Text
    rows: tuple[Row, ...]
    total: int
    page: int
    bars: tuple[Bar, ...]
    manages: bool
    payment: Literal["", "awaited", "seen"]  # Of the invoice from whose payment the reader comes back.
    query: dict[str, str]

    @property
    def live(self) -> bool:
        """Whether there is a subscription that has not ended."""
        return self.summary is not None and self.summary.status is not Status.CANCELED

    @property
    def pages(self) -> int:
        """How many pages of invoices there are."""
        return max(1, -(-self.total // PAGE_SIZE))

    @property
    def last(self) -> int:
        """The number of the last row that is shown."""
        return (self.page - 1) * PAGE_SIZE + len(self.rows)

    @property
    def live_url(self) -> str:
        """Where the page's fragment refreshes from."""
        return views.query_of(f"{PATH}/live", self.query)

    def at(self, page: int) -> Markup:
        """The attributes of a link to another page of invoices."""
        return views.address(PATH, MAIN, **{**self.query, "page": str(page)})

    def day(self, moment: datetime) -> date:
        """The tenant's day of a moment."""
        return formats.day_of(moment, self.tenant.time_zone)

    def invoice_url(self, invoice_id: UUID) -> str:
        """An invoice's page, for the same reader."""
        return invoice_url(invoice_id, self.query.get("tenant_id", ""))


def invoice_url(invoice_id: UUID, tenant_id: str = "") -> str:
    """An invoice's page; staff name the tenant."""
    return f"{PATH}/invoices/{invoice_id}" + (f"?tenant_id={tenant_id}" if tenant_id else "")


def bars(summary: Summary) -> tuple[Bar, ...]:
    """Requests of the period, agents and people against their limits."""
    return (
        _bar(N_("Requests of this billing period"), summary.requests),
        _bar(N_("Active agents"), summary.active_agents),
        _bar(N_("Users"), summary.people, unlimited=summary.people.limit >= UNLIMITED),
    )


def _bar(label: Text, use: Use, *, unlimited: bool = False) -> Bar:
    if unlimited:
        return Bar(label, use.used, None, 0, None, "", None, None)
    tone, icon, said = _REACHED.get(reached(use.used, use.limit), (None, "", None))
    span = (use.since, use.until) if use.since is not None and use.until is not None else None
    return Bar(label, use.used, use.limit, use.percent, tone, icon, said, span)


def row(invoice: Invoice, zone: str, today: date) -> Row:
    """An invoice as the table shows it."""
    return Row(invoice, formats.day_of(invoice.issued_at, zone), invoice_state(invoice, today))


def invoice_state(invoice: Invoice, today: date) -> views.Badge:
    """What became of an invoice; an open one after its day is overdue."""
    late = invoice.status is InvoiceStatus.OPEN and invoice.due_on < today
    return OVERDUE if late else INVOICE_STATES[invoice.status]


def rows(found: Sequence[Invoice], zone: str, today: date) -> tuple[Row, ...]:
    """Invoices as the table shows them."""
    return tuple(row(one, zone, today) for one in found)


def sentence(summary: Summary | None, standing: Standing | None, zone: str, locale: str) -> Text:
    """Where the subscription stands, and what to do about it, in one or two sentences."""
    if summary is None or standing is None:
        return N_("Your company has no plan yet. Choose one, and its agents start with the first payment.")
    return Text(_template(summary, standing).template, _facts(summary, standing, zone, locale))


def _template(summary: Summary, standing: Standing) -> Text:
    if summary.status is Status.SUSPENDED and standing.tried:
        return _TRIED
    if summary.status in _BY_STATUS:
        return _BY_STATUS[summary.status]
    if summary.cancel_at_period_end and standing.owed is None:
        return _ENDS
    return _ACTIVE if standing.owed is None else _OWING


def _facts(summary: Summary, standing: Standing, zone: str, locale: str) -> dict[str, str]:
    owed = standing.owed

    def at(moment: datetime | None) -> str:
        return formats.day(formats.day_of(moment, zone), locale) if moment else formats.NOTHING

    def on(day: date | None) -> str:
        return formats.day(day, locale) if day else formats.NOTHING

    return {
        "number": str(owed.number) if owed else formats.NOTHING,
        "amount": formats.in_cents(owed.total_cents, locale, currency=owed.currency) if owed else formats.NOTHING,
        "due": on(owed.due_on if owed else None),
        "stops": on(standing.stops_on),
        "ends": on(standing.ends_on),
        "ended": at(standing.canceled_at),
        "trial": at(summary.trial_ends_at),
        "until": at(summary.current_period_end),
    }


_PENDING: Final = N_(
    "Pay invoice {number} of {amount} to start: it is due on {due}. The agents work as soon as the payment is "
    "confirmed."
)
_TRIALING: Final = N_(
    "You are on trial until {trial}. After that the agents pause until the first invoice is paid; nothing is due now."
)
_PAST_DUE: Final = N_(
    "Invoice {number} of {amount} was due on {due}. The agents still work; without the payment they stop on {stops}."
)
_SUSPENDED: Final = N_(
    "The agents have stopped, because invoice {number} of {amount} is not paid. They start again with its payment; "
    "without it the subscription ends on {ends}."
)
_TRIED: Final = N_(
    "The trial is over and the agents have paused. Pay invoice {number} of {amount} and they start again; without it "
    "the subscription ends on {ends}."
)
_CANCELED: Final = N_("The subscription ended on {ended}. Choose a plan to begin again; your data is still here.")
_ENDS: Final = N_("The subscription is canceled and ends on {until}. Until then the agents work as usual.")
_ACTIVE: Final = N_("Everything is paid, and the agents work. The plan renews on {until}.")
_OWING: Final = N_("The agents work. Invoice {number} of {amount} is due on {due}.")
_BY_STATUS: Final = {
    Status.PENDING: _PENDING,
    Status.TRIALING: _TRIALING,
    Status.PAST_DUE: _PAST_DUE,
    Status.SUSPENDED: _SUSPENDED,
    Status.CANCELED: _CANCELED,
}

"""What staff see and do about one tenant's billing, arranged from what billing answered."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import msgspec

from alquimista.billing.models.catalogue import PlanVersion, StoredSubNucleo
from alquimista.billing.models.invoices import Invoice, InvoiceStatus
from alquimista.billing.models.names import plan_name
from alquimista.billing.models.summary import Summary
from alquimista.dashboards.models.tenant import TenantHead
from alquimista.i18n import N_, Text
from alquimista.payments.models import StoredEvent
from alquimista.web import formats, views
from alquimista.web.forms import Form
from alquimista.web.tables import Paged

BASE: Final = "/app/company/tenants/{tenant_id:uuid}/billing"
MAIN: Final = "tenant-billing"  # The id of the element that a link replaces.
SHOWN_EVENTS: Final = 20

DONE: Final = {
    "refund": views.Notice(N_("The refund is on its way to the payment provider."), "good", "circle-check"),
    "credit": views.Notice(N_("The credit is given: the next invoice uses it."), "good", "circle-check"),
    "trial": views.Notice(N_("The trial is granted: the customer may use the plan now."), "good", "circle-check"),
    "replay": views.Notice(N_("The message is being worked through again."), "good", "circle-check"),
}


class TenantBillingQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The page of the list of invoices, and what was just done."""

    invoices: int = 1
    done: str = ""


class MoneyForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An amount as it is written, why, and that it is meant."""

    amount: str = ""
    reason: str = ""
    confirmed: str = ""


class TrialForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A plan to use, SubNúcleos whose agents come with it, for how long, and that it is meant."""

    plan: str = ""
    days: str = ""
    subnucleos: list[str] = []
    confirmed: str = ""


def path_of(tenant_id: UUID, *further: object) -> str:
    """The address of a tenant's page, or of something below it."""
    return "/".join(map(str, (f"/app/company/tenants/{tenant_id}/billing", *further)))


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantBilling:
    """Everything on the page; `summary` is None when the tenant never had a subscription."""

    tenant: TenantHead
    summary: Summary | None
    invoices: Paged[Invoice]
    plans: Sequence[PlanVersion]
    subnucleos: Sequence[StoredSubNucleo]
    events: Sequence[StoredEvent]
    credit: Form
    trial: Form
    picked: frozenset[str]  # SubNúcleos of the trial's form.

    @property
    def path(self) -> str:
        """Where the page is."""
        return path_of(self.tenant.id)

    @property
    def may_try(self) -> bool:
        """Whether a trial may be granted: there is no subscription that is more than asked for."""
        return self.summary is None or self.summary.status.value in {"pending", "canceled"}

    @property
    def options(self) -> list[tuple[UUID, Text | str]]:
        """The plans on sale."""
        return [(plan.id, plan_name(plan.display_name)) for plan in self.plans]


def left_of(invoice: Invoice) -> int:
    """What can still be paid back of an invoice, in cents."""
    return invoice.total_cents - invoice.refunded_cents if invoice.status is InvoiceStatus.PAID else 0


def prefilled(cents: int) -> Form:
    """A form about all of an amount."""
    return Form({"amount": formats.reais(cents)})

"""What a subscription is, and which way it may go."""

from datetime import date, datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

import msgspec

from alquimista.billing.models.catalogue import AddonVersion, PlanVersion
from alquimista.billing.models.money import half_even
from alquimista.errors import Conflict, NotFound
from alquimista.i18n import N_


class Status(StrEnum):
    """Activation comes only from a payment or a trial that staff granted."""

    PENDING = "pending"
    TRIALING = "trialing"
    ACTIVE = "active"
    PAST_DUE = "past_due"
    SUSPENDED = "suspended"
    CANCELED = "canceled"


class Inclusion(StrEnum):
    """How a subscription stands to an agent: only of one that runs, a chosen agent can be switched on."""

    INCLUDED = "included"
    NOT_RUNNING = "not_running"
    NOT_CHOSEN = "not_chosen"
    NO_SUBSCRIPTION = "no_subscription"


# A trial that nobody paid for is suspended at its end: it never owed anything that could be past due.
TRANSITIONS: Final[dict[Status, frozenset[Status]]] = {
    Status.PENDING: frozenset({Status.TRIALING, Status.ACTIVE, Status.CANCELED}),
    Status.TRIALING: frozenset({Status.ACTIVE, Status.SUSPENDED, Status.CANCELED}),
    Status.ACTIVE: frozenset({Status.PAST_DUE, Status.CANCELED}),
    Status.PAST_DUE: frozenset({Status.ACTIVE, Status.SUSPENDED, Status.CANCELED}),
    Status.SUSPENDED: frozenset({Status.ACTIVE, Status.CANCELED}),
    Status.CANCELED: frozenset(),
}
# Its agents may work.
RUNNING: Final = frozenset({Status.TRIALING, Status.ACTIVE, Status.PAST_DUE})


class Cycle(StrEnum):
    """How often the plan's price is paid."""

    MONTHLY = "monthly"
    YEARLY = "yearly"

    @property
    def months(self) -> int:
        """A year is twelve months."""
        return 12 if self is Cycle.YEARLY else 1


class Effect(StrEnum):
    """What a choice does to a subscription."""

    FIRST = "first"  # The first invoice; everything begins with its payment.
    CHANGE = "change"  # An invoice for the rest of the cycle; the change begins with its payment.
    NOW = "now"  # The price is the same: it begins at once.
    LATER = "later"  # Less than before: it begins with the next cycle.
    TRIAL = "trial"  # Nothing is paid yet, so it begins at once.
    WAITS = "waits"  # It is asked for already, and waits for its payment.
    KEEP = "keep"  # As it is now, and the change that was to come is dropped.


class Terms(msgspec.Struct, frozen=True):
    """What a tenant subscribes to: versions of the catalogue, and what was chosen of them."""

    plan_id: UUID
    cycle: Cycle
    agents: tuple[UUID, ...] = ()
    subnucleos: tuple[UUID, ...] = ()
    addon_id: UUID | None = None
    addon_count: int = 0

    def says(self, other: "Terms") -> bool:
        """Whether both are the same; the order of agents and SubNúcleos is no matter."""
        return _unordered(self) == _unordered(other)


def _unordered(terms: Terms) -> Terms:
    return msgspec.structs.replace(
        terms, agents=tuple(sorted(terms.agents)), subnucleos=tuple(sorted(terms.subnucleos))
    )


class Deal(msgspec.Struct, frozen=True):
    """Terms with the prices of their versions."""

    terms: Terms
    plan: PlanVersion
    addon: AddonVersion | None

    @property
    def plan_cents(self) -> int:
        """The plan's price of a cycle."""
        return _of_cycle(self.plan, self.terms.cycle)

    @property
    def addon_cents(self) -> int:
        """The price of a cycle of one agent beyond the plan."""
        return _of_cycle(self.addon, self.terms.cycle) if self.addon is not None else 0

    @property
    def cents(self) -> int:
        """The whole price of a cycle."""
        return self.plan_cents + self.addon_cents * self.terms.addon_count

    @property
    def mrr_cents(self) -> int:
        """What it brings in a month: a year's price is a twelfth of it, rounded once."""
        return half_even(self.cents, self.terms.cycle.months)


def _of_cycle(version: PlanVersion | AddonVersion, cycle: Cycle) -> int:
    return version.price_yearly_cents if cycle is Cycle.YEARLY else version.price_monthly_cents


class Subscription(msgspec.Struct, frozen=True):
    """A row of subscriptions. Periods are moments that are midnights of the tenant's."""

    id: UUID
    status: Status
    billing_cycle: Cycle
    plan_id: UUID
    addon_id: UUID | None
    addon_count: int
    selected_agents: tuple[UUID, ...]
    selected_subnucleos: tuple[UUID, ...]
    total_cents: int
    currency: str
    mrr_cents: int
    anchor_on: date | None
    cycles: int
    current_period_start: datetime | None
    current_period_end: datetime | None
    trial_ends_at: datetime | None
    cancel_at_period_end: bool
    canceled_at: datetime | None
    next_terms: Terms | None
    pending_terms: Terms | None
    pending_invoice_id: UUID | None
    dunning_step: int
    provider: str | None
    provider_customer_id: str | None
    provider_method_id: str | None
    due_at: datetime | None
    created_at: datetime

    @property
    def terms(self) -> Terms:
        """What it is for."""
        return Terms(
            self.plan_id,
            self.billing_cycle,
            self.selected_agents,
            self.selected_subnucleos,
            self.addon_id,
            self.addon_count,
        )

    def to(self, status: Status, **changes: object) -> "Subscription":
        """The same in another state.

        Raises:
            NotFromHere: the state machine has no such way.
        """
        if status is not self.status and status not in TRANSITIONS[self.status]:
            raise NotFromHere(status=self.status.value)
        return msgspec.structs.replace(self, status=status, **changes)


class DebtOpen(Conflict):
    code = "invoice_overdue"
    message = N_("Invoice {number} of an earlier subscription is overdue. Pay it first: POST its id to the checkout.")


class NoSubscription(NotFound):
    code = "subscription_not_found"
    message = N_("This company has no subscription. Choose a plan first.")


class NotFromHere(Conflict):
    code = "subscription_state"
    message = N_("The subscription is {status}, which does not allow this.")


class AlreadySubscribed(Conflict):
    code = "already_subscribed"
    message = N_("This is what the company has already.")


class ChangeWaits(Conflict):
    code = "change_waits"
    message = N_("A change waits for its payment. Pay it or cancel it first.")


class NotOnSale(NotFound):
    code = "plan_not_on_sale"
    message = N_("There is no plan on sale with this id. Read the plans again: prices may have changed.")


class UnknownSubNucleo(NotFound):
    code = "subnucleo_not_found"
    message = N_("There is no SubNúcleo with this id.")


class SubNucleosBeyondPlan(Conflict):
    code = "subnucleos_by_quote"
    message = N_("The plan includes {limit} SubNúcleos. For more of them talk to sales: POST /api/commercial/contact.")


class TooManyAgents(Conflict):
    code = "agents_beyond_plan"
    message = N_(
        "The plan includes {limit} agents, and no single agent is on sale beside it. Choose fewer, or more plan."
    )


class AgentNotIncluded(Conflict):
    code = "agent_not_included"
    message = N_(
        "The subscription does not include this agent. Choose it there first, with the others that you keep: "
        "POST /api/billing/subscription."
    )


class EndsSoon(Conflict):
    code = "subscription_ends"
    message = N_("The subscription ends with its period. Take the cancellation back before changing it.")

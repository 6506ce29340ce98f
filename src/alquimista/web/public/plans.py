"""The public page of plans, arranged from the catalogue."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final

from alquimista.agents.models.agents import Agent
from alquimista.billing.models.catalogue import AddonVersion, PlanVersion, Price, StoredSubNucleo

PATH: Final = "/plans"


class Cycle(StrEnum):
    """How a plan is paid."""

    MONTHLY = "monthly"
    YEARLY = "yearly"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanCard:
    """A plan as the page shows it. Amounts in units of the currency."""

    name: str
    title: str
    text: str
    currency: str
    amount: Decimal
    a_month: Decimal
    saved_percent: int
    requests: int
    features: tuple[str, ...]
    tiers: tuple[tuple[int | None, int, Decimal], ...]


@dataclass(frozen=True, slots=True)
class Bundle:
    """A SubNúcleo with the agents that are offered in it; of each, whether it always comes with it."""

    title: str
    text: str
    agents: tuple[tuple[Agent, bool], ...]


@dataclass(frozen=True, slots=True)
class Offer:
    """Everything on the page."""

    cycle: Cycle
    plans: tuple[PlanCard, ...]
    bundles: tuple[Bundle, ...]
    single: tuple[str, Decimal] | None  # Currency and price of one more agent a month.

    cycles = tuple(Cycle)

    @property
    def agents(self) -> int:
        """How many agents the SubNúcleos hold."""
        return sum(len(bundle.agents) for bundle in self.bundles)


def arranged(
    cycle: Cycle,
    plans: Sequence[PlanVersion],
    addons: Sequence[AddonVersion],
    subnucleos: Sequence[StoredSubNucleo],
    agents: Sequence[Agent],
) -> Offer:
    """The page from what is on sale."""
    offered = {agent.slug: agent for agent in agents if agent.status == "active"}
    single = next(((one.currency, _units(one.price_monthly_cents)) for one in addons), None)
    return Offer(
        cycle,
        tuple(_card(plan, cycle) for plan in plans),
        tuple(
            Bundle(
                one.display_name,
                one.description,
                tuple((offered[slug], slug in one.required) for slug in one.agents if slug in offered),
            )
            for one in subnucleos
        ),
        single,
    )


def _card(plan: PlanVersion, cycle: Cycle) -> PlanCard:
    price = Price.of(plan)
    yearly = cycle is Cycle.YEARLY
    return PlanCard(
        name=plan.name,
        title=plan.display_name,
        text=plan.description,
        currency=plan.currency,
        amount=_units(price.yearly_cents if yearly else price.monthly_cents),
        a_month=_units(price.yearly_cents) / 12 if yearly else _units(price.monthly_cents),
        saved_percent=price.saved_percent,
        requests=plan.max_requests_per_month,
        features=plan.features,
        tiers=tuple((tier.up_to, tier.per, _units(tier.price_cents)) for tier in plan.overage_tiers),
    )


def _units(cents: int) -> Decimal:
    return Decimal(cents) / 100

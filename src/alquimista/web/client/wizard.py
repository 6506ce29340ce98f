"""The plan wizard, arranged from the catalogue and from what billing says of a choice.

The choice lives in the address: it survives going back, reloading and signing in, and can be sent to a colleague.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final
from urllib.parse import urlencode

from markupsafe import Markup

from alquimista.billing.models.catalogue import AddonVersion, ListedAgent, PlanVersion, Price, StoredSubNucleo
from alquimista.billing.models.proposal import Proposal
from alquimista.billing.models.subscriptions import Cycle, Effect
from alquimista.i18n import N_, Text
from alquimista.tenants.models import Tenant
from alquimista.web import tables
from alquimista.web.client.billing import PLAN

MAIN: Final = "wizard"  # The id of the element that a change replaces.
CONTACT: Final = "/contact"


class Step(StrEnum):
    """The steps, in their order."""

    PLAN = "plan"
    SUBNUCLEOS = "subnucleos"
    AGENTS = "agents"
    SUMMARY = "summary"


STEPS: Final = {
    Step.PLAN: N_("Plan"),
    Step.SUBNUCLEOS: N_("SubNúcleos"),
    Step.AGENTS: N_("Agents"),
    Step.SUMMARY: N_("Summary"),
}
# What agreeing does, and what the button says.
EFFECTS: Final = {
    Effect.FIRST: (
        N_("Nothing is active before the payment; the agents start as soon as it is confirmed."),
        N_("Go to payment"),
    ),
    Effect.CHANGE: (
        N_("You pay for the rest of the running cycle; the change begins as soon as the payment is confirmed."),
        N_("Go to payment"),
    ),
    Effect.WAITS: (N_("You have asked for this already: it begins as soon as it is paid."), N_("Go to payment")),
    Effect.NOW: (N_("The price stays the same, so the change begins at once."), N_("Change now")),
    Effect.LATER: (
        N_("What you have is paid until then, so the change begins with the next cycle. Nothing is due today."),
        N_("Confirm the change"),
    ),
    Effect.TRIAL: (N_("You are on trial: the choice holds at once, and nothing is due today."), N_("Change now")),
    Effect.KEEP: (N_("You keep what you have, and the change that was to come is dropped."), N_("Keep my plan")),
}


@dataclass(frozen=True, slots=True)
class Choice:
    """What is chosen so far, by the catalogue's names."""

    plan: str = ""
    cycle: Cycle = Cycle.MONTHLY
    subnucleos: tuple[str, ...] = ()
    agents: tuple[str, ...] = ()

    def query(self, step: Step) -> list[tuple[str, str]]:
        """The choice as an address holds it. `chosen`: what is missing in it is left out on purpose."""
        return [
            ("plan", self.plan),
            ("cycle", self.cycle.value),
            *(("subnucleos", name) for name in self.subnucleos),
            *(("agents", slug) for slug in self.agents),
            ("chosen", "true"),
            ("step", Step(step).value),
        ]


@dataclass(frozen=True, slots=True)
class PlanOption:
    """A plan with its price of the chosen cycle, in cents."""

    plan: PlanVersion
    cents: int
    a_month_cents: int
    saved_percent: int


@dataclass(frozen=True, slots=True)
class AgentOption:
    """An agent; a required one comes with its SubNúcleo and cannot be left out."""

    agent: ListedAgent
    chosen: bool
    required: bool


@dataclass(frozen=True, slots=True)
class Bundle:
    """A SubNúcleo with its agents that are offered."""

    one: StoredSubNucleo
    agents: tuple[AgentOption, ...]
    chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Wizard:
    """Everything on the page. `blocked`: why the choice cannot be agreed to."""

    tenant: Tenant
    step: Step
    choice: Choice
    plans: tuple[PlanOption, ...]
    bundles: tuple[Bundle, ...]
    single: AddonVersion | None
    proposal: Proposal | None
    blocked: Text | None
    others: tuple[AgentOption, ...]

    cycles = tuple(Cycle)
    steps = STEPS

    @property
    def plan(self) -> PlanVersion | None:
        """The chosen plan."""
        return next((one.plan for one in self.plans if one.plan.name == self.choice.plan), None)

    @property
    def chosen_bundles(self) -> tuple[Bundle, ...]:
        """The chosen SubNúcleos."""
        return tuple(one for one in self.bundles if one.chosen)

    @property
    def chosen_agents(self) -> tuple[AgentOption, ...]:
        """The chosen agents, each once, with those that come with a SubNúcleo."""
        options = [option for bundle in self.chosen_bundles for option in bundle.agents] + list(self.others)
        return tuple({option.agent.id: option for option in options if option.chosen}.values())

    @property
    def too_many_bundles(self) -> bool:
        """Whether more SubNúcleos are chosen than the plan holds: that goes to sales."""
        return self.plan is not None and len(self.chosen_bundles) > self.plan.max_subnucleos

    @property
    def beyond(self) -> int:
        """How many agents are chosen beyond the plan's."""
        return max(0, len(self.chosen_agents) - self.plan.max_agents) if self.plan else 0

    @property
    def single_cents(self) -> int | None:
        """What one agent beyond the plan costs in a cycle; None when none is on sale."""
        if self.single is None:
            return None
        price = Price.of(self.single)
        return price.yearly_cents if self.choice.cycle is Cycle.YEARLY else price.monthly_cents

    @property
    def agreed(self) -> str:
        """What the reader agrees to, so that nobody pays for what the page did not show."""
        return digest(self.proposal) if self.proposal else ""

    @property
    def next_step(self) -> Step:
        """The step after this one."""
        order = list(STEPS)
        return order[min(order.index(self.step) + 1, len(order) - 1)]

    @property
    def step_before(self) -> Step | None:
        """The step before this one."""
        order = list(STEPS)
        return order[order.index(self.step) - 1] if self.step is not order[0] else None

    @property
    def sales(self) -> str:
        """Where one asks for more than a plan holds, with the SubNúcleos that are chosen."""
        return f"{CONTACT}?{urlencode([('subnucleos', str(bundle.one.id)) for bundle in self.chosen_bundles])}"

    def hidden(self, *but: str) -> list[tuple[str, str]]:
        """The choice as hidden fields, but for those that the step's own fields are for."""
        return [(name, value) for name, value in self.choice.query(self.step) if name not in but]

    def to(self, step: Step, **changes: object) -> Markup:
        """The attributes of a link to a step with the same choice, or with changes of it."""
        return tables.link(self.href(step, **changes), MAIN)

    def href(self, step: Step, **changes: object) -> str:
        """The address of a step."""
        return f"{PLAN}?{urlencode(replace(self.choice, **changes).query(step))}"  # type: ignore[arg-type]

    def all_of(self, bundle: Bundle) -> Markup:
        """A link that chooses every agent of a SubNúcleo."""
        slugs = dict.fromkeys([*self.choice.agents, *(option.agent.slug for option in bundle.agents)])
        return self.to(Step.AGENTS, agents=tuple(slugs))


def digest(proposal: Proposal) -> str:
    """What matters of a proposal, as the form sends it back."""
    deal = proposal.deal
    return f"{deal.plan.id}.{proposal.effect.value}.{proposal.cycle_cents}.{proposal.today_cents}"


def plan_options(plans: Sequence[PlanVersion], cycle: Cycle) -> tuple[PlanOption, ...]:
    """The plans on sale with their prices of a cycle."""
    options = []
    for plan in plans:
        price = Price.of(plan)
        yearly = cycle is Cycle.YEARLY
        cents = price.yearly_cents if yearly else price.monthly_cents
        options.append(PlanOption(plan, cents, cents // 12 if yearly else cents, price.saved_percent))
    return tuple(options)


def bundle_options(
    subnucleos: Sequence[StoredSubNucleo], agents: Sequence[ListedAgent], choice: Choice
) -> tuple[tuple[Bundle, ...], tuple[AgentOption, ...]]:
    """Every SubNúcleo with its agents; and the agents that are in no chosen one."""
    offered = {agent.slug: agent for agent in agents if agent.status == "active"}
    required = {slug for one in subnucleos if one.name in choice.subnucleos for slug in one.required}

    def option(slug: str) -> AgentOption:
        return AgentOption(offered[slug], slug in choice.agents or slug in required, slug in required)

    bundles = tuple(
        Bundle(one, tuple(option(slug) for slug in one.agents if slug in offered), one.name in choice.subnucleos)
        for one in subnucleos
    )
    inside = {o.agent.slug for bundle in bundles if bundle.chosen for o in bundle.agents}
    return bundles, tuple(option(slug) for slug in offered if slug not in inside)

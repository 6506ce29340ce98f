"""The first steps of a company: what they ask, in which order, and which agents they suggest."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from alquimista.agents.models.agents import Agent
from alquimista.i18n import N_, Text
from alquimista.tenants.models import Goal, Onboarding, Size
from alquimista.web.public.agents import Catalogue, Selection

PATH: Final = "/app/dashboard/welcome"


class Step(StrEnum):
    """The steps, in their order."""

    INDUSTRY = "industry"
    SIZE = "size"
    GOALS = "goals"
    AGENTS = "agents"
    PLAN = "plan"


STEPS: Final = {
    Step.INDUSTRY: N_("Your business"),
    Step.SIZE: N_("Your size"),
    Step.GOALS: N_("Your goals"),
    Step.AGENTS: N_("Your agents"),
    Step.PLAN: N_("Your plan"),
}
SIZES: Final = (
    (Size.TINY, N_("1 to 10 people")),
    (Size.SMALL, N_("11 to 50 people")),
    (Size.MEDIUM, N_("51 to 200 people")),
    (Size.LARGE, N_("More than 200 people")),
)
GOALS: Final = (
    (Goal.ANSWER, N_("Answer customers faster")),
    (Goal.SELL, N_("Sell more")),
    (Goal.SCHEDULE, N_("Schedule appointments")),
    (Goal.COLLECT, N_("Collect what is due")),
    (Goal.HIRE, N_("Find and hire people")),
    (Goal.MEASURE, N_("Measure what agents do and cost")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Welcome:
    """Everything on the page."""

    step: Step
    said: Onboarding
    industries: Sequence[tuple[str, str]]
    suggested: Sequence[Agent]
    others: Sequence[Agent]
    single: str
    selection: Selection

    steps = STEPS
    sizes = SIZES
    goals = GOALS

    @property
    def number(self) -> int:
        """Which step it is, from 1."""
        return list(Step).index(self.step) + 1

    @property
    def before(self) -> Step | None:
        """The step before."""
        return list(Step)[self.number - 2] if self.number > 1 else None


def next_step(step: Step) -> Step:
    """The one after; the last stays."""
    steps = list(Step)
    return steps[min(steps.index(step) + 1, len(steps) - 1)]


def first_open(said: Onboarding) -> Step:
    """Where somebody goes on who had left."""
    if not said.industry:
        return Step.INDUSTRY
    if not said.size:
        return Step.SIZE
    if not said.goals:
        return Step.GOALS
    return Step.PLAN if said.finished_at else Step.AGENTS


def industries(catalogue: Catalogue) -> tuple[tuple[str, str], ...]:
    """The lines of business that there are agents for."""
    names = dict.fromkeys(one.category for one in catalogue.offered)
    return tuple((name, catalogue.category(name)) for name in names)


def sorted_for(catalogue: Catalogue, said: Onboarding) -> tuple[list[Agent], list[Agent]]:
    """The agents of the company's line of business, and all others."""
    offered = catalogue.offered
    return (
        [one for one in offered if one.category == said.industry],
        [one for one in offered if one.category != said.industry],
    )


def wrong(step: Step, said: Onboarding, catalogue: Catalogue) -> Text | None:
    """What is missing in a step's answer."""
    if step is Step.INDUSTRY and said.industry not in dict(industries(catalogue)):
        return N_("Choose what your business is closest to.")
    if step is Step.SIZE and not said.size:
        return N_("Choose how many people work in your company.")
    if step is Step.GOALS and not said.goals:
        return N_("Choose one goal at least.")
    return None

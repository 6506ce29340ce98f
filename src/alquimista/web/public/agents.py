"""The public catalogue of agents and SubNúcleos: what is shown of it, and what a selection of it would cost."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Final
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from msgspec import Meta

from alquimista.agents.models.agents import Agent
from alquimista.billing.models.catalogue import AddonVersion, PlanVersion, StoredSubNucleo
from alquimista.billing.models.subscriptions import Cycle, Deal, Terms

PATH: Final = "/agents"
PLAN: Final = "/app/billing/plan"
CONTACT: Final = "/contact"
_MOST: Final = 60  # What an address has room for.


class AgentsQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The state of the page, in its address: what is looked for, and what is chosen. `go` leads on with the choice."""

    q: Annotated[str, Meta(max_length=100)] = ""
    category: Annotated[str, Meta(max_length=64)] = ""
    agents: Annotated[list[UUID], Meta(max_length=_MOST)] = []
    subnucleos: Annotated[list[UUID], Meta(max_length=_MOST)] = []
    go: str = ""


class Catalogue(msgspec.Struct, frozen=True):
    """What is offered at a moment."""

    agents: list[Agent]
    subnucleos: list[StoredSubNucleo]
    plans: list[PlanVersion]
    addons: list[AddonVersion]

    @property
    def offered(self) -> list[Agent]:
        """The agents that can be chosen."""
        return [one for one in self.agents if one.status == "active"]

    @property
    def single(self) -> tuple[str, Decimal] | None:
        """Currency and price of an agent alone, a month; there is one kind of them."""
        return next(((one.currency, Decimal(one.price_monthly_cents) / 100) for one in self.addons), None)

    def category(self, name: str) -> str:
        """What a category is called: as the SubNúcleo of it."""
        return next((one.display_name for one in self.subnucleos if one.category == name), name.capitalize())


@dataclass(frozen=True, slots=True)
class Bundle:
    """A SubNúcleo with its offered agents; of each, whether it always comes with it."""

    id: UUID
    title: str
    text: str
    agents: tuple[tuple[Agent, bool], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What is chosen. `total` is the monthly price of the cheapest plan that holds it, None when none does."""

    agents: tuple[UUID, ...] = ()
    subnucleos: tuple[UUID, ...] = ()
    brought: frozenset[UUID] = frozenset()  # Agents that come with the chosen SubNúcleos.
    plan: str = ""
    currency: str = "BRL"
    total: Decimal | None = None

    @property
    def count(self) -> int:
        """How many agents and SubNúcleos were chosen."""
        return len(self.agents) + len(self.subnucleos)

    @property
    def query(self) -> str:
        """The choice as the pages that go on with it take it."""
        chosen = [("agents", str(one)) for one in self.agents]
        return urlencode(chosen + [("subnucleos", str(one)) for one in self.subnucleos])

    @property
    def elsewhere(self) -> str:
        """The address that the choice leads to with sales."""
        return f"{CONTACT}?{self.query}" if self.count else CONTACT

    @property
    def plan_page(self) -> str:
        """The address that it leads to with a plan; what no plan holds goes to sales."""
        if self.count and self.total is None:
            return self.elsewhere
        return f"{PLAN}?{self.query}" if self.count else PLAN


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Everything on the page."""

    agents: tuple[Agent, ...]
    bundles: tuple[Bundle, ...]
    categories: tuple[tuple[str, str], ...]
    selection: Selection
    hidden: tuple[UUID, ...]  # Chosen agents that the filter does not show.
    single: tuple[str, Decimal] | None
    query: AgentsQuery
    total: int


def arranged(catalogue: Catalogue, query: AgentsQuery) -> Page:
    """The page of a query."""
    offered = catalogue.offered
    words = plain(query.q).split()
    shown = tuple(one for one in offered if query.category in {"", one.category} and _matches(one, words))
    selection = chosen(catalogue, query.agents, query.subnucleos)
    visible = {one.id for one in shown}
    names = dict.fromkeys(one.category for one in offered)
    return Page(
        agents=shown,
        bundles=tuple(bundle_of(catalogue, one) for one in catalogue.subnucleos),
        categories=tuple((name, catalogue.category(name)) for name in names),
        selection=selection,
        hidden=tuple(one for one in selection.agents if one not in visible),
        single=catalogue.single,
        query=query,
        total=len(offered),
    )


def bundle_of(catalogue: Catalogue, one: StoredSubNucleo) -> Bundle:
    """A SubNúcleo as the page shows it."""
    known = {agent.slug: agent for agent in catalogue.offered}
    agents = tuple((known[slug], slug in one.required) for slug in one.agents if slug in known)
    return Bundle(one.id, one.display_name, one.description, agents)


def chosen(catalogue: Catalogue, agents: Sequence[UUID], subnucleos: Sequence[UUID]) -> Selection:
    """A selection of what is offered; anything else in it is left out, since addresses are kept and passed on."""
    by_slug = {one.slug: one.id for one in catalogue.offered}
    known = set(by_slug.values())
    bundles = {one.id: one for one in catalogue.subnucleos}
    alone = tuple(one for one in dict.fromkeys(agents) if one in known)
    together = tuple(one for one in dict.fromkeys(subnucleos) if one in bundles)
    brought = frozenset(by_slug[slug] for one in together for slug in bundles[one].required if slug in by_slug)
    selection = Selection(agents=alone, subnucleos=together, brought=brought)
    deals = [deal for plan in catalogue.plans if (deal := _deal(plan, catalogue, selection)) is not None]
    if not selection.count or not deals:
        return selection
    best = min(deals, key=lambda deal: deal.cents)
    return Selection(
        agents=alone,
        subnucleos=together,
        brought=brought,
        plan=best.plan.display_name,
        currency=best.plan.currency,
        total=Decimal(best.cents) / 100,
    )


def _deal(plan: PlanVersion, catalogue: Catalogue, selection: Selection) -> Deal | None:
    """A plan with the selection in it, as billing would quote it; None when it has no room."""
    agents = {*selection.agents, *selection.brought}
    beyond = max(0, len(agents) - plan.max_agents)
    addon = next(iter(catalogue.addons), None) if beyond else None
    if len(selection.subnucleos) > plan.max_subnucleos or (beyond and addon is None):
        return None
    terms = Terms(plan.id, Cycle.MONTHLY, tuple(agents), selection.subnucleos, addon.id if addon else None, beyond)
    return Deal(terms, plan, addon)


def plain(text: str) -> str:
    """A text without accents and capitals, to be found however it is typed."""
    split = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in split if not unicodedata.combining(letter))


def _matches(agent: Agent, words: Sequence[str]) -> bool:
    text = plain(" ".join((agent.name, agent.segment, agent.description, *agent.tags)))
    return all(word in text for word in words)

"""The tenant's SubNúcleos as cards: how each is and why, what it has served, and which others there are."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

import msgspec
from markupsafe import Markup

from alquimista.dashboards.models.figures import Period
from alquimista.dashboards.models.subnucleos import (
    BAD_SUCCESS,
    JUDGED_FROM,
    LOW_SUCCESS,
    Cause,
    Fibonacci,
    Health,
    OtherSubNucleo,
    OwnSubNucleo,
    SubNucleoAgent,
)
from alquimista.i18n import N_, Text
from alquimista.tenants.models import Tenant
from alquimista.web import formats, views
from alquimista.web.client.agents import agent_url, running_badge
from alquimista.web.client.billing import PLAN
from alquimista.web.public.agents import CONTACT

PATH: Final = "/app/dashboard/fibonacci"
LIVE: Final = "fibonacci"  # The id of the element that refreshes itself.

HEALTH: Final = {
    Health.GOOD: views.Badge(N_("Healthy"), "good", icon="heart-pulse"),
    Health.ATTENTION: views.Badge(N_("Needs attention"), "warn", icon="triangle-alert"),
    Health.FAILING: views.Badge(N_("Failing"), "bad", icon="circle-alert"),
    Health.STOPPED: views.Badge(N_("Stopped"), "idle", icon="circle-off"),
    Health.UNHEARD: views.Badge(N_("Never connected"), "idle", icon="unplug"),
}
_CAUSES: Final = {
    Cause.OFFLINE: N_("Offline: {count}"),
    Cause.LATE: N_("Late: {count}"),
    Cause.PAUSED: N_("Paused: {count}"),
    Cause.SUSPENDED: N_("Suspended: {count}"),
    Cause.INCIDENTS: N_("Open incidents: {count}"),
}
DEFINITION: Final = N_(
    "As its agents are: failing with one offline, or with less than {bad}% of requests successful; needing attention "
    "with one late, paused or suspended, with an open incident, or with less than {low}%. Success counts from {least} "
    "requests on. Agents that are switched off do not count.",
    bad=BAD_SUCCESS,
    low=LOW_SUCCESS,
    least=JUDGED_FROM,
)


class FibonacciQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The state of the page, in its address."""

    period: Period = Period.MONTH
    seen: str = ""  # The hash of the fragment that the browser shows.


@dataclass(frozen=True, slots=True)
class AgentItem:
    """An agent of a card: the running state where it is to run, else how it stands."""

    one: SubNucleoAgent
    state: views.Badge
    url: str


@dataclass(frozen=True, slots=True)
class Card:
    """One of the tenant's SubNúcleos."""

    one: OwnSubNucleo
    health: views.Badge
    causes: tuple[Text, ...]
    since: date
    agents: tuple[AgentItem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FibonacciPage:
    """Everything on the page. `bills`: whether the reader may change the plan."""

    tenant: Tenant
    fibonacci: Fibonacci
    cards: tuple[Card, ...]
    others: tuple[OtherSubNucleo, ...]
    kpis: tuple[views.Kpi, ...]
    period: Period
    carried: Mapping[str, str]
    bills: bool

    periods = tuple(Period)

    @property
    def live_url(self) -> str:
        """Where this page's fragment refreshes from."""
        return views.query_of(f"{PATH}/live", {**self.carried, "period": self.period.value})

    def for_period(self, period: Period) -> Markup:
        """The attributes of a link to another period."""
        return views.address(PATH, LIVE, **self.carried, period=period.value)

    def sales(self, one: OtherSubNucleo | None = None) -> str:
        """Where one talks to sales about a SubNúcleo."""
        return f"{CONTACT}?subnucleos={one.id}" if one else CONTACT

    def plan(self, one: OtherSubNucleo) -> str:
        """The plan with this SubNúcleo added to what the company has."""
        return f"{PLAN}?subnucleos={one.name}"


def arranged(
    tenant: Tenant, fibonacci: Fibonacci, carried: Mapping[str, str], locale: str, *, bills: bool
) -> FibonacciPage:
    """The page from the answers."""
    return FibonacciPage(
        tenant=tenant,
        fibonacci=fibonacci,
        cards=tuple(_card(one, tenant.time_zone, carried, locale) for one in fibonacci.own),
        others=fibonacci.others,
        kpis=kpis(fibonacci, locale),
        period=fibonacci.period,
        carried=carried,
        bills=bills,
    )


def kpis(fibonacci: Fibonacci, locale: str) -> tuple[views.Kpi, ...]:
    """What the tenant has of SubNúcleos, and what they did together."""
    agents = fibonacci.agents
    return (
        views.Kpi(
            icon="spline",
            label=N_("Contracted"),
            value=formats.number(len(fibonacci.own), locale),
            note=N_("of {count} SubNúcleos", count=len(fibonacci.own) + len(fibonacci.others)),
        ),
        views.Kpi(
            icon="power",
            label=N_("At work"),
            value=formats.number(fibonacci.active, locale),
            note=N_("{working} of {all} agents switched on", working=sum(one.works for one in agents), all=len(agents)),
        ),
        views.Kpi(
            icon="activity",
            label=N_("Calls"),
            value=formats.compact(fibonacci.requests, locale),
            note=N_("requests that their agents served"),
        ),
        views.Kpi(
            icon="circle-check-big",
            label=N_("Success"),
            value=formats.percent(fibonacci.success_rate, locale),
            note=N_("of all requests"),
        ),
    )


def _card(one: OwnSubNucleo, zone: str, carried: Mapping[str, str], locale: str) -> Card:
    judgement = one.judgement
    return Card(
        one=one,
        health=HEALTH[judgement.health],
        causes=tuple(_cause(cause, count, locale) for cause, count in judgement.causes),
        since=formats.day_of(one.held_since, zone),
        agents=tuple(
            AgentItem(
                agent,
                running_badge(agent.status, agent.state) or views.AGENT_STATES[agent.status.value],
                agent_url(agent.agent_id, carried),
            )
            for agent in one.agents
        ),
    )


def _cause(cause: Cause, count: float, locale: str) -> Text:
    if cause is Cause.SUCCESS:
        return N_("Success: {rate}", rate=formats.percent(count, locale))
    return Text(_CAUSES[cause].template, {"count": int(count)})

"""The agents of the catalogue over all companies, arranged from what the dashboards room answered."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import msgspec
from markupsafe import Markup
from msgspec import Meta

from alquimista.dashboards.models.agents import AgentDay, AgentOwner, CatalogueAgent, TenantSort
from alquimista.dashboards.models.figures import Period
from alquimista.fleet.models.states import AgentState
from alquimista.i18n import N_, Text, translate
from alquimista.web import formats, views
from alquimista.web.charts import LineChart, Series
from alquimista.web.tables import Table, arrange

PATH: Final = "/app/company/agents"
MAIN: Final = "agents"  # The id of the element that a link replaces.
SIZE: Final = 50
RUNNING: Final = {
    AgentState.ONLINE: views.Badge(N_("Online"), "good", icon="circle-check"),
    AgentState.LATE: views.Badge(N_("Late"), "warn", icon="clock-alert"),
    AgentState.OFFLINE: views.Badge(N_("Offline"), "bad", icon="circle-off"),
    AgentState.PAUSED: views.Badge(N_("Paused"), "idle", icon="circle-pause"),
    AgentState.SUSPENDED: views.Badge(N_("Suspended"), "bad", icon="circle-off"),
}
NEVER_HEARD: Final = views.Badge(N_("Never connected"), "idle", icon="unplug")
_EVERY: Final = N_("All segments")

KEYS: Final[Mapping[str, Callable[[CatalogueAgent], Any]]] = {
    "name": lambda row: row.name.casefold(),
    "tenants": lambda row: row.tenants,
    "requests": lambda row: row.total_requests,
    "success": lambda row: row.success_rate,
    "response": lambda row: row.avg_response_time_ms,
    "offline": lambda row: row.offline + row.late,
}


class AgentsQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The state of the page, in its address. An unknown column sorts by requests."""

    period: Period = Period.MONTH
    q: Annotated[str, Meta(max_length=200)] = ""
    segment: Annotated[str, Meta(max_length=100)] = ""
    sort: Annotated[str, Meta(max_length=20)] = "requests"
    order: Annotated[str, Meta(max_length=4)] = "desc"
    page: int = 1


class AgentQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The state of one agent's page."""

    period: Period = Period.MONTH
    sort: TenantSort = TenantSort.REQUESTS
    order: Literal["asc", "desc"] = "desc"
    page: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Agents:
    """Everything on the page; the sums are of the agents that the filters leave."""

    period: Period
    table: Table[CatalogueAgent]
    kpis: tuple[views.Kpi, ...]
    segments: Sequence[tuple[str, Text | str]]
    segment: str
    q: str
    query: Mapping[str, str]

    periods = tuple(Period)

    def for_period(self, period: Period) -> Markup:
        """The attributes of a link to another period."""
        return views.address(PATH, MAIN, **{**self.query, "period": period.value})


@dataclass(frozen=True, slots=True, kw_only=True)
class OneAgent:
    """Everything on the page of one agent."""

    agent: CatalogueAgent
    period: Period
    kpis: tuple[views.Kpi, ...]
    chart: LineChart
    owners: Table[AgentOwner]

    periods = tuple(Period)

    def for_period(self, period: Period) -> Markup:
        """The attributes of a link to another period."""
        place = {"sort": self.owners.sort, "order": "desc" if self.owners.descending else "asc"}
        return views.address(path_of(self.agent.id), MAIN, period=period.value, **place)


def path_of(agent_id: UUID) -> str:
    """The address of one agent's page."""
    return f"{PATH}/{agent_id}"


def arranged(found: Sequence[CatalogueAgent], query: AgentsQuery, locale: str) -> Agents:
    """The page from the catalogue, in the reader's language."""
    wanted = [one for one in found if _is_wanted(one, query)]
    sort = query.sort if query.sort in KEYS else "requests"
    kept = {"period": query.period.value, "q": query.q, "segment": query.segment}
    segments = sorted({one.segment for one in found}, key=str.casefold)
    return Agents(
        period=query.period,
        table=arrange(
            wanted,
            keys=KEYS,
            sort=sort,
            descending=query.order != "asc",
            page=query.page,
            size=SIZE,
            id="agents",
            path=PATH,
            query=kept,
            target=MAIN,
        ),
        kpis=_sums(wanted, locale),
        segments=[("", _EVERY), *((one, one) for one in segments)],
        segment=query.segment,
        q=query.q,
        query={**kept, "sort": sort, "order": query.order},
    )


def arranged_one(
    agent: CatalogueAgent,
    days: Sequence[AgentDay],
    owners: tuple[Sequence[AgentOwner], int, int],
    query: AgentQuery,
    locale: str,
) -> OneAgent:
    """One agent's page; `owners` are a page of them, how many there are, and the page's number."""
    rows, total, number = owners
    return OneAgent(
        agent=agent,
        period=query.period,
        kpis=_figures(agent, days, locale),
        chart=LineChart(
            tuple(day.date for day in days),
            (
                Series(translate("Requests", locale), tuple(day.total_requests for day in days)),
                Series(translate("Failures", locale), tuple(day.failed_requests for day in days)),
            ),
        ),
        owners=Table(
            id="tenants",
            rows=tuple(rows),
            total=total,
            page=number,
            pages=max(1, -(-total // SIZE)),
            sort=query.sort.value,
            descending=query.order == "desc",
            path=path_of(agent.id),
            query={"period": query.period.value},
            target=MAIN,
            size=SIZE,
        ),
    )


def _is_wanted(one: CatalogueAgent, query: AgentsQuery) -> bool:
    text = f"{one.name} {one.category} {one.description}".casefold()
    return query.segment in {"", one.segment} and all(word in text for word in query.q.casefold().split())


def _sums(agents: Sequence[CatalogueAgent], locale: str) -> tuple[views.Kpi, ...]:
    """What the shown agents come to together."""
    requests = sum(one.total_requests for one in agents)
    in_use = sum(one.tenants > 0 for one in agents)
    missed = sum(one.offline + one.late for one in agents)
    return (
        views.Kpi(
            icon="bot",
            label=N_("Agents"),
            value=formats.number(len(agents), locale),
            note=N_("{count} in use by some customer", count=formats.number(in_use, locale)),
        ),
        views.Kpi(
            icon="building-2",
            label=N_("Deployments"),
            value=formats.number(sum(one.tenants for one in agents), locale),
            note=N_("an agent that a customer has running"),
        ),
        views.Kpi(
            icon="activity",
            label=N_("Requests"),
            value=formats.compact(requests, locale),
            note=N_("of all customers in the period"),
        ),
        views.Kpi(
            icon="radio-tower",
            label=N_("Online now"),
            value=formats.number(sum(one.online for one in agents), locale),
            note=N_("{count} late or offline", count=formats.number(missed, locale)),
        ),
    )


def _figures(agent: CatalogueAgent, days: Sequence[AgentDay], locale: str) -> tuple[views.Kpi, ...]:
    return (
        views.Kpi(
            icon="building-2",
            label=N_("Customers that run it"),
            value=formats.number(agent.tenants, locale),
            note=N_("{count} suspended", count=formats.number(agent.suspended, locale)),
        ),
        views.Kpi(
            icon="activity",
            label=N_("Requests"),
            value=formats.compact(agent.total_requests, locale),
            note=N_("of all customers in the period"),
            trend=tuple(float(day.total_requests) for day in days),
        ),
        views.Kpi(
            icon="circle-check-big",
            label=N_("Success"),
            value=formats.percent(agent.success_rate, locale),
            note=N_("of the requests"),
        ),
        views.Kpi(
            icon="timer",
            label=N_("Mean response"),
            value=formats.duration(agent.avg_response_time_ms, locale),
            note=N_("95% within {time}", time=formats.duration(agent.p95_response_time_ms, locale)),
        ),
    )

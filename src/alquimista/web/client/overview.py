"""The tenant's overview, arranged from the answers of the dashboards room."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
from markupsafe import Markup

from alquimista.dashboards.models.client import (
    IncidentLine,
    IntegrationLine,
    OwnAgent,
    TenantMe,
    TenantSetup,
    TenantUsage,
)
from alquimista.dashboards.models.figures import Figures, Money, Period
from alquimista.i18n import N_, translate
from alquimista.web import formats, views
from alquimista.web.charts import LineChart, Quota, Series
from alquimista.web.definitions import DEFINITIONS
from alquimista.web.tables import Table, arrange

PATH: Final = "/app/dashboard"
UNLIMITED: Final = 999_999  # What the largest plan writes for "as many users as you like".
LIVE: Final = "overview"  # The id of the element that refreshes itself.


@dataclass(frozen=True, slots=True)
class AgentRow:
    """An agent of the tenant with its figures of the period; without requests there are none."""

    id: UUID
    name: str
    segment: str
    state: views.Badge
    requests: int
    success_rate: float | None
    response_ms: float | None
    cost: float | None
    currency: str


AGENT_KEYS: Final = {
    "name": lambda row: row.name.casefold(),
    "requests": lambda row: row.requests,
    "success": lambda row: row.success_rate,
    "response": lambda row: row.response_ms,
    "cost": lambda row: row.cost,
}


class OverviewQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The state of the page, in its address. An unknown column sorts by requests."""

    period: Period = Period.MONTH
    sort: str = "requests"
    order: str = "desc"
    page: int = 1
    seen: str = ""  # The hash of the fragment that the browser shows.
    error: str = ""  # Why the reader was sent here instead.


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """Everything on the page; None for a part that could not be read."""

    tenant: TenantMe
    period: Period
    kpis: tuple[views.Kpi, ...]
    quotas: tuple[tuple[str, Quota], ...]
    chart: LineChart
    agents: Table[AgentRow]
    integrations: Sequence[IntegrationLine] | None
    incidents: Sequence[IncidentLine] | None
    incident_total: int
    query: dict[str, str]
    setup: TenantSetup | None = None

    periods = tuple(Period)

    @property
    def complete(self) -> bool:
        """Whether every part could be read."""
        return None not in (self.integrations, self.incidents)

    def for_period(self, period: Period) -> Markup:
        """The attributes of a link to another period."""
        return views.address(PATH, LIVE, **{**self.query, "period": period.value, "page": "1"})

    @property
    def here(self) -> str:
        """This page, for trying again."""
        return views.query_of(PATH, self.query)

    @property
    def live_url(self) -> str:
        """Where this page's fragment refreshes from."""
        return views.query_of(f"{PATH}/live", self.query)

    def to(self, path: str) -> str:
        """Another page of the same company."""
        kept = {"tenant_id": self.query["tenant_id"]} if "tenant_id" in self.query else {}
        return views.query_of(path, kept) if kept else path

    @property
    def zone(self) -> str:
        """The tenant's time zone."""
        return self.tenant.time_zone


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What the dashboards room answered for one tenant and period; None for a part that could not be read."""

    tenant: TenantMe
    usage: TenantUsage
    previous: TenantUsage | None
    agents: Sequence[OwnAgent]
    integrations: Sequence[IntegrationLine] | None
    incidents: Sequence[IncidentLine] | None
    incident_total: int

    def arrange(self, query: OverviewQuery, locale: str, kept: dict[str, str]) -> Overview:
        """The page from the answers, in the reader's language. `kept` is what every link of the page carries on."""
        previous = (
            self.previous
            if self.previous and was_there(self.tenant.created_at, self.tenant.time_zone, self.previous)
            else None
        )
        sort = query.sort if query.sort in AGENT_KEYS else "requests"
        descending = query.order != "asc"
        kept = {**kept, "period": query.period.value}
        order = {"sort": sort, "order": "desc" if descending else "asc"}
        usage = self.tenant.usage
        limits = self.tenant.limits
        return Overview(
            tenant=self.tenant,
            period=query.period,
            kpis=kpis(self.usage, previous, locale),
            quotas=(
                ("requests", Quota(usage.requests_this_month, limits.max_requests_per_month)),
                ("agents", Quota(usage.active_agents, limits.max_agents)),
                ("users", Quota(usage.active_users, limits.max_users if limits.max_users < UNLIMITED else None)),
            ),
            chart=chart(self.usage, previous, locale),
            agents=arrange(
                agent_rows(self.agents, self.usage),
                keys=AGENT_KEYS,
                sort=sort,
                descending=descending,
                page=query.page,
                id="agents",
                path=PATH,
                query=kept,
                target=LIVE,
            ),
            integrations=self.integrations,
            incidents=self.incidents,
            incident_total=self.incident_total,
            query={**kept, **order, "page": str(max(1, query.page))},
        )


def was_there(created_at: datetime, zone: str, period: TenantUsage) -> bool:
    """Whether a tenant existed in the whole period: growth from before it began would be no growth."""
    return formats.day_of(created_at, zone) <= period.daily_data[0].date


def agent_rows(agents: Sequence[OwnAgent], usage: TenantUsage) -> list[AgentRow]:
    """Every agent of the tenant beside its figures of the period."""
    figures = {} if usage.by_agent is msgspec.UNSET else {line.agent_id: line for line in usage.by_agent}
    rows = []
    for agent in agents:
        line = figures.get(agent.id)
        money = line.cost[0] if line and line.cost else None
        rows.append(
            AgentRow(
                id=agent.id,
                name=agent.name,
                segment=agent.segment,
                state=views.AGENT_STATES[agent.status],
                requests=line.total_requests if line else 0,
                success_rate=line.success_rate if line else None,
                response_ms=line.avg_response_time_ms if line else None,
                cost=money.amount if money else None,
                currency=money.currency if money else "BRL",
            )
        )
    return rows


def kpis(usage: TenantUsage, previous: TenantUsage | None, locale: str) -> tuple[views.Kpi, ...]:
    """Requests, success, response time and cost of the period, each compared with the period before."""
    now, before = usage.summary, previous.summary if previous else None
    days = usage.daily_data
    points = None
    if before and now.success_rate is not None and before.success_rate is not None:
        points = now.success_rate - before.success_rate
    requests = views.change(now.total_requests, before.total_requests if before else None)
    response = views.change(now.avg_response_time_ms, before.avg_response_time_ms if before else None)
    cost = views.change(amount(now), amount(before) if before else None)
    return (
        views.Kpi(
            icon="activity",
            key="requests",
            definition=DEFINITIONS["requests"].render(locale),
            label=N_("Requests"),
            value=formats.compact(now.total_requests, locale),
            note=N_("{count} failed", count=formats.number(now.failed_requests, locale)),
            delta=requests,
            change=formats.change(requests, locale),
            better=views.better(requests, "up"),
            trend=tuple(float(d.total_requests) for d in days),
        ),
        views.Kpi(
            icon="circle-check-big",
            key="success",
            definition=DEFINITIONS["success"].render(locale),
            label=N_("Success"),
            value=formats.percent(now.success_rate, locale),
            note=N_("of all requests"),
            delta=points,
            change=formats.points(points, locale),
            better=views.better(points, "up", noise=0.2),
            trend=tuple(d.success_rate for d in days if d.success_rate is not None),
        ),
        views.Kpi(
            icon="timer",
            key="response",
            definition=DEFINITIONS["response"].render(locale),
            label=N_("Mean response"),
            value=formats.duration(now.avg_response_time_ms, locale),
            note=N_("p95 of {time}", time=formats.duration(now.p95_response_time_ms, locale))
            if now.total_requests
            else N_("without requests"),
            delta=response,
            change=formats.change(response, locale),
            better=views.better(response, "down"),
            trend=tuple(d.avg_response_time_ms for d in days if d.avg_response_time_ms is not None),
        ),
        views.Kpi(
            icon="coins",
            key="cost",
            definition=DEFINITIONS["cost"].render(locale),
            label=N_("Cost"),
            value=cost_text(now.cost, locale),
            note=N_("{count} tokens", count=formats.compact(now.total_tokens, locale)),
            delta=cost,
            change=formats.change(cost, locale),
            trend=tuple(amount(d) or 0.0 for d in days),
        ),
    )


def chart(usage: TenantUsage, previous: TenantUsage | None, locale: str) -> LineChart:
    """Requests per day, over the days of the period before when they are known."""
    series = [Series(translate("This period", locale), tuple(d.total_requests for d in usage.daily_data))]
    if previous is not None:
        before = tuple(d.total_requests for d in previous.daily_data)
        series.append(Series(translate("Period before", locale), before))
    return LineChart(tuple(d.date for d in usage.daily_data), tuple(series))


def amount(figures: Figures) -> float | None:
    """The cost when it is in one currency; sums across currencies would mean nothing."""
    return figures.cost[0].amount if len(figures.cost) == 1 else None


def cost_text(cost: Sequence[Money], locale: str) -> str:
    """What something costs, in each currency."""
    if not cost:
        return formats.money(0, locale)
    return " + ".join(formats.money(m.amount, locale, currency=m.currency) for m in cost)

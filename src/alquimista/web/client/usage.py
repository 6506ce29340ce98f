"""A company's usage, arranged from the answers of the dashboards room."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import msgspec
from markupsafe import Markup
from msgspec import Meta

from alquimista.dashboards.models.client import AgentLine, DayFigures, UsageReport
from alquimista.dashboards.models.figures import Period
from alquimista.i18n import N_, Text
from alquimista.tenants.models import Tenant
from alquimista.web import formats, views
from alquimista.web.charts import LineChart, Series
from alquimista.web.client.overview import amount, cost_text, was_there
from alquimista.web.definitions import DEFINITIONS
from alquimista.web.tables import Table, arrange

PATH: Final = "/app/dashboard/usage"
MAIN: Final = "usage-page"  # The id of the element that refreshes itself.


class UsageQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The state of the page, in its address. An unknown column sorts by requests."""

    period: Period = Period.MONTH
    agent: Annotated[str, Meta(max_length=36)] = ""
    sort: Annotated[str, Meta(max_length=20)] = "requests"
    order: Annotated[str, Meta(max_length=4)] = "desc"
    page: int = 1
    seen: str = ""  # The hash of the fragment that the browser shows.


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentRow:
    """An agent's figures of the period; `share` is its part of all requests in percent, `width` that of its bar."""

    id: UUID
    name: str
    requests: int
    share: float
    width: float
    success_rate: float | None
    p50: float | None
    p95: float | None
    tokens: int
    cost: str
    amount: float | None


AGENT_KEYS: Final = {
    "name": lambda row: row.name.casefold(),
    "requests": lambda row: row.requests,
    "success": lambda row: row.success_rate,
    "p50": lambda row: row.p50,
    "p95": lambda row: row.p95,
    "tokens": lambda row: row.tokens,
    "cost": lambda row: row.amount,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What was read: the period, the one before it, and every agent that the company has or had."""

    tenant: Tenant
    report: UsageReport
    previous: UsageReport
    agents: Sequence[AgentLine]

    def arrange(self, query: UsageQuery, locale: str, carried: Mapping[str, str]) -> "UsagePage":
        """The page in the reader's language. `carried` is what every link of the page carries on."""
        tenant, usage = self.tenant, self.report.usage
        before = self.previous if was_there(tenant.created_at, tenant.time_zone, self.previous.usage) else None
        sort = query.sort if query.sort in AGENT_KEYS else "requests"
        descending = query.order != "asc"
        kept = {**carried, "period": query.period.value} | ({"agent": query.agent} if query.agent else {})
        rows = agent_rows(self.report, locale)
        return UsagePage(
            tenant=tenant,
            period=query.period,
            agent=query.agent,
            options=(
                ("", N_("All agents")),
                *((str(one.id), Text("{name}", {"name": one.name})) for one in self.agents),
            ),
            kpis=kpis(self.report, before, locale),
            compared=before is not None,
            today=usage.daily_data[-1],
            today_cost=cost_text(usage.daily_data[-1].cost, locale),
            chart=chart(self.report, locale),
            table=arrange(
                rows,
                keys=AGENT_KEYS,
                sort=sort,
                descending=descending,
                page=query.page,
                id="by-agent",
                path=PATH,
                query=kept,
                target=MAIN,
            ),
            carried=carried,
            query={**kept, "sort": sort, "order": "desc" if descending else "asc", "page": str(max(1, query.page))},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class UsagePage:
    """Everything on the page. `agent` is the one that was asked for; without, there is a table of them."""

    tenant: Tenant
    period: Period
    agent: str
    options: tuple[tuple[str, Text], ...]
    kpis: tuple[views.Kpi, ...]
    compared: bool
    today: DayFigures
    today_cost: str
    chart: LineChart
    table: Table[AgentRow]
    carried: Mapping[str, str]
    query: dict[str, str]

    periods = tuple(Period)

    def for_period(self, period: Period) -> Markup:
        """The attributes of a link to another period."""
        return views.address(PATH, MAIN, **{**self.query, "period": period.value, "page": "1"})

    @property
    def live_url(self) -> str:
        """Where this page's fragment refreshes from."""
        return views.query_of(f"{PATH}/live", self.query)

    def csv(self, by: str) -> str:
        """The spreadsheet of what is shown, a row for each day or agent."""
        chosen = {"agent": self.agent} if self.agent else {}
        return views.query_of(f"{PATH}.csv", {**self.carried, "period": self.period.value, **chosen, "by": by})


def agent_rows(report: UsageReport, locale: str) -> list[AgentRow]:
    """Every agent that did something in the period."""
    found = [] if report.usage.by_agent is msgspec.UNSET else report.usage.by_agent
    total = sum(one.total_requests for one in found)
    most = max((one.total_requests for one in found), default=0)
    return [
        AgentRow(
            id=one.agent_id,
            name=one.agent_name,
            requests=one.total_requests,
            share=100 * one.total_requests / total if total else 0.0,
            width=round(100 * one.total_requests / most, 1) if most else 0.0,
            success_rate=one.success_rate,
            p50=report.p50_by_agent.get(one.agent_id),
            p95=one.p95_response_time_ms,
            tokens=one.total_tokens,
            cost=cost_text(one.cost, locale),
            amount=amount(one),
        )
        for one in found
    ]


def chart(report: UsageReport, locale: str) -> LineChart:
    """Requests of each day: all, those that succeeded, and those that failed."""
    days = report.usage.daily_data
    lines = (
        (N_("All requests"), tuple(day.total_requests for day in days)),
        (N_("Successful"), tuple(day.successful_requests for day in days)),
        (N_("Failed requests"), tuple(day.failed_requests for day in days)),
    )
    return LineChart(
        tuple(day.date for day in days), tuple(Series(label.render(locale), values) for label, values in lines)
    )


def kpis(report: UsageReport, before: UsageReport | None, locale: str) -> tuple[views.Kpi, ...]:
    """The figures of the period, each compared with the period before."""
    now, then = report.usage.summary, before.usage.summary if before else None
    days = report.usage.daily_data

    def moved(present: float | None, past: float | None, good: Literal["up", "down"] | None = None) -> dict[str, Any]:
        delta = views.change(present, past)
        welcome = views.better(delta, good) if good else None
        return {"delta": delta, "change": formats.change(delta, locale), "better": welcome}

    points = None
    if then and now.success_rate is not None and then.success_rate is not None:
        points = now.success_rate - then.success_rate
    p50, p95 = report.p50_response_time_ms, now.p95_response_time_ms
    return (
        views.Kpi(
            icon="activity",
            key="requests",
            label=N_("Requests"),
            value=formats.compact(now.total_requests, locale),
            note=N_("{count} failed", count=formats.number(now.failed_requests, locale)),
            definition=DEFINITIONS["requests"].render(locale),
            trend=tuple(float(day.total_requests) for day in days),
            **moved(now.total_requests, then.total_requests if then else None, "up"),
        ),
        views.Kpi(
            icon="circle-check-big",
            key="success",
            label=N_("Success"),
            value=formats.percent(now.success_rate, locale),
            note=N_("of all requests"),
            definition=DEFINITIONS["success"].render(locale),
            trend=tuple(day.success_rate for day in days if day.success_rate is not None),
            delta=points,
            change=formats.points(points, locale),
            better=views.better(points, "up", noise=0.2),
        ),
        views.Kpi(
            icon="timer",
            key="p50",
            label=N_("Response, p50"),
            value=formats.duration(p50, locale),
            note=N_("half are faster"),
            definition=DEFINITIONS["p50"].render(locale),
            trend=tuple(value for value in report.p50_by_day if value is not None),
            **moved(p50, before.p50_response_time_ms if before else None, "down"),
        ),
        views.Kpi(
            icon="gauge",
            key="p95",
            label=N_("Response, p95"),
            value=formats.duration(p95, locale),
            note=N_("5 % are slower"),
            definition=DEFINITIONS["p95"].render(locale),
            trend=tuple(day.p95_response_time_ms for day in days if day.p95_response_time_ms is not None),
            **moved(p95, then.p95_response_time_ms if then else None, "down"),
        ),
        views.Kpi(
            icon="text-cursor-input",
            key="tokens",
            label=N_("Tokens"),
            value=formats.compact(now.total_tokens, locale),
            note=N_("read and written"),
            definition=DEFINITIONS["tokens"].render(locale),
            trend=tuple(float(day.total_tokens) for day in days),
            **moved(now.total_tokens, then.total_tokens if then else None),
        ),
        views.Kpi(
            icon="coins",
            key="cost",
            label=N_("Cost"),
            value=cost_text(now.cost, locale),
            note=N_("of the models"),
            definition=DEFINITIONS["cost"].render(locale),
            trend=tuple(amount(day) or 0.0 for day in days),
            **moved(amount(now), amount(then) if then else None),
        ),
    )

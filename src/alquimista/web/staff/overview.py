"""The staff's overview of the platform, arranged from the answer of the dashboards room."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from markupsafe import Markup

from alquimista.billing.models.revenue import RevenueOverview
from alquimista.dashboards.models.company import CompanyOverview, FeedCommand, OpenIncident, TenantLine
from alquimista.dashboards.models.figures import Period
from alquimista.dashboards.models.staff import TopAgentUsage
from alquimista.i18n import N_, Text, translate
from alquimista.operations.models.kinds import KINDS
from alquimista.web import formats, views
from alquimista.web.charts import LineChart, Series
from alquimista.web.definitions import DEFINITIONS
from alquimista.web.staff.revenue import mrr
from alquimista.web.tables import Table, arrange

PATH: Final = "/app/company"
MAIN: Final = "company"  # The id of the element that a link replaces.

COMMAND_TITLES: Final[Mapping[str, Text]] = {kind.value: KINDS[kind].title for kind in KINDS}
TENANT_KEYS: Final[dict[str, Callable[[TenantLine], Any]]] = {
    "name": lambda row: row.tenant_name.casefold(),
    "requests": lambda row: row.total_requests,
    "success": lambda row: row.success_rate,
    "response": lambda row: row.avg_response_time_ms,
}


class CompanyQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The state of the page, in its address. An unknown column sorts by requests."""

    period: Period = Period.MONTH
    sort: str = "requests"
    order: str = "desc"
    page: int = 1
    seen: str = ""  # The hash of the fragment that the browser shows.
    error: str = ""  # Why the reader was sent here instead.


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """Everything on the page."""

    period: Period
    kpis: tuple[views.Kpi, ...]
    chart: LineChart
    tenants: Table[TenantLine]
    incidents: Sequence[OpenIncident]
    open_incidents: int
    revenue: LineChart | None  # For those who may read what the platform earns.
    agents: Sequence[TopAgentUsage]
    commands: Sequence[FeedCommand] | None  # For those who may read commands.
    query: dict[str, str]

    periods = tuple(Period)

    def for_period(self, period: Period) -> Markup:
        """The attributes of a link to another period."""
        return views.address(PATH, MAIN, **{**self.query, "period": period.value, "page": "1"})

    @property
    def live_url(self) -> str:
        """Where this page's fragment refreshes from."""
        return views.query_of(f"{PATH}/live", self.query)


def arranged(
    answer: CompanyOverview,
    query: CompanyQuery,
    locale: str,
    *,
    revenue: RevenueOverview | None = None,
    commands: bool = True,
) -> Company:
    """The page from the answers, in the reader's language. Without `revenue`, no money is on it."""
    sort = query.sort if query.sort in TENANT_KEYS else "requests"
    descending = query.order != "asc"
    kept = {"period": query.period.value}
    return Company(
        period=query.period,
        kpis=(*kpis(answer, locale), *(() if revenue is None else (mrr(revenue, locale),))),
        chart=LineChart(
            tuple(d.date for d in answer.daily),
            (
                Series(translate("Requests", locale), tuple(d.total_requests for d in answer.daily)),
                Series(translate("Failures", locale), tuple(d.failed_requests for d in answer.daily)),
            ),
        ),
        tenants=arrange(
            answer.top_tenants,
            keys=TENANT_KEYS,
            sort=sort,
            descending=descending,
            page=query.page,
            id="tenants",
            path=PATH,
            query=kept,
            target=MAIN,
        ),
        incidents=answer.incidents,
        open_incidents=answer.counts.open_incidents,
        revenue=None if revenue is None else revenue_chart(revenue, locale),
        agents=answer.top_agents,
        commands=answer.commands if commands else None,
        query={**kept, "sort": sort, "order": "desc" if descending else "asc", "page": str(max(1, query.page))},
    )


def kpis(answer: CompanyOverview, locale: str) -> tuple[views.Kpi, ...]:
    """Tenants, agents, requests and success; the last two beside the period before."""
    counts, before = answer.counts, answer.before
    more = views.change(answer.total_requests, before.total_requests)
    now, then = answer.success_rate, before.success_rate
    steadier = None if now is None or then is None else now - then
    return (
        views.Kpi(
            icon="building-2",
            key="customers",
            definition=DEFINITIONS["customers"].render(locale),
            label=N_("Active customers"),
            value=formats.number(counts.active_tenants, locale),
            note=N_("of {count} in all", count=formats.number(counts.total_tenants, locale)),
        ),
        views.Kpi(
            icon="bot",
            key="agents",
            definition=DEFINITIONS["agents"].render(locale),
            label=N_("Agents deployed"),
            value=formats.number(counts.agents_deployed, locale),
            note=N_("1 person with access")
            if counts.active_users == 1
            else N_("{count} people with access", count=formats.number(counts.active_users, locale)),
        ),
        views.Kpi(
            icon="activity",
            key="requests",
            definition=DEFINITIONS["requests"].render(locale),
            label=N_("Requests"),
            value=formats.compact(answer.total_requests, locale),
            note=N_("mean response of {time}", time=formats.duration(answer.avg_response_time_ms, locale)),
            delta=more,
            change=formats.change(more, locale),
            better=views.better(more, "up"),
            trend=tuple(float(d.total_requests) for d in answer.daily),
        ),
        views.Kpi(
            icon="circle-check-big",
            key="success",
            definition=DEFINITIONS["success"].render(locale),
            label=N_("Success"),
            value=formats.percent(answer.success_rate, locale),
            note=N_("1 open incident")
            if counts.open_incidents == 1
            else N_("{count} open incidents", count=formats.number(counts.open_incidents, locale)),
            delta=steadier,
            change=formats.points(steadier, locale),
            better=views.better(steadier, "up", noise=0.05),
            trend=tuple(
                (d.total_requests - d.failed_requests) / d.total_requests for d in answer.daily if d.total_requests
            ),
        ),
    )


def revenue_chart(answer: RevenueOverview, locale: str) -> LineChart:
    """The MRR at the end of each day."""
    return LineChart(
        tuple(day.date for day in answer.revenue_trend),
        (Series(translate("MRR", locale), tuple(day.mrr for day in answer.revenue_trend)),),
        currency=answer.currency,
    )

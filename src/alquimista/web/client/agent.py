"""One agent of the tenant: its figures, how it runs, what was open about it, and what it was told and answered."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Final

import msgspec
from markupsafe import Markup
from msgspec import Meta

from alquimista.agents.models.agents import AgentSheet, AgentStatus
from alquimista.billing.models.subscriptions import Inclusion
from alquimista.dashboards.models.figures import Money, Period
from alquimista.dashboards.models.metrics import AgentMetrics
from alquimista.fleet.models.controls import Asked, ControlKind, RestartProgress, progress_of
from alquimista.fleet.models.states import RUNNING, AgentState, Boot, Instance, state_of_instance
from alquimista.fleet.service import Running
from alquimista.i18n import N_, Text, translate
from alquimista.incidents.service import Shown
from alquimista.web import formats, views
from alquimista.web.charts import LineChart, Series
from alquimista.web.client.agents import RUNNING_STATES, agent_url, running_badge
from alquimista.web.tables import PAGE_SIZE, Paged

LIVE: Final = "agent"  # The id of the element that refreshes itself.

PROGRESS: Final = {
    RestartProgress.PENDING: views.Badge(N_("Waits for an answer"), "warn", icon="hourglass"),
    RestartProgress.ACKNOWLEDGED: views.Badge(N_("Acknowledged"), "info", icon="check"),
    RestartProgress.BOOTED: views.Badge(N_("Started anew"), "good", icon="circle-check"),
    RestartProgress.REFUSED: views.Badge(N_("Refused"), "bad", icon="circle-x"),
    RestartProgress.EXPIRED: views.Badge(N_("Never answered"), "idle", icon="clock"),
}
_TOLD: Final = {
    ControlKind.RESTART: (N_("Restart asked for"), views.Badge(N_("Restart"), "info", icon="rotate-cw")),
    ControlKind.PAUSE: (N_("Pause asked for"), views.Badge(N_("Pause"), "info", icon="pause")),
    ControlKind.RESUME: (N_("Told to go on"), views.Badge(N_("Resume"), "info", icon="play")),
    ControlKind.CONFIGURATION_CHANGED: (
        N_("Told of changed settings"),
        views.Badge(N_("Settings"), "info", icon="sliders-horizontal"),
    ),
}
_STARTED: Final = views.Badge(N_("Start"), "good", icon="power")
_TEAM: Final = N_("our team")


class AgentQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The state of the page, in its address. `done`: what the reader has just done here."""

    period: Period = Period.MONTH
    history: Annotated[int, Meta(le=10_000)] = 1
    done: Annotated[str, Meta(max_length=20)] = ""
    seen: str = ""  # The hash of the fragment that the browser shows.


@dataclass(frozen=True, slots=True)
class Process:
    """A process of the agent; one that was heard of lately can be told something."""

    one: Instance
    state: views.Badge
    heard: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A line of the history: a start, or something that a process was told. `by` None: nobody asked."""

    at: datetime
    mark: views.Badge
    title: Text
    process: str
    by: Text | str | None = None
    reason: str = ""
    answer: views.Badge | None = None
    detail: str = ""
    steps: tuple[tuple[Text, datetime], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What the rooms answered about one agent. `inclusion` None: it is active, so nobody asks the subscription."""

    sheet: AgentSheet
    metrics: AgentMetrics
    running: Running
    incidents: Sequence[Shown]
    inclusion: Inclusion | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentPage:
    """Everything on the page."""

    answers: Answers
    state: views.Badge
    running: views.Badge | None
    kpis: tuple[views.Kpi, ...]
    times: tuple[tuple[Text, float | None], ...]
    chart: LineChart
    processes: tuple[Process, ...]
    history: Paged[Entry]
    period: Period
    carried: Mapping[str, str]
    bills: bool  # Whether the reader may open billing.

    periods = tuple(Period)

    @property
    def sheet(self) -> AgentSheet:
        """What the catalogue and the tenant say of the agent."""
        return self.answers.sheet

    @property
    def zone(self) -> str:
        """The tenant's time zone."""
        return self.sheet.time_zone

    @property
    def seen_at(self) -> datetime | None:
        """The last sign of life of any process."""
        return max((one.one.seen_at for one in self.processes), default=None)

    @property
    def live_url(self) -> str:
        """Where this page's fragment refreshes from."""
        query = {**self.carried, "period": self.period.value, "history": str(self.history.page)}
        return views.query_of(self.url("live"), query)

    def url(self, act: str = "") -> str:
        """This page, or what stands below it, without who reads it."""
        return agent_url(self.sheet.agent.agent_id, {}, act)

    def form(self, act: str) -> str:
        """What a form of this page is sent to."""
        return agent_url(self.sheet.agent.agent_id, self.carried, act)

    def for_period(self, period: Period) -> Markup:
        """The attributes of a link to another period."""
        return views.address(self.url(), LIVE, **self.carried, period=period.value)

    def day(self, moment: datetime) -> date:
        """The tenant's day of a moment."""
        return formats.day_of(moment, self.zone)


def arranged(
    answers: Answers, query: AgentQuery, carried: Mapping[str, str], locale: str, now: datetime, *, bills: bool
) -> AgentPage:
    """The page from the answers."""
    agent, running = answers.sheet.agent, answers.running
    entries = history(running, now)
    pages = max(1, -(-len(entries) // PAGE_SIZE))
    page = min(max(1, query.history), pages)
    kept = {**carried, "period": query.period.value}
    return AgentPage(
        answers=answers,
        state=views.AGENT_STATES[agent.status.value],
        running=running_badge(agent.status, running.state),
        kpis=kpis(answers.metrics, locale),
        times=times(answers.metrics),
        chart=chart(answers.metrics, locale),
        processes=tuple(_process(one, now) for one in running.instances),
        history=Paged(
            id="history",
            rows=entries[(page - 1) * PAGE_SIZE : page * PAGE_SIZE],
            total=len(entries),
            page=page,
            parameter="history",
            path=agent_url(agent.agent_id, {}),
            query=kept,
            target=LIVE,
        ),
        period=query.period,
        carried=carried,
        bills=bills,
    )


def _process(one: Instance, now: datetime) -> Process:
    state = state_of_instance(one.seen_at, now)
    return Process(one, RUNNING_STATES[state], heard=state is not AgentState.OFFLINE)


def kpis(metrics: AgentMetrics, locale: str) -> tuple[views.Kpi, ...]:
    """Requests, success, response time and cost of the period."""
    sums, days = metrics.summary, metrics.daily_data
    return (
        views.Kpi(
            icon="activity",
            label=N_("Requests"),
            value=formats.compact(sums.total_requests, locale),
            note=N_("{count} failed", count=formats.number(sums.failed_requests, locale)),
            trend=tuple(float(one.total_requests) for one in days),
        ),
        views.Kpi(
            icon="circle-check-big",
            label=N_("Success"),
            value=formats.percent(sums.success_rate, locale),
            note=N_("of all requests"),
            trend=tuple(one.success_rate for one in days if one.success_rate is not None),
        ),
        views.Kpi(
            icon="timer",
            label=N_("Response, p95"),
            value=formats.duration(sums.p95_response_time_ms, locale),
            note=N_("half within {time}", time=formats.duration(sums.p50_response_time_ms, locale))
            if sums.total_requests
            else N_("without requests"),
            trend=tuple(one.p95_response_time_ms for one in days if one.p95_response_time_ms is not None),
        ),
        views.Kpi(
            icon="coins",
            label=N_("Cost"),
            value=_money(sums.cost, locale),
            note=N_("{count} tokens", count=formats.compact(sums.total_tokens, locale)),
            trend=tuple(one.cost[0].amount if len(one.cost) == 1 else 0.0 for one in days),
        ),
    )


def times(metrics: AgentMetrics) -> tuple[tuple[Text, float | None], ...]:
    """How long requests took, from the fastest to the slowest."""
    sums = metrics.summary
    return (
        (N_("Fastest"), sums.min_response_time_ms),
        (N_("Half within (p50)"), sums.p50_response_time_ms),
        (N_("Mean"), sums.avg_response_time_ms),
        (N_("95% within (p95)"), sums.p95_response_time_ms),
        (N_("99% within (p99)"), sums.p99_response_time_ms),
        (N_("Slowest"), sums.max_response_time_ms),
    )


def chart(metrics: AgentMetrics, locale: str) -> LineChart:
    """Requests of each day, and those of them that failed."""
    days = metrics.daily_data
    return LineChart(
        tuple(one.date for one in days),
        (
            Series(translate("Requests", locale), tuple(one.total_requests for one in days)),
            Series(translate("Failures", locale), tuple(one.failed_requests for one in days)),
        ),
    )


def history(running: Running, now: datetime) -> list[Entry]:
    """Starts, and what processes were told, the newest first."""
    asked = {(one.instance_id, one.booted_at): one for one in running.restarts if one.booted_at is not None}
    entries = [_start(boot, asked.get((boot.instance_id, boot.booted_at))) for boot in running.boots]
    entries += [_told(one, now) for one in (*running.restarts, *running.wishes)]
    return sorted(entries, key=lambda entry: entry.at, reverse=True)


def _start(boot: Boot, restart: Asked | None) -> Entry:
    title = N_("Started with version {version}", version=boot.version)
    if restart is None:
        return Entry(at=boot.booted_at, mark=_STARTED, title=title, process=boot.instance_id)
    return Entry(
        at=boot.booted_at, mark=_STARTED, title=title, process=boot.instance_id, by=_by(restart), reason=restart.reason
    )


def _told(one: Asked, now: datetime) -> Entry:
    title, mark = _TOLD[one.kind]
    moments = ((N_("acknowledged"), one.acknowledged_at), (N_("started anew"), one.booted_at))
    return Entry(
        at=one.created_at,
        mark=mark,
        title=title,
        process=one.instance_id,
        by=_by(one),
        reason=one.reason,
        answer=PROGRESS[_progress(one, now)],
        detail=one.detail,
        steps=tuple((label, moment) for label, moment in moments if moment is not None),
    )


def _by(one: Asked) -> Text | str:
    """Who asked: the company's own people by name, anybody else as our team."""
    return one.asked_by or _TEAM


def _progress(one: Asked, now: datetime) -> RestartProgress:
    """How far a message is; all but a restart are over with their acknowledgement."""
    if one.kind is not ControlKind.RESTART and one.acknowledged_at is not None and one.outcome == "done":
        return RestartProgress.ACKNOWLEDGED
    return progress_of(one, now)


def _money(cost: Iterable[Money], locale: str) -> str:
    return " + ".join(formats.money(one.amount, locale, currency=one.currency) for one in cost) or formats.money(
        0, locale
    )


def can(page: AgentPage) -> frozenset[str]:
    """The acts that make sense now; the services decide whether they are done."""
    agent, running = page.sheet.agent, page.answers.running
    acts: set[str] = set()
    if agent.status is AgentStatus.INACTIVE and page.answers.inclusion is Inclusion.INCLUDED:
        acts.add("activate")
    if agent.status is AgentStatus.ACTIVE:
        acts.add("deactivate")
    if agent.status in RUNNING:
        if running.agent.paused_at is not None:
            acts.add("resume")
        elif page.processes:
            acts.add("pause")
        if any(one.heard for one in page.processes):
            acts.add("restart")
    return frozenset(acts)

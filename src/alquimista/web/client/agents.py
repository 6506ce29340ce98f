"""The tenant's agents: how each stands and runs, and what it has served, arranged from the rooms' answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Final, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from alquimista.agents.models.agents import AgentStatus
from alquimista.dashboards.models.client import AgentLine
from alquimista.fleet.models.states import RUNNING, AgentState, RunningAgent
from alquimista.i18n import N_, Text
from alquimista.web import formats, views
from alquimista.web.public.agents import plain
from alquimista.web.tables import Table, arrange

PATH: Final = "/app/dashboard/agents"
LIVE: Final = "agents"  # The id of the element that refreshes itself.

RUNNING_STATES: Final = {
    AgentState.ONLINE: views.Badge(N_("Online"), "good", icon="wifi"),
    AgentState.LATE: views.Badge(N_("Late"), "warn", icon="clock-alert"),
    AgentState.OFFLINE: views.Badge(N_("Offline"), "bad", icon="wifi-off"),
    AgentState.PAUSED: views.Badge(N_("Paused"), "info", icon="circle-pause"),
}
NEVER_HEARD: Final = views.Badge(N_("Never connected"), "idle", icon="unplug")
STATUSES: Final[tuple[tuple[str, Text], ...]] = (
    ("", N_("All of them")),
    *((status.value, views.AGENT_STATES[status.value].label) for status in AgentStatus),
)


class AgentsQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The state of the page, in its address. An unknown column sorts by requests."""

    q: Annotated[str, Meta(max_length=100)] = ""
    status: Literal["", "active", "trial", "inactive", "suspended"] = ""
    sort: Annotated[str, Meta(max_length=20)] = "requests"
    order: Annotated[str, Meta(max_length=4)] = "desc"
    page: Annotated[int, Meta(le=10_000)] = 1
    seen: str = ""  # The hash of the fragment that the browser shows.


@dataclass(frozen=True, slots=True)
class Row:
    """An agent of the list. `running` None: nothing is expected of it. Without requests there are no rates."""

    id: UUID
    name: str
    segment: str
    state: views.Badge
    running: views.Badge | None
    requests: int
    success_rate: float | None
    response_ms: float | None
    activated_on: date


KEYS: Final = {
    "name": lambda row: row.name.casefold(),
    "requests": lambda row: row.requests,
    "success": lambda row: row.success_rate,
    "response": lambda row: row.response_ms,
    "activated": lambda row: row.activated_on,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Agents:
    """Everything on the page. `held` is how many agents there are without the filter; `query` what links carry on."""

    table: Table[Row]
    held: int
    company: str
    carried: Mapping[str, str]
    query: Mapping[str, str]

    @property
    def live_url(self) -> str:
        """Where this page's fragment refreshes from."""
        return views.query_of(f"{PATH}/live", self.query)

    def url(self, agent_id: UUID) -> str:
        """An agent's page, for the same reader."""
        return agent_url(agent_id, self.carried)


def agent_url(agent_id: UUID, carried: Mapping[str, str], act: str = "") -> str:
    """An agent's page, or what a form of it is sent to; staff name the tenant."""
    path = f"{PATH}/{agent_id}" + (f"/{act}" if act else "")
    return views.query_of(path, carried) if carried else path


def running_badge(status: AgentStatus, state: AgentState | None) -> views.Badge | None:
    """How an agent runs, in words; None for one that is not to run."""
    if status not in RUNNING:
        return None
    return RUNNING_STATES.get(state, NEVER_HEARD) if state is not None else NEVER_HEARD


def arranged(
    lines: Sequence[AgentLine],
    running: Sequence[RunningAgent],
    query: AgentsQuery,
    carried: Mapping[str, str],
    *,
    company: str,
    zone: str,
) -> Agents:
    """The page of a query."""
    states = {one.agent_id: one.state for one in running}
    words = plain(query.q).split()
    rows = [
        _row(line, states.get(line.id), zone)
        for line in lines
        if query.status in {"", line.status} and all(word in plain(f"{line.name} {line.segment}") for word in words)
    ]
    sort = query.sort if query.sort in KEYS else "requests"
    descending = query.order != "asc"
    kept = {**carried, **{name: value for name, value in (("q", query.q), ("status", query.status)) if value}}
    order = {"sort": sort, "order": "desc" if descending else "asc", "page": str(max(1, query.page))}
    return Agents(
        table=arrange(
            rows,
            keys=KEYS,
            sort=sort,
            descending=descending,
            page=query.page,
            id="agents-table",
            path=PATH,
            query=kept,
            target=LIVE,
        ),
        held=len(lines),
        company=company,
        carried=carried,
        query={**kept, **order},
    )


def _row(line: AgentLine, state: AgentState | None, zone: str) -> Row:
    status = AgentStatus(line.status)
    figures = line.usage_last_30_days
    return Row(
        id=line.id,
        name=line.name,
        segment=line.segment,
        state=views.AGENT_STATES[line.status],
        running=running_badge(status, state),
        requests=figures.total_requests,
        success_rate=figures.success_rate,
        response_ms=figures.avg_response_time_ms,
        activated_on=formats.day_of(line.activated_at, zone),
    )

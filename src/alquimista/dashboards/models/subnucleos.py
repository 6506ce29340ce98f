"""A tenant's SubNúcleos: what each has done, and how it is, judged from its agents."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

import msgspec

from alquimista.agents.models.agents import AgentStatus
from alquimista.dashboards.models.figures import Period, percent
from alquimista.fleet.models.states import RUNNING, AgentState

LOW_SUCCESS: Final = 95  # Percent of the period's requests: below it a SubNúcleo needs attention,
BAD_SUCCESS: Final = 80  # and below this it fails.
JUDGED_FROM: Final = 20  # Requests; of fewer a rate says nothing.


class Health(StrEnum):
    """From good to bad; `stopped` and `unheard` are neither."""

    GOOD = "good"
    ATTENTION = "attention"
    FAILING = "failing"
    STOPPED = "stopped"  # None of its agents is switched on.
    UNHEARD = "unheard"  # No sign of life was ever given, and nothing was served.


class Cause(StrEnum):
    """What speaks against a SubNúcleo."""

    OFFLINE = "offline"
    LATE = "late"
    PAUSED = "paused"
    SUSPENDED = "suspended"
    INCIDENTS = "incidents"
    SUCCESS = "success"


class SubNucleoAgent(msgspec.Struct, frozen=True):
    """An agent of the tenant's that belongs to a SubNúcleo, with its figures of the period."""

    agent_id: UUID
    name: str
    required: bool
    status: AgentStatus
    state: AgentState | None
    requests: int
    successes: int
    incidents: int

    @property
    def works(self) -> bool:
        """Whether it is switched on."""
        return self.status in RUNNING


class Judgement(msgspec.Struct, frozen=True):
    """How a SubNúcleo is, and why: each cause with how many agents, incidents or percent it is about."""

    health: Health
    causes: tuple[tuple[Cause, float], ...] = ()


class OwnSubNucleo(msgspec.Struct, frozen=True):
    """A SubNúcleo that the tenant has. `missing` are names of its agents that the tenant has not chosen."""

    id: UUID
    name: str
    display_name: str
    description: str
    held_since: datetime
    agents: tuple[SubNucleoAgent, ...]
    missing: tuple[str, ...]

    @property
    def working(self) -> int:
        """How many of its agents are switched on."""
        return sum(one.works for one in self.agents)

    @property
    def requests(self) -> int:
        """What its agents have served in the period."""
        return sum(one.requests for one in self.agents)

    @property
    def success_rate(self) -> float | None:
        """The share of that which succeeded; None of nothing."""
        return percent(sum(one.successes for one in self.agents), self.requests)

    @property
    def judgement(self) -> Judgement:
        """How it is."""
        return judge(self.agents)


class OtherSubNucleo(msgspec.Struct, frozen=True):
    """A SubNúcleo that the tenant does not have, with its agents: their names, and whether they always come with it."""

    id: UUID
    name: str
    display_name: str
    description: str
    agents: tuple[tuple[str, bool], ...]


class Fibonacci(msgspec.Struct, frozen=True):
    """All SubNúcleos, the tenant's own and the others."""

    period: Period
    own: tuple[OwnSubNucleo, ...]
    others: tuple[OtherSubNucleo, ...]

    @property
    def agents(self) -> tuple[SubNucleoAgent, ...]:
        """The agents of the tenant's SubNúcleos, each once."""
        return tuple({agent.agent_id: agent for one in self.own for agent in one.agents}.values())

    @property
    def active(self) -> int:
        """How many of the tenant's SubNúcleos have an agent that is switched on."""
        return sum(one.working > 0 for one in self.own)

    @property
    def requests(self) -> int:
        """What their agents have served, those of two SubNúcleos counted once."""
        return sum(one.requests for one in self.agents)

    @property
    def success_rate(self) -> float | None:
        """The share of that which succeeded."""
        return percent(sum(one.successes for one in self.agents), self.requests)


def judge(agents: Sequence[SubNucleoAgent]) -> Judgement:
    """How a SubNúcleo is: as its worst agent, or as its success. An agent that somebody switched off is no matter."""
    working = [one for one in agents if one.works]
    suspended = sum(one.status is AgentStatus.SUSPENDED for one in agents)
    if not working:
        return Judgement(Health.STOPPED, ((Cause.SUSPENDED, suspended),) if suspended else ())
    requests, incidents = sum(one.requests for one in working), sum(one.incidents for one in working)
    rate = percent(sum(one.successes for one in working), requests)
    judged = rate if rate is not None and requests >= JUDGED_FROM else 100.0
    counts = {
        Cause.OFFLINE: sum(one.state is AgentState.OFFLINE for one in working),
        Cause.LATE: sum(one.state is AgentState.LATE for one in working),
        Cause.PAUSED: sum(one.state is AgentState.PAUSED for one in working),
        Cause.SUSPENDED: suspended,
        Cause.INCIDENTS: incidents,
    }
    causes: tuple[tuple[Cause, float], ...] = tuple((cause, count) for cause, count in counts.items() if count)
    if judged < LOW_SUCCESS:
        causes += ((Cause.SUCCESS, judged),)
    if counts[Cause.OFFLINE] or judged < BAD_SUCCESS:
        return Judgement(Health.FAILING, causes)
    if causes:
        return Judgement(Health.ATTENTION, causes)
    silent = not requests and all(one.state is None for one in working)
    return Judgement(Health.UNHEARD if silent else Health.GOOD)

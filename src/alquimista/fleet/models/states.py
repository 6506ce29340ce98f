"""The state of a running agent, computed from what is stored and the time."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

import msgspec

from alquimista.agents.models.agents import AgentStatus
from alquimista.errors import Conflict, Forbidden
from alquimista.i18n import N_

BEAT_EVERY: Final = timedelta(seconds=10)
LATE_AFTER: Final = timedelta(seconds=30)
OFFLINE_AFTER: Final = timedelta(seconds=90)
LISTENS_FOR: Final = timedelta(minutes=15)  # A process that was silent for longer is not there to hear of a restart.
MOST_BOOTS: Final = 120  # Of a process, in an hour; more tell nothing that these do not.
TOPIC: Final = "fleet"  # Of what open pages hear.
MOST_INSTANCES: Final = 1_000  # Of one agent; those that were not heard of for a week make room.
INSTANCES_KEPT: Final = timedelta(days=7)
HISTORY_KEPT: Final = timedelta(days=90)
RUNNING: Final = frozenset({AgentStatus.ACTIVE, AgentStatus.TRIAL})


class AgentState(StrEnum):
    """How a running agent stands. One whose process was never heard of has no state."""

    ONLINE = "online"
    LATE = "late"
    OFFLINE = "offline"
    PAUSED = "paused"
    SUSPENDED = "suspended"


def state_of_instance(seen_at: datetime, now: datetime) -> AgentState:
    """online, late or offline: a beat at most 30 s old, at most 90 s old, or older."""
    silent = now - seen_at
    if silent <= LATE_AFTER:
        return AgentState.ONLINE
    return AgentState.LATE if silent <= OFFLINE_AFTER else AgentState.OFFLINE


def state_of(
    status: AgentStatus, paused_at: datetime | None, seen_at: Iterable[datetime], now: datetime
) -> AgentState | None:
    """The state of an agent with processes last seen at these moments; None when there was never one.

    An agent is as well as the best of its processes: while one answers, the agent does. What people and the
    subscription have decided goes before what is heard.
    """
    last = max(seen_at, default=None)
    if last is None:
        return None
    if status is AgentStatus.SUSPENDED:
        return AgentState.SUSPENDED
    return AgentState.PAUSED if paused_at is not None else state_of_instance(last, now)


class RunningAgent(msgspec.Struct, frozen=True):
    """How one of a tenant's agents stands, and its last sign of life. `state` None: it was never heard of."""

    agent_id: UUID
    slug: str
    name: str
    status: AgentStatus
    state: AgentState | None
    seen_at: datetime | None


class Instance(msgspec.Struct, frozen=True):
    """A row of agent_instances."""

    instance_id: str
    boot_id: UUID
    version: str
    sdk: str
    host: str
    first_seen_at: datetime
    started_at: datetime
    seen_at: datetime


class Boot(msgspec.Struct, frozen=True):
    """A row of agent_boots."""

    instance_id: str
    boot_id: UUID
    version: str
    booted_at: datetime


class Beat(msgspec.Struct, frozen=True):
    """What a process says of itself."""

    instance_id: str
    boot_id: UUID
    version: str
    sdk: str
    host: str


class AgentRefused(Forbidden):
    code = "running_agent_suspended"
    message = N_("This agent is suspended with its company's subscription. Settle it to let the agent work again.")


class TooManyInstances(Conflict):
    code = "too_many_instances"
    message = N_("This agent has {limit} processes already. Give a process the same instance_id after each start.")

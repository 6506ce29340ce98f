"""What agents' processes are told, and how a restart goes on."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Literal
from uuid import UUID

import msgspec

from alquimista.errors import Conflict, NotFound
from alquimista.i18n import N_

ACKNOWLEDGED_WITHIN: Final = timedelta(minutes=5)  # The requests that an agent finishes first may take a while.
BOOTED_WITHIN: Final = timedelta(minutes=2)  # After its acknowledgement.
Outcome = Literal["done", "refused"]


class ControlKind(StrEnum):
    """What a process is told to do."""

    RESTART = "restart"
    PAUSE = "pause"
    RESUME = "resume"
    CONFIGURATION_CHANGED = "configuration_changed"


class Control(msgspec.Struct, frozen=True):
    """A message to one process, as its row has it. `booted_at` is the first sign of another boot afterwards."""

    id: UUID
    instance_id: str
    request_id: UUID
    kind: ControlKind
    reason: str
    created_by: UUID | None
    created_at: datetime
    expires_at: datetime
    delivered_at: datetime | None
    acknowledged_at: datetime | None
    outcome: Outcome | None
    detail: str
    booted_at: datetime | None


class Asked(Control, frozen=True):
    """A message beside the name of who had it sent; None for the platform itself, and where the reader may not know."""

    asked_by: str | None = None


class Restart(msgspec.Struct, frozen=True):
    """A restart that was asked of an agent's processes."""

    id: UUID
    instances: tuple[str, ...]
    expires_at: datetime


class RestartProgress(StrEnum):
    """How far a restart is: three ends, and two states before them."""

    PENDING = "pending"
    ACKNOWLEDGED = "acknowledged"
    BOOTED = "booted"
    REFUSED = "refused"
    EXPIRED = "expired"


class RestartState(msgspec.Struct, frozen=True):
    """How far a restart is, over all processes that it was asked of, and what is to be said about it."""

    progress: RestartProgress
    detail: str
    instances: dict[str, RestartProgress]


def progress_of(control: Control, now: datetime) -> RestartProgress:
    """How far one process is with its restart."""
    if control.outcome == "refused":
        return RestartProgress.REFUSED
    if control.booted_at is not None:
        return RestartProgress.BOOTED
    if control.acknowledged_at is not None:
        return (
            RestartProgress.EXPIRED if now >= control.acknowledged_at + BOOTED_WITHIN else RestartProgress.ACKNOWLEDGED
        )
    return RestartProgress.EXPIRED if now >= control.expires_at else RestartProgress.PENDING


# Of several processes the first of these that one of them shows: a restart waits for its last process.
_ORDER: Final = (
    RestartProgress.PENDING,
    RestartProgress.ACKNOWLEDGED,
    RestartProgress.REFUSED,
    RestartProgress.EXPIRED,
    RestartProgress.BOOTED,
)


def state_of_restart(controls: Sequence[Control], now: datetime) -> RestartState:
    """How far a restart is. It is refused or expired once no process is still on its way and one of them was."""
    each = {one.instance_id: progress_of(one, now) for one in controls}
    whole = next(one for one in _ORDER if one in each.values())
    details = [f"{one.instance_id}: {_said(one, each[one.instance_id])}" for one in controls]
    return RestartState(whole, "; ".join(details), each)


def _said(control: Control, progress: RestartProgress) -> str:
    if control.detail:
        return f"{progress} ({control.detail})"
    if progress is not RestartProgress.EXPIRED:
        return str(progress)
    if control.acknowledged_at is not None:
        return "expired (acknowledged, but no new start was seen)"
    return "expired (delivered, but never acknowledged)" if control.delivered_at else "expired (never delivered)"


class UnknownControl(NotFound):
    code = "control_not_found"
    message = N_("There is no control message with this id for this agent.")


class UnknownRestart(NotFound):
    code = "restart_not_found"
    message = N_("There is no restart with this id.")


class ControlExpired(Conflict):
    code = "control_expired"
    message = N_("This control message has expired: do not act on it.")


class ControlAnswered(Conflict):
    code = "control_answered"
    message = N_("This control message was answered with another outcome already.")


class AgentNotConnected(Conflict):
    code = "agent_not_connected"
    message = N_("No process of this agent was heard of in the last 90 seconds, so none can be restarted.")


class RestartPending(Conflict):
    code = "restart_pending"
    message = N_("This agent is being restarted already. Wait until that is over.")

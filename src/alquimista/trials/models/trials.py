"""A trial: its rules, how it stands at a moment, and what can go wrong."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

import msgspec

from alquimista.errors import Forbidden, NotFound
from alquimista.i18n import N_

LASTS: Final = timedelta(hours=24)
MESSAGES: Final = 5
# What was sent in a trial's last moment is answered, metered or given back within this time: until it is over, the
# agent stays metered.
SETTLED_AFTER: Final = timedelta(minutes=10)


class TrialStatus(StrEnum):
    """A trial is active until its time is over (expired) or its messages are used (completed)."""

    ACTIVE = "active"
    EXPIRED = "expired"
    COMPLETED = "completed"


class NextStep(StrEnum):
    """The way forward: agents are subscribed to, SubNúcleos are sold by quote."""

    SUBSCRIBE = "subscribe"
    SALES = "sales"


class TargetType(StrEnum):
    """What is tried."""

    AGENT = "agent"
    SUBNUCLEO = "subnucleo"

    @property
    def next_step(self) -> NextStep:
        """Where a trial of it leads."""
        return NextStep.SUBSCRIBE if self is TargetType.AGENT else NextStep.SALES


class Trial(msgspec.Struct, frozen=True):
    """A row of trials. Its status may lag behind the clock: see `standing`."""

    id: UUID
    target_type: TargetType
    target_id: UUID
    started_at: datetime
    expires_at: datetime
    usage_count: int
    max_usage: int
    status: TrialStatus

    def standing(self, moment: datetime) -> TrialStatus:
        """How it stands at a moment, whether or not anybody has ended it since its time was over."""
        if self.status is TrialStatus.ACTIVE and self.expires_at <= moment:
            return TrialStatus.EXPIRED
        return self.status

    def remaining(self, moment: datetime) -> int:
        """The messages that can still be sent."""
        return self.max_usage - self.usage_count if self.standing(moment) is TrialStatus.ACTIVE else 0

    @property
    def next_step(self) -> NextStep:
        """Where it leads."""
        return self.target_type.next_step


class UnknownTarget(NotFound):
    code = "trial_target_not_found"
    message = N_("No agent or SubNúcleo with this id can be tried. See /api/agents and /api/billing/subnucleos.")


class UnknownTrial(NotFound):
    code = "trial_not_found"
    message = N_("You have no trial with this id. Start one first.")


class TrialEnded(Forbidden):
    code = "trial_expired"
    title = N_("The trial has ended")
    message = N_("This trial has ended. To go on, subscribe to the agent, or talk to sales about the SubNúcleo.")


class CompanyPaused(Forbidden):
    code = "trials_paused"
    message = N_("Your company is not active, so nothing can be tried. An administrator can settle the subscription.")

"""The page of one trial: what was said so far, which only the page remembers, and how the trial stands."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from alquimista.i18n import Text
from alquimista.trials.models.chat import MAX_HISTORY, MAX_MESSAGE, Turn
from alquimista.trials.models.trials import NextStep, TargetType, Trial, TrialStatus
from alquimista.web.public.agents import CONTACT, PLAN

PATH = "/app/trials"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chat:
    """Everything that the part with the conversation shows. `draft` is what was not answered, to send again."""

    kind: TargetType
    target_id: UUID
    name: str
    trial: Trial | None
    now: datetime
    turns: tuple[Turn, ...] = ()
    draft: str = ""
    problem: Text | None = None
    blocked: bool = False  # Trying again does not help: somebody must do something first.

    @property
    def path(self) -> str:
        """The address of the page."""
        return f"{PATH}/{self.kind}/{self.target_id}"

    @property
    def going(self) -> bool:
        """Whether another message can be sent."""
        return self.trial is not None and self.trial.standing(self.now) is TrialStatus.ACTIVE

    @property
    def used_up(self) -> bool:
        """Whether it ended by its messages, not by its time."""
        return self.trial is not None and self.trial.standing(self.now) is TrialStatus.COMPLETED

    @property
    def remaining(self) -> int:
        """The messages left."""
        return self.trial.remaining(self.now) if self.trial else 0

    @property
    def left(self) -> tuple[int, int]:
        """Whole hours and minutes until it ends; the last minute is shown as one."""
        assert self.trial is not None
        minutes = max(1, int((self.trial.expires_at - self.now).total_seconds()) // 60)
        return divmod(minutes, 60)

    @property
    def next_page(self) -> str:
        """Where it leads: agents are subscribed to, SubNúcleos are sold by quote."""
        if self.kind.next_step is NextStep.SUBSCRIBE:
            return f"{PLAN}?agents={self.target_id}"
        return f"{CONTACT}?subnucleos={self.target_id}"


def remembered(said: Sequence[str], answered: Sequence[str]) -> tuple[Turn, ...]:
    """What the form sent back of the conversation, oldest first. A reader who changes it deceives nobody else."""
    pairs = zip(said, answered, strict=False)
    return tuple(turn for mine, its in pairs for turn in (Turn("user", mine), Turn("assistant", its)))


def bounded(turns: Sequence[Turn]) -> tuple[Turn, ...]:
    """The last turns, each cut, as many and as long as the model is told."""
    return tuple(Turn(one.role, one.content[:MAX_MESSAGE]) for one in turns[-MAX_HISTORY:])


def lines(text: str) -> str:
    """A text whose lines end as they were typed, not as forms send them."""
    return text.replace("\r\n", "\n").replace("\r", "\n")

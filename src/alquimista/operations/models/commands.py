"""A command: its states, what may become of it, and why something is refused."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

import msgspec

from alquimista.errors import Conflict, NotFound
from alquimista.i18n import N_, Text
from alquimista.observability.masking import mask

LEASE: Final = timedelta(seconds=15)  # Below the queue's own, so that who takes over a dead worker's job may begin.
BEAT_S: Final = 5.0
KEPT: Final = timedelta(days=90)
EXPORT_KEPT: Final = timedelta(days=7)
KEY_LIMIT: Final = 200
ERROR_LIMIT: Final = 2000
STEP_LIMIT: Final = 200
_FIRST_PAUSE_S: Final = 5


class CommandStatus(StrEnum):
    """How far a command is. The last three are ends."""

    PENDING = "PENDING"
    AWAITING_APPROVAL = "AWAITING_APPROVAL"
    RUNNING = "RUNNING"
    SUCCESS = "SUCCESS"
    ERROR = "ERROR"
    CANCELLED = "CANCELLED"


# A running one that becomes pending again is tried again. The database refuses every other move.
MOVES: Final[dict[CommandStatus, frozenset[CommandStatus]]] = {
    CommandStatus.PENDING: frozenset({CommandStatus.RUNNING, CommandStatus.CANCELLED}),
    CommandStatus.AWAITING_APPROVAL: frozenset({CommandStatus.PENDING, CommandStatus.CANCELLED}),
    CommandStatus.RUNNING: frozenset(
        {CommandStatus.PENDING, CommandStatus.SUCCESS, CommandStatus.ERROR, CommandStatus.CANCELLED}
    ),
    CommandStatus.SUCCESS: frozenset(),
    CommandStatus.ERROR: frozenset(),
    CommandStatus.CANCELLED: frozenset(),
}


class Command(msgspec.Struct, frozen=True):
    """A command as it is stored. `due_at` is when somebody must look at it: see the column's comment."""

    tenant_id: UUID
    id: UUID
    command_type: str
    parameters: dict[str, Any]
    status: CommandStatus
    approval_id: UUID | None
    created_by: UUID | None
    tries: int
    attempts: int
    lease_id: UUID | None
    due_at: datetime | None
    cancel_requested_at: datetime | None
    created_at: datetime
    started_at: datetime | None
    completed_at: datetime | None


class Progress(msgspec.Struct, frozen=True):
    """How far a running command is; `total` is null while that is not known."""

    done: int
    total: int | None
    text: str


class Failure(msgspec.Struct, frozen=True):
    """Why a command failed: a text of ours, for each reader in their language, or what somebody or something said."""

    template: str
    params: dict[str, str | int] | None = None

    @classmethod
    def of(cls, text: Text) -> "Failure":
        """A text of ours, with what it names masked as logs are."""
        return cls(text.template, {name: _named(value) for name, value in text.params.items()})

    def said(self, locale: str) -> str:
        """It in a language, without personal data."""
        text = self.template if self.params is None else Text(self.template, self.params).render(locale)
        return mask(text).replace("\0", "")[:ERROR_LIMIT]

    def kept(self) -> dict[str, Any] | None:
        """What is stored beside the text; None when that is no text of ours, or too long to be stored twice."""
        if self.params is None or sum(len(str(one)) for one in self.params.values()) > 2 * ERROR_LIMIT:
            return None
        kept: dict[str, Any] = msgspec.to_builtins(self)
        return kept


class CommandLine(msgspec.Struct, frozen=True, kw_only=True):
    """A command as staff see it. `tenant_id` is null when it is about no company, `approval_id` when it needs none.

    `created_by_name` is the person's address where they have no name; both are null when a rule gave it.
    """

    command_id: UUID
    command_type: str
    tenant_id: UUID | None
    tenant_name: str | None
    status: CommandStatus
    parameters: dict[str, Any]
    created_by: UUID | None
    created_by_email: str | None
    created_by_name: str | None
    created_at: datetime
    started_at: datetime | None
    completed_at: datetime | None
    output: dict[str, Any] | None
    error_message: str | None
    attempts: int
    tries: int
    progress: Progress
    approval_id: UUID | None
    approve_until: datetime | None
    decided_by: UUID | None
    decided_at: datetime | None
    cancel_requested_at: datetime | None
    updated_at: datetime


class Execution(msgspec.Struct, frozen=True):
    """Which command a job runs."""

    command_id: UUID


class Reaction(msgspec.Struct, frozen=True):
    """The command that a rule wants because of an incident. `tenant_id` None: it is about no company."""

    tenant_id: UUID | None
    incident_id: UUID
    command_type: str
    parameters: dict[str, Any] = {}


class UnknownCommand(NotFound):
    code = "command_not_found"
    message = N_("There is no command with this id.")


class KeyReused(Conflict):
    code = "idempotency_key_reused"
    message = N_("This Idempotency-Key stands for another command. Send a new key for a new command.")


class CommandEnded(Conflict):
    code = "command_ended"
    message = N_("The command has ended with {status}, and stays so.")


class NotAwaitingApproval(Conflict):
    code = "command_not_awaiting_approval"
    message = N_("The command is {status}: nobody's approval is awaited.")


class NeedsPerson(Conflict):
    code = "command_needs_person"
    message = N_("Commands of type {command_type} need approval here, so only a person can give them.")


class NoDataDirectory(Conflict):
    code = "no_data_directory"
    message = N_("This installation has no data directory: set ALQUIMISTA_DATA_DIR for its processes.")


class ExportGone(NotFound):
    code = "export_gone"
    message = N_("There is no export of this command, or not any more: its file is kept for 7 days.")


class CommandCancelled(Exception):  # noqa: N818 - It is told as a fact.
    """Somebody asked to cancel the command that runs."""


class LeaseLost(Exception):  # noqa: N818 - As above.
    """The command is not this try's any more: nothing may be written about it."""


def _named(value: object) -> str | int:
    return value if isinstance(value, int) else mask(str(value)).replace("\0", "")[:ERROR_LIMIT]


def pause(attempts: int) -> timedelta:
    """How long to wait after so many tries: 5 s, 20 s, 80 s and so on."""
    return timedelta(seconds=_FIRST_PAUSE_S * 4 ** (attempts - 1))

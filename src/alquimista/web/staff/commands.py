"""What staff see of commands, arranged: their states and types in words, the history, and the queue of approvals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Final
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from msgspec import Meta

from alquimista.access import Actor
from alquimista.approvals.models import Approval, Inbox
from alquimista.i18n import N_, Text
from alquimista.operations.models.commands import CommandLine, CommandStatus
from alquimista.operations.models.kinds import KINDS, CommandType, Kind
from alquimista.web import schema_form, views
from alquimista.web.tables import Paged

PATH: Final = "/app/company/operations"
MAIN: Final = "operations"  # The id of the element that a link replaces.
SIZE: Final = 50
QUEUED: Final = 10
_WORD: Final = Meta(max_length=100)
ALL: Final = N_("All")

STATES: Final = {
    CommandStatus.AWAITING_APPROVAL: views.Badge(N_("Waits for approval"), "warn", icon="stamp"),
    CommandStatus.PENDING: views.Badge(N_("Waits for its turn"), "info", icon="clock"),
    CommandStatus.RUNNING: views.Badge(N_("Running"), "info", icon="loader-circle"),
    CommandStatus.SUCCESS: views.Badge(N_("Done"), "good", icon="circle-check"),
    CommandStatus.ERROR: views.Badge(N_("Failed"), "bad", icon="circle-alert"),
    CommandStatus.CANCELLED: views.Badge(N_("Cancelled"), "idle", icon="circle-x"),
}
TYPES: Final = {
    CommandType.HEALTH_CHECK: views.Badge(KINDS[CommandType.HEALTH_CHECK].title, "info", icon="heart-pulse"),
    CommandType.RESET_TOKEN: views.Badge(KINDS[CommandType.RESET_TOKEN].title, "warn", icon="key-round"),
    CommandType.RESTART_AGENT: views.Badge(KINDS[CommandType.RESTART_AGENT].title, "info", icon="rotate-cw"),
    CommandType.REPROCESS_QUEUE: views.Badge(KINDS[CommandType.REPROCESS_QUEUE].title, "info", icon="list-restart"),
    CommandType.RECOMPUTE_USAGE: views.Badge(KINDS[CommandType.RECOMPUTE_USAGE].title, "info", icon="calculator"),
    CommandType.EXPORT_TENANT: views.Badge(KINDS[CommandType.EXPORT_TENANT].title, "info", icon="package"),
}
DONE: Final = {
    "approve": views.Notice(N_("Approved: the command may run."), "good", "circle-check"),
    "reject": views.Notice(N_("Rejected: the command will never run."), "good", "circle-check"),
    "cancelled": views.Notice(N_("The command is cancelled."), "good", "circle-check"),
    "cancelling": views.Notice(N_("Asked to end: it stops at its next step."), "info", "clock"),
    "given": views.Notice(N_("The command is given. This page follows it."), "good", "circle-check"),
    "awaits": views.Notice(N_("Approval is asked for. Whoever may give it is told."), "info", "stamp"),
}


class HistoryQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which commands. What names nothing filters nothing, as the empty choices of the form do."""

    status: Annotated[str, _WORD] = ""
    command_type: Annotated[str, _WORD] = ""
    tenant_id: Annotated[str, _WORD] = ""
    search: Annotated[str, Meta(max_length=200)] = ""  # A part of the company's name.
    author: Annotated[str, _WORD] = ""  # `me`, or somebody's id.
    page: Annotated[int, Meta(ge=1, le=1_000_000)] = 1
    seen: str = ""  # The hash of the part that the browser shows.
    done: Annotated[str, _WORD] = ""

    def wanted(self, actor: Actor) -> dict[str, Any]:
        """What the service looks for."""
        found: dict[str, Any] = {
            "status": self.status if self.status in STATES else None,
            "command_type": self.command_type if self.command_type in KINDS else None,
            "tenant_id": uuid_of(self.tenant_id),
            "search": " ".join(self.search.split()),
            "created_by": actor.user_id if self.author == "me" else uuid_of(self.author),
        }
        return {name: value for name, value in found.items() if value}

    @property
    def kept(self) -> dict[str, str]:
        """The filters, for the links of the page."""
        names = ("status", "command_type", "tenant_id", "search", "author")
        return {name: value for name in names if (value := getattr(self, name))}


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The part of the page that refreshes itself."""

    query: HistoryQuery
    commands: Paged[CommandLine]
    counts: Mapping[CommandStatus, int]
    queue: Inbox

    @property
    def live_url(self) -> str:
        """Where the part refreshes from."""
        return views.query_of(f"{PATH}/live", {**self.query.kept, "page": str(self.commands.page)})

    @property
    def states(self) -> list[tuple[str, Text, int, bool, str]]:
        """Every state with how many commands are in it, whether it is chosen, and the address that chooses it.

        The whole page is loaded, since the form above keeps what is chosen here.
        """
        others = {name: value for name, value in self.query.kept.items() if name != "status"}
        every = ("", ALL, sum(self.counts.values()), others)
        each = [(one.value, STATES[one].label, self.counts.get(one, 0), {**others, "status": one}) for one in STATES]
        return [
            (value, label, count, value == self.query.status, views.query_of(PATH, query) if query else PATH)
            for value, label, count, query in (every, *each)
        ]


def uuid_of(text: str) -> UUID | None:
    """The id that a text is; None when it is none."""
    try:
        return UUID(text)
    except ValueError:
        return None


def kind_of(command_type: str) -> Kind | None:
    """The kind of a command; None of one whose kind is no more."""
    return KINDS[CommandType(command_type)] if command_type in KINDS else None


def title_of(command_type: str) -> Text:
    """What a command is called."""
    kind = kind_of(command_type)
    return kind.title if kind else Text(command_type)


def icon_of(command_type: str) -> str:
    """The icon of its type."""
    return TYPES[CommandType(command_type)].icon if command_type in TYPES else "square-terminal"


Parameters = list[tuple[Text | str, Any]]


def parameters_of(
    command_type: str, values: Mapping[str, Any], choices: Mapping[str, schema_form.Options] | None = None
) -> Parameters:
    """A command's parameters as its form calls them; ids by the names that `choices` has for them."""
    kind = kind_of(command_type)
    labels = {one.name: one for one in schema_form.inputs(kind.parameters)} if kind else {}
    ordered = [name for name in labels if name in values] + [name for name in values if name not in labels]
    return [
        (labels[name].label if name in labels else name, _shown(values[name], labels.get(name), choices or {}))
        for name in ordered
    ]


def _shown(value: Any, one: schema_form.Input | None, choices: Mapping[str, schema_form.Options]) -> Any:  # noqa: ANN401
    """A value as its form shows it: a choice by its name, a day as a day."""
    if one is None or not isinstance(value, str):
        return value
    if one.kind is schema_form.InputKind.DATE:
        return date.fromisoformat(value)
    return dict(choices.get(one.name, one.options)).get(value, value)


def brief(command_type: str, values: Mapping[str, Any]) -> Parameters:
    """The parameters that say something in a line: no ids, and nothing that is empty."""
    short = {name: value for name, value in values.items() if value and not name.endswith(("_id", "ids"))}
    return parameters_of(command_type, short)


def again(line: CommandLine) -> str:
    """The address of the form that gives such a command again."""
    fields = {name: schema_form.written(value) for name, value in line.parameters.items()}
    tenant = {"tenant_id": str(line.tenant_id)} if line.tenant_id else {}
    return f"{PATH}/new?{urlencode({'command_type': line.command_type, **tenant, **fields})}"


def types_of(actor: Actor) -> Sequence[Kind]:
    """The kinds of commands that somebody may give."""
    return [kind for kind in KINDS.values() if actor.may(kind.permission)]


def command_of(approval: Approval) -> str:
    """The type of the command that a request is about."""
    return approval.action_type.partition(".")[2]

"""One command as staff see it: what became of it, moment by moment, and what its reader may do about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from alquimista.access import Actor, Permission
from alquimista.approvals.models import Approval, ApprovalStatus, Verdict, refusal_to_decide
from alquimista.i18n import N_, Text
from alquimista.operations.models.commands import EXPORT_KEPT, CommandLine, CommandStatus
from alquimista.operations.models.kinds import CommandType
from alquimista.web import schema_form, views
from alquimista.web.charts import Tone
from alquimista.web.staff import commands

MAIN: Final = "command"
VERDICTS: Final = {
    Verdict.APPROVE: (N_("Approved by {name}"), N_("Approved"), "circle-check"),
    Verdict.REJECT: (N_("Rejected by {name}"), N_("Rejected"), "circle-x"),
}
HEALTH: Final = {
    "healthy": views.Badge(N_("Healthy"), "good", icon="circle-check"),
    "degraded": views.Badge(N_("Degraded"), "warn", icon="triangle-alert"),
    "unhealthy": views.Badge(N_("Unhealthy"), "bad", icon="circle-alert"),
}
PROBES: Final = {
    "database": N_("Database"),
    "bus": N_("Messages between processes"),
    "cache": N_("Cache"),
    "queue": N_("Queue"),
    "workers": N_("Workers"),
    "disk": N_("Disk"),
    "integrations": N_("Integrations"),
    "agents": N_("Agents"),
}
FOUND: Final = {
    "oldest_seconds": N_("Oldest job, in seconds"),
    "alive": N_("Alive"),
    "free_percent": N_("Free, in percent"),
    "offline": N_("Offline"),
    "suspended": N_("Suspended"),
    "reason": N_("Reason"),
    "states": N_("States"),
    "active": N_("Active"),
    "tested": N_("Last tests"),
    "not_tested_lately": N_("Not tested lately"),
}


class CommandQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was just done, and the hash of the part that the browser shows."""

    done: Annotated[str, Meta(max_length=20)] = ""
    seen: str = ""


class DecideForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A decision, why, and the page where it was made."""

    decision: Verdict
    comment: Annotated[str, Meta(max_length=2000)] = ""
    back: Literal["command", "queue"] = "command"


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """Something that happened, or is awaited, at a moment."""

    at: datetime
    label: Text
    tone: Tone
    icon: str
    note: Text | str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandView:
    """Everything on the page; `approval` is the request that the command waited for."""

    line: CommandLine
    approval: Approval | None
    actor: Actor
    now: datetime
    choices: Mapping[str, schema_form.Options]

    @property
    def path(self) -> str:
        """Where the page is."""
        return f"{commands.PATH}/{self.line.command_id}"

    @property
    def parameters(self) -> commands.Parameters:
        """The parameters as the form calls them."""
        return commands.parameters_of(self.line.command_type, self.line.parameters, self.choices)

    @property
    def raw(self) -> str:
        """The output as it came."""
        return msgspec.json.format(msgspec.json.encode(self.line.output), indent=2).decode()

    @property
    def probes(self) -> Mapping[str, Any]:
        """What a health check found, part by part; nothing for other commands."""
        checked = self.line.command_type == CommandType.HEALTH_CHECK and self.line.output is not None
        found = (self.line.output or {}).get("probes", {}) if checked else {}
        order = list(PROBES)
        return dict(sorted(found.items(), key=lambda one: order.index(one[0]) if one[0] in order else len(order)))

    @property
    def milliseconds(self) -> float | None:
        """How long it ran, or has run until now."""
        if self.line.started_at is None:
            return None
        return ((self.line.completed_at or self.now) - self.line.started_at).total_seconds() * 1000

    @property
    def share(self) -> float | None:
        """How much of it is done, from 0 to 100; None while that is not known."""
        found = self.line.progress
        return found.done / found.total * 100 if found.total else None

    @property
    def may_give(self) -> bool:
        """Whether the reader could give such a command."""
        kind = commands.kind_of(self.line.command_type)
        return kind is not None and self.actor.may(kind.permission)

    @property
    def may_cancel(self) -> bool:
        """Whether cancelling it still says something."""
        return self.may_give and self.line.completed_at is None and self.line.cancel_requested_at is None

    @property
    def awaits(self) -> bool:
        """Whether it waits for somebody's approval."""
        return self.approval is not None and self.line.status is CommandStatus.AWAITING_APPROVAL

    @property
    def refusal(self) -> Text | None:
        """Why the reader may not decide on it; None when they may."""
        problem = refusal_to_decide(self.actor, self.approval, self.now) if self.approval else None
        return problem.detail if problem else None

    @property
    def export(self) -> str:
        """Where the file is that it wrote, while it is kept."""
        wrote = self.line.command_type == CommandType.EXPORT_TENANT and self.line.status is CommandStatus.SUCCESS
        ended = self.line.completed_at
        if not wrote or ended is None or self.now >= ended + EXPORT_KEPT:
            return ""
        may = self.actor.may(Permission.TENANT_EXPORT)
        return f"/internal/operations/commands/{self.line.command_id}/export" if may else ""

    @property
    def again(self) -> str:
        """The form to give it again, filled in."""
        return commands.again(self.line)

    @property
    def moments(self) -> list[Moment]:
        """What happened, the earliest first."""
        line = self.line
        given = N_("Given by {name}", name=line.created_by_name) if line.created_by_name else N_("Given by a rule")
        found = [Moment(at=line.created_at, label=given, tone="info", icon="square-terminal")]
        if self.approval is not None:
            found.extend(_decided(self.approval))
        if line.started_at is not None:
            tries = N_("Try {n} of {most}", n=line.attempts, most=line.tries) if line.tries > 1 else ""
            found.append(Moment(at=line.started_at, label=N_("Begun"), tone="info", icon="play", note=tries))
        if line.cancel_requested_at is not None and line.cancel_requested_at != line.completed_at:
            found.append(
                Moment(at=line.cancel_requested_at, label=N_("Asked to cancel"), tone="warn", icon="circle-pause")
            )
        if line.completed_at is not None:
            state = commands.STATES[line.status]
            found.append(Moment(at=line.completed_at, label=state.label, tone=state.tone, icon=state.icon))
        return sorted(found, key=lambda one: one.at)


def _decided(approval: Approval) -> list[Moment]:
    found = []
    for one in approval.decisions:
        by, without, icon = VERDICTS[one.decision]
        label = Text(by.template, {"name": one.approver_name}) if one.approver_name else without
        tone: Tone = "good" if one.decision is Verdict.APPROVE else "bad"
        found.append(Moment(at=one.created_at, label=label, tone=tone, icon=icon, note=one.comment))
    if approval.status is ApprovalStatus.EXPIRED and approval.closed_at is not None:
        expired = N_("Nobody decided in time")
        found.append(Moment(at=approval.closed_at, label=expired, tone="idle", icon="hourglass"))
    return found

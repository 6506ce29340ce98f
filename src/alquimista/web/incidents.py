"""Incidents as pages of both sides show them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from alquimista.i18n import N_, Text
from alquimista.incidents.models import Event, EventKind, RuleName, Severity, State
from alquimista.operations.models.kinds import KINDS
from alquimista.web.charts import Tone
from alquimista.web.views import RESOLVED, SEVERITIES, Badge

STATES: Final = {
    State.OPEN: Badge(N_("Open"), "bad", icon="circle-dot"),
    State.ACKNOWLEDGED: Badge(N_("Being worked on"), "info", icon="wrench"),
    State.RESOLVED: RESOLVED,
}
SEVERITY_FILTER: Final = (("", N_("All severities")), *((one.value, SEVERITIES[one].label) for one in Severity))
RULES: Final[dict[str, Text]] = {
    RuleName.AGENT_OFFLINE: N_("Agent offline"),
    RuleName.INTEGRATION_FAILING: N_("Integration fails"),
    RuleName.ERROR_RATE: N_("Many requests fail"),
    RuleName.USAGE_DRIFT: N_("Usage differs"),
    RuleName.BILLING_DRIFT: N_("Billing differs"),
    RuleName.QUEUE_LAG: N_("Jobs wait"),
    RuleName.RUN_MISSED: N_("A run did not come"),
    RuleName.JOBS_DEAD: N_("Jobs given up"),
    RuleName.COMMANDS_FAILING: N_("Commands fail"),
    RuleName.EVENTS_DEAD: N_("Events given up"),
    RuleName.MAILS_DEAD: N_("Mails given up"),
    RuleName.MAILS_REFUSED: N_("Mails refused"),
    RuleName.WEBHOOKS_FAILING: N_("Webhooks fail"),
    RuleName.SIGN_INS_FAILING: N_("Sign-ins fail"),
    RuleName.FOREIGN_TENANT: N_("Reaching for another customer"),
    RuleName.BLACKOUT: N_("All agents silent"),
    RuleName.REFUND_BY_HAND: N_("Refund by hand"),
    RuleName.MANUAL: N_("Opened by hand"),
}
_OPERATIONS: Final = "/app/company/operations"
_COMMANDS: Final = {kind.command_type.value: kind.title for kind in KINDS.values()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A step of a timeline. `who` is empty for the platform itself, and where the reader may not know it.

    `href` leads to the command that it tells of.
    """

    at: datetime
    icon: str
    tone: Tone
    title: Text
    body: str = ""
    who: str = ""
    internal: bool = False
    href: str = ""


def told(events: Sequence[Event]) -> tuple[Step, ...]:
    """The timeline of an incident as its company reads it, the last step first."""
    return tuple(_step(one, staff=False) for one in reversed(events))


def known(events: Sequence[Event]) -> tuple[Step, ...]:
    """The whole timeline, as staff read it, the last step first."""
    return tuple(_step(one, staff=True) for one in reversed(events))


def _step(one: Event, *, staff: bool) -> Step:
    plain = _KNOWN if staff else _TOLD
    badge = plain[one.kind, one.public] if (one.kind, one.public) in plain else _WITH_DETAILS[one.kind](one.details)
    return Step(
        at=one.occurred_at,
        icon=badge.icon,
        tone=badge.tone,
        title=badge.label,
        body=one.body or str(one.details.get("reason", "")),
        who=one.actor_name or "",
        internal=staff and not one.public,
        href=f"{_OPERATIONS}/{one.details['command_id']}" if staff and "command_id" in one.details else "",
    )


def _opened(details: Mapping[str, Any]) -> Badge:
    return Badge(N_("It began: {severity}", severity=_severity(details.get("severity"))), "bad", icon="siren")


def _weighed(details: Mapping[str, Any]) -> Badge:
    before, after = _severity(details.get("from")), _severity(details.get("to"))
    said = N_("Severity changed: {before} → {after}", before=before, after=after)
    return Badge(said, "warn", icon="arrow-up-down")


def _command(details: Mapping[str, Any]) -> Badge:
    name = str(details.get("command_type", ""))
    title = _COMMANDS.get(name, name)
    if "refused" in details:
        return Badge(N_("Automatic command refused: {command}", command=title), "warn", icon="square-terminal")
    return Badge(N_("Automatic command given: {command}", command=title), "info", icon="square-terminal")


def _notified(details: Mapping[str, Any]) -> Badge:
    count = details.get("recipients", 0)
    if details.get("to") == "staff":
        return Badge(N_("Staff told: {count}", count=count), "idle", icon="bell")
    if details.get("to") == "escalation":
        return Badge(
            N_("Nobody had taken it up; internal administrators told: {count}", count=count), "warn", icon="bell"
        )
    return Badge(N_("Administrators told: {count}", count=count), "idle", icon="bell")


def _severity(value: object) -> Text | str:
    """A severity by name; what is none stands as it is."""
    badge = SEVERITIES.get(str(value))
    return badge.label if badge else str(value or "")


# Steps that say no more than their kind, by whether the company sees them.
_TOLD: Final = {
    (EventKind.ACKNOWLEDGED, True): Badge(N_("Our team is working on it"), "info", icon="wrench"),
    (EventKind.COMMENT, True): Badge(N_("From our team"), "info", icon="message-circle"),
    (EventKind.RESOLVED, True): RESOLVED,
}
_TAKEN: Final = Badge(N_("Taken up"), "info", icon="wrench")
_KNOWN: Final = {
    (EventKind.ACKNOWLEDGED, True): _TAKEN,
    (EventKind.ACKNOWLEDGED, False): _TAKEN,
    (EventKind.COMMENT, True): Badge(N_("Told to the customer"), "info", icon="message-circle"),
    (EventKind.COMMENT, False): Badge(N_("Note"), "idle", icon="sticky-note"),
    (EventKind.RESOLVED, True): RESOLVED,
    (EventKind.RESOLVED, False): RESOLVED,
}
_WITH_DETAILS: Final[dict[EventKind, Callable[[Mapping[str, Any]], Badge]]] = {
    EventKind.OPENED: _opened,
    EventKind.SEVERITY_CHANGED: _weighed,
    EventKind.COMMAND: _command,
    EventKind.NOTIFIED: _notified,
}

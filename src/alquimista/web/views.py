"""Small models that templates read: what services answered, arranged for the eye.

No figure is made here but by arithmetic on theirs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import urlencode

from markupsafe import Markup

from alquimista.billing.models import names
from alquimista.i18n import N_, Text
from alquimista.web.charts import Tone
from alquimista.web.tables import link


@dataclass(frozen=True, slots=True, kw_only=True)
class Kpi:
    """One figure of the strip at the top. `delta` is a relative change in percent; `better` whether it is welcome."""

    icon: str
    label: Text
    value: str
    note: Text
    delta: float | None = None
    change: str = ""  # The delta as it is written, with its unit.
    better: bool | None = None
    trend: tuple[float, ...] = ()
    key: str = ""  # With a definition: names its tooltip.
    definition: str = ""


@dataclass(frozen=True, slots=True)
class Badge:
    """A state in words, with its colour and its icon."""

    label: Text
    tone: Tone
    icon: str


@dataclass(frozen=True, slots=True)
class Notice:
    """One sentence above a form or a page."""

    text: Text
    tone: Tone
    icon: str


AGENT_STATES: Final = {
    "active": Badge(N_("Active"), "good", icon="circle-check"),
    "trial": Badge(N_("On trial"), "info", icon="clock"),
    "inactive": Badge(N_("Inactive"), "idle", icon="circle-pause"),
    "suspended": Badge(N_("Suspended"), "bad", icon="circle-off"),
}
TENANT_STATES: Final = {name: badge for name, badge in AGENT_STATES.items() if name != "trial"}
INTEGRATION_STATES: Final = {
    "active": Badge(N_("Connected"), "good", icon="circle-check"),
    "inactive": Badge(N_("Off"), "idle", icon="circle-pause"),
    "error": Badge(N_("Failing"), "bad", icon="circle-alert"),
    "pending": Badge(N_("Waiting"), "warn", icon="clock"),
}
SEVERITIES: Final = {
    "info": Badge(N_("Information"), "info", icon="info"),
    "warning": Badge(N_("Warning"), "warn", icon="triangle-alert"),
    "error": Badge(N_("Error"), "bad", icon="circle-alert"),
    "critical": Badge(N_("Critical"), "bad", icon="siren"),
}
PLANS: Final = names.PLANS
QUOTAS: Final = {"requests": N_("Requests"), "agents": N_("Agents"), "users": N_("Users")}
FINDINGS: Final = {
    "matches": Badge(N_("Agrees"), "good", icon="circle-check"),
    "running": Badge(N_("Running"), "info", icon="clock"),
    "late": Badge(N_("Late events"), "warn", icon="hourglass"),
    "differs": Badge(N_("Differs"), "bad", icon="circle-alert"),
    "raw_gone": Badge(N_("No longer provable"), "idle", icon="archive"),
    "unchecked": Badge(N_("Not compared yet"), "idle", icon="clock"),
}
INVOICE_STATES: Final = {
    "open": Badge(N_("To be paid"), "info", icon="clock"),
    "paid": Badge(N_("Paid"), "good", icon="circle-check"),
    "void": Badge(N_("Void"), "idle", icon="circle-off"),
    "refunded": Badge(N_("Paid back"), "warn", icon="undo-2"),
}
OVERDUE: Final = Badge(N_("Overdue"), "bad", icon="circle-alert")
INVOICE_KINDS: Final = {
    "first": N_("First payment"),
    "renewal": N_("Renewal"),
    "change": N_("Change of plan"),
    "usage": N_("Use beyond the plan"),
}
SUBSCRIPTION_STATES: Final = {
    "pending": Badge(N_("Waiting for payment"), "warn", icon="clock"),
    "trialing": Badge(N_("On trial"), "info", icon="clock"),
    "active": Badge(N_("Active"), "good", icon="circle-check"),
    "past_due": Badge(N_("Past due"), "bad", icon="circle-alert"),
    "suspended": Badge(N_("Suspended"), "bad", icon="circle-off"),
    "canceled": Badge(N_("Canceled"), "idle", icon="circle-off"),
}
EVENT_STATES: Final = {
    "received": Badge(N_("Received"), "info", icon="clock"),
    "processed": Badge(N_("Processed"), "good", icon="circle-check"),
    "ignored": Badge(N_("Ignored"), "idle", icon="circle-pause"),
    "failed": Badge(N_("Failed"), "bad", icon="circle-alert"),
}
RESOLVED: Final = Badge(N_("Resolved"), "good", icon="circle-check")
STATES: Final = {
    "integration": INTEGRATION_STATES,
    "severity": SEVERITIES,
    "resolved": RESOLVED,
    "tenant": TENANT_STATES,
}
FORBIDDEN: Final = Notice(
    N_("Your role does not open that page, so you are back at yours."), "warn", icon="shield-alert"
)


def change(now: float | None, before: float | None) -> float | None:
    """The relative change in percent; None when there is nothing to compare with."""
    if now is None or not before:
        return None
    return (now - before) / before * 100


def better(delta: float | None, good: Literal["up", "down"], *, noise: float = 1.0) -> bool | None:
    """Whether a change is welcome; one within the `noise` is neither welcome nor not."""
    if delta is None or abs(delta) < noise:
        return None
    return (delta > 0) == (good == "up")


def query_of(path: str, query: Mapping[str, str]) -> str:
    """An address with its query."""
    return f"{path}?{urlencode(query)}"


def address(path: str, target: str, **query: str) -> Markup:
    """The attributes of a link to this page with another query."""
    return link(query_of(path, query), target)

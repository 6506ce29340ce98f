"""Permissions beyond roles, as people read and fill them in."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Annotated, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta

from alquimista import clock
from alquimista.access import ROLE_PERMISSIONS, Actor, Permission, Role
from alquimista.agents.models.agents import TenantAgent
from alquimista.errors import Invalid
from alquimista.http.context import require_uuid
from alquimista.i18n import N_, Text
from alquimista.identity.models.grants import DAY_MINUTES, GRANTABLE, Grant, NamedGrant, clock_of, minute_of
from alquimista.web import views

LABELS: Final[Mapping[Permission, Text]] = {
    Permission.ACCOUNT_MANAGE: N_("Run their own account"),
    Permission.TENANT_READ: N_("See the overview"),
    Permission.AGENT_READ: N_("See agents"),
    Permission.INTEGRATION_READ: N_("See integrations"),
    Permission.USAGE_READ: N_("See usage"),
    Permission.INCIDENT_READ: N_("See incidents"),
    Permission.TICKET_READ: N_("Read tickets"),
    Permission.TICKET_WRITE: N_("Open and answer tickets"),
    Permission.AGENT_MANAGE: N_("Run agents: switch them on and off, set them up"),
    Permission.INTEGRATION_MANAGE: N_("Connect and test integrations"),
    Permission.WEBHOOK_READ: N_("See webhooks and what they were told"),
    Permission.WEBHOOK_MANAGE: N_("Run webhooks"),
    Permission.BILLING_READ: N_("See plan and invoices"),
    Permission.BILLING_MANAGE: N_("Change the plan and pay"),
    Permission.USER_READ: N_("See users"),
    Permission.API_KEY_READ: N_("See API keys"),
    Permission.AUDIT_READ: N_("Read the audit"),
    Permission.APPROVAL_READ: N_("See approvals"),
    Permission.APPROVAL_DECIDE: N_("Decide approvals"),
}
DAYS: Final = (N_("Mon"), N_("Tue"), N_("Wed"), N_("Thu"), N_("Fri"), N_("Sat"), N_("Sun"))
# What can be given for one agent alone: the routes of the others name none.
OF_AN_AGENT: Final = frozenset({Permission.AGENT_READ, Permission.AGENT_MANAGE})
FIELDS: Final = frozenset({"permission", "agent", "ends_on", "days", "from_time", "until_time"})
_CLOCK: Final = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]|24:00")
_HOLDS: Final = views.Badge(N_("Holds now"), "good", icon="circle-check")
_WAITS: Final = views.Badge(N_("Not at this hour"), "idle", icon="clock")
_ONE: Final = N_("Choose one of the list.")


class GrantForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is given, for which agent (none: for all), on which days and hours, and until the end of which day."""

    permission: str = ""
    agent: str = ""
    ends_on: str = ""
    days: Annotated[list[str], Meta(max_length=7)] = []
    from_time: str = ""
    until_time: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A grant in words."""

    grant: NamedGrant
    what: Text
    of: str  # The agent that it is for; empty for all.
    days: tuple[Text, ...]
    hours: str
    state: views.Badge


def line_of(grant: NamedGrant, agents: Sequence[TenantAgent], zone: str, now: datetime) -> Line:
    """The grant as it is at this moment."""
    names = {str(agent.agent_id): agent.name for agent in agents}
    hours = ""
    if grant.from_minute is not None and grant.until_minute is not None:
        hours = f"{clock_of(grant.from_minute)}–{clock_of(grant.until_minute)}"
    known = grant.permission in GRANTABLE
    return Line(
        grant,
        LABELS[Permission(grant.permission)] if known else Text(grant.permission),
        names.get(grant.resource_id, grant.resource_id) if grant.resource_id else "",
        tuple(DAYS[day - 1] for day in grant.days or ()),
        hours,
        _HOLDS if known and grant.in_window(now, ZoneInfo(zone)) else _WAITS,
    )


def options(giver: Actor, role: Role) -> list[tuple[str, Text]]:
    """What the giver may give to somebody of a role, and the role does not give already."""
    held = ROLE_PERMISSIONS[giver.role] if giver.role is not None else frozenset()
    return [(one.value, label) for one, label in LABELS.items() if one in (GRANTABLE & held) - ROLE_PERMISSIONS[role]]


def read(form: GrantForm, giver: UUID, user_id: UUID, zone: str, now: datetime) -> Grant:
    """The grant that the form describes.

    Raises:
        Invalid: a field is wrong; the error is of that field.
    """
    if form.permission not in GRANTABLE:
        raise Invalid.of("permission", _ONE)
    agent = str(require_uuid("agent", form.agent)) if form.agent else None
    if agent is not None and Permission(form.permission) not in OF_AN_AGENT:
        raise Invalid.of("agent", N_("Only what is about agents can be given for one of them: choose all."))
    start, end = _hours(form)
    return Grant(
        id=clock.new_id(),
        user_id=user_id,
        permission=form.permission,
        resource_type="agent" if agent else None,
        resource_id=agent,
        days=_days(form.days),
        from_minute=start,
        until_minute=end,
        expires_at=_end(form.ends_on, ZoneInfo(zone), now),
        granted_by=giver,
        created_at=now,
    )


def _days(chosen: Sequence[str]) -> tuple[int, ...] | None:
    """The days, 1 is Monday; None for any, however that was said."""
    if not set(chosen) <= set("1234567"):
        raise Invalid.of("days", _ONE)
    days = tuple(sorted({int(one) for one in chosen}))
    return days if 0 < len(days) < 7 else None


def _hours(form: GrantForm) -> tuple[int, int] | tuple[None, None]:
    for name, text in (("from_time", form.from_time), ("until_time", form.until_time)):
        if text and not _CLOCK.fullmatch(text):
            raise Invalid.of(name, N_("Write a time as 08:30."))
    if not form.from_time and not form.until_time:
        return None, None
    start = minute_of(form.from_time) if form.from_time else 0
    end = minute_of(form.until_time) if form.until_time else DAY_MINUTES
    if start >= end:
        raise Invalid.of("until_time", N_("Let it end after it begins, on the same day."))
    return start, end


def _end(text: str, zone: ZoneInfo, now: datetime) -> datetime | None:
    """The end of that day in the company's zone."""
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or not now.astimezone(zone).date() <= day < date(9000, 1, 1):
        raise Invalid.of("ends_on", N_("Choose a day from today on."))
    return datetime.combine(day + timedelta(days=1), time(), zone)

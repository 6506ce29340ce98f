"""Permissions beyond roles: who may be given what, and when it holds."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from alquimista.access import ROLE_PERMISSIONS, Actor, Permission, Role, Scoped
from alquimista.identity.models.problems import GrantToOneself, NotYoursToGrant

# What can be granted at all: what an administrator of a company holds. Nothing of staff's is among it, nor what makes
# people, keys or grants: with these, a permission of a minute would become one for good. Nor what moves the company to
# another time zone, in which the hours of one's own grants would be others.
GRANTABLE: Final = ROLE_PERMISSIONS[Role.TENANT_ADMIN] - {
    Permission.USER_MANAGE,
    Permission.API_KEY_MANAGE,
    Permission.GRANT_MANAGE,
    Permission.COMPANY_MANAGE,
}
# What comes with another: seeing webhooks was part of running them before it had a permission of its own.
_WITH: Final = {Permission.WEBHOOK_MANAGE: Permission.WEBHOOK_READ}
GRANTS_EACH: Final = 50
DAY_MINUTES: Final = 24 * 60


class Grant(msgspec.Struct, frozen=True):
    """A permission of one person beyond those of their role, with what limits it.

    `days` (1 is Monday) and minutes of the day are in the tenant's zone; None is any. With a resource it is for that
    one thing.
    """

    id: UUID
    user_id: UUID
    permission: str
    resource_type: str | None
    resource_id: str | None
    days: tuple[int, ...] | None
    from_minute: int | None
    until_minute: int | None
    expires_at: datetime | None
    granted_by: UUID
    created_at: datetime

    @property
    def gives(self) -> frozenset[Permission]:
        """What it gives: nothing when it cannot be granted (any more)."""
        given = next((one for one in GRANTABLE if one == self.permission), None)
        return frozenset() if given is None else frozenset({given, _WITH.get(given, given)})

    @property
    def windowed(self) -> bool:
        """Whether it holds at some hours or days only."""
        return self.days is not None or self.from_minute is not None

    def current(self, now: datetime) -> bool:
        """Whether its end is still to come."""
        return self.expires_at is None or now < self.expires_at

    def in_window(self, now: datetime, zone: ZoneInfo) -> bool:
        """Whether the moment is one of its days and hours."""
        local = now.astimezone(zone)
        if self.days is not None and local.isoweekday() not in self.days:
            return False
        if self.from_minute is None or self.until_minute is None:
            return True
        return self.from_minute <= local.hour * 60 + local.minute < self.until_minute

    def matches(self, permission: str, resource: Scoped | None) -> bool:
        """Whether it is about this permission, for everything or for just this thing."""
        if permission not in self.gives:
            return False
        return self.resource_type is None or (self.resource_type, self.resource_id) == resource


class NamedGrant(Grant, frozen=True):
    """A grant beside the names of who has it and of who gave it; None where that is one of the staff."""

    person: str
    giver: str | None


class HeldGrant(Grant, frozen=True):
    """A grant beside the zone of its tenant."""

    time_zone: str


class Granted(msgspec.Struct, frozen=True):
    """What a person's grants give at a moment, and until when that can be remembered (None: no limit of theirs)."""

    permissions: frozenset[Permission] = frozenset()
    scoped: frozenset[tuple[Permission, Scoped]] = frozenset()
    until: datetime | None = None


class Reason(StrEnum):
    """Why something is allowed, or not."""

    ROLE = "role"
    GRANT = "grant"
    OUTSIDE_TIME_WINDOW = "outside_time_window"
    NOT_GRANTED = "not_granted"


def granted(grants: list[Grant], now: datetime, zone: ZoneInfo) -> Granted:
    """What the grants give now.

    Windows open and close on whole minutes, in every zone and through every change of the clock, so what is made of
    them is good until the next one.
    """
    current = [one for one in grants if one.gives and one.current(now)]
    holding = [one for one in current if one.in_window(now, zone)]
    ends = [one.expires_at for one in holding if one.expires_at is not None]
    if any(one.windowed for one in current):
        ends.append(now.replace(second=0, microsecond=0) + timedelta(minutes=1))
    return Granted(
        frozenset(permission for one in holding if one.resource_type is None for permission in one.gives),
        frozenset(
            (permission, (one.resource_type, one.resource_id))
            for one in holding
            if one.resource_type is not None and one.resource_id is not None
            for permission in one.gives
        ),
        min(ends, default=None),
    )


def beyond(role: Role, given: Granted) -> str:
    """What was granted beyond a role, the same words for the same grants; empty when nothing was."""
    names = [permission.value for permission in given.permissions - ROLE_PERMISSIONS[role]]
    names += [f"{permission.value}@{kind}:{thing}" for permission, (kind, thing) in given.scoped]
    return "".join(f"+{name}" for name in sorted(names))


def judge(
    role: frozenset[Permission],
    grants: list[Grant],
    permission: Permission,
    resource: Scoped | None,
    now: datetime,
    zone: ZoneInfo,
) -> tuple[bool, Reason]:
    """Whether a permission is held, for everything or for one thing. A role's holds for each thing of its sort."""
    if permission in role:
        return True, Reason.ROLE
    about = [one for one in grants if one.matches(permission, resource) and one.current(now)]
    if any(one.in_window(now, zone) for one in about):
        return True, Reason.GRANT
    return False, Reason.OUTSIDE_TIME_WINDOW if about else Reason.NOT_GRANTED


def may_give(actor: Actor, user_id: UUID, permission: Permission) -> None:
    """Check that the actor may give the permission to a person.

    Only what one's role gives can be passed on: a grant that ends could otherwise live on in another.

    Raises:
        GrantToOneself: the person is the actor.
        NotYoursToGrant: it is staff's, or not the actor's own.
    """
    if user_id == actor.user_id:
        raise GrantToOneself
    held = ROLE_PERMISSIONS[actor.role] if actor.role is not None else frozenset()
    if permission not in GRANTABLE or permission not in held:
        raise NotYoursToGrant


def minute_of(text: str) -> int:
    """The minute of the day that `08:30` means; `24:00` is its end."""
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def clock_of(minute: int) -> str:
    """How a minute of the day is written."""
    return f"{minute // 60:02d}:{minute % 60:02d}"

"""What a person is shown, and what goes into a digest."""

from datetime import date, datetime, time
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from alquimista.errors import NotFound
from alquimista.i18n import N_
from alquimista.notifications.models.preferences import Category

DIGEST_AT: Final = time(8)  # In the tenant's zone.


class UnknownNotification(NotFound):
    code = "notification_not_found"
    message = N_("You have no notification with this id.")


class Notification(msgspec.Struct, frozen=True):
    """A notification as its owner sees it. `link` is a page of ours, absolute; empty when it leads nowhere."""

    id: UUID
    type: str
    category: Category
    title: str
    message: str
    link: str
    created_at: datetime
    read_at: datetime | None


class Counts(msgspec.Struct, frozen=True):
    """How many notifications a person has, and how many of them are unread."""

    total: int
    unread: int


class Due(msgspec.Struct, frozen=True):
    """Somebody for whom a digest is due."""

    tenant_id: UUID
    user_id: UUID


class Waiting(msgspec.Struct, frozen=True):
    """What waits for a digest."""

    id: UUID
    category: Category
    title: str
    link: str


class Subscriber(msgspec.Struct, frozen=True):
    """An active member who gets a digest, and the language and zone of the company."""

    email: str
    name: str
    locale: str
    company: str
    time_zone: str


class Digest(msgspec.Struct, frozen=True):
    """Whose digest a job writes."""

    user_id: UUID


def digest_day(now: datetime, time_zone: str) -> date | None:
    """The day, in the zone, whose digest may be written now; None before its hour."""
    local = now.astimezone(ZoneInfo(time_zone))
    return local.date() if local.time() >= DIGEST_AT else None

"""Notifications as pages show them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from alquimista.i18n import Text
from alquimista.notifications.models import LABELS, Category, Notification
from alquimista.web.views import Badge

BADGES: Final[dict[Category, Badge]] = {
    Category.INCIDENT: Badge(LABELS[Category.INCIDENT], "bad", icon="triangle-alert"),
    Category.TICKET: Badge(LABELS[Category.TICKET], "info", icon="life-buoy"),
    Category.APPROVAL: Badge(LABELS[Category.APPROVAL], "warn", icon="circle-check-big"),
    Category.BILLING: Badge(LABELS[Category.BILLING], "info", icon="receipt-text"),
    Category.AGENT: Badge(LABELS[Category.AGENT], "info", icon="bot"),
    Category.INTEGRATION: Badge(LABELS[Category.INTEGRATION], "warn", icon="plug"),
    Category.ACCOUNT: Badge(LABELS[Category.ACCOUNT], "info", icon="building-2"),
    Category.SECURITY: Badge(LABELS[Category.SECURITY], "good", icon="shield-check"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """A notification in a list."""

    id: UUID
    title: str
    message: str
    leads: bool
    read: bool
    created_at: datetime
    label: Text
    icon: str

    @classmethod
    def of(cls, one: Notification, public_url: str) -> "Line":
        """The line of a notification."""
        badge = BADGES[one.category]
        return cls(
            one.id,
            one.title,
            one.message,
            bool(page_of(one.link, public_url)),
            one.read_at is not None,
            one.created_at,
            badge.label,
            badge.icon,
        )


def page_of(link: str, public_url: str) -> str:
    """The page of ours that a notification leads to; empty when it leads to none."""
    return link.removeprefix(public_url) if link.startswith(f"{public_url}/") else ""

"""The shapes of the staff's pages about companies: one company's head, its agents as they run, and saved views."""

from datetime import datetime
from typing import Final

import msgspec

from alquimista.dashboards.models.client import TenantMe
from alquimista.dashboards.models.staff import InstalledAgent
from alquimista.errors import Conflict, Invalid, NotFound
from alquimista.i18n import N_

MOST_VIEWS: Final = 20  # Of one person.
VIEW_NAME_LIMIT: Final = 60


class TenantHead(TenantMe, frozen=True):
    """A company with its use of the plan. `blocked_reason` is why staff keep it out; None: they do not."""

    standing: str
    blocked_reason: str | None
    currency: str


class TenantChoices(msgspec.Struct, frozen=True):
    """The plans and segments that companies have, by name: what a list of them can be filtered by."""

    plans: list[str]
    segments: list[str]


class RunningAgent(InstalledAgent, frozen=True):
    """An agent of a company as it runs; without a process that was ever heard of it has no state."""

    state: str | None
    seen_at: datetime | None


class SavedView(msgspec.Struct, frozen=True):
    """Filters that a person keeps by a name; `query` is as the page's address has them."""

    name: str
    query: str


class TooManyViews(Conflict):
    code = "too_many_views"
    message = N_("You keep {limit} views already. Delete one to save another.")


class UnknownView(NotFound):
    code = "view_not_found"
    message = N_("You keep no view of this name.")


def clean_view_name(raw: str) -> str:
    """A name on one line. Raises Invalid when it is empty, too long, or holds control characters."""
    name = " ".join(raw.split())
    if not 1 <= len(name) <= VIEW_NAME_LIMIT or not name.isprintable():
        raise Invalid.of("name", N_("Write 1 to {limit} printable characters.", limit=VIEW_NAME_LIMIT))
    return name

"""A company's API keys, as people read and fill them in."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from alquimista.errors import Invalid
from alquimista.i18n import N_, Text
from alquimista.identity.models.api_keys import ApiKey
from alquimista.web import views
from alquimista.web.client.settings import PATH as SETTINGS

PATH: Final = f"{SETTINGS}/api-keys"
ONE: Final = f"{PATH}/{{key_id:uuid}}"
LIST: Final = "keys"
# What each scope is called, and what it opens.
SCOPES: Final[dict[str, tuple[Text, Text]]] = {
    "ingest": (N_("Send usage"), N_("Requests that agents served, under /v1.")),
    "read": (N_("Read figures"), N_("What the dashboards show, under /tenant.")),
    "agent": (N_("Run agents"), N_("Signs of life, usage and control messages of running agents.")),
    "events": (N_("Send events"), N_("What happens in your systems, for agents and webhooks.")),
}
LIVES: Final = (
    ("30", N_("In 30 days")),
    ("90", N_("In 90 days")),
    ("365", N_("In a year")),
    ("", N_("Never")),
)
OVERLAPS: Final = (
    ("0", N_("Not at all: the old key ends now")),
    ("1", N_("One hour")),
    ("24", N_("One day")),
    ("168", N_("One week")),
)
DONE: Final = {
    "revoked": views.Notice(N_("The key is revoked: it opens nothing any more."), "good", "circle-check"),
}
_GOOD: Final = views.Badge(N_("Good"), "good", icon="circle-check")
_SOON: Final = views.Badge(N_("Ends soon"), "warn", icon="triangle-alert")
_OVER: Final = views.Badge(N_("Over"), "idle", icon="circle-off")
_SOON_DAYS: Final = timedelta(days=14)


class KeysQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which page, and what was just done."""

    page: int = 1
    done: str = ""


class KeyForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the key is for, what it opens, and for how many days (none: without end)."""

    name: str = ""
    scopes: Annotated[list[str], Meta(max_length=10)] = []
    days: str = ""


class RotateForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """For how many hours the old key stays good."""

    overlap: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A key, and whether it is good."""

    key: ApiKey
    state: views.Badge
    open: bool
    scopes: tuple[Text, ...]


def line_of(key: ApiKey, now: datetime) -> Line:
    """The key as it is at this moment."""
    ended = key.expires_at is not None and key.expires_at <= now
    soon = key.expires_at is not None and key.expires_at <= now + _SOON_DAYS
    state = _OVER if ended else _SOON if soon else _GOOD
    return Line(key, state, not ended, tuple(SCOPES[one][0] if one in SCOPES else Text(one) for one in key.scopes))


def end_of(form: KeyForm, now: datetime) -> datetime | None:
    """When the key ends. Raises Invalid."""
    if form.days not in {value for value, _ in LIVES}:
        raise Invalid.of("days", N_("Choose one of the list."))
    return now + timedelta(days=int(form.days)) if form.days else None


def overlap_of(form: RotateForm) -> timedelta:
    """How long the old key stays good. Raises Invalid."""
    if form.overlap not in {value for value, _ in OVERLAPS}:
        raise Invalid.of("overlap", N_("Choose one of the list."))
    return timedelta(hours=int(form.overlap))

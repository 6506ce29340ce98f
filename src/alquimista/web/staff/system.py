"""The platform's own state, arranged for the eye: how well each part is, and what cannot be known from here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

import msgspec

from alquimista import __version__, clock
from alquimista.config import Settings
from alquimista.dashboards.models.system import JobQueue, LiveWorker, MigrationLine, OwnQueue, SystemState
from alquimista.i18n import N_, Text
from alquimista.jobs.models import live_since
from alquimista.web import formats, views

PATH: Final = "/app/company/system"
STARTED: Final = clock.now()  # Of this process, to the moment at which it loaded its pages.
_FEW_DAYS: Final = 3  # Partitions that are made ahead: a daily job makes two weeks of them.
HEALTH: Final[Mapping[str, views.Badge]] = {
    "healthy": views.Badge(N_("Well"), "good", icon="circle-check"),
    "degraded": views.Badge(N_("Impaired"), "warn", icon="triangle-alert"),
    "unhealthy": views.Badge(N_("Down"), "bad", icon="circle-alert"),
    "unknown": views.Badge(N_("Not known"), "idle", icon="circle-help"),
}
OWN_QUEUES: Final[Mapping[str, Text]] = {
    "mails": N_("Mails"),
    "webhooks": N_("Messages to webhooks"),
    "events": N_("Events to consumers"),
    "usage": N_("Usage to be summed"),
    "audit": N_("Audit entries to be sealed"),
}
MIGRATIONS: Final[Mapping[str, views.Badge]] = {
    "applied": views.Badge(N_("Applied"), "good", icon="circle-check"),
    "pending": views.Badge(N_("Pending"), "warn", icon="clock"),
    "running": views.Badge(N_("Not ended"), "bad", icon="circle-alert"),
    "edited": views.Badge(N_("Edited since"), "bad", icon="circle-alert"),
    "skipped": views.Badge(N_("Left out"), "idle", icon="circle-minus"),
    "unknown": views.Badge(N_("No such file"), "bad", icon="circle-alert"),
}
_ORDER: Final = ("unhealthy", "degraded", "unknown", "healthy")


class SystemQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The hash of the fragment that the browser shows."""

    seen: str = ""


class Part(NamedTuple):
    """A part of the platform: how well it is, and what says so."""

    name: Text
    health: str
    note: Text
    icon: str
    latency: str = ""


class Circuit(NamedTuple):
    """A service outside that is left alone for a while, because it fails."""

    service: str
    host: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """The migrations: how many are applied and pending, and those that are neither applied nor left out."""

    applied: int
    pending: int
    last: MigrationLine | None
    odd: Sequence[MigrationLine]
    all: Sequence[MigrationLine]


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """Everything on the part that refreshes itself."""

    health: str
    parts: Sequence[Part]
    queues: Sequence[JobQueue]
    own_queues: Sequence[OwnQueue]
    workers: Sequence[tuple[LiveWorker, bool]]  # And whether it lives.
    circuits: Sequence[Circuit]
    state: SystemState
    days_ahead: int | None
    kept_months: int
    version: str
    environment: str
    started: datetime
    live_url: str

    @property
    def waiting(self) -> int:
        """Jobs that could run."""
        return sum(one.waiting for one in self.queues)

    @property
    def running(self) -> int:
        """Jobs that run."""
        return sum(one.running for one in self.queues)

    @property
    def failed(self) -> int:
        """Jobs that failed for good."""
        return sum(one.failed for one in self.queues)

    @property
    def oldest(self) -> float | None:
        """For how many milliseconds the oldest job has waited."""
        found = [one.oldest_seconds for one in self.queues if one.oldest_seconds is not None]
        return max(found) * 1000 if found else None


def arranged(
    state: SystemState,
    found: Mapping[str, Any],
    circuits: Sequence[tuple[Mapping[str, str], float]],
    *,
    cache: bool,
    settings: Settings,
    now: datetime,
    locale: str,
) -> System:
    """The page from what was read (`state`), what the probes found, and the circuits of all processes."""
    last = state.partitions.last
    ahead = (last - now.astimezone(UTC).date()).days if last else None
    open_ = [Circuit(one.get("service", ""), one.get("host", "")) for one, value in circuits if value]
    parts = [
        *_probed(found["probes"], locale),
        _cache(found["probes"].get("cache"), usable=cache),
        _partitions(ahead),
        _circuits(len(open_), locale),
    ]
    alive_since = live_since(now)
    return System(
        health=min((part.health for part in parts if part.health != "unknown"), key=_ORDER.index),
        parts=parts,
        queues=sorted(state.queues, key=lambda one: (-one.failed, -one.waiting, -one.running, one.name)),
        own_queues=state.own_queues,
        workers=[(one, one.seen_at >= alive_since) for one in state.workers],
        circuits=open_,
        state=state,
        days_ahead=ahead,
        kept_months=settings.raw_retention_months,
        version=__version__,
        environment=settings.environment,
        started=STARTED,
        live_url=f"{PATH}/live",
    )


def ledger(lines: Sequence[MigrationLine] | None) -> Ledger | None:
    """The migrations, the newest first; None when they could not be read."""
    if lines is None:
        return None
    applied = [one for one in lines if one.state == "applied"]
    return Ledger(
        applied=len(applied),
        pending=sum(one.state == "pending" for one in lines),
        last=max(applied, key=lambda one: one.number, default=None),
        odd=[one for one in lines if one.state not in {"applied", "skipped"}],
        all=sorted(lines, key=lambda one: -one.number),
    )


def _probed(probes: Mapping[str, Mapping[str, Any]], locale: str) -> list[Part]:
    """What the command HEALTH_CHECK looks at, too."""
    disk, oldest = probes["disk"], probes["queue"].get("oldest_seconds")
    waited = N_("The oldest job has waited for {time}.", time=formats.duration((oldest or 0) * 1000, locale))
    working = probes["workers"].get("alive", 0)
    alive = N_("1 gives signs of life.") if working == 1 else N_("{count} give signs of life.", count=working)
    bus = N_("Processes hear of one another's changes.")
    nowhere = N_("There is no data directory on this machine to look at: the database is elsewhere.")
    free = N_("{share} free", share=formats.percent(disk.get("free_percent"), locale))
    return [
        _part(probes["database"], N_("Database"), N_("It answers within its time."), icon="database"),
        _part(probes["queue"], N_("Queue"), waited if oldest else N_("No job waits."), icon="list-ordered"),
        _part(probes["workers"], N_("Workers"), alive, icon="cpu"),
        _part(probes["bus"], N_("Message bus"), bus, icon="radio-tower"),
        Part(N_("Disk"), "unknown", nowhere, icon="hard-drive")
        if disk.get("known") is False
        else _part(disk, N_("Disk"), free, icon="hard-drive"),
    ]


def _part(found: Mapping[str, Any], name: Text, note: Text, *, icon: str) -> Part:
    """A probe as a part; one that could not be made says why."""
    reason = found.get("reason")
    said = N_("It could not be looked at: {reason}.", reason=reason) if reason else note
    return Part(name, found["status"], said, icon, f"{found['latency_ms']:.0f}\u00a0ms")


def _cache(shared: Mapping[str, Any] | None, *, usable: bool) -> Part:
    if not usable:
        passed_by = N_("It is passed by until the bus is heard: slower, but right.")
        return Part(N_("Cache"), "degraded", passed_by, icon="zap")
    if shared is not None:
        return _part(shared, N_("Cache"), N_("Shared through Redis."), icon="zap")
    return Part(N_("Cache"), "healthy", N_("Each process has its own; no shared one is set."), icon="zap")


def _partitions(ahead: int | None) -> Part:
    if ahead is None:
        return Part(N_("Partitions"), "unhealthy", N_("There is none: no event can be stored."), icon="calendar-range")
    health = "healthy" if ahead >= _FEW_DAYS else "degraded" if ahead >= 0 else "unhealthy"
    note = N_("Made for {days} days ahead.", days=max(ahead, 0))
    return Part(N_("Partitions"), health, note, icon="calendar-range")


def _circuits(count: int, locale: str) -> Part:
    if not count:
        return Part(N_("Services outside"), "healthy", N_("No circuit is open."), icon="globe")
    many = N_("{count} are left alone for a while because they fail.", count=formats.number(count, locale))
    note = N_("1 is left alone for a while because it fails.") if count == 1 else many
    return Part(N_("Services outside"), "degraded", note, icon="globe")

"""HEALTH_CHECK: looks at what the platform stands on, and at what a company depends on."""

import asyncio
import shutil
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, Literal
from uuid import UUID

from alquimista import clock
from alquimista.access import PLATFORM_TENANT
from alquimista.agents import service as agents
from alquimista.agents.models.agents import AgentStatus
from alquimista.cache.bus import Bus
from alquimista.cache.store import SharedFailed
from alquimista.config import Settings
from alquimista.db.statement import Conn
from alquimista.errors import Unavailable
from alquimista.fleet import service as fleet
from alquimista.i18n import N_
from alquimista.integrations import service as integrations
from alquimista.integrations.models.integrations import CHECK_EVERY, CONNECTED, IntegrationStatus
from alquimista.jobs import service as jobs
from alquimista.operations.service.effects.effect import Effect, Foreseen, Output, Run
from alquimista.usage import service as usage
from alquimista.wiring import Services

Health = Literal["healthy", "degraded", "unhealthy"]
Found = tuple[Health, Mapping[str, Any]]

_ORDER: Final[tuple[Health, ...]] = ("healthy", "degraded", "unhealthy")
_SLOW_MS: Final = 500.0
_LAG_S: Final = (60.0, 300.0)  # Degraded; unhealthy (requirements 10: the oldest message).
_DISK_FREE: Final = (0.10, 0.05)
_PROBE_S: Final = 5.0
_FRESH_S: Final = 0.25
_LOOKED_BACK: Final = timedelta(days=30)
_LISTED: Final = 100  # Of a company's integrations and agents.
_TESTED_WITHIN: Final = 3 * CHECK_EVERY


class Platform:
    """What this process last found of the platform, which is the same for everybody who asks at the same moment.

    Two hundred checks a second would otherwise ask the database the same three questions two hundred times.
    """

    def __init__(self) -> None:
        self._found: asyncio.Task[dict[str, Any]] | None = None
        self._at = 0.0

    async def look(self, services: Services) -> dict[str, Any]:
        """What every probe found, no longer than a quarter of a second ago."""
        if self._found is None or time.monotonic() - self._at > _FRESH_S:
            probes = {name: probe(services) for name, probe in _probes(services.settings).items()}
            self._found, self._at = asyncio.create_task(_all(probes)), time.monotonic()
        return await asyncio.shield(self._found)


async def work(run: Run) -> Output:
    """Every probe at the same time, each with what it found and how long it took."""
    results = await _platform(run.services)
    if run.tenant != PLATFORM_TENANT:
        results = results | await _all({name: probe(run) for name, probe in _TENANT.items()})
    return _told(results)


async def look(services: Services) -> Output:
    """The same of the platform alone, for who looks at it now: no command, nothing that is kept."""
    return _told(await _platform(services))


def _told(results: dict[str, Any]) -> Output:
    return {"status": worst([one["status"] for one in results.values()]), "probes": results}


async def _platform(services: Services) -> dict[str, Any]:
    if Platform not in services.extras:
        services.add(Platform())
    return await services.get(Platform).look(services)


async def _all(probes: Mapping[str, Awaitable[Found]]) -> dict[str, Any]:
    found = await asyncio.gather(*(_timed(probe) for probe in probes.values()))
    return dict(zip(probes, found, strict=True))


def worst(found: list[Health]) -> Health:
    """A whole is as well as its worst part."""
    return max(found, key=_ORDER.index, default="healthy")


def judge_lag(seconds: float) -> Health:
    """How well a queue is whose oldest job has waited so long."""
    return _ORDER[sum(seconds > limit for limit in _LAG_S)]


def judge_disk(free: float) -> Health:
    """How well a disk is of which so much is free, from 0 to 1."""
    return _ORDER[sum(free < limit for limit in _DISK_FREE)]


async def foresee(_conn: Conn, tenant_id: UUID, _parameters: object, settings: Settings, _now: datetime) -> Foreseen:
    """It looks, and changes nothing."""
    probes = len(_probes(settings)) + (len(_TENANT) if tenant_id != PLATFORM_TENANT else 0)
    return Foreseen(N_("Makes {n} probes and changes nothing.", n=probes), {"probes": probes})


def _probes(settings: Settings) -> dict[str, Callable[[Services], Awaitable[Found]]]:
    """Those of the platform: of the shared cache only where there is one."""
    return {name: probe for name, probe in _PLATFORM.items() if name != "cache" or settings.redis_url}


async def _timed(probe: Awaitable[Found]) -> dict[str, Any]:
    started = time.perf_counter()
    try:
        async with asyncio.timeout(_PROBE_S):
            status, details = await probe
    except (Unavailable, TimeoutError, OSError) as error:
        status, details = "unhealthy", {"reason": type(error).__name__}
    return {"status": status, "latency_ms": round((time.perf_counter() - started) * 1000, 2), **details}


async def _database(services: Services) -> Found:
    started = time.perf_counter()
    await services.db.ping()
    return _judge_speed(started), {}


async def _bus(services: Services) -> Found:
    """A message to every process, heard here again.

    Caches are bypassed by a bus that knows that it is not heard: slower, but right. One that does not know is worse.
    """
    bus = services.get(Bus)
    if not bus.healthy:
        return "degraded", {}
    started = time.perf_counter()
    await bus.round_trip(services.db.tenant(PLATFORM_TENANT))
    return _judge_speed(started), {}


async def _cache(services: Services) -> Found:
    """The cache that all processes share, where one is set. Without it each has its own: slower, but right."""
    started = time.perf_counter()
    try:
        from alquimista.cache.shared import ping  # noqa: PLC0415 - Needs the redis extra, which is optional.

        await ping(services.settings.redis_url)
    except (SharedFailed, ImportError) as error:
        return "degraded", {"reason": str(error)}
    return _judge_speed(started), {}


def _judge_speed(started: float) -> Health:
    return "degraded" if (time.perf_counter() - started) * 1000 > _SLOW_MS else "healthy"


async def _queue(services: Services) -> Found:
    seconds = await jobs.oldest_wait(services.db.staff())
    return judge_lag(seconds), {"oldest_seconds": round(seconds, 1)}


async def _workers(services: Services) -> Found:
    alive = await jobs.workers(services.db.staff(), clock.now())
    return ("healthy" if alive else "unhealthy"), {"alive": alive}


async def _disk(services: Services) -> Found:
    """Of the data directory; with a database elsewhere there is none to look at."""
    found = _data_dir(services.settings)
    if found is None:
        return "healthy", {"known": False}
    usage_of = await asyncio.to_thread(shutil.disk_usage, found)
    free = usage_of.free / usage_of.total
    return judge_disk(free), {"known": True, "free_percent": round(free * 100, 1)}


def _data_dir(settings: Settings) -> Path | None:
    found = Path(settings.data_dir) if settings.data_dir else None
    return found if found is not None and found.is_dir() else None


async def _integrations(run: Run) -> Found:
    """What the last test of each found, and when: a test waits for others outside, for longer than a probe may."""
    conn = run.db.tenant(run.tenant)
    states, found = await asyncio.gather(
        integrations.counts(conn, run.tenant), integrations.page(conn, run.tenant, None, _LISTED, 0)
    )
    tested = [
        {
            "integration_id": str(one.id),
            "name": one.name,
            "status": one.status.value,
            "checked_at": one.checked_at.isoformat() if one.checked_at else None,
            "failures": one.failures,
            "reason": one.last_error,
        }
        for one in found
        if one.status in CONNECTED
    ]
    overdue = clock.now() - _TESTED_WITHIN
    old = sum(one.status in CONNECTED and one.checked_at is not None and one.checked_at < overdue for one in found)
    return ("degraded" if old or states[IntegrationStatus.ERROR] else "healthy"), {
        "states": {status.value: count for status, count in states.items()},
        "tested": tested,
        "not_tested_lately": old,
    }


async def _agents(run: Run) -> Found:
    conn = run.db.tenant(run.tenant)
    found, last, missed = await asyncio.gather(
        agents.list_agents(conn, run.tenant),
        usage.last_hours(conn, run.tenant, clock.now() - _LOOKED_BACK),
        fleet.missed(conn, run.tenant),
    )
    active = [one for one in found if one.status == AgentStatus.ACTIVE]
    suspended = sum(one.status == AgentStatus.SUSPENDED for one in found)
    told = [
        {
            "agent_id": str(one.agent_id),
            "name": one.name,
            "offline": one.agent_id in missed,
            "last_request_hour": last.get(one.agent_id),
        }
        for one in active[:_LISTED]
    ]
    for line in told:
        hour = line["last_request_hour"]
        line["last_request_hour"] = hour.isoformat() if isinstance(hour, datetime) else None
    offline = sum(one.agent_id in missed for one in active)
    return ("degraded" if suspended or offline else "healthy"), {
        "active": told,
        "suspended": suspended,
        "offline": offline,
    }


_PLATFORM: Final[dict[str, Callable[[Services], Awaitable[Found]]]] = {
    "database": _database,
    "bus": _bus,
    "cache": _cache,
    "queue": _queue,
    "workers": _workers,
    "disk": _disk,
}
_TENANT: Final[dict[str, Callable[[Run], Awaitable[Found]]]] = {"integrations": _integrations, "agents": _agents}
EFFECT: Final = Effect(foresee=foresee, work=work)

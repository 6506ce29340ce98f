"""Health: /health/live (this process answers), /health/ready (what it needs answers too), /health (the founding form).

And /metrics, which is not for the public: in production a scrape shows the token that derives from the secret key
(`metrics_token`); in development the machine itself may look without one.
"""

import asyncio
import hmac
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, Literal

import msgspec
import structlog
from starlette.responses import Response

from alquimista.config import Settings
from alquimista.db.crypto import derive
from alquimista.errors import Unauthenticated
from alquimista.http.context import Context
from alquimista.http.proxies import is_this_machine
from alquimista.http.responses import Answer, encode
from alquimista.http.routes import Route
from alquimista.observability.exposition import CONTENT_TYPE, Exposition

Check = Callable[[], Awaitable[object]]  # Raises, or answers False, when what it looks at is not well.
WITHIN_S: Final = 2
REMEMBERED_S: Final = 1.0  # The checks are public and cost a query: a flood of them runs once a second.
DATABASE: Final = "database"
_log = structlog.get_logger("alquimista.health")


class Alive(msgspec.Struct, frozen=True):
    """The process answers."""

    ok: bool


class Ready(msgspec.Struct, frozen=True):
    """Whether requests can be served, and each thing that was looked at; `worker` informs and decides nothing."""

    ok: bool
    checks: dict[str, bool]


class Health(msgspec.Struct, frozen=True):
    """The founding form of the health answer."""

    ok: bool
    service: str
    environment: str
    db_status: Literal["connected", "disconnected"]


class Checks:
    """What readiness depends on, by name, `database` among them; `informational` ones are shown but decide nothing."""

    def __init__(self, needed: Mapping[str, Check], informational: Mapping[str, Check]) -> None:
        self._checks = {**needed, **informational}
        self._needed = frozenset(needed)
        self._lock = asyncio.Lock()
        self._result: dict[str, bool] = {}
        self._expires = 0.0

    async def run(self) -> Ready:
        """All checks at once, each within 2 seconds."""
        async with self._lock:
            if time.monotonic() >= self._expires:
                names = list(self._checks)
                outcomes = await asyncio.gather(*(self._one(name) for name in names))
                self._result = dict(zip(names, outcomes, strict=True))
                self._expires = time.monotonic() + REMEMBERED_S
            return Ready(all(self._result[name] for name in self._needed), self._result)

    async def _one(self, name: str) -> bool:
        try:
            async with asyncio.timeout(WITHIN_S):
                return await self._checks[name]() is not False
        except Exception as error:  # noqa: BLE001 - Whatever it is, it is not well.
            _log.warning("health.failed", check=name, error=type(error).__name__)
            return False


async def _live(_context: Context) -> Alive:
    return Alive(ok=True)


async def _ready(context: Context) -> Answer:
    result = await context.services.get(Checks).run()
    return Answer(200 if result.ok else 503, encode(result))


async def _health(context: Context) -> Answer:
    result = await context.services.get(Checks).run()
    status: Literal["connected", "disconnected"] = "connected" if result.checks[DATABASE] else "disconnected"
    health = Health(result.ok, "alquimista", context.services.settings.environment, status)
    return Answer(200 if health.ok else 503, encode(health))


def metrics_token(settings: Settings) -> str:
    """What Prometheus shows as its bearer token (`authorization.credentials`) to read /metrics."""
    return derive(settings, "metrics token").hex()


async def _metrics(context: Context) -> Response:
    headers = context.request.headers
    settings = context.services.settings
    shown = headers.get("authorization", "").removeprefix("Bearer ").encode()
    local = is_this_machine(context.client_ip, context.headers)
    if not (local and not settings.production) and not hmac.compare_digest(shown, metrics_token(settings).encode()):
        raise Unauthenticated
    body = await context.services.get(Exposition).render()
    return Response(body, headers={"content-type": CONTENT_TYPE})


def _route(path: str, summary: str, handler: Callable[[Context], Awaitable[object]], example: object) -> Route:
    response = None if example is None else type(example)
    return Route(
        method="GET",
        path=path,
        handler=handler,
        summary=summary,
        tag="platform",
        permission=None,
        kinds=frozenset(),
        response=response,
        others={} if response in {Alive, None} else {503: response},
        example=example,
        documented=response is not None,
    )


_READY: Final = Ready(ok=True, checks={DATABASE: True, "migrations": True, "listener": True, "worker": True})
_HEALTH: Final = Health(ok=True, service="alquimista", environment="production", db_status="connected")

ROUTES: Final = (
    _route("/health/live", "Whether this process answers", _live, Alive(ok=True)),
    _route("/health/ready", "Whether requests can be served", _ready, _READY),
    _route("/health", "The platform's health", _health, _HEALTH),
    _route("/metrics", "Measurements for Prometheus", _metrics, None),
)

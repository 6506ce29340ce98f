"""The web process: the only place where routes and services are put together."""

import asyncio
import gc
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from alquimista import clock
from alquimista.access import PLATFORM_TENANT
from alquimista.agents import api as agents
from alquimista.approvals import api as approvals
from alquimista.approvals.service import install as install_approvals
from alquimista.audit import api as audit
from alquimista.audit.guards import reached_out
from alquimista.billing import api as billing
from alquimista.cache.bus import Bus
from alquimista.cache.store import Cache
from alquimista.commercial import api as commercial
from alquimista.config import Settings
from alquimista.dashboards import api as dashboards
from alquimista.db.bootstrap import role_url
from alquimista.db.migrations import runner
from alquimista.db.pool import Database
from alquimista.fleet import api as fleet
from alquimista.fleet import service as fleet_service
from alquimista.http import health, openapi
from alquimista.http.app import App, build
from alquimista.http.health import Checks
from alquimista.http.routes import Route
from alquimista.identity import api as identity
from alquimista.identity import guards
from alquimista.identity.service import install as install_identity
from alquimista.incidents import api as incidents
from alquimista.integrations import api as integrations
from alquimista.integrations.service import install as install_integrations
from alquimista.jobs.service import gauges, worker_alive
from alquimista.notifications import api as notifications
from alquimista.observability import logs
from alquimista.observability.exposition import DIRECTORY_VARIABLE, SNAPSHOT_SECONDS, Exposition
from alquimista.operations import api as operations
from alquimista.operations.service import install as install_operations
from alquimista.orchestrator import api as orchestrator
from alquimista.payments.service import Providers
from alquimista.support import api as support
from alquimista.trials import api as trials
from alquimista.trials import service as trials_service
from alquimista.usage import api as usage
from alquimista.usage import service as usage_service
from alquimista.web import pages
from alquimista.webhooks import api as webhooks
from alquimista.wiring import Services

if TYPE_CHECKING:
    from alquimista.cache.shared import RedisShared

API: Final[tuple[Route, ...]] = (
    *health.ROUTES,
    *identity.ROUTES,
    *notifications.ROUTES,
    *agents.ROUTES,
    *approvals.ROUTES,
    *incidents.ROUTES,
    *support.ROUTES,
    *fleet.ROUTES,
    *usage.ROUTES,
    *billing.ROUTES,
    *commercial.ROUTES,
    *trials.ROUTES,
    *integrations.ROUTES,
    *dashboards.ROUTES,
    *orchestrator.ROUTES,
    *webhooks.ROUTES,
    *audit.ROUTES,
    *operations.ROUTES,
)


def routes(settings: Settings) -> tuple[Route, ...]:
    """The whole route table of an installation."""
    return (*API, openapi.route(API, settings), *pages.routes(settings))


def create_app(settings: Settings) -> App:
    """The ASGI application of one web process. Connections are made at its start, not here."""
    logs.setup(settings, "web")
    services = Services(settings, Database(settings, settings.database_pool))
    bus = Bus(settings)
    services.add(bus)
    shared = _shared_cache(settings)
    services.add(Cache(bus, shared=shared))
    services.add(_exposition())
    services.add(Providers(settings))
    services.add(_checks(services, bus))
    identity_kit = install_identity(services, bus)
    install_approvals(services)
    install_operations(services)
    ways_in = usage_service.install(services, bus)
    model = trials_service.install(services)
    install_integrations(services)
    fleet_service.install(services, bus)

    @asynccontextmanager
    async def lifespan() -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            stack.push_async_callback(services.db.close)
            await services.db.start()
            if shared is not None:
                stack.push_async_callback(shared.close)
            await bus.start()
            stack.push_async_callback(bus.stop)
            stack.push_async_callback(identity_kit.close)
            stack.push_async_callback(ways_in.close)
            stack.push_async_callback(services.get(Providers).close)
            stack.push_async_callback(model.close)
            await usage_service.make_partitions(services.db, clock.now())
            snapshots = asyncio.create_task(_publish(services.get(Exposition)))
            stack.callback(snapshots.cancel)
            # What is here now stays, and need not be looked through again: a full collection took a tenth of a second.
            gc.collect()
            gc.freeze()
            yield

    app = build(
        routes(settings),
        services,
        guards.authenticate,
        remembered=guards.remembered,
        lifespan=lifespan,
        page_error=pages.page_error,
        foreign=reached_out,
    )
    services.get(Exposition).add(app.metrics)
    services.get(Exposition).watch(lambda: gauges(services.db.staff()))
    return app


def _shared_cache(settings: Settings) -> "RedisShared | None":
    if not settings.redis_url:
        return None
    from alquimista.cache.shared import RedisShared  # noqa: PLC0415 - Needs the redis extra, which is optional.

    return RedisShared(settings.redis_url)


def _exposition() -> Exposition:
    directory = os.environ.get(DIRECTORY_VARIABLE)
    return Exposition(Path(directory) if directory else None)


def _checks(services: Services, bus: Bus) -> Checks:
    async def migrated() -> bool:
        found = await asyncio.to_thread(runner.status, role_url(services.settings, "owner"))
        return not any(one.state in {"pending", "running", "edited"} for one in found)

    async def listening() -> bool:
        return bus.healthy

    async def worker() -> bool:
        return await worker_alive(services.db.tenant(PLATFORM_TENANT), clock.now())

    return Checks(
        needed={health.DATABASE: services.db.ping, "migrations": migrated, "listener": listening},
        informational={"worker": worker},
    )


async def _publish(exposition: Exposition) -> None:
    with suppress(asyncio.CancelledError):
        while True:
            await asyncio.sleep(SNAPSHOT_SECONDS)
            exposition.publish()
    exposition.publish()

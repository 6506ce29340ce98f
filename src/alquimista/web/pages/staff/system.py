"""/app/company/system: how well the platform itself is, as it changes."""

from typing import Any, Final

from starlette.responses import HTMLResponse, Response

from alquimista.access import PLATFORM_TENANT, PLATFORM_ZONE, Permission
from alquimista.audit.guards import seen
from alquimista.cache.store import Cache
from alquimista.dashboards import service
from alquimista.http.context import Context
from alquimista.http.routes import TenantScope
from alquimista.observability.exposition import Exposition
from alquimista.operations.service import look
from alquimista.web import refreshing
from alquimista.web.pages.routing import OFTEN, get
from alquimista.web.shell import has_outbox
from alquimista.web.staff.system import HEALTH, MIGRATIONS, OWN_QUEUES, PATH, SystemQuery, arranged, ledger

_ROOM: Final = "platform"
_CIRCUITS: Final = "alquimista_circuit_open"


async def system(context: Context) -> HTMLResponse:
    """The whole page. The migrations do not change while it is open: they are read with it alone."""
    await seen(context, PLATFORM_TENANT, resource_type="page", resource_id=PATH)
    found = ledger(await service.migrations(context.services.settings))
    part = await _part(context)
    values = {"ledger": found, "migrations": MIGRATIONS, "zone": PLATFORM_ZONE}
    return refreshing.whole(context, "system", part, None, room=_ROOM, **values)


async def live(context: Context) -> Response:
    """The fragment as it is now."""
    if not refreshing.was_opened(context, "system", context.query.seen):
        await seen(context, PLATFORM_TENANT, resource_type="page", resource_id=PATH)
    return refreshing.answer(context, "system", await _part(context), context.query.seen)


async def _part(context: Context) -> refreshing.Part:
    services = context.services
    state = await service.system(context.db.staff(), context.now)
    view = arranged(
        state,
        await look(services),
        await services.get(Exposition).samples(_CIRCUITS),
        cache=services.get(Cache).usable,
        settings=services.settings,
        now=context.now,
        locale=context.locale,
    )
    return refreshing.made(
        context,
        "system",
        "",
        {
            "view": view,
            "health": HEALTH,
            "own_queues": OWN_QUEUES,
            "outbox": has_outbox(context),
            "zone": PLATFORM_ZONE,
        },
        room=_ROOM,
    )


_PLACE: Final[dict[str, Any]] = {"scope": TenantScope.PLATFORM, "query": SystemQuery, "limits": OFTEN}
ROUTES: Final = (
    get(PATH, system, "How well the platform is", Permission.PLATFORM_READ, **_PLACE),
    get(f"{PATH}/live", live, "The part that refreshes itself", Permission.PLATFORM_READ, passive=True, **_PLACE),
)

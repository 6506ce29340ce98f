"""/app/dashboard/fibonacci: the tenant's SubNúcleos, and the part of the page that refreshes itself."""

import asyncio
from typing import Any, Final

from starlette.responses import Response

from alquimista.access import Permission
from alquimista.audit.guards import seen
from alquimista.dashboards import service as dashboards
from alquimista.http.context import Context
from alquimista.http.routes import TenantScope
from alquimista.tenants import service as tenants
from alquimista.web import refreshing
from alquimista.web.client.fibonacci import DEFINITION, PATH, FibonacciQuery, arranged
from alquimista.web.pages.client.agents import KEPT_S, TOPICS, carried
from alquimista.web.pages.routing import OFTEN, get

_NAME: Final = "fibonacci"


async def show(context: Context) -> Response:
    """The whole page."""
    await seen(context, context.tenant, resource_type="page", resource_id=PATH)
    return refreshing.whole(context, _NAME, await _part(context), None, room=_NAME)


async def live(context: Context) -> Response:
    """The fragment as it is now, or 204 when the browser shows it already."""
    if not refreshing.was_opened(context, _NAME, context.query.seen):
        await seen(context, context.tenant, resource_type="page", resource_id=PATH)
    return refreshing.answer(context, _NAME, await _part(context), context.query.seen)


async def _part(context: Context) -> refreshing.Part:
    """What the page shows of the tenant. Staff read it fresh: each of their reads is audited."""
    query: FibonacciQuery = context.query

    async def make() -> tuple[refreshing.Part, bool]:
        conn = context.db.tenant(context.tenant)
        tenant, found = await asyncio.gather(
            tenants.get(conn, context.tenant),
            dashboards.fibonacci(conn, context.tenant, query.period, context.now),
        )
        bills = not context.who.internal and context.who.may(Permission.BILLING_MANAGE)
        view = arranged(tenant, found, carried(context), context.locale, bills=bills)
        values = {"view": view, "definition": DEFINITION}
        return refreshing.made(context, _NAME, tenant.name, values, room=_NAME), True

    if context.who.internal:
        return (await make())[0]
    rule = refreshing.Kept(seconds=KEPT_S, topics=(*TOPICS, "catalogue"), state=query.period.value)
    return await refreshing.kept(context, _NAME, rule, make)


_PLACE: Final[dict[str, Any]] = {"scope": TenantScope.OWN, "query": FibonacciQuery, "limits": OFTEN}
ROUTES: Final = (
    get(PATH, show, "The tenant's SubNúcleos", Permission.AGENT_READ, **_PLACE),
    get(f"{PATH}/live", live, "The part that refreshes itself", Permission.AGENT_READ, passive=True, **_PLACE),
)

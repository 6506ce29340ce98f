"""/app/dashboard/agents: the tenant's agents, and the part of the page that refreshes itself."""

import asyncio
from typing import Any, Final

import msgspec
from starlette.responses import Response

from alquimista.access import Permission
from alquimista.audit.guards import seen
from alquimista.dashboards import service as dashboards
from alquimista.fleet import service as fleet
from alquimista.http.context import Context
from alquimista.http.routes import TenantScope
from alquimista.tenants import service as tenants
from alquimista.web import refreshing
from alquimista.web.client.agents import PATH, STATUSES, Agents, AgentsQuery, arranged
from alquimista.web.pages.routing import OFTEN, get

_NAME: Final = "agents"
TOPICS: Final = ("tenant", "usage", "agents", "incidents")
KEPT_S: Final = (
    10  # Nobody tells of a sign of life, given every ten seconds: that an agent is late shows so much later.
)


def carried(context: Context) -> dict[str, str]:
    """What every link of a page carries on: staff name the tenant."""
    return {"tenant_id": str(context.tenant)} if context.who.internal else {}


async def listed(context: Context) -> Response:
    """The whole page."""
    await seen(context, context.tenant, resource_type="page", resource_id=PATH)
    query: AgentsQuery = context.query
    return refreshing.whole(
        context,
        _NAME,
        await _part(context),
        None,
        room="agents",
        query=query,
        path=PATH,
        carried=carried(context),
        statuses=STATUSES,
    )


async def live(context: Context) -> Response:
    """The fragment as it is now, or 204 when the browser shows it already."""
    if not refreshing.was_opened(context, _NAME, context.query.seen):
        await seen(context, context.tenant, resource_type="page", resource_id=PATH)
    return refreshing.answer(context, _NAME, await _part(context), context.query.seen)


async def _part(context: Context) -> refreshing.Part:
    """What the page shows of the tenant. Staff read it fresh: each of their reads is audited."""

    async def make() -> tuple[refreshing.Part, bool]:
        view = await _view(context)
        return refreshing.made(context, _NAME, view.company, {"view": view}, room="agents"), True

    if context.who.internal:
        return (await make())[0]
    query: AgentsQuery = context.query
    state = msgspec.json.encode((query.q, query.status, query.sort, query.order, query.page)).decode()
    rule = refreshing.Kept(seconds=KEPT_S, topics=TOPICS, state=state)
    return await refreshing.kept(context, _NAME, rule, make)


async def _view(context: Context) -> Agents:
    conn, tenant_id, now = context.db.tenant(context.tenant), context.tenant, context.now
    tenant, lines, running = await asyncio.gather(
        tenants.get(conn, tenant_id),
        dashboards.tenant_agents(conn, tenant_id, "all", now),
        fleet.every(conn, tenant_id, now),
    )
    return arranged(lines.agents, running, context.query, carried(context), company=tenant.name, zone=tenant.time_zone)


_PLACE: Final[dict[str, Any]] = {"scope": TenantScope.OWN, "query": AgentsQuery, "limits": OFTEN}
ROUTES: Final = (
    get(PATH, listed, "The tenant's agents", Permission.AGENT_READ, **_PLACE),
    get(f"{PATH}/live", live, "The part that refreshes itself", Permission.AGENT_READ, passive=True, **_PLACE),
)

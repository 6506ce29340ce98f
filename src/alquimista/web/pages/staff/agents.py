"""/app/company/agents: every agent of the catalogue over all companies, and the companies of one."""

from collections.abc import Sequence
from typing import Any, Final

from starlette.responses import HTMLResponse

from alquimista.access import PLATFORM_TENANT, Permission
from alquimista.audit.guards import seen
from alquimista.dashboards import service
from alquimista.dashboards.models.agents import AgentOwner
from alquimista.http.context import Context
from alquimista.http.routes import TenantScope
from alquimista.web import views
from alquimista.web.pages.routing import OFTEN, get
from alquimista.web.rendering import page
from alquimista.web.staff.agents import (
    NEVER_HEARD,
    PATH,
    RUNNING,
    SIZE,
    AgentQuery,
    AgentsQuery,
    arranged,
    arranged_one,
)
from alquimista.web.tables import paged


async def listed(context: Context) -> HTMLResponse:
    """All of them: the catalogue is small, so filters and order are applied to what was read."""
    await seen(context, PLATFORM_TENANT, resource_type="page", resource_id=PATH)
    query: AgentsQuery = context.query
    found = await service.catalogue_agents(context.db.staff(), query.period, context.now)
    return page(context, "fleet/agents.html", view=arranged(found, query, context.locale), running=RUNNING)


async def one(context: Context) -> HTMLResponse:
    """One agent, and a page of the companies that have it."""
    agent_id, query, staff = context.uuid("agent_id"), context.query, context.db.staff()
    agent, days = await service.catalogue_agent(staff, agent_id, query.period, context.now)

    async def read(offset: int) -> tuple[Sequence[AgentOwner], int]:
        return await service.agent_owners(
            staff,
            agent_id,
            query.period,
            context.now,
            sort=query.sort,
            order=query.order,
            limit=SIZE,
            offset=offset,
        )

    owners = await paged(read, query.page, SIZE, id="tenants", parameter="page", path="", query={}, target="")
    await seen(context, PLATFORM_TENANT, resource_type="page", resource_id=f"{PATH}/{agent_id}")
    view = arranged_one(agent, days, (owners.rows, owners.total, owners.page), query, context.locale)
    return page(
        context,
        "fleet/agent.html",
        view=view,
        running=RUNNING,
        never=NEVER_HEARD,
        states=views.AGENT_STATES,
        plans=views.PLANS,
    )


_STAFF: Final[dict[str, Any]] = {
    "permission": Permission.PLATFORM_READ,
    "scope": TenantScope.PLATFORM,
    "limits": OFTEN,
}
ROUTES: Final = (
    get(PATH, listed, "The agents of the catalogue over all companies", query=AgentsQuery, **_STAFF),
    get(PATH + "/{agent_id:uuid}", one, "One agent and the companies that have it", query=AgentQuery, **_STAFF),
)

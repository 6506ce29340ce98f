"""/app/company/integrations: who uses which provider, and what fails."""

from collections.abc import Sequence
from typing import Final

from starlette.responses import HTMLResponse

from alquimista.access import PLATFORM_TENANT, PLATFORM_ZONE, Permission
from alquimista.audit.guards import seen
from alquimista.dashboards import service
from alquimista.dashboards.models.connections import PlatformIntegration
from alquimista.http.context import Context
from alquimista.http.routes import TenantScope
from alquimista.web import views
from alquimista.web.pages.routing import OFTEN, get
from alquimista.web.rendering import page
from alquimista.web.staff.connections import (
    KINDS,
    MAIN,
    PATH,
    PROVIDER_NAMES,
    SIZE,
    IntegrationsQuery,
    arranged,
    kept,
)
from alquimista.web.tables import paged


async def integrations(context: Context) -> HTMLResponse:
    """The map, and a page of the integrations that are wanted."""
    await seen(context, PLATFORM_TENANT, resource_type="page", resource_id=PATH)
    query: IntegrationsQuery = context.query
    staff = context.db.staff()

    async def read(offset: int) -> tuple[Sequence[PlatformIntegration], int]:
        return await service.platform_integrations(
            staff,
            kind=query.type,
            provider=query.provider,
            status=query.state,
            search=query.q,
            limit=SIZE,
            offset=offset,
        )

    listed = await paged(read, query.page, SIZE, id="list", parameter="page", path=PATH, query=kept(query), target=MAIN)
    view = arranged(await service.integrations_map(staff), listed, query, context.locale)
    return page(
        context,
        "integrations/map.html",
        view=view,
        kinds=KINDS,
        providers=PROVIDER_NAMES,
        states=views.INTEGRATION_STATES,
        zone=PLATFORM_ZONE,
    )


ROUTES: Final = (
    get(
        PATH,
        integrations,
        "The integrations of all companies",
        Permission.PLATFORM_READ,
        scope=TenantScope.PLATFORM,
        query=IntegrationsQuery,
        limits=OFTEN,
    ),
)

"""View as tenant: staff look at a company as its administrator sees it."""

from datetime import datetime
from uuid import UUID

import msgspec

from alquimista.access import ActorKind, Permission
from alquimista.http.context import Context
from alquimista.http.routes import Route, TenantScope
from alquimista.http.shares import ACTING
from alquimista.identity.guards import VIEWING, client_of
from alquimista.identity.models.problems import ViewIsOver
from alquimista.identity.models.sessions import ViewReason
from alquimista.identity.service.viewing import end_view, start_view
from alquimista.tenants.models import UnknownTenant

_BROWSER = frozenset({ActorKind.SESSION})


class ViewAs(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why; the company reads it in its audit."""

    reason: ViewReason


class ViewAnswer(msgspec.Struct, frozen=True):
    """The company that this browser session now looks at, and until when."""

    tenant_id: UUID
    tenant_name: str
    expires_at: datetime


async def _start(context: Context) -> ViewAnswer:
    tenant_id = context.uuid("tenant_id")
    view = await start_view(context.services, context.who, tenant_id, context.body.reason, client_of(context))
    return ViewAnswer(view.tenant_id, view.tenant_name, view.expires_at)


async def _end(context: Context) -> None:
    await end_view(context.services, context.who, client_of(context))


_ID = UUID("01890a5d-ac96-774b-bcce-b302099a8057")

ROUTES: tuple[Route, ...] = (
    Route(
        method="POST",
        path="/internal/tenants/{tenant_id:uuid}/view-as",
        handler=_start,
        summary="Look at a company as its administrator sees it: reading only, for 60 minutes, told in its audit",
        tag="tenants",
        permission=Permission.TENANT_VIEW_AS,
        kinds=_BROWSER,
        scope=TenantScope.PLATFORM,
        body=ViewAs,
        response=ViewAnswer,
        status=201,
        limits=VIEWING,
        problems=(UnknownTenant,),
        example=ViewAs("Chamado 4711: o painel não mostra os agentes."),
    ),
    Route(
        method="DELETE",
        path="/internal/view-as",
        handler=_end,
        summary="End the look at a company",
        tag="tenants",
        permission=Permission.TENANT_VIEW_AS,
        kinds=_BROWSER,
        while_viewing=True,
        limits=ACTING,
        problems=(ViewIsOver,),
    ),
)

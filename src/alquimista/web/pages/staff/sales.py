"""/app/company/sales: who asked for a proposal, and how far the sales team is."""

from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta
from starlette.responses import RedirectResponse, Response

from alquimista.access import PLATFORM_TENANT, PLATFORM_ZONE, Permission
from alquimista.agents import service as agents
from alquimista.billing.service import catalogue
from alquimista.commercial import service
from alquimista.commercial.guards import list_seen, request_seen
from alquimista.commercial.models import MOVES, CommercialRequest, RequestStatus
from alquimista.db.tenancy import tenant_transaction
from alquimista.errors import Conflict
from alquimista.http.context import Context
from alquimista.http.routes import TenantScope
from alquimista.i18n import N_, Text
from alquimista.web.pages.routing import OFTEN, get, post
from alquimista.web.rendering import page
from alquimista.web.tables import PAGE_SIZE, Table
from alquimista.web.views import Badge

PATH: Final = "/app/company/sales"
STATES: Final = {
    RequestStatus.PENDING: Badge(N_("New"), "warn", icon="inbox"),
    RequestStatus.CONTACTED: Badge(N_("Contacted"), "info", icon="phone"),
    RequestStatus.PROPOSAL_SENT: Badge(N_("Proposal sent"), "info", icon="file-text"),
    RequestStatus.CLOSED: Badge(N_("Closed"), "good", icon="circle-check"),
    RequestStatus.CANCELLED: Badge(N_("Cancelled"), "idle", icon="circle-x"),
}
_STEPS: Final = {
    RequestStatus.CONTACTED: N_("They were contacted"),
    RequestStatus.PROPOSAL_SENT: N_("The proposal was sent"),
    RequestStatus.CLOSED: N_("The deal is closed"),
    RequestStatus.CANCELLED: N_("Cancel the request"),
}
_ALL: Final = N_("All")


class SalesQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which page of which requests. The table's links name an order, though there is one only."""

    status: RequestStatus | None = None
    page: Annotated[int, Meta(ge=1, le=1_000_000)] = 1
    sort: str = ""
    order: str = ""


class StatusForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the request is now."""

    status: RequestStatus


async def listed(context: Context) -> Response:
    """A page of the requests."""
    query: SalesQuery = context.query
    await list_seen(context)
    conn = context.db.tenant(PLATFORM_TENANT)
    found, total = await service.page(conn, query.status, PAGE_SIZE, (query.page - 1) * PAGE_SIZE)
    pages = max(1, -(-total // PAGE_SIZE))
    if query.page > pages:
        found, total = await service.page(conn, query.status, PAGE_SIZE, (pages - 1) * PAGE_SIZE)
    table = Table(
        id="requests",
        rows=tuple(found),
        total=total,
        page=min(query.page, pages),
        pages=pages,
        sort="received",
        descending=True,
        path=PATH,
        query={"status": query.status} if query.status else {},
        target="requests",
    )
    filters = [("", _ALL), *((status.value, badge.label) for status, badge in STATES.items())]
    return page(
        context,
        "staff/sales.html",
        table=table,
        filters=filters,
        chosen=query.status or "",
        states=STATES,
        zone=PLATFORM_ZONE,
    )


async def one(context: Context) -> Response:
    """A request."""
    found = await service.get(context.db.tenant(PLATFORM_TENANT), context.uuid("request_id"))
    return await _shown(context, found)


async def move(context: Context) -> Response:
    """Move it on; when somebody has just done so, say what it is by now."""
    request_id = context.uuid("request_id")
    try:
        async with tenant_transaction(context.db, PLATFORM_TENANT) as conn:
            await service.change_status(conn, context.who, request_id, context.body.status, context.now)
    except Conflict as problem:
        found = await service.get(context.db.tenant(PLATFORM_TENANT), request_id)
        now = STATES[found.status].label
        said = N_("The status is “{status}” by now: somebody else has set it. Look again before you go on.", status=now)
        return await _shown(context, found, said, problem.status)
    return RedirectResponse(f"{PATH}/{request_id}", 303)


async def _shown(
    context: Context, found: CommercialRequest, problem: Text | None = None, status: int = 200
) -> Response:
    await request_seen(context, found.id)
    conn = context.db.tenant(PLATFORM_TENANT)
    names = {one.id: one.name for one in await agents.catalogue(conn)}
    bundles = {one.id: one.display_name for one in await catalogue.subnucleos(conn)}
    return page(
        context,
        "staff/sale.html",
        status=status,
        one=found,
        agents=[names.get(each, str(each)) for each in found.selected_agents],
        subnucleos=[bundles.get(each, str(each)) for each in found.selected_subnucleos],
        moves=MOVES[found.status],
        steps=_STEPS,
        states=STATES,
        problem=problem,
        zone=PLATFORM_ZONE,
    )


_STAFF: Final[dict[str, Any]] = {
    "permission": Permission.SALES_MANAGE,
    "scope": TenantScope.PLATFORM,
    "limits": OFTEN,
}
ROUTES: Final = (
    get(PATH, listed, "Requests to the sales team", query=SalesQuery, **_STAFF),
    get(PATH + "/{request_id:uuid}", one, "A request to the sales team", **_STAFF),
    post(PATH + "/{request_id:uuid}/status", move, "Move a request on", body=StatusForm, **_STAFF),
)

"""/app/dashboard/settings/approvals: what was asked of a company's own people."""

from typing import Any, Final

from starlette.responses import Response

from alquimista.access import Permission
from alquimista.approvals import service
from alquimista.approvals.guards import ACTING
from alquimista.approvals.models import PAGE as PATH
from alquimista.approvals.models import Approval, Audience
from alquimista.audit.guards import seen
from alquimista.http.context import Context
from alquimista.http.routes import TenantScope
from alquimista.tenants import service as tenants
from alquimista.web.approvals import DONE, ApprovalQuery, ApprovalsQuery, DecideForm, Place
from alquimista.web.pages import approvals
from alquimista.web.pages.routing import OFTEN, get, post

_ONE: Final = PATH + "/{approval_id:uuid}"


async def listed(context: Context) -> Response:
    """A page of them."""
    conn = context.db.tenant(context.tenant)
    return await approvals.listed(context, conn, context.tenant, Audience.TENANT, await _place(context))


async def live(context: Context) -> Response:
    """The page of them as it is now."""
    conn = context.db.tenant(context.tenant)
    return await approvals.live(context, conn, context.tenant, Audience.TENANT, await _place(context))


async def show(context: Context) -> Response:
    """One of them."""
    found = await _found(context)
    await seen(context, context.tenant, resource_type="approval", resource_id=str(found.id))
    return approvals.shown(context, found, await _place(context), DONE.get(context.query.done))


async def decide(context: Context) -> Response:
    """Approve or reject it."""
    return await approvals.decided(context, await _found(context), await _place(context))


async def cancel(context: Context) -> Response:
    """Take one's own back."""
    return await approvals.cancelled(context, await _found(context), await _place(context))


async def _found(context: Context) -> Approval:
    conn = context.db.tenant(context.tenant)
    return await service.get(conn, context.who, context.tenant, context.uuid("approval_id"))


async def _place(context: Context) -> Place:
    tenant = await tenants.get(context.db.tenant(context.tenant), context.tenant)
    looked_at = context.who.internal and context.who.viewing is None
    carried = {"tenant_id": str(context.tenant)} if looked_at else {}
    return Place(path=PATH, staff=False, zone=tenant.time_zone, carried=carried)


_OWN: Final[dict[str, Any]] = {"scope": TenantScope.OWN, "limits": OFTEN}
_READ: Final = Permission.APPROVAL_READ
_ACTS: Final[dict[str, Any]] = {**_OWN, "limits": ACTING}
ROUTES: Final = (
    get(PATH, listed, "What waits for approval", _READ, query=ApprovalsQuery, **_OWN),
    get(f"{PATH}/live", live, "The list as it is now", _READ, query=ApprovalsQuery, passive=True, **_OWN),
    get(_ONE, show, "One request for approval", _READ, query=ApprovalQuery, **_OWN),
    post(f"{_ONE}/decide", decide, "Approve or reject", Permission.APPROVAL_DECIDE, body=DecideForm, **_ACTS),
    post(f"{_ONE}/cancel", cancel, "Take a request back", _READ, **_ACTS),
)

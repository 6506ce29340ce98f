"""/app/company/approvals: what was asked of staff, about whichever company."""

from typing import Any, Final

from starlette.responses import Response

from alquimista.access import PLATFORM_ZONE, Permission
from alquimista.approvals import service
from alquimista.approvals.guards import ACTING
from alquimista.approvals.models import Approval, Audience
from alquimista.audit.guards import seen
from alquimista.http.context import Context
from alquimista.http.routes import TenantScope
from alquimista.web.approvals import DONE, ApprovalQuery, ApprovalsQuery, DecideForm, Place
from alquimista.web.pages import approvals
from alquimista.web.pages.routing import OFTEN, get, post

PATH: Final = "/app/company/approvals"
_PLACE: Final = Place(path=PATH, staff=True, zone=PLATFORM_ZONE, carried={})
_ONE: Final = PATH + "/{approval_id:uuid}"


async def listed(context: Context) -> Response:
    """A page of them."""
    return await approvals.listed(context, context.db.staff(), None, Audience.STAFF, _PLACE)


async def live(context: Context) -> Response:
    """The page of them as it is now."""
    return await approvals.live(context, context.db.staff(), None, Audience.STAFF, _PLACE)


async def show(context: Context) -> Response:
    """One of them."""
    found = await _found(context)
    await seen(context, found.tenant_id, resource_type="approval", resource_id=str(found.id))
    return approvals.shown(context, found, _PLACE, DONE.get(context.query.done))


async def decide(context: Context) -> Response:
    """Approve or reject it."""
    return await approvals.decided(context, await _found(context), _PLACE)


async def cancel(context: Context) -> Response:
    """Take one's own back."""
    return await approvals.cancelled(context, await _found(context), _PLACE)


async def _found(context: Context) -> Approval:
    return await service.get_of_staff(context.db.staff(), context.uuid("approval_id"))


_STAFF: Final[dict[str, Any]] = {"scope": TenantScope.PLATFORM, "limits": OFTEN}
_READ: Final = Permission.APPROVAL_READ
_ACTS: Final[dict[str, Any]] = {**_STAFF, "limits": ACTING}
ROUTES: Final = (
    get(PATH, listed, "What waits for approval", _READ, query=ApprovalsQuery, **_STAFF),
    get(f"{PATH}/live", live, "The list as it is now", _READ, query=ApprovalsQuery, passive=True, **_STAFF),
    get(_ONE, show, "One request for approval", _READ, query=ApprovalQuery, **_STAFF),
    post(f"{_ONE}/decide", decide, "Approve or reject", Permission.APPROVAL_DECIDE, body=DecideForm, **_ACTS),
    post(f"{_ONE}/cancel", cancel, "Take a request back", _READ, **_ACTS),
)

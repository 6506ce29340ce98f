"""/app/company: the staff's overview of the platform."""

from typing import Any, Final

from starlette.responses import HTMLResponse, Response

from alquimista.access import PLATFORM_TENANT, Permission
from alquimista.audit.guards import seen
from alquimista.dashboards import service
from alquimista.http.context import Context
from alquimista.http.routes import TenantScope
from alquimista.web import refreshing, views
from alquimista.web.company import PATH, Company, CompanyQuery, arranged
from alquimista.web.pages.routing import OFTEN, get


async def company(context: Context) -> HTMLResponse:
    """The whole page."""
    await seen(context, PLATFORM_TENANT, resource_type="page", resource_id=PATH)
    notice = views.FORBIDDEN if context.query.error == "forbidden" else None
    return refreshing.whole(context, "company", await _part(context), notice)


async def live(context: Context) -> Response:
    """The fragment as it is now, or 204 when the browser shows it already."""
    if not refreshing.was_opened(context, "company", context.query.seen):
        await seen(context, PLATFORM_TENANT, resource_type="page", resource_id=PATH)
    return refreshing.answer(context, "company", await _part(context), context.query.seen)


async def _part(context: Context) -> refreshing.Part:
    answer = await service.company_overview(context.db.staff(), context.query.period, context.now, context.locale)
    return refreshing.made(context, "company", "", values(arranged(answer, context.query, context.locale)))


def values(view: Company) -> dict[str, Any]:
    """What the page's templates need beside the shell."""
    return {"view": view, "plans": views.PLANS, "states": views.STATES}


_PLACE: Final[dict[str, Any]] = {"scope": TenantScope.PLATFORM, "query": CompanyQuery, "limits": OFTEN}
ROUTES: Final = (
    get(PATH, company, "The staff's overview of the platform", Permission.PLATFORM_READ, **_PLACE),
    get(f"{PATH}/live", live, "The part that refreshes itself", Permission.PLATFORM_READ, passive=True, **_PLACE),
)

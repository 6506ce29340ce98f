"""/app/company: the staff's overview of the platform."""

from typing import Any, Final

from starlette.responses import HTMLResponse, Response

from alquimista.access import PLATFORM_TENANT, PLATFORM_ZONE, Permission
from alquimista.audit.guards import seen
from alquimista.billing.models.revenue import RevenuePeriod
from alquimista.billing.service import revenue
from alquimista.dashboards import service
from alquimista.http.context import Context
from alquimista.http.routes import TenantScope
from alquimista.web import refreshing, views
from alquimista.web.pages.routing import OFTEN, get
from alquimista.web.staff.commands import STATES as COMMAND_STATES
from alquimista.web.staff.overview import COMMAND_TITLES, PATH, Company, CompanyQuery, arranged


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
    conn, who, query, locale = context.db.staff(), context.who, context.query, context.locale
    answer = await service.company_overview(conn, query.period, context.now, locale)
    money = (
        await revenue.overview(conn, RevenuePeriod(query.period.value), context.now, locale)
        if who.may(Permission.REVENUE_READ)
        else None
    )
    view = arranged(answer, query, locale, revenue=money, commands=who.may(Permission.COMMAND_READ))
    return refreshing.made(context, "company", "", values(view))


def values(view: Company) -> dict[str, Any]:
    """What the page's templates need beside the shell."""
    return {
        "view": view,
        "plans": views.PLANS,
        "states": views.STATES,
        "command_states": COMMAND_STATES,
        "command_titles": COMMAND_TITLES,
        "zone": PLATFORM_ZONE,
    }


_PLACE: Final[dict[str, Any]] = {"scope": TenantScope.PLATFORM, "query": CompanyQuery, "limits": OFTEN}
ROUTES: Final = (
    get(PATH, company, "The staff's overview of the platform", Permission.PLATFORM_READ, **_PLACE),
    get(f"{PATH}/live", live, "The part that refreshes itself", Permission.PLATFORM_READ, passive=True, **_PLACE),
)

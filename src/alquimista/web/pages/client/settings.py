"""/app/dashboard/settings: the way in, and the company, whose administrators change its name, language and zone."""

from typing import Any, Final

import msgspec
from starlette.responses import RedirectResponse, Response

from alquimista.access import Permission
from alquimista.audit.guards import reader
from alquimista.dashboards.service import tenant_me
from alquimista.db.tenancy import tenant_transaction
from alquimista.errors import Problem
from alquimista.http.context import Context
from alquimista.http.routes import TenantScope
from alquimista.i18n import N_
from alquimista.tenants import service as tenants
from alquimista.tenants.models import Profile
from alquimista.web import views, zones
from alquimista.web.charts import Quota
from alquimista.web.client.overview import UNLIMITED
from alquimista.web.client.settings import PATH, address_of
from alquimista.web.forms import Form
from alquimista.web.pages.routing import OFTEN, get, post
from alquimista.web.rendering import page

_COMPANY: Final = f"{PATH}/company"
_SAVED: Final = views.Notice(N_("Saved. All people of the company see it at once."), "good", "circle-check")


class WayIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Staff name the company whose settings they read."""

    tenant_id: str = ""


class CompanyQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whether the form was just saved."""

    saved: bool = False


class CompanyForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What its administrators change."""

    name: str = ""
    time_zone: str = ""
    locale: str = ""


async def way_in(context: Context) -> Response:
    """One's own profile; the company's page for staff who look at one."""
    if context.who.viewing is not None:
        return RedirectResponse(_COMPANY, 303)
    if context.who.internal and context.query.tenant_id:
        return RedirectResponse(views.query_of(_COMPANY, {"tenant_id": context.query.tenant_id}), 303)
    return RedirectResponse("/account/profile", 303)


async def company(context: Context) -> Response:
    """What the platform holds of the company, its limits and what is used of them."""
    return await _page(context, notice=_SAVED if context.query.saved else None)


async def change(context: Context) -> Response:
    """Change name, language and time zone."""
    values = msgspec.structs.asdict(context.body)
    try:
        async with tenant_transaction(context.db, context.tenant) as conn:
            await tenants.change_profile(conn, context.who, context.tenant, Profile(**values), context.now)
    except Problem as problem:
        return await _page(context, form=Form.failed(values, problem, frozenset(values)), status=problem.status)
    return RedirectResponse(address_of(context, _COMPANY, saved="true"), 303)


async def _page(
    context: Context, *, form: Form | None = None, notice: views.Notice | None = None, status: int = 200
) -> Response:
    conn = await reader(context)
    me = await tenant_me(conn, context.tenant, context.now)
    tenant = await tenants.get(conn, context.tenant)
    use, limits = me.usage, me.limits
    return page(
        context,
        "settings/company.html",
        status=status,
        tenant=tenant,
        plan=views.PLANS.get(tenant.plan, tenant.plan),
        state=views.TENANT_STATES[tenant.status],
        manages=context.who.may(Permission.COMPANY_MANAGE) and context.who.viewing is None,
        form=form or Form({"name": tenant.name, "time_zone": tenant.time_zone, "locale": tenant.locale}),
        zones=zones.choices(tenant.time_zone, context.locale, context.now),
        languages=zones.LANGUAGES,
        quotas=(
            ("requests", Quota(use.requests_this_month, limits.max_requests_per_month)),
            ("agents", Quota(use.active_agents, limits.max_agents)),
            ("users", Quota(use.active_users, limits.max_users if limits.max_users < UNLIMITED else None)),
        ),
        quota_labels=views.QUOTAS,
        billing=context.who.may(Permission.BILLING_READ),
        writes=context.who.may(Permission.TICKET_WRITE),
        notice=notice,
    )


_OWN: Final[dict[str, Any]] = {"scope": TenantScope.OWN, "limits": OFTEN}
ROUTES: Final = (
    get(PATH, way_in, "Settings", Permission.ACCOUNT_MANAGE, query=WayIn, limits=OFTEN),
    get(_COMPANY, company, "The company", Permission.TENANT_READ, query=CompanyQuery, **_OWN),
    post(_COMPANY, change, "Change the company", Permission.COMPANY_MANAGE, body=CompanyForm, **_OWN),
)

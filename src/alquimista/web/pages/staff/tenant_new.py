"""/app/company/tenants/new: register a company and invite its administrator."""

from typing import Any, Final

import msgspec
from starlette.responses import RedirectResponse, Response

from alquimista.access import PLATFORM_TENANT, Permission
from alquimista.audit.guards import seen
from alquimista.dashboards import service
from alquimista.errors import Problem
from alquimista.http.context import Context
from alquimista.http.routes import TenantScope
from alquimista.identity.guards import REGISTERING
from alquimista.identity.service.founding import found_tenant
from alquimista.tenants.models import PLAN_LIMITS, CnpjTaken, NewTenant
from alquimista.web import views
from alquimista.web.client.overview import UNLIMITED
from alquimista.web.forms import Form, renamed
from alquimista.web.pages.routing import OFTEN, get, post
from alquimista.web.rendering import page
from alquimista.web.staff.tenants import PATH

HERE: Final = f"{PATH}/new"
_PLANS: Final = [(name, views.PLANS[name]) for name in PLAN_LIMITS]


class NewForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The company, and whom to invite."""

    name: str = ""
    cnpj: str = ""
    segment: str = ""
    plan: str = "starter"
    admin_email: str = ""


async def show(context: Context) -> Response:
    """The empty form."""
    return await _page(context, Form({"plan": "starter"}))


async def create(context: Context) -> Response:
    """Register the company; its administrator is mailed an invitation."""
    form: NewForm = context.body
    try:
        new = NewTenant(name=form.name, cnpj=form.cnpj, segment=form.segment, plan=form.plan)
        tenant, _ = await found_tenant(context.services, context.who, new, form.admin_email)
    except CnpjTaken as problem:
        taken = Form(msgspec.structs.asdict(form), {"cnpj": (problem.detail,)})
        return await _page(context, taken, problem.status)
    except Problem as problem:
        shown = renamed(problem, email="admin_email")
        failed = Form.failed(msgspec.structs.asdict(form), shown, frozenset(NewForm.__struct_fields__))
        return await _page(context, failed, problem.status)
    return RedirectResponse(f"{PATH}/{tenant.id}?done=created", 303)


async def _page(context: Context, form: Form, status: int = 200) -> Response:
    await seen(context, PLATFORM_TENANT, resource_type="page", resource_id=HERE)
    choices = await service.tenant_choices(context.db.staff())
    return page(
        context,
        "tenants/new.html",
        status=status,
        form=form,
        plans=_PLANS,
        limits=[(views.PLANS[name], limits) for name, limits in PLAN_LIMITS.items()],
        segments=choices.segments,
        unlimited=UNLIMITED,
        path=PATH,
    )


_STAFF: Final[dict[str, Any]] = {
    "permission": Permission.TENANT_MANAGE,
    "scope": TenantScope.PLATFORM,
    "limits": OFTEN,
}
ROUTES: Final = (
    get(HERE, show, "The form that registers a company", **_STAFF),
    post(HERE, create, "Register a company", body=NewForm, **(_STAFF | {"limits": REGISTERING})),
)

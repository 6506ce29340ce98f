"""/app/company/tenants/{id}/profile: what a company is called and where it is, changed by staff."""

from typing import Any, Final

import msgspec
from starlette.responses import RedirectResponse, Response

from alquimista.access import Permission
from alquimista.dashboards import service
from alquimista.db.tenancy import tenant_transaction
from alquimista.errors import Problem
from alquimista.http.context import Context
from alquimista.http.routes import TenantScope
from alquimista.tenants import service as tenants
from alquimista.tenants.models import Profile, UnknownTenant
from alquimista.web import zones
from alquimista.web.forms import Form
from alquimista.web.pages.routing import OFTEN, get, post
from alquimista.web.pages.staff.tenant import opened
from alquimista.web.rendering import page
from alquimista.web.staff.tenant import BASE, path_of


class ProfileForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What staff change of a company beside its limits."""

    name: str = ""
    segment: str = ""
    time_zone: str = ""
    locale: str = ""


async def show(context: Context) -> Response:
    """The form, filled in with what is."""
    return await _page(context)


async def change(context: Context) -> Response:
    """Change it, for all people of the company."""
    tenant_id, values = context.uuid("tenant_id"), msgspec.structs.asdict(context.body)
    try:
        async with tenant_transaction(context.db, tenant_id) as conn:
            await tenants.change_profile(conn, context.who, tenant_id, Profile(**values), context.now)
    except UnknownTenant:
        raise
    except Problem as problem:
        return await _page(context, Form.failed(values, problem, frozenset(values)), problem.status)
    return RedirectResponse(f"{path_of(tenant_id)}?done=changed", 303)


async def _page(context: Context, form: Form | None = None, status: int = 200) -> Response:
    head = await opened(context, "")
    conn = context.db.staff()
    tenant = await tenants.get(conn, head.tenant.id)
    return page(
        context,
        "tenants/profile.html",
        status=status,
        head=head,
        form=form or Form({name: getattr(tenant, name) for name in ProfileForm.__struct_fields__}),
        segments=(await service.tenant_choices(conn)).segments,
        zones=zones.choices(tenant.time_zone, context.locale, context.now),
        languages=zones.LANGUAGES,
        notice=None,
    )


_STAFF: Final[dict[str, Any]] = {
    "permission": Permission.TENANT_MANAGE,
    "scope": TenantScope.PLATFORM,
    "limits": OFTEN,
}
ROUTES: Final = (
    get(f"{BASE}/profile", show, "What a company is called and where it is, for staff", **_STAFF),
    post(f"{BASE}/profile", change, "Change what a company is called and where it is", body=ProfileForm, **_STAFF),
)

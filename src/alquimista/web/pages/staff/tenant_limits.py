"""/app/company/tenants/{id}/limits: what staff set for one company alone, in place of its plan's."""

from typing import Any, Final

import msgspec
from starlette.responses import RedirectResponse, Response

from alquimista.access import Permission
from alquimista.db.tenancy import tenant_transaction
from alquimista.errors import FieldError, Invalid
from alquimista.http.context import Context
from alquimista.http.routes import TenantScope
from alquimista.i18n import N_
from alquimista.identity.guards import TENANT_ACTS
from alquimista.tenants import service as tenants
from alquimista.tenants.models import OwnLimits
from alquimista.web import formats
from alquimista.web.forms import Form
from alquimista.web.pages.routing import OFTEN, get, post
from alquimista.web.pages.staff.tenant import opened
from alquimista.web.rendering import page
from alquimista.web.staff.tenant import BASE, path_of

# What the API takes, by field: the least and the most.
_BOUNDS: Final = {
    "max_agents": (0, 1_000_000_000),
    "max_users": (0, 1_000_000_000),
    "max_requests_per_month": (0, 1_000_000_000_000),
    "raw_days": (45, 400),
}


class LimitsForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The limits as they are typed; an empty one follows the plan, or the installation."""

    max_agents: str = ""
    max_users: str = ""
    max_requests_per_month: str = ""
    raw_days: str = ""


async def show(context: Context) -> Response:
    """The form, filled in with what is set."""
    own = await tenants.own_limits(context.db.staff(), context.uuid("tenant_id"))
    values = {name: "" if value is None else str(value) for name, value in msgspec.structs.asdict(own).items()}
    return await _page(context, Form(values))


async def change(context: Context) -> Response:
    """Set them; they hold at once."""
    form: LimitsForm = context.body
    try:
        limits = _limits(form)
    except Invalid as problem:
        failed = Form.failed(msgspec.structs.asdict(form), problem, frozenset(_BOUNDS))
        return await _page(context, failed, problem.status)
    await opened(context, "")
    tenant_id = context.uuid("tenant_id")
    async with tenant_transaction(context.db, tenant_id) as conn:
        await tenants.set_own_limits(conn, context.who, tenant_id, limits, context.now)
    return RedirectResponse(f"{path_of(tenant_id)}?done=limits", 303)


async def _page(context: Context, form: Form, status: int = 200) -> Response:
    head = await opened(context, "")
    months = context.services.settings.raw_retention_months
    return page(context, "tenants/limits.html", status=status, head=head, form=form, months=months, notice=None)


def _limits(form: LimitsForm) -> OwnLimits:
    """What was typed, field by field. Raises Invalid for all that are wrong."""
    found: dict[str, int | None] = {}
    errors = []
    for name, (least, most) in _BOUNDS.items():
        text = getattr(form, name).strip()
        value = formats.count(text) if text else None
        found[name] = value
        if text and (value is None or not least <= value <= most):
            reason = N_("Write a whole number, {least} to {most}, or nothing.", least=least, most=most)
            errors.append(FieldError(name, reason))
    if errors:
        raise Invalid(errors=tuple(errors))
    return OwnLimits(**found)


_STAFF: Final[dict[str, Any]] = {
    "permission": Permission.TENANT_MANAGE,
    "scope": TenantScope.PLATFORM,
    "limits": OFTEN,
}
ROUTES: Final = (
    get(f"{BASE}/limits", show, "A company's own limits", **_STAFF),
    post(f"{BASE}/limits", change, "Set a company's own limits", body=LimitsForm, **(_STAFF | {"limits": TENANT_ACTS})),
)

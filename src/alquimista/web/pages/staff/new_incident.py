"""/app/company/incidents/new: an incident that staff open by hand."""

from typing import Any, Final
from uuid import UUID

from starlette.responses import RedirectResponse, Response

from alquimista.access import PLATFORM_TENANT, Permission
from alquimista.audit.guards import seen_by_all
from alquimista.db.tenancy import tenant_transaction
from alquimista.errors import Invalid
from alquimista.http.context import Context
from alquimista.http.routes import TenantScope
from alquimista.incidents import service
from alquimista.incidents.guards import ACTING
from alquimista.incidents.models import Severity, Visibility, shown_text
from alquimista.incidents.models.incidents import DESCRIPTION_LIMIT, TITLE_LIMIT
from alquimista.tenants import service as tenants
from alquimista.web.forms import Form, renamed
from alquimista.web.pages.routing import OFTEN, get, post
from alquimista.web.rendering import page
from alquimista.web.staff.incidents import (
    OFFERED_TENANTS,
    PATH,
    SEVERITIES,
    VISIBILITIES,
    NewForm,
    NewQuery,
    values_of,
)

_FIELDS: Final = frozenset({"title", "description", "tenants"})


async def show(context: Context) -> Response:
    """The form; for a search, with the companies that it finds."""
    query: NewQuery = context.query
    await seen_by_all(context)
    form = Form({"severity": Severity.WARNING, "visibility": Visibility.TENANT})
    return await _page(context, form, query.tenants, query.search)


async def open_one(context: Context) -> Response:
    """Open it. Of one company it is its own; of none or several it is the platform's."""
    form: NewForm = context.body
    if form.look:
        await seen_by_all(context)
        return await _page(context, Form(values_of(form)), form.tenants, form.search)
    try:
        title, description = shown_text(form.title, form.description)
        ids = await service.known_tenants(context.db.staff(), form.tenants)
    except Invalid as problem:
        unknown = {f"tenant_ids[{index}]": "tenants" for index in range(len(form.tenants))}
        failed = Form.failed(values_of(form), renamed(problem, **unknown), _FIELDS)
        return await _page(context, failed, form.tenants, form.search, problem.status)
    home, affected = (ids[0], []) if len(ids) == 1 else (PLATFORM_TENANT, ids)
    async with tenant_transaction(context.db, home) as conn:
        incident_id = await service.open_by_hand(
            conn, context.who, home, form.severity, title, description, form.visibility, affected, context.now
        )
    return RedirectResponse(f"{PATH}/{incident_id}?done=opened", 303)


async def _page(context: Context, form: Form, ticked: list[UUID], search: str, status: int = 200) -> Response:
    offered = await tenants.named(context.db.staff(), search, ticked, OFFERED_TENANTS)
    return page(
        context,
        "staff/new_incident.html",
        status=status,
        form=form,
        severities=SEVERITIES,
        visibilities=VISIBILITIES,
        offered=offered,
        ticked=frozenset(ticked),
        search=search,
        most=OFFERED_TENANTS,
        limits={"title": TITLE_LIMIT, "description": DESCRIPTION_LIMIT},
        path=PATH,
    )


_STAFF: Final[dict[str, Any]] = {"permission": Permission.INCIDENT_MANAGE, "scope": TenantScope.PLATFORM}
ROUTES: Final = (
    get(f"{PATH}/new", show, "The form of a new incident", query=NewQuery, limits=OFTEN, **_STAFF),
    post(f"{PATH}/new", open_one, "Open an incident", body=NewForm, limits=ACTING, **_STAFF),
)

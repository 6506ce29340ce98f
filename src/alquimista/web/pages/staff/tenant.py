"""/app/company/tenants/{id}: one company, its overview, and keeping it out or letting it in again."""

import asyncio
from typing import Any, Final
from uuid import UUID

import msgspec
from starlette.responses import RedirectResponse, Response

from alquimista.access import PLATFORM_TENANT, Permission
from alquimista.audit.guards import seen
from alquimista.dashboards import service
from alquimista.dashboards.models.figures import Period
from alquimista.db.tenancy import tenant_transaction
from alquimista.errors import Conflict, Problem
from alquimista.http.context import Context
from alquimista.http.routes import TenantScope
from alquimista.identity import service as identity
from alquimista.identity.guards import TENANT_ACTS
from alquimista.tenants.models import UnknownTenant
from alquimista.web import views
from alquimista.web.client.overview import chart, kpis
from alquimista.web.forms import Form, reason_of
from alquimista.web.pages.routing import OFTEN, get, post
from alquimista.web.rendering import page
from alquimista.web.staff.connections import KINDS
from alquimista.web.staff.tenant import BASE, DONE, SHOWN_INCIDENTS, Head, Overview, TabQuery, head_of, path_of

_EMPTY: Final = Form()


class SuspendForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why."""

    reason: str = ""


async def opened(context: Context, here: str) -> Head:
    """The head of a tab, once the read stands in the company's own audit.

    Raises:
        UnknownTenant: there is no such company.
    """
    tenant_id = context.uuid("tenant_id")
    found = await service.tenant_head(context.db.staff(), tenant_id, context.now)
    await seen(context, tenant_id, resource_type="page", resource_id=context.request.url.path)
    return head_of(found, here, context.who)


async def overview(context: Context) -> Response:
    """How the company does of late."""
    return await _overview(context, notice=DONE.get(context.query.done))


async def _overview(context: Context, *, status: int = 200, notice: views.Notice | None = None) -> Response:
    head = await opened(context, "")
    tenant_id, conn = head.tenant.id, context.db.staff()
    usage, connected, incidents = await asyncio.gather(
        service.tenant_usage(conn, tenant_id, Period.MONTH, None, context.now),
        service.tenant_integrations(conn, context.who, tenant_id),
        service.tenant_incidents(conn, tenant_id, SHOWN_INCIDENTS, 0, context.locale),
    )
    view = Overview(
        kpis=kpis(usage, None, context.locale),
        chart=chart(usage, None, context.locale),
        integrations=connected.integrations,
    )
    return page(
        context,
        "tenants/overview.html",
        status=status,
        head=head,
        view=view,
        incidents=incidents.incidents,
        incident_total=incidents.total,
        notice=notice,
        states=views.STATES,
        kinds=KINDS,
    )


async def show_suspend(context: Context) -> Response:
    """Ask why, and say what it does."""
    return await _suspend(context, _EMPTY)


async def suspend(context: Context) -> Response:
    """Keep everybody of the company out."""
    form: SuspendForm = context.body
    try:
        reason = reason_of(form.reason, "reason")
        tenant_id = _named(context)
        async with tenant_transaction(context.db, tenant_id) as conn:
            await identity.suspend(
                conn, context.who, tenant_id, reason, context.services.settings.public_url, context.now
            )
    except UnknownTenant:
        raise
    except Problem as problem:
        failed = Form.failed({"reason": form.reason}, problem, frozenset({"reason"}))
        return await _suspend(context, failed, problem.status)
    return _done(context, "suspended")


async def resume(context: Context) -> Response:
    """Let the company in again."""
    tenant_id = _named(context)
    try:
        async with tenant_transaction(context.db, tenant_id) as conn:
            await identity.resume(conn, context.who, tenant_id, context.services.settings.public_url, context.now)
    except Conflict as problem:
        notice = views.Notice(problem.detail, "bad", "circle-alert")
        return await _overview(context, status=problem.status, notice=notice)
    return _done(context, "resumed")


async def _suspend(context: Context, form: Form, status: int = 200) -> Response:
    return page(context, "tenants/suspend.html", status=status, head=await opened(context, ""), form=form, notice=None)


def _named(context: Context) -> UUID:
    """The company of the path; the platform's own tenant is none."""
    tenant_id = context.uuid("tenant_id")
    if tenant_id == PLATFORM_TENANT:
        raise UnknownTenant
    return tenant_id


def _done(context: Context, what: str) -> Response:
    return RedirectResponse(f"{path_of(context.uuid('tenant_id'))}?done={what}", 303)


_STAFF: Final[dict[str, Any]] = {"scope": TenantScope.PLATFORM, "limits": OFTEN}
_ACT: Final[dict[str, Any]] = {**_STAFF, "limits": TENANT_ACTS}
_MANAGE: Final = Permission.TENANT_MANAGE
ROUTES: Final = (
    get(BASE, overview, "A company, for staff", Permission.PLATFORM_READ, query=TabQuery, **_STAFF),
    get(f"{BASE}/suspend", show_suspend, "Ask before a company is suspended", _MANAGE, **_STAFF),
    post(f"{BASE}/suspend", suspend, "Suspend a company", _MANAGE, body=SuspendForm, **_ACT),
    post(f"{BASE}/resume", resume, "Let a company in again", _MANAGE, **_ACT),
)

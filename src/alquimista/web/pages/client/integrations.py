"""/app/dashboard/integrations: a company's connections, whether they work, and what is done about those that do not."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from starlette.responses import RedirectResponse, Response

from alquimista.access import Permission
from alquimista.audit import service as audit
from alquimista.audit.guards import reader
from alquimista.audit.models import Wanted
from alquimista.db.tenancy import tenant_transaction
from alquimista.errors import Conflict, Problem
from alquimista.http.context import Context
from alquimista.http.routes import TenantScope
from alquimista.integrations import service
from alquimista.integrations.guards import TIMEOUT_S, TRYING, shows_errors
from alquimista.integrations.models.integrations import IntegrationStatus
from alquimista.tenants import service as tenants
from alquimista.web import views
from alquimista.web.client.addresses import Links
from alquimista.web.client.integrations import (
    DEMONSTRATION,
    DONE,
    HAPPENED,
    HISTORY,
    MAIN,
    PATH,
    SHOWN,
    Card,
    IntegrationPage,
    IntegrationsPage,
    IntegrationsQuery,
    tested_notice,
)
from alquimista.web.pages.routing import OFTEN, get, post
from alquimista.web.rendering import page
from alquimista.web.tables import paged


class DoneQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was just done."""

    done: str = ""


class Sent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Nothing: sending it is enough."""


def manages(context: Context) -> bool:
    """Whether the reader may change connections; who looks at a company as its administrator only reads."""
    return context.who.may(Permission.INTEGRATION_MANAGE) and context.who.viewing is None


async def show(context: Context) -> Response:
    """All of them."""
    query: IntegrationsQuery = context.query
    notice = DONE.get(query.done)
    if query.tested is not None:
        found = await service.get(context.db.tenant(context.tenant), context.tenant, query.tested)
        notice = tested_notice(found, errors=shows_errors(context.who))
    return await _shown(context, query, notice)


async def one(context: Context) -> Response:
    """One of them: its settings, how it stands, and what happened to it."""
    conn, tenant_id, who = await reader(context), context.tenant, context.who
    record = await service.get(conn, tenant_id, context.uuid("integration_id"))
    history = None
    if who.may(Permission.AUDIT_READ):
        wanted = Wanted(resource_type="integration", resource_id=str(record.id))
        history = await audit.entries(conn, tenant_id, wanted, HISTORY)
    view = IntegrationPage(
        tenant=await tenants.get(conn, tenant_id),
        card=Card(record, manages(context)),
        errors=shows_errors(who),
        history=history,
        links=Links.of(context),
    )
    return page(
        context,
        "integrations/one.html",
        view=view,
        notice=DONE.get(context.query.done),
        demonstration=DEMONSTRATION,
        happened=HAPPENED,
    )


async def test(context: Context) -> Response:
    """Test one now; the list then says what was found."""
    integration_id = context.uuid("integration_id")
    try:
        await service.test(context.services, context.who, context.tenant, integration_id)
    except Conflict as problem:
        return await _refused(context, problem)
    return RedirectResponse(Links.of(context).to(PATH, tested=integration_id), 303)


async def disconnect(context: Context) -> Response:
    """Destroy one's credentials."""
    async with tenant_transaction(context.db, context.tenant) as conn:
        await service.disconnect(conn, context.who, context.tenant, context.uuid("integration_id"), context.now)
    return RedirectResponse(Links.of(context).to(PATH, done="disconnected"), 303)


async def _refused(context: Context, problem: Problem) -> Response:
    notice = views.Notice(problem.detail, "bad", "circle-alert")
    return await _shown(context, IntegrationsQuery(), notice, problem.status)


async def _shown(
    context: Context, query: IntegrationsQuery, notice: views.Notice | None, status: int = 200
) -> Response:
    conn, tenant_id, links, managing = await reader(context), context.tenant, Links.of(context), manages(context)
    counts = await service.counts(conn, tenant_id)
    state = IntegrationStatus(query.state) if query.state else None

    async def read(offset: int) -> tuple[Sequence[Card], int]:
        found = await service.page(conn, tenant_id, state, SHOWN, offset)
        return [Card(record, managing) for record in found], counts[state] if state else sum(counts.values())

    kept = {**links.carried} | ({"state": query.state} if query.state else {})
    view = IntegrationsPage(
        tenant=await tenants.get(conn, tenant_id),
        counts=counts,
        cards=await paged(
            read, query.page, SHOWN, id="connections", parameter="page", path=PATH, query=kept, target=MAIN
        ),
        state=query.state,
        manages=managing,
        errors=shows_errors(context.who),
        links=links,
    )
    return page(context, "integrations/list.html", status=status, view=view, notice=notice)


_READ: Final[dict[str, Any]] = {"scope": TenantScope.OWN, "limits": OFTEN}
_ONE: Final = f"{PATH}/{{integration_id:uuid}}"
_MANAGE: Final = Permission.INTEGRATION_MANAGE
ROUTES: Final = (
    get(PATH, show, "A company's integrations", Permission.INTEGRATION_READ, query=IntegrationsQuery, **_READ),
    get(_ONE, one, "One integration", Permission.INTEGRATION_READ, query=DoneQuery, **_READ),
    post(
        f"{_ONE}/test",
        test,
        "Test an integration",
        _MANAGE,
        body=Sent,
        scope=TenantScope.OWN,
        limits=(TRYING,),
        timeout_s=TIMEOUT_S,
    ),
    post(f"{_ONE}/disconnect", disconnect, "Disconnect an integration", _MANAGE, body=Sent, **_READ),
)

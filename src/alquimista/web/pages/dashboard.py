"""/app/dashboard: the overview of one tenant, and the fragment of it that refreshes itself."""

import asyncio
import hashlib
from typing import Any, Final

from starlette.responses import HTMLResponse, Response

from alquimista.access import ActorKind, Permission
from alquimista.audit import service as audit
from alquimista.dashboards import service
from alquimista.http.context import Context
from alquimista.http.routes import Limit, Route, TenantScope
from alquimista.web import views
from alquimista.web.overview import PATH, Answers, Overview, OverviewQuery
from alquimista.web.rendering import fragment, page

SHOWN_INCIDENTS: Final = 5
_LIMITS: Final = (Limit(count=600, seconds=60, per=("user",)),)


async def overview(context: Context) -> HTMLResponse:
    """The whole page. Staff who look at a tenant leave a row in the tenant's own audit."""
    if context.who.internal:
        await audit.record(
            context.db.tenant(context.tenant),
            context.who,
            "tenant.read",
            category="tenant",
            resource_type="page",
            resource_id=PATH,
            ip=context.client_ip,
            user_agent=context.request.headers.get("user-agent", ""),
            trace_id=context.trace_id,
            tenant_id=context.tenant,
        )
    shown = values(await _view(context))
    body = fragment(context.locale, "dashboards/_overview.html", now=context.now, seen="", **shown)
    notice = views.FORBIDDEN if context.query.error == "forbidden" else None
    return page(context, "dashboards/overview.html", seen=_hash(body), notice=notice, **shown)


async def live(context: Context) -> Response:
    """The fragment as it is now, or 204 when the browser shows it already."""
    shown = values(await _view(context))
    body = fragment(context.locale, "dashboards/_overview.html", now=context.now, seen="", **shown)
    seen = _hash(body)
    headers = {"Cache-Control": "no-store"}
    if context.query.seen == seen:
        return Response(status_code=204, headers=headers)
    return HTMLResponse(
        fragment(context.locale, "dashboards/_overview.html", now=context.now, seen=seen, **shown), headers=headers
    )


async def _view(context: Context) -> Overview:
    """All answers of the page, read at the same time: each is one round trip."""
    conn, tenant, now, query = context.db.tenant(context.tenant), context.tenant, context.now, context.query
    me, usage, previous, agents, integrations, incidents = await asyncio.gather(
        service.tenant_me(conn, tenant, now),
        service.tenant_usage(conn, tenant, query.period, None, now),
        service.tenant_usage(conn, tenant, query.period, None, now, before=True),
        service.tenant_agents(conn, tenant, "all", now),
        service.tenant_integrations(conn, context.who, tenant),
        service.tenant_incidents(conn, tenant, SHOWN_INCIDENTS, 0),
    )
    answers = Answers(
        tenant=me,
        usage=usage,
        previous=previous,
        agents=agents.agents,
        integrations=integrations.integrations,
        incidents=incidents.incidents,
        incident_total=incidents.total,
    )
    kept = {"tenant_id": str(tenant)} if context.who.internal else {}
    return answers.arrange(query, context.locale, kept)


def values(view: Overview) -> dict[str, Any]:
    """What the overview's templates need beside the shell."""
    return {
        "view": view,
        "plan": views.PLANS.get(view.tenant.plan, view.tenant.plan),
        "states": views.STATES,
        "quota_labels": views.QUOTAS,
    }


def _hash(body: str) -> str:
    return hashlib.blake2b(body.encode(), digest_size=12).hexdigest()


ROUTES: Final = (
    Route(
        method="GET",
        path=PATH,
        handler=overview,
        summary="The tenant's overview",
        tag="pages",
        permission=Permission.TENANT_READ,
        kinds=frozenset({ActorKind.SESSION}),
        scope=TenantScope.OWN,
        query=OverviewQuery,
        limits=_LIMITS,
        page=True,
        documented=False,
    ),
    Route(
        method="GET",
        path=f"{PATH}/live",
        handler=live,
        summary="The part of the overview that refreshes itself",
        tag="pages",
        permission=Permission.TENANT_READ,
        kinds=frozenset({ActorKind.SESSION}),
        scope=TenantScope.OWN,
        query=OverviewQuery,
        limits=_LIMITS,
        page=True,
        documented=False,
    ),
)

"""The tabs of a company: each reads only what it shows, and stands in the company's own audit as read."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final

from starlette.responses import RedirectResponse, Response

from alquimista.access import Permission
from alquimista.dashboards import service
from alquimista.errors import NotFound
from alquimista.http.context import Context
from alquimista.http.routes import TenantScope
from alquimista.identity.guards import INVITING
from alquimista.identity.models.users import Member
from alquimista.identity.service import list_members
from alquimista.identity.service.invitations import newest_invitations, resend_invitation
from alquimista.integrations import service as integrations
from alquimista.tenants import service as tenants
from alquimista.web import nav, views
from alquimista.web.client.overview import chart, kpis, was_there
from alquimista.web.pages.routing import OFTEN, get, post
from alquimista.web.pages.staff.tenant import opened
from alquimista.web.rendering import page
from alquimista.web.staff import connections
from alquimista.web.staff import tenant as shown
from alquimista.web.staff.tenant import BASE, DONE, MAIN, SHOWN_INVITATIONS, SIZE, path_of
from alquimista.web.tables import paged


async def users(context: Context) -> Response:
    """The company's people, and who is invited."""
    return await _users(context, notice=DONE.get(context.query.done))


async def resend(context: Context) -> Response:
    """Mail an invitation anew."""
    tenant_id = context.uuid("tenant_id")
    invitation_id = context.uuid("invitation_id")
    try:
        tenant = await tenants.get(context.db.staff(), tenant_id)
        await resend_invitation(context.services, context.who, tenant_id, invitation_id, tenant.locale)
    except NotFound as problem:
        return await _users(context, status=problem.status, notice=views.Notice(problem.detail, "bad", "circle-alert"))
    return RedirectResponse(f"{path_of(tenant_id, 'users')}?done=resent", 303)


async def _users(context: Context, *, status: int = 200, notice: views.Notice | None = None) -> Response:
    head = await opened(context, "users")
    tenant_id, conn = head.tenant.id, context.db.staff()

    async def read(offset: int) -> tuple[Sequence[Member], int]:
        return await list_members(conn, tenant_id, SIZE, offset)

    number = context.query.page if context.query else 1
    people = await paged(
        read, number, SIZE, id="users", parameter="page", path=path_of(tenant_id, "users"), query={}, target=MAIN
    )
    invited = await newest_invitations(conn, tenant_id, SHOWN_INVITATIONS + 1)
    return page(
        context,
        "tenants/users.html",
        status=status,
        head=head,
        people=people,
        invited=invited[:SHOWN_INVITATIONS],
        more_invited=len(invited) > SHOWN_INVITATIONS,
        roles=nav.ROLE_LABELS,
        states=shown.MEMBER_STATES,
        may_invite=context.who.may(Permission.USER_MANAGE),
        notice=notice,
    )


async def agents(context: Context) -> Response:
    """The company's agents: how each runs, and its requests of the period."""
    head = await opened(context, "agents")
    period = context.query.period
    rows = await service.running_agents(context.db.staff(), head.tenant.id, period, context.now)
    view = shown.Agents(path=path_of(head.tenant.id, "agents"), period=period, rows=rows)
    return page(
        context,
        "tenants/agents.html",
        head=head,
        view=view,
        notice=None,
        states=views.AGENT_STATES,
        running=shown.RUNNING_STATES,
        never_heard=shown.NEVER_HEARD,
    )


async def connected(context: Context) -> Response:
    """The company's integrations."""
    head = await opened(context, "integrations")
    rows = await integrations.list_integrations(context.db.staff(), head.tenant.id)
    return page(
        context,
        "tenants/integrations.html",
        head=head,
        rows=rows,
        states=views.INTEGRATION_STATES,
        kinds=connections.KINDS,
        providers=connections.PROVIDER_NAMES,
        notice=None,
    )


async def usage(context: Context) -> Response:
    """The company's figures of the period, beside those of the one before."""
    head = await opened(context, "usage")
    tenant_id, conn, period = head.tenant.id, context.db.staff(), context.query.period
    now, before = await asyncio.gather(
        service.tenant_usage(conn, tenant_id, period, None, context.now),
        service.tenant_usage(conn, tenant_id, period, None, context.now, before=True),
    )
    previous = before if was_there(head.tenant.created_at, head.tenant.time_zone, before) else None
    view = shown.Usage(
        path=path_of(tenant_id, "usage"),
        period=period,
        kpis=kpis(now, previous, context.locale),
        chart=chart(now, previous, context.locale),
        usage=now,
    )
    return page(context, "tenants/usage.html", head=head, view=view, notice=None)


_STAFF: Final[dict[str, Any]] = {"scope": TenantScope.PLATFORM, "limits": OFTEN}
_READ: Final = Permission.PLATFORM_READ
ROUTES: Final = (
    get(f"{BASE}/users", users, "A company's people", Permission.USER_READ, query=shown.TabQuery, **_STAFF),
    post(
        f"{BASE}/invitations/{{invitation_id:uuid}}/resend",
        resend,
        "Mail an invitation anew",
        Permission.USER_MANAGE,
        scope=TenantScope.PLATFORM,
        limits=INVITING,
    ),
    get(f"{BASE}/agents", agents, "A company's agents", _READ, query=shown.PeriodQuery, **_STAFF),
    get(f"{BASE}/integrations", connected, "A company's integrations", _READ, **_STAFF),
    get(f"{BASE}/usage", usage, "A company's usage", _READ, query=shown.PeriodQuery, **_STAFF),
)

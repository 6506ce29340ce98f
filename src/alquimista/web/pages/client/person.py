"""/app/dashboard/settings/users/{id}: one of the company's people, and what they may do beyond their role."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import msgspec
from starlette.responses import RedirectResponse, Response

from alquimista.access import Permission
from alquimista.agents import service as agents
from alquimista.agents.models.agents import TenantAgent
from alquimista.audit.guards import reader
from alquimista.db.statement import Conn
from alquimista.errors import Problem
from alquimista.http.context import Context
from alquimista.http.routes import TenantScope
from alquimista.i18n import N_
from alquimista.identity.guards import GRANTING
from alquimista.identity.models.problems import UnknownUser
from alquimista.identity.service import grants as service
from alquimista.identity.service.members import find_member, headcount
from alquimista.tenants import service as tenants
from alquimista.tenants.models import Tenant
from alquimista.web.client.grants import DAYS, FIELDS, GrantForm, line_of, options, read
from alquimista.web.client.settings import MEMBER_STATES, address_of
from alquimista.web.client.users import DONE, KNOWN_ROLES, PATH, PERSON, ROLES, Head, PersonQuery
from alquimista.web.forms import Form
from alquimista.web.nav import ROLE_LABELS
from alquimista.web.pages.routing import OFTEN, get, post
from alquimista.web.rendering import page
from alquimista.web.views import Notice

_EMPTY: Final = Form()


async def show(context: Context) -> Response:
    """The person."""
    query: PersonQuery = context.query
    was = query.was if query.was in KNOWN_ROLES else ""
    return await _page(context, notice=DONE.get(query.done), done=query.done, was=was, again=query.again)


async def give(context: Context) -> Response:
    """Give the person a permission."""
    form: GrantForm = context.body
    user_id, giver = context.uuid("user_id"), context.who.user_id
    assert giver is not None  # The route is for people.
    tenant = await tenants.get(context.db.tenant(context.tenant), context.tenant)
    try:
        grant = read(form, giver, user_id, tenant.time_zone, context.now)
        await service.give(context.services, context.who, context.tenant, grant)
    except UnknownUser:
        raise
    except Problem as problem:
        values = {name: value for name, value in msgspec.structs.asdict(form).items() if isinstance(value, str)}
        failed = Form.failed(values, problem, FIELDS)
        return await _page(context, status=problem.status, form=failed, ticked=form.days)
    return RedirectResponse(address_of(context, f"{PATH}/{user_id}", done="given"), 303)


async def refused(context: Context, problem: Problem) -> Response:
    """The person's page above which it says what was refused. A foreign id is nothing here."""
    if isinstance(problem, UnknownUser):
        raise problem
    return await _page(context, status=problem.status, notice=Notice(problem.detail, "bad", icon="circle-alert"))


async def head_of(conn: Conn, context: Context) -> tuple[Tenant, Head]:
    """The company, and what stands above its people, invitations and grants."""
    tenant = await tenants.get(conn, context.tenant)
    head = Head(
        count=await headcount(conn, context.tenant, context.now),
        max_users=tenant.max_users,
        manages=context.who.may(Permission.USER_MANAGE),
        grants=context.who.may(Permission.GRANT_MANAGE),
    )
    return tenant, head


async def _page(
    context: Context,
    *,
    status: int = 200,
    notice: Notice | None = None,
    done: str = "",
    was: str = "",
    again: UUID | None = None,
    form: Form = _EMPTY,
    ticked: Sequence[str] = (),
) -> Response:
    conn, user_id = await reader(context), context.uuid("user_id")
    member = await find_member(conn, context.tenant, user_id)
    if member is None:
        raise UnknownUser
    zone = (await tenants.get(conn, context.tenant)).time_zone
    sees_grants = context.who.may(Permission.GRANT_MANAGE)
    granted, known = [], list[TenantAgent]()
    if sees_grants:
        granted = await service.grants_of(conn, context.tenant, user_id, context.now)
        known = await agents.list_agents(conn, context.tenant)
    return page(
        context,
        "settings/user.html",
        status=status,
        member=member,
        state=MEMBER_STATES[member.status],
        role=ROLE_LABELS[member.role],
        roles=ROLES,
        here=f"{PATH}/{user_id}",
        zone=zone,
        me=user_id == context.who.user_id,
        manages=context.who.may(Permission.USER_MANAGE),
        sees_grants=sees_grants,
        lines=[line_of(one, known, zone, context.now) for one in granted],
        options=options(context.who, member.role),
        agents=[("", N_("All agents")), *((agent.agent_id, agent.name) for agent in known)],
        days=[(str(number), label) for number, label in enumerate(DAYS, 1)],
        form=form,
        role_form=Form({"role": member.role.value}),
        ticked=ticked,
        notice=notice,
        done=done,
        was=was,
        again=again,
    )


_OWN: Final[dict[str, Any]] = {"scope": TenantScope.OWN, "limits": OFTEN}
ROUTES: Final = (
    get(PERSON, show, "One of the company's people", Permission.USER_READ, query=PersonQuery, **_OWN),
    post(
        f"{PERSON}/grants",
        give,
        "Give a permission",
        Permission.GRANT_MANAGE,
        body=GrantForm,
        scope=TenantScope.OWN,
        limits=GRANTING,
    ),
)

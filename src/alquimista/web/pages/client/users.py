"""/app/dashboard/settings/users: the company's people; each one's page, role and state."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from starlette.responses import RedirectResponse, Response

from alquimista.access import Permission, Role
from alquimista.audit.guards import reader
from alquimista.errors import Invalid, Problem
from alquimista.http.context import Context
from alquimista.http.routes import TenantScope
from alquimista.i18n import N_
from alquimista.identity.guards import INVITING
from alquimista.identity.models.users import Member, MemberStatus
from alquimista.identity.service.invitations import invite
from alquimista.identity.service.members import change_member, find_member, search_members
from alquimista.web.client.settings import MEMBER_STATES, SIZE, address_of, carried
from alquimista.web.client.users import (
    DONE,
    KNOWN_ROLES,
    KNOWN_STATES,
    LIST,
    NEW,
    PATH,
    PERSON,
    ROLE_FILTER,
    STATE_FILTER,
    InviteForm,
    RoleForm,
    StatusForm,
    UsersQuery,
)
from alquimista.web.forms import Form
from alquimista.web.nav import ROLE_LABELS
from alquimista.web.pages.client.person import head_of, refused
from alquimista.web.pages.routing import OFTEN, get, post
from alquimista.web.rendering import page
from alquimista.web.tables import paged
from alquimista.web.views import Notice


async def people(context: Context) -> Response:
    """The people who are meant, by name."""
    query: UsersQuery = context.query
    return await _page(context, query, notice=DONE.get(query.done))


async def send_invitation(context: Context) -> Response:
    """Invite somebody by mail."""
    form: InviteForm = context.body
    try:
        await invite(context.services, context.who, context.tenant, form.email, role_of(form.role), context.locale)
    except Problem as problem:
        values = msgspec.structs.asdict(form)
        failed = Form.failed(values, problem, frozenset(values))
        return await _page(context, UsersQuery(), status=problem.status, form=failed)
    return RedirectResponse(address_of(context, f"{PATH}/invitations", done="invited"), 303)


async def change_role(context: Context) -> Response:
    """Give somebody another role."""
    form: RoleForm = context.body
    user_id = context.uuid("user_id")
    before = await find_member(context.db.tenant(context.tenant), context.tenant, user_id)
    try:
        changed = await change_member(context.services, context.who, context.tenant, user_id, role=role_of(form.role))
    except Problem as problem:
        return await refused(context, problem)
    was = {"was": before.role.value} if before is not None and before.role != changed.role else {}
    return RedirectResponse(address_of(context, f"{PATH}/{user_id}", done="role", **was), 303)


async def change_status(context: Context) -> Response:
    """Keep somebody out, or let them in again."""
    form: StatusForm = context.body
    user_id = context.uuid("user_id")
    try:
        if form.status not in KNOWN_STATES:
            raise Invalid.of("status", N_("Choose one of the list."))
        status = MemberStatus(form.status)
        await change_member(context.services, context.who, context.tenant, user_id, status=status)
    except Problem as problem:
        return await refused(context, problem)
    done = "deactivated" if status is MemberStatus.DEACTIVATED else "reactivated"
    return RedirectResponse(address_of(context, f"{PATH}/{user_id}", done=done), 303)


def role_of(text: str) -> Role:
    """The role that a form names. Raises Invalid."""
    if text not in KNOWN_ROLES:
        raise Invalid.of("role", N_("Choose one of the list."))
    return Role(text)


async def _page(
    context: Context, query: UsersQuery, *, notice: Notice | None = None, status: int = 200, form: Form = NEW
) -> Response:
    conn = await reader(context)
    tenant, head = await head_of(conn, context)

    async def read(offset: int) -> tuple[Sequence[Member], int]:
        return await search_members(conn, context.tenant, query.wanted, SIZE, offset)

    kept = carried(context) | query.kept
    return page(
        context,
        "settings/users.html",
        status=status,
        head=head,
        table=await paged(read, query.page, SIZE, id=LIST, parameter="page", path=PATH, query=kept, target=LIST),
        query=query,
        narrowed=bool(query.kept),
        carried=carried(context),
        zone=tenant.time_zone,
        form=form,
        notice=notice,
        role_filter=ROLE_FILTER,
        state_filter=STATE_FILTER,
        role_labels=ROLE_LABELS,
        states=MEMBER_STATES,
        me=context.who.user_id,
    )


_OWN: Final[dict[str, Any]] = {"scope": TenantScope.OWN, "limits": OFTEN}
_MANAGE: Final = Permission.USER_MANAGE
ROUTES: Final = (
    get(PATH, people, "The company's people", Permission.USER_READ, query=UsersQuery, **_OWN),
    post(
        f"{PATH}/invite",
        send_invitation,
        "Invite somebody",
        _MANAGE,
        body=InviteForm,
        scope=TenantScope.OWN,
        limits=INVITING,
    ),
    post(f"{PERSON}/role", change_role, "Change somebody's role", _MANAGE, body=RoleForm, **_OWN),
    post(f"{PERSON}/status", change_status, "Deactivate or reactivate somebody", _MANAGE, body=StatusForm, **_OWN),
)

"""Open invitations of a company, and the permissions that its people have beyond their roles."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from starlette.responses import RedirectResponse, Response

from alquimista.access import Permission
from alquimista.agents import service as agents
from alquimista.audit.guards import reader
from alquimista.errors import Problem
from alquimista.http.context import Context, require_uuid
from alquimista.http.routes import TenantScope
from alquimista.identity.guards import GRANTING, INVITING
from alquimista.identity.models.invitations import Invitation
from alquimista.identity.models.problems import UnknownGrant
from alquimista.identity.service import grants, invitations
from alquimista.web.client.grants import Line, line_of
from alquimista.web.client.settings import SIZE, address_of, carried
from alquimista.web.client.users import DONE, GRANTS, INVITATIONS, LIST, NEW, PATH, ListQuery, TakeBackForm
from alquimista.web.nav import ROLE_LABELS
from alquimista.web.pages.client.person import head_of
from alquimista.web.pages.routing import OFTEN, get, post
from alquimista.web.rendering import page
from alquimista.web.tables import paged
from alquimista.web.views import Notice


async def listed(context: Context) -> Response:
    """Those that may still be accepted, the newest first."""
    query: ListQuery = context.query
    return await _invitations(context, query.page, DONE.get(query.done), again=query.again)


async def resend(context: Context) -> Response:
    """Mail one again."""
    invitation_id = context.uuid("invitation_id")
    try:
        await invitations.resend_invitation(
            context.services, context.who, context.tenant, invitation_id, context.locale
        )
    except Problem as problem:
        return await _refused(context, problem)
    return RedirectResponse(address_of(context, INVITATIONS, done="resent"), 303)


async def withdraw(context: Context) -> Response:
    """Withdraw one; it can be sent again from the page that says so."""
    invitation_id = context.uuid("invitation_id")
    try:
        await invitations.revoke_invitation(context.services, context.who, context.tenant, invitation_id)
    except Problem as problem:
        return await _refused(context, problem)
    return RedirectResponse(address_of(context, INVITATIONS, done="withdrawn", again=str(invitation_id)), 303)


async def invite_again(context: Context) -> Response:
    """Invite after all whose invitation was withdrawn."""
    invitation_id = context.uuid("invitation_id")
    try:
        await invitations.invite_again(context.services, context.who, context.tenant, invitation_id, context.locale)
    except Problem as problem:
        return await _refused(context, problem)
    return RedirectResponse(address_of(context, INVITATIONS, done="resent"), 303)


async def _refused(context: Context, problem: Problem) -> Response:
    notice = Notice(problem.detail, "bad", icon="circle-alert")
    return await _invitations(context, 1, notice, problem.status)


async def _invitations(
    context: Context, number: int, notice: Notice | None, status: int = 200, *, again: UUID | None = None
) -> Response:
    conn = await reader(context)
    tenant, head = await head_of(conn, context)

    async def read(offset: int) -> tuple[Sequence[Invitation], int]:
        return await invitations.list_invitations(conn, context.tenant, SIZE, offset)

    return page(
        context,
        "settings/invitations.html",
        status=status,
        head=head,
        table=await paged(
            read, number, SIZE, id=LIST, parameter="page", path=INVITATIONS, query=carried(context), target=LIST
        ),
        zone=tenant.time_zone,
        role_labels=ROLE_LABELS,
        form=NEW,
        notice=notice,
        again=again,
    )


async def granted(context: Context) -> Response:
    """Everybody's permissions beyond their roles, the newest first."""
    query: ListQuery = context.query
    return await _granted(context, query.page, DONE.get(query.done), again=query.again)


async def _granted(
    context: Context, number: int, notice: Notice | None, status: int = 200, *, again: UUID | None = None
) -> Response:
    conn = await reader(context)
    tenant, head = await head_of(conn, context)
    known = await agents.list_agents(conn, context.tenant)

    async def read(offset: int) -> tuple[Sequence[Line], int]:
        found = await grants.named_grants(conn, context.tenant, context.now, SIZE, offset)
        return [line_of(one, known, tenant.time_zone, context.now) for one in found], head.count.grants

    return page(
        context,
        "settings/grants.html",
        status=status,
        head=head,
        table=await paged(
            read, number, SIZE, id=LIST, parameter="page", path=GRANTS, query=carried(context), target=LIST
        ),
        zone=tenant.time_zone,
        form=NEW,
        notice=notice,
        again=again,
    )


async def take_back(context: Context) -> Response:
    """Take a permission back, and return to the person's page where that was done there."""
    grant = await grants.take_back(context.services, context.who, context.tenant, context.uuid("grant_id"))
    # Who gives up one of their own cannot give it back to themselves.
    again = {"again": str(grant.id)} if grant.user_id != context.who.user_id else {}
    return RedirectResponse(_place(context, done="revoked", **again), 303)


async def give_again(context: Context) -> Response:
    """Give after all what was taken back, within the limits that it had."""
    try:
        await grants.give_again(context.services, context.who, context.tenant, context.uuid("grant_id"))
    except UnknownGrant:
        raise
    except Problem as problem:
        return await _granted(context, 1, Notice(problem.detail, "bad", icon="circle-alert"), problem.status)
    return RedirectResponse(_place(context, done="given"), 303)


def _place(context: Context, **query: str) -> str:
    """Where it was done: the person's page, or the list of all."""
    person = context.body.person
    return address_of(context, f"{PATH}/{require_uuid('person', person)}" if person else GRANTS, **query)


_OWN: Final[dict[str, Any]] = {"scope": TenantScope.OWN, "limits": OFTEN}
_ONE: Final = f"{INVITATIONS}/{{invitation_id:uuid}}"
_MANAGE: Final = Permission.USER_MANAGE
_GRANT: Final = Permission.GRANT_MANAGE
ROUTES: Final = (
    get(INVITATIONS, listed, "Open invitations", Permission.USER_READ, query=ListQuery, **_OWN),
    post(f"{_ONE}/resend", resend, "Send an invitation again", _MANAGE, scope=TenantScope.OWN, limits=INVITING),
    post(f"{_ONE}/withdraw", withdraw, "Withdraw an invitation", _MANAGE, **_OWN),
    post(f"{_ONE}/again", invite_again, "Invite after all", _MANAGE, scope=TenantScope.OWN, limits=INVITING),
    get(GRANTS, granted, "Permissions beyond roles", _GRANT, query=ListQuery, **_OWN),
    post(
        f"{GRANTS}/{{grant_id:uuid}}/revoke",
        take_back,
        "Take a permission back",
        _GRANT,
        body=TakeBackForm,
        scope=TenantScope.OWN,
        limits=GRANTING,
    ),
    post(
        f"{GRANTS}/{{grant_id:uuid}}/again",
        give_again,
        "Give a permission after all",
        _GRANT,
        body=TakeBackForm,
        scope=TenantScope.OWN,
        limits=GRANTING,
    ),
)

"""/account/sessions: where one is signed in, and ending it there."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from starlette.responses import RedirectResponse, Response

from alquimista.access import Permission
from alquimista.errors import Problem
from alquimista.http.context import Context
from alquimista.i18n import N_
from alquimista.identity.guards import client_of
from alquimista.identity.models.sessions import SessionKind, SessionRow
from alquimista.identity.service import sessions
from alquimista.notifications.guards import owner_of
from alquimista.tenants import service as tenants
from alquimista.web.account.devices import Device, device_of
from alquimista.web.pages.routing import OFTEN, get, post
from alquimista.web.rendering import page
from alquimista.web.tables import paged
from alquimista.web.views import Notice

PATH: Final = "/account/sessions"
_SIZE: Final = 50
_DONE: Final = {
    "one": Notice(N_("That session has ended: the device must sign in again."), "good", "circle-check"),
    "others": Notice(N_("All other sessions have ended."), "good", "circle-check"),
}


class SessionsQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which page, and what was just done."""

    page: int = 1
    done: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One session, on which device, and whether it is the one that asks."""

    session: SessionRow
    device: Device
    here: bool


async def show(context: Context) -> Response:
    """The list, this session first."""
    return await _page(context, context.query.page, _DONE.get(context.query.done))


async def end(context: Context) -> Response:
    """End one."""
    try:
        await sessions.end_session(context.services, context.who, context.uuid("session_id"), client_of(context))
    except Problem as problem:
        return await _page(context, 1, Notice(problem.detail, "bad", icon="circle-alert"), problem.status)
    return RedirectResponse(f"{PATH}?done=one", 303)


async def end_others(context: Context) -> Response:
    """End all but this one."""
    await sessions.end_other_sessions(context.services, context.who, client_of(context))
    return RedirectResponse(f"{PATH}?done=others", 303)


async def _page(context: Context, number: int, notice: Notice | None, status: int = 200) -> Response:
    owner, mine = owner_of(context), context.who.session_id
    found = await sessions.list_sessions(context.services, context.who)
    lines = sorted(
        (Line(one, device_of(one.user_agent, program=one.kind is SessionKind.API), one.id == mine) for one in found),
        key=lambda line: not line.here,
    )

    async def read(offset: int) -> tuple[Sequence[Line], int]:
        return lines[offset : offset + _SIZE], len(lines)

    return page(
        context,
        "settings/sessions.html",
        status=status,
        table=await paged(read, number, _SIZE, id="sessions", parameter="page", path=PATH, query={}, target="sessions"),
        zone=(await tenants.get(context.db.tenant(owner.tenant_id), owner.tenant_id)).time_zone,
        notice=notice,
    )


_OWN: Final[dict[str, Any]] = {"permission": Permission.ACCOUNT_MANAGE, "limits": OFTEN}
ROUTES: Final = (
    get(PATH, show, "Where you are signed in", query=SessionsQuery, **_OWN),
    post(f"{PATH}/end-others", end_others, "End all your other sessions", **_OWN),
    post(f"{PATH}/{{session_id:uuid}}/end", end, "End one of your sessions", **_OWN),
)

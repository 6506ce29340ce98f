"""/app/company/operations: the history of commands, how many are in each state, and those that wait for approval."""

from collections.abc import Sequence
from typing import Any, Final

from starlette.responses import HTMLResponse, Response

from alquimista.access import PLATFORM_TENANT, PLATFORM_ZONE, Permission
from alquimista.approvals import service as approvals
from alquimista.approvals.models import ApprovalStatus, Audience, Whose, refusal_to_decide
from alquimista.audit.guards import seen
from alquimista.http.context import Context
from alquimista.http.routes import TenantScope
from alquimista.operations import service
from alquimista.operations.models.commands import CommandLine, CommandStatus
from alquimista.operations.models.kinds import KINDS
from alquimista.operations.service.approving import PREFIX
from alquimista.web import refreshing, views
from alquimista.web.pages.routing import OFTEN, get
from alquimista.web.shell import Shell
from alquimista.web.staff import commands
from alquimista.web.staff.commands import DONE, MAIN, PATH, QUEUED, SIZE, History, HistoryQuery
from alquimista.web.tables import paged


async def listed(context: Context) -> HTMLResponse:
    """The whole page."""
    return await shown(context, context.query, DONE.get(context.query.done))


async def live(context: Context) -> Response:
    """The part as it is now, or 204 when the browser shows it already."""
    if not refreshing.was_opened(context, "operations", context.query.seen):
        await seen(context, PLATFORM_TENANT, resource_type="page", resource_id=PATH)
    return refreshing.answer(context, "operations", await _part(context, context.query), context.query.seen)


async def shown(
    context: Context, query: HistoryQuery, notice: views.Notice | None = None, status: int = 200
) -> HTMLResponse:
    """The page with what is to be said above it."""
    await seen(context, PLATFORM_TENANT, resource_type="page", resource_id=PATH)
    part = await _part(context, query)
    types = [("", commands.ALL), *((one.command_type.value, one.title) for one in KINDS.values())]
    values: dict[str, Any] = {"query": query, "types": types, "may_give": bool(commands.types_of(context.who))}
    return refreshing.whole(context, "operations", part, notice, room="operations", status=status, **values)


async def _part(context: Context, query: HistoryQuery) -> refreshing.Part:
    conn, wanted = context.db.staff(), query.wanted(context.who)
    counts: dict[CommandStatus, int] = {}

    async def read(offset: int) -> tuple[Sequence[CommandLine], int]:
        nonlocal counts
        lines, counts = await service.history(conn, wanted, SIZE, offset, context.locale)
        chosen = wanted.get("status")
        return lines, counts.get(chosen, 0) if chosen else sum(counts.values())

    found = await paged(
        read, query.page, SIZE, id="commands", parameter="page", path=PATH, query=query.kept, target=MAIN
    )
    queue = await approvals.inbox(
        conn, context.who, None, Audience.STAFF, Whose.ALL, context.now, QUEUED, 0,
        status=ApprovalStatus.PENDING, prefix=PREFIX,
    )  # fmt: skip
    refusals = {one.id: refusal_to_decide(context.who, one, context.now) for one in queue.approvals}
    view = History(query=query, commands=found, counts=counts, queue=queue)
    return refreshing.made(
        context, "operations", "", {**values(context), "view": view, "refusals": refusals}, room=ROOM
    )


def values(context: Context) -> dict[str, Any]:
    """What the templates of commands need beside their own."""
    return {
        "shell": Shell.of(context),
        "states": commands.STATES,
        "title_of": commands.title_of,
        "icon_of": commands.icon_of,
        "brief": commands.brief,
        "command_of": commands.command_of,
        "platform": PLATFORM_TENANT,
        "zone": PLATFORM_ZONE,
    }


ROOM: Final = "operations"
_STAFF: Final[dict[str, Any]] = {
    "permission": Permission.COMMAND_READ,
    "scope": TenantScope.PLATFORM,
    "query": HistoryQuery,
    "limits": OFTEN,
}
ROUTES: Final = (
    get(PATH, listed, "Commands, and those that wait for approval", **_STAFF),
    get(f"{PATH}/live", live, "The part that refreshes itself", passive=True, **_STAFF),
)

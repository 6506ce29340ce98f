"""/app/company/operations/{id}: one command as it goes, and what staff may do about it."""

from typing import Any, Final

from starlette.responses import HTMLResponse, RedirectResponse, Response

from alquimista.access import PLATFORM_TENANT, Permission
from alquimista.approvals import service as approvals
from alquimista.approvals.models import UnknownApproval, Verdict
from alquimista.audit.guards import seen
from alquimista.db.tenancy import tenant_transaction
from alquimista.errors import NotFound, Problem
from alquimista.http.context import Context
from alquimista.http.routes import TenantScope
from alquimista.operations import service
from alquimista.operations.guards import DECIDING
from alquimista.operations.models.commands import CommandLine
from alquimista.web import refreshing, views
from alquimista.web.pages.routing import OFTEN, get, post
from alquimista.web.pages.staff import operations
from alquimista.web.pages.staff.new_command import choices_of
from alquimista.web.staff import command
from alquimista.web.staff.command import CommandQuery, CommandView, DecideForm
from alquimista.web.staff.commands import DONE, PATH, HistoryQuery, title_of

_ONE: Final = PATH + "/{command_id:uuid}"


async def show(context: Context) -> HTMLResponse:
    """The whole page."""
    line = await _line(context)
    return await _page(context, line, DONE.get(context.query.done))


async def live(context: Context) -> Response:
    """The part as it is now, or 204 when the browser shows it already."""
    line = await _line(context)
    if not refreshing.was_opened(context, command.MAIN, context.query.seen):
        await _seen(context, line)
    return refreshing.answer(context, command.MAIN, await _part(context, line), context.query.seen)


async def cancel(context: Context) -> Response:
    """Cancel it, now or at its next step."""
    found = await service.find(context.db.staff(), context.uuid("command_id"))
    try:
        async with tenant_transaction(context.db, found.tenant_id) as conn:
            done = await service.cancel(conn, context.who, found, context.now)
    except NotFound:
        raise
    except Problem as problem:
        return await _page(context, await _line(context), _refused(problem), problem.status)
    service.tell(context.services, found.id)
    return RedirectResponse(f"{PATH}/{found.id}?done={'cancelled' if done.completed_at else 'cancelling'}", 303)


async def decide(context: Context) -> Response:
    """Approve or reject it, from its own page or from the list."""
    form: DecideForm = context.body
    found = await service.find(context.db.staff(), context.uuid("command_id"))
    try:
        async with tenant_transaction(context.db, found.tenant_id) as conn:
            if form.decision is Verdict.APPROVE:
                await service.approve(conn, context.who, found, context.now, form.comment)
            else:
                await service.reject(conn, context.who, found, form.comment, context.now)
    except NotFound:
        raise
    except Problem as problem:
        if form.back == "queue":
            return await operations.shown(context, HistoryQuery(), _refused(problem), problem.status)
        return await _page(context, await _line(context), _refused(problem), problem.status)
    service.tell(context.services, found.id)
    back = PATH if form.back == "queue" else f"{PATH}/{found.id}"
    return RedirectResponse(f"{back}?done={form.decision.value}", 303)


async def _line(context: Context) -> CommandLine:
    return await service.line(context.db.staff(), context.uuid("command_id"), context.locale)


async def _seen(context: Context, line: CommandLine) -> None:
    """Looking at one command is in the audit of the company that it is about, as it is by the API."""
    await seen(
        context,
        line.tenant_id or PLATFORM_TENANT,
        action="command.read",
        resource_type="command",
        resource_id=str(line.command_id),
    )


async def _page(
    context: Context, line: CommandLine, notice: views.Notice | None = None, status: int = 200
) -> HTMLResponse:
    await _seen(context, line)
    part = await _part(context, line)
    return refreshing.whole(context, command.MAIN, part, notice, room=operations.ROOM, status=status, line=line)


async def _part(context: Context, line: CommandLine) -> refreshing.Part:
    conn, approval = context.db.staff(), None
    if line.approval_id is not None:
        try:
            approval = await approvals.get_of_staff(conn, line.approval_id)
        except UnknownApproval:  # It may be gone before the command is.
            approval = None
    choices = await choices_of(conn, line.command_type, line.tenant_id) if line.tenant_id else {}
    view = CommandView(line=line, approval=approval, actor=context.who, now=context.now, choices=choices)
    title = title_of(line.command_type).render(context.locale)
    words = {"health": command.HEALTH, "probe_names": command.PROBES, "found_names": command.FOUND}
    shown = {**operations.values(context), **words, "view": view}
    return refreshing.made(context, command.MAIN, title, shown, room=operations.ROOM)


def _refused(problem: Problem) -> views.Notice:
    return views.Notice(problem.detail, "bad", "circle-alert")


_STAFF: Final[dict[str, Any]] = {"scope": TenantScope.PLATFORM, "limits": OFTEN}
_DECIDE: Final[dict[str, Any]] = {**_STAFF, "limits": DECIDING}
_READ: Final[dict[str, Any]] = {"permission": Permission.COMMAND_READ, "query": CommandQuery, **_STAFF}
ROUTES: Final = (
    get(_ONE, show, "One command", **_READ),
    get(f"{_ONE}/live", live, "The part that refreshes itself", passive=True, **_READ),
    post(f"{_ONE}/cancel", cancel, "Cancel a command", Permission.COMMAND_RUN, **_DECIDE),
    post(f"{_ONE}/decide", decide, "Decide on a command", Permission.APPROVAL_DECIDE, body=DecideForm, **_DECIDE),
)

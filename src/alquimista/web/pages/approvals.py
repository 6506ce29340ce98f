"""What the pages of requests for approval do alike, for staff and for a company's people."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from starlette.responses import RedirectResponse, Response

from alquimista.access import PLATFORM_TENANT
from alquimista.approvals import service
from alquimista.approvals.models import Approval, Audience, Inbox
from alquimista.audit.guards import seen
from alquimista.db.statement import Conn
from alquimista.db.tenancy import tenant_transaction
from alquimista.errors import NotFound, Problem
from alquimista.http.context import Context
from alquimista.web import approvals, refreshing, views
from alquimista.web.approvals import MAIN, SIZE, ApprovalList, ApprovalsQuery, ApprovalView, DecideForm, Place
from alquimista.web.rendering import page
from alquimista.web.tables import live_list

_ROOM: Final = "approvals"
_LIST: Final = "list"


async def listed(context: Context, conn: Conn, tenant_id: UUID | None, audience: Audience, place: Place) -> Response:
    """A page of the requests."""
    await _seen_all(context, place)
    part = await _part(context, conn, tenant_id, audience, place)
    return refreshing.whole(context, _LIST, part, None, room=_ROOM, place=place)


async def live(context: Context, conn: Conn, tenant_id: UUID | None, audience: Audience, place: Place) -> Response:
    """The requests as they are now, or 204 when the browser shows them already."""
    if not refreshing.was_opened(context, _LIST, context.query.seen):
        await _seen_all(context, place)
    part = await _part(context, conn, tenant_id, audience, place)
    return refreshing.answer(context, _LIST, part, context.query.seen)


async def _seen_all(context: Context, place: Place) -> None:
    await seen(
        context, PLATFORM_TENANT if place.staff else context.tenant, resource_type="page", resource_id=place.path
    )


async def _part(
    context: Context, conn: Conn, tenant_id: UUID | None, audience: Audience, place: Place
) -> refreshing.Part:
    query: ApprovalsQuery = context.query
    whose = approvals.chosen(query, context.who, staff=place.staff)
    inbox = Inbox([], 0, 0)

    async def read(offset: int) -> tuple[Sequence[Approval], int]:
        nonlocal inbox
        inbox = await service.inbox(
            conn, context.who, tenant_id, audience, whose, context.now, SIZE, offset, status=query.wanted
        )
        return inbox.approvals, inbox.total

    kept = {**place.carried, "whose": whose.value, "status": query.wanted.value if query.wanted else ""}
    table, url = await live_list(read, query.page, SIZE, part=MAIN, path=place.path, query=kept)
    view = ApprovalList(place=place, whose=whose, status=query.wanted, table=table, live_url=url, inbox=inbox)
    values = {"view": view, "states": approvals.STATES, "title_of": approvals.title_of}
    return refreshing.made(context, _LIST, "", values, room=_ROOM)


def shown(
    context: Context, found: Approval, place: Place, notice: views.Notice | None = None, status: int = 200
) -> Response:
    """The page of one request."""
    view = ApprovalView(place=place, one=found, actor=context.who, now=context.now)
    return page(
        context,
        "approvals/one.html",
        status=status,
        view=view,
        notice=notice,
        states=approvals.STATES,
        verdicts=approvals.VERDICTS,
        title_of=approvals.title_of,
    )


async def decided(context: Context, found: Approval, place: Place) -> Response:
    """Decide on it; whoever waits for its end acts in the same transaction."""
    form: DecideForm = context.body
    reactions = context.services.get(service.Reactions)
    try:
        async with tenant_transaction(context.db, found.tenant_id) as conn:
            after = await service.decide(
                conn, context.who, found.tenant_id, found.id, form.decision, form.comment, context.now
            )
            await reactions.closed(conn, context.who, after, context.now)
    except NotFound:
        raise
    except Problem as problem:
        return await _refused(context, found, place, problem)
    return RedirectResponse(place.done(found, form.decision.value), 303)


async def cancelled(context: Context, found: Approval, place: Place) -> Response:
    """Take it back."""
    reactions = context.services.get(service.Reactions)
    try:
        async with tenant_transaction(context.db, found.tenant_id) as conn:
            after = await service.cancel(conn, context.who, found.tenant_id, found.id, context.now)
            await reactions.closed(conn, context.who, after, context.now)
    except NotFound:
        raise
    except Problem as problem:
        return await _refused(context, found, place, problem)
    return RedirectResponse(place.done(found, "cancelled"), 303)


async def _refused(context: Context, found: Approval, place: Place, problem: Problem) -> Response:
    """The page as the request is by now, and why nothing was done."""
    conn = context.db.staff() if place.staff else context.db.tenant(found.tenant_id)
    again = await service.get(conn, context.who, found.tenant_id, found.id)
    await seen(context, found.tenant_id, resource_type="approval", resource_id=str(found.id))
    return shown(context, again, place, views.Notice(problem.detail, "bad", "circle-alert"), problem.status)

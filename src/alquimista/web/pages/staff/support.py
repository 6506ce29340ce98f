"""/app/company/support: the tickets of all companies, in the order in which they wait for an answer."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from starlette.responses import HTMLResponse, RedirectResponse, Response

from alquimista.access import PLATFORM_TENANT, PLATFORM_ZONE, Permission
from alquimista.audit.guards import seen
from alquimista.db.tenancy import tenant_transaction
from alquimista.errors import Conflict, Invalid
from alquimista.http.context import Context, require_uuid
from alquimista.http.routes import TenantScope
from alquimista.incidents import service as incidents
from alquimista.support import service
from alquimista.support.guards import ANSWERING
from alquimista.support.models import BODY_LIMIT, AuthorKind, TicketLine, TicketSeverity, UnknownTicket
from alquimista.tenants import service as tenants
from alquimista.web import refreshing, views
from alquimista.web.forms import Form, member_of
from alquimista.web.pages.routing import OFTEN, get, post
from alquimista.web.shell import Shell
from alquimista.web.staff.support import (
    DONE,
    KEEPERS,
    OFFERED_INCIDENTS,
    PATH,
    SIZE,
    STATES,
    AnswerForm,
    KeepForm,
    LinkForm,
    OneTicket,
    Queue,
    QueueQuery,
    Related,
    TicketQuery,
    states_of,
)
from alquimista.web.support import SEVERITIES, SEVERITY_FILTER, STAFF_STATES, conversation
from alquimista.web.tables import live_list

_ROOM: Final = "staff"
_EMPTY: Final = Form()


async def listed(context: Context) -> HTMLResponse:
    """The queue."""
    await _read_all(context)
    view = await _queue(context)
    return refreshing.whole(
        context,
        "tickets",
        _listed(context, view),
        None,
        room=_ROOM,
        query=context.query,
        tenant_name=view.tenant_name,
        states=STATES,
        severities=SEVERITY_FILTER,
        keepers=KEEPERS,
        path=PATH,
    )


async def listed_live(context: Context) -> Response:
    """The queue as it is now, or 204 when the browser shows it already."""
    if not refreshing.was_opened(context, "tickets", context.query.seen):
        await _read_all(context)
    return refreshing.answer(context, "tickets", _listed(context, await _queue(context)), context.query.seen)


async def one(context: Context) -> HTMLResponse:
    """One ticket."""
    return await _page(context, DONE.get(context.query.done))


async def one_live(context: Context) -> Response:
    """What was written in it by now, or 204 when the browser shows it already."""
    view = await _ticket(context)
    if not refreshing.was_opened(context, "ticket", context.query.seen):
        await _read(context, view.line)
    return refreshing.answer(context, "ticket", _written(context, view), context.query.seen)


async def answer(context: Context) -> Response:
    """Answer the company, or leave a note."""
    form: AnswerForm = context.body
    home, ticket_id = await _home(context)
    internal = form.internal == "yes"
    try:
        async with tenant_transaction(context.db, home) as conn:
            await service.write_message(conn, context.who, home, ticket_id, form.body, context.now, internal=internal)
    except (Invalid, Conflict) as problem:
        failed = Form.failed({"body": form.body}, problem, frozenset({"body"}))
        return await _page(context, None, failed, status=problem.status)
    return _done(ticket_id, "noted" if internal else "answered")


async def keep(context: Context) -> Response:
    """Look after it, or no longer."""
    home, ticket_id = await _home(context)
    mine = context.body.mine == "yes"
    async with tenant_transaction(context.db, home) as conn:
        await service.assign(conn, context.who, home, ticket_id, context.who.user_id if mine else None, context.now)
    return _done(ticket_id, "taken" if mine else "left")


async def link(context: Context) -> Response:
    """Say which of the company's incidents it is about."""
    home, ticket_id = await _home(context)
    form: LinkForm = context.body
    incident_id = require_uuid("incident", form.incident) if form.incident else None
    incident = await incidents.shown_to(context.db.staff(), home, incident_id) if incident_id else None
    try:
        async with tenant_transaction(context.db, home) as conn:
            await service.link(conn, context.who, home, ticket_id, incident, context.now)
    except Conflict as problem:
        return await _refused(context, problem)
    return _done(ticket_id, "linked")


async def close(context: Context) -> Response:
    """Close it."""
    home, ticket_id = await _home(context)
    try:
        async with tenant_transaction(context.db, home) as conn:
            await service.close(conn, context.who, home, ticket_id, context.now)
    except Conflict as problem:
        return await _refused(context, problem)
    return _done(ticket_id, "closed")


async def reopen(context: Context) -> Response:
    """Take it up again."""
    home, ticket_id = await _home(context)
    try:
        async with tenant_transaction(context.db, home) as conn:
            await service.reopen(conn, context.who, home, ticket_id, context.now)
    except Conflict as problem:
        return await _refused(context, problem)
    return _done(ticket_id, "reopened")


async def _queue(context: Context) -> Queue:
    query: QueueQuery = context.query
    staff = context.db.staff()
    search = query.search.strip()
    name = (await tenants.get(staff, query.tenant)).name if query.tenant else ""

    async def rows(offset: int) -> tuple[Sequence[TicketLine], int]:
        found = await service.staff_page(
            staff,
            SIZE,
            offset,
            states=states_of(query.status),
            severity=member_of(TicketSeverity, query.severity),
            tenant_id=query.tenant,
            assigned_to=context.who.user_id if query.keeper == "me" else None,
            search=search.removeprefix("#"),
            waiting_first=True,
        )
        return found.items, found.total

    chosen = {
        "search": search,
        "status": query.status,
        "severity": query.severity,
        "keeper": query.keeper,
        "tenant": str(query.tenant or ""),
    }
    table, live = await live_list(rows, query.page, SIZE, part="tickets", path=PATH, query=chosen)
    return Queue(table=table, tenant_name=name, live_url=live)


def _listed(context: Context, view: Queue) -> refreshing.Part:
    values = {"view": view, "states": STAFF_STATES, "severities": SEVERITIES, "zone": PLATFORM_ZONE, "path": PATH}
    return refreshing.made(context, "tickets", "", values, room=_ROOM)


async def _ticket(context: Context) -> OneTicket:
    staff = context.db.staff()
    line = await service.find(staff, context.uuid("ticket_id"))
    return OneTicket(line=line, messages=await service.messages(staff, line.ticket))


def _written(context: Context, view: OneTicket) -> refreshing.Part:
    values = {
        "view": view,
        "shell": Shell.of(context),
        "messages": conversation(view.messages, context.who.user_id, AuthorKind.STAFF),
        "states": STAFF_STATES,
        "severities": SEVERITIES,
        "zone": PLATFORM_ZONE,
    }
    return refreshing.made(context, "ticket", view.line.ticket.subject, values, room=_ROOM)


async def _page(
    context: Context, notice: views.Notice | None, form: Form = _EMPTY, *, status: int = 200
) -> HTMLResponse:
    view = await _ticket(context)
    await _read(context, view.line)
    return refreshing.whole(
        context,
        "ticket",
        _written(context, view),
        notice,
        room=_ROOM,
        status=status,
        view=view,
        form=form,
        related=await _related(context, view.line),
        severities=SEVERITIES,
        me=context.who.user_id,
        limit=BODY_LIMIT,
        zone=PLATFORM_ZONE,
    )


async def _related(context: Context, line: TicketLine) -> Related:
    staff, ticket = context.db.staff(), line.ticket
    offered, _ = await incidents.page(staff, ticket.tenant_id, OFFERED_INCIDENTS, 0, context.locale)
    chosen = next((one for one in offered if one.id == ticket.incident_id), None)
    if chosen is None and ticket.incident_id is not None:
        about = await incidents.shown_to(staff, ticket.tenant_id, ticket.incident_id)
        chosen = incidents.shown(about, context.locale)
        offered = [*offered, chosen]
    return Related(offered=offered, chosen=chosen)


async def _home(context: Context) -> tuple[UUID, UUID]:
    """Whose ticket the path names, and which: it is written through that company's own door."""
    ticket_id = context.uuid("ticket_id")
    return (await service.find(context.db.staff(), ticket_id)).ticket.tenant_id, ticket_id


async def _read(context: Context, line: TicketLine) -> None:
    await seen(
        context, line.ticket.tenant_id, action="ticket.read", resource_type="ticket", resource_id=str(line.ticket.id)
    )


async def _read_all(context: Context) -> None:
    tenant = str(context.query.tenant or "")
    await seen(context, PLATFORM_TENANT, action="tickets.listed", resource_type="tenant", resource_id=tenant)


async def _refused(context: Context, problem: Conflict) -> Response:
    return await _page(context, views.Notice(problem.detail, "warn", "triangle-alert"), status=problem.status)


def _done(ticket_id: UUID, what: str) -> Response:
    return RedirectResponse(f"{PATH}/{ticket_id}?done={what}", 303)


_STAFF: Final[dict[str, Any]] = {"permission": Permission.TICKET_ANSWER, "scope": TenantScope.PLATFORM}
_READS: Final[dict[str, Any]] = {**_STAFF, "limits": OFTEN}
_WRITES: Final[dict[str, Any]] = {**_STAFF, "problems": (UnknownTicket,), "limits": ANSWERING}
_ONE: Final = f"{PATH}/{{ticket_id:uuid}}"
ROUTES: Final = (
    get(PATH, listed, "The tickets of all companies", query=QueueQuery, **_READS),
    get(f"{PATH}/live", listed_live, "The queue as it is now", query=QueueQuery, passive=True, **_READS),
    get(_ONE, one, "A company's ticket", query=TicketQuery, problems=(UnknownTicket,), **_READS),
    get(f"{_ONE}/live", one_live, "A ticket as it is now", query=TicketQuery, passive=True, **_READS),
    post(f"{_ONE}/messages", answer, "Answer a ticket", body=AnswerForm, **_WRITES),
    post(f"{_ONE}/keeper", keep, "Look after a ticket", body=KeepForm, **_WRITES),
    post(f"{_ONE}/incident", link, "Say what a ticket is about", body=LinkForm, **_WRITES),
    post(f"{_ONE}/close", close, "Close a ticket", **_WRITES),
    post(f"{_ONE}/reopen", reopen, "Take a ticket up again", **_WRITES),
)

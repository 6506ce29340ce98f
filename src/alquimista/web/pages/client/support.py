"""/app/dashboard/support: a company's tickets."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from starlette.responses import HTMLResponse, RedirectResponse, Response

from alquimista.access import Permission
from alquimista.audit.guards import seen
from alquimista.db.tenancy import tenant_transaction
from alquimista.errors import Conflict, Invalid
from alquimista.http.context import Context, require_uuid
from alquimista.http.routes import TenantScope
from alquimista.incidents import service as incidents
from alquimista.incidents.models import Incident, UnknownIncident, Visibility, texts
from alquimista.support import service
from alquimista.support.guards import OPENING, WRITING
from alquimista.support.models import (
    BODY_LIMIT,
    SUBJECT_LIMIT,
    AuthorKind,
    Ticket,
    TicketSeverity,
    TicketStatus,
    UnknownTicket,
)
from alquimista.tenants import service as tenants
from alquimista.web import refreshing, views
from alquimista.web.client.support import (
    DONE,
    OFFERED_INCIDENTS,
    PATH,
    SHOWN_INCIDENTS,
    SIZE,
    TICKET_STATES,
    NewForm,
    NewQuery,
    OneQuery,
    OneTicket,
    Place,
    ReplyForm,
    Tickets,
    TicketsQuery,
)
from alquimista.web.forms import Form, member_of
from alquimista.web.pages.client.billing import own
from alquimista.web.pages.routing import OFTEN, get, post
from alquimista.web.rendering import page
from alquimista.web.shell import Shell
from alquimista.web.support import SEVERITIES, SEVERITY_FILTER, STATES, URGENCIES, conversation
from alquimista.web.tables import live_list

_ROOM: Final = "support"
_FIELDS: Final = frozenset({"subject", "body", "severity", "incident"})
_EMPTY: Final = Form()


async def listed(context: Context) -> HTMLResponse:
    """The tickets, and what goes wrong at present."""
    await read(context, PATH)
    view = await _tickets(context)
    return refreshing.whole(
        context,
        "tickets",
        _listed(context, view),
        None,
        room=_ROOM,
        place=view.place,
        query=context.query,
        states=TICKET_STATES,
        severities=SEVERITY_FILTER,
        writes=writes(context),
    )


async def listed_live(context: Context) -> Response:
    """The fragment as it is now, or 204 when the browser shows it already."""
    if not refreshing.was_opened(context, "tickets", context.query.seen):
        await read(context, PATH)
    return refreshing.answer(context, "tickets", _listed(context, await _tickets(context)), context.query.seen)


async def one(context: Context) -> HTMLResponse:
    """One ticket."""
    return await _page(context, DONE.get(context.query.done))


async def one_live(context: Context) -> Response:
    """What was written in it by now, or 204 when the browser shows it already."""
    view = await _ticket(context)
    if not refreshing.was_opened(context, "ticket", context.query.seen):
        await read(context, f"{PATH}/{view.ticket.id}")
    return refreshing.answer(context, "ticket", _written(context, view), context.query.seen)


async def show_new(context: Context) -> Response:
    """The form of a new ticket."""
    about: UUID | None = context.query.incident
    return await _new(context, Form({"severity": TicketSeverity.NORMAL, "incident": str(about or "")}), about)


async def open_new(context: Context) -> Response:
    """Ask support something."""
    form: NewForm = context.body
    tenant_id = own(context)
    about = require_uuid("incident", form.incident) if form.incident else None
    incident = await _incident(context, about) if about else None
    try:
        async with tenant_transaction(context.db, tenant_id) as conn:
            ticket = await service.open_ticket(
                conn,
                context.who,
                tenant_id,
                form.subject,
                form.severity,
                form.body,
                context.now,
                incident=incident,
            )
    except Invalid as problem:
        values = {"subject": form.subject, "body": form.body, "severity": form.severity, "incident": form.incident}
        return await _new(context, Form.failed(values, problem, _FIELDS), about, problem.status)
    return RedirectResponse(f"{PATH}/{ticket.id}?done=opened", 303)


async def reply(context: Context) -> Response:
    """Write in a ticket."""
    form: ReplyForm = context.body
    tenant_id, ticket_id = own(context), context.uuid("ticket_id")
    try:
        async with tenant_transaction(context.db, tenant_id) as conn:
            await service.write_message(conn, context.who, tenant_id, ticket_id, form.body, context.now)
    except (Invalid, Conflict) as problem:
        failed = Form.failed({"body": form.body}, problem, _FIELDS)
        return await _page(context, None, failed, status=problem.status)
    return _done(ticket_id, "sent")


async def close(context: Context) -> Response:
    """Close a ticket; one that somebody has closed meanwhile is closed."""
    tenant_id, ticket_id = own(context), context.uuid("ticket_id")
    try:
        async with tenant_transaction(context.db, tenant_id) as conn:
            await service.close(conn, context.who, tenant_id, ticket_id, context.now)
    except Conflict as problem:
        return await _page(context, refused(problem), status=problem.status)
    return _done(ticket_id, "closed")


async def reopen(context: Context) -> Response:
    """Take a ticket up again."""
    tenant_id, ticket_id = own(context), context.uuid("ticket_id")
    try:
        async with tenant_transaction(context.db, tenant_id) as conn:
            await service.reopen(conn, context.who, tenant_id, ticket_id, context.now)
    except Conflict as problem:
        return await _page(context, refused(problem), status=problem.status)
    return _done(ticket_id, "reopened")


async def read(context: Context, what: str) -> None:
    """Staff who look leave a row in the company's own audit."""
    await seen(context, context.tenant, resource_type="page", resource_id=what)


async def place_of(context: Context) -> Place:
    """Whose pages these are."""
    tenant = await tenants.get(context.db.tenant(context.tenant), context.tenant)
    names_it = context.who.internal and context.who.viewing is None
    carried = {"tenant_id": str(context.tenant)} if names_it else {}
    return Place(name=tenant.name, zone=tenant.time_zone, carried=carried)


def writes(context: Context) -> bool:
    """Whether the reader may open tickets and write: people of the company. Staff answer from their own pages."""
    return not context.who.internal and context.who.may(Permission.TICKET_WRITE)


def refused(problem: Conflict) -> views.Notice:
    """What somebody else has changed meanwhile."""
    return views.Notice(problem.detail, "warn", "triangle-alert")


async def _tickets(context: Context) -> Tickets:
    query: TicketsQuery = context.query
    conn, tenant_id = context.db.tenant(context.tenant), context.tenant
    place = await place_of(context)
    status, severity = member_of(TicketStatus, query.status), member_of(TicketSeverity, query.severity)
    chosen = {name: one.value for name, one in (("status", status), ("severity", severity)) if one}

    async def rows(offset: int) -> tuple[Sequence[Ticket], int]:
        return await service.page(conn, tenant_id, status, SIZE, offset, severity=severity)

    table, live_url = await live_list(
        rows, query.page, SIZE, part="tickets", path=PATH, query={**place.carried, **chosen}
    )
    going_on, total = await incidents.page(conn, tenant_id, SHOWN_INCIDENTS, 0, context.locale, over=False)
    return Tickets(
        place=place,
        table=table,
        filtered=bool(chosen),
        going_on=going_on,
        more=total - len(going_on),
        live_url=live_url,
    )


def _listed(context: Context, view: Tickets) -> refreshing.Part:
    values = {
        "view": view,
        "states": STATES,
        "severities": SEVERITIES,
        "incident_severities": views.SEVERITIES,
        "writes": writes(context),
    }
    return refreshing.made(context, "tickets", "", values, room=_ROOM)


async def _ticket(context: Context) -> OneTicket:
    conn, tenant_id = context.db.tenant(context.tenant), context.tenant
    found = await service.read(conn, tenant_id, context.uuid("ticket_id"))
    about = found.ticket.incident_id
    return OneTicket(
        place=await place_of(context),
        ticket=found.ticket,
        messages=found.messages,
        incident=await incidents.shown_to(conn, tenant_id, about) if about else None,
        writes=writes(context),
    )


def _written(context: Context, view: OneTicket) -> refreshing.Part:
    values = {
        "view": view,
        "shell": Shell.of(context),
        "messages": conversation(view.messages, context.who.user_id, AuthorKind.TENANT),
        "states": STATES,
        "severities": SEVERITIES,
    }
    return refreshing.made(context, "ticket", view.ticket.subject, values, room=_ROOM)


async def _page(
    context: Context, notice: views.Notice | None, form: Form = _EMPTY, *, status: int = 200
) -> HTMLResponse:
    view = await _ticket(context)
    await read(context, f"{PATH}/{view.ticket.id}")
    return refreshing.whole(
        context,
        "ticket",
        _written(context, view),
        notice,
        room=_ROOM,
        status=status,
        view=view,
        form=form,
        severities=SEVERITIES,
        about=texts(view.incident, context.locale)[0] if view.incident else "",
        limit=BODY_LIMIT,
    )


async def _new(context: Context, form: Form, about: UUID | None, status: int = 200) -> Response:
    tenant_id = own(context)
    offered, _ = await incidents.page(context.db.tenant(tenant_id), tenant_id, OFFERED_INCIDENTS, 0, context.locale)
    if about is not None and about not in {one.id for one in offered}:
        offered.append(incidents.shown(await _incident(context, about), context.locale))
    return page(
        context,
        "support/new.html",
        status=status,
        form=form,
        place=await place_of(context),
        offered=offered,
        urgencies=URGENCIES,
        limits={"subject": SUBJECT_LIMIT, "body": BODY_LIMIT},
    )


async def _incident(context: Context, incident_id: UUID) -> Incident:
    """An incident that the company sees. Raises UnknownIncident."""
    incident = await incidents.shown_to(context.db.tenant(context.tenant), context.tenant, incident_id)
    if incident.visibility is not Visibility.TENANT:
        raise UnknownIncident
    return incident


def _done(ticket_id: UUID, what: str) -> Response:
    return RedirectResponse(f"{PATH}/{ticket_id}?done={what}", 303)


_READS: Final[dict[str, Any]] = {"scope": TenantScope.OWN, "limits": OFTEN}
_WRITES: Final[dict[str, Any]] = {"scope": TenantScope.OWN, "problems": (UnknownTicket,), "limits": WRITING}
_OPENS: Final[dict[str, Any]] = {"scope": TenantScope.OWN, "problems": (UnknownIncident,)}
_ONE: Final = f"{PATH}/{{ticket_id:uuid}}"
_READ, _WRITE = Permission.TICKET_READ, Permission.TICKET_WRITE
ROUTES: Final = (
    get(PATH, listed, "The company's tickets", _READ, query=TicketsQuery, **_READS),
    get(f"{PATH}/live", listed_live, "The list as it is now", _READ, query=TicketsQuery, passive=True, **_READS),
    get(f"{PATH}/new", show_new, "The form of a new ticket", _WRITE, query=NewQuery, limits=OFTEN, **_OPENS),
    post(f"{PATH}/new", open_new, "Open a ticket", _WRITE, body=NewForm, limits=OPENING, **_OPENS),
    get(_ONE, one, "A ticket", _READ, query=OneQuery, problems=(UnknownTicket,), **_READS),
    get(f"{_ONE}/live", one_live, "A ticket as it is now", _READ, query=OneQuery, passive=True, **_READS),
    post(f"{_ONE}/messages", reply, "Write in a ticket", _WRITE, body=ReplyForm, **_WRITES),
    post(f"{_ONE}/close", close, "Close a ticket", _WRITE, **_WRITES),
    post(f"{_ONE}/reopen", reopen, "Take a ticket up again", _WRITE, **_WRITES),
)

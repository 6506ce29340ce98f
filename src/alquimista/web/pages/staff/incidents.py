"""/app/company/incidents: the incidents of all companies and of the platform, seen to their end."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from starlette.responses import HTMLResponse, RedirectResponse, Response

from alquimista.access import PLATFORM_TENANT, PLATFORM_ZONE, Permission
from alquimista.audit.guards import seen
from alquimista.db.tenancy import tenant_transaction
from alquimista.errors import Conflict, Invalid
from alquimista.http.context import Context
from alquimista.http.routes import TenantScope
from alquimista.incidents import service
from alquimista.incidents.guards import ACTING
from alquimista.incidents.models import Incident, Severity, UnknownIncident, texts
from alquimista.incidents.models.incidents import COMMENT_LIMIT
from alquimista.support import service as support
from alquimista.support.models import TicketLine
from alquimista.tenants import service as tenants
from alquimista.web import refreshing, views
from alquimista.web.forms import Form, member_of
from alquimista.web.incidents import RULES, SEVERITY_FILTER, known
from alquimista.web.incidents import STATES as BADGES
from alquimista.web.pages.routing import OFTEN, get, post
from alquimista.web.shell import Shell
from alquimista.web.staff.incidents import (
    DONE,
    PATH,
    RULE_FILTER,
    SEVERITIES,
    SHOWN_TICKETS,
    SIZE,
    SOURCES,
    STATES,
    IncidentQuery,
    Incidents,
    IncidentsQuery,
    NoteForm,
    OneIncident,
    Row,
    SeverityForm,
    rule_of,
    states_of,
)
from alquimista.web.support import STAFF_STATES
from alquimista.web.tables import live_list

_ROOM: Final = "staff"
_EMPTY: Final = Form()


async def listed(context: Context) -> HTMLResponse:
    """The list."""
    await _read_all(context)
    view = await _incidents(context)
    return refreshing.whole(
        context,
        "incidents",
        _listed(context, view),
        None,
        room=_ROOM,
        query=context.query,
        tenant_name=view.tenant_name,
        states=STATES,
        severities=SEVERITY_FILTER,
        rules=RULE_FILTER,
        manages=context.who.may(Permission.INCIDENT_MANAGE),
        path=PATH,
    )


async def listed_live(context: Context) -> Response:
    """The list as it is now, or 204 when the browser shows it already."""
    if not refreshing.was_opened(context, "incidents", context.query.seen):
        await _read_all(context)
    return refreshing.answer(context, "incidents", _listed(context, await _incidents(context)), context.query.seen)


async def one(context: Context) -> HTMLResponse:
    """One incident."""
    return await _page(context, DONE.get(context.query.done))


async def one_live(context: Context) -> Response:
    """What has happened to it by now, or 204 when the browser shows it already."""
    view = await _incident(context)
    if not refreshing.was_opened(context, "incident", context.query.seen):
        await _read(context, view.incident)
    return refreshing.answer(context, "incident", _happened(context, view), context.query.seen)


async def acknowledge(context: Context) -> Response:
    """Take it up."""
    home, incident_id = await _home(context)
    try:
        async with tenant_transaction(context.db, home) as conn:
            await service.acknowledge(conn, context.who, home, incident_id, context.now)
    except Conflict as problem:
        return await _refused(context, problem)
    return _done(incident_id, "acknowledged")


async def resolve(context: Context) -> Response:
    """Say that it is over."""
    home, incident_id = await _home(context)
    try:
        async with tenant_transaction(context.db, home) as conn:
            await service.end(conn, context.who, home, incident_id, context.now)
    except Conflict as problem:
        return await _refused(context, problem)
    return _done(incident_id, "resolved")


async def note(context: Context) -> Response:
    """Write into its timeline."""
    form: NoteForm = context.body
    home, incident_id = await _home(context)
    public = form.public == "yes"
    try:
        async with tenant_transaction(context.db, home) as conn:
            await service.comment(conn, context.who, home, incident_id, form.body, context.now, public=public)
    except Invalid as problem:
        failed = Form.failed({"body": form.body, "public": form.public}, problem, frozenset({"body"}))
        return await _page(context, None, failed, status=problem.status)
    except Conflict as problem:
        return await _refused(context, problem)
    return _done(incident_id, "noted")


async def weigh(context: Context) -> Response:
    """Say that it weighs more or less."""
    form: SeverityForm = context.body
    home, incident_id = await _home(context)
    try:
        async with tenant_transaction(context.db, home) as conn:
            await service.change_severity(conn, context.who, home, incident_id, form.severity, context.now)
    except Conflict as problem:
        return await _refused(context, problem)
    return _done(incident_id, "weighed")


async def _incidents(context: Context) -> Incidents:
    query: IncidentsQuery = context.query
    staff = context.db.staff()
    name = (await tenants.get(staff, query.tenant)).name if query.tenant else ""

    async def rows(offset: int) -> tuple[Sequence[Row], int]:
        found = await service.staff_page(
            staff,
            SIZE,
            offset,
            states=states_of(query.state),
            severity=member_of(Severity, query.severity),
            tenant_id=query.tenant,
            rule=rule_of(query.rule),
            search=query.search,
        )
        lines = [
            Row(
                incident=line.incident,
                title=texts(line.incident, context.locale)[0],
                tenant_name=None if line.incident.tenant_id == PLATFORM_TENANT else line.tenant_name,
                affected=line.affected,
            )
            for line in found.items
        ]
        return lines, found.total

    chosen = {
        "search": query.search.strip(),
        "state": query.state,
        "severity": query.severity,
        "rule": query.rule,
        "tenant": str(query.tenant or ""),
    }
    table, live = await live_list(rows, query.page, SIZE, part="incidents", path=PATH, query=chosen)
    return Incidents(table=table, tenant_name=name, live_url=live)


def _listed(context: Context, view: Incidents) -> refreshing.Part:
    values = {"view": view, "states": BADGES, "severities": views.SEVERITIES, "zone": PLATFORM_ZONE, "path": PATH}
    return refreshing.made(context, "incidents", "", values, room=_ROOM)


async def _incident(context: Context, *, tickets: bool = False) -> OneIncident:
    staff = context.db.staff()
    found = await service.detail(staff, await service.find(staff, context.uuid("incident_id")))
    about: Sequence[TicketLine] = ()
    if tickets and context.who.may(Permission.TICKET_ANSWER):
        ids = [found.incident.id, *(each.incident_id for each in found.affected if each.incident_id)]
        about = (await support.staff_page(staff, SHOWN_TICKETS, 0, incident_ids=ids, waiting_first=True)).items
    return OneIncident(found=found, tickets=about, manages=context.who.may(Permission.INCIDENT_MANAGE))


def _happened(context: Context, view: OneIncident) -> refreshing.Part:
    title, description = texts(view.incident, context.locale)
    values = {
        "view": view,
        "shell": Shell.of(context),
        "title": title,
        "description": description,
        "steps": known(view.found.events),
        "states": BADGES,
        "severities": views.SEVERITIES,
        "zone": PLATFORM_ZONE,
    }
    return refreshing.made(context, "incident", title, values, room=_ROOM)


async def _page(
    context: Context, notice: views.Notice | None, form: Form = _EMPTY, *, status: int = 200
) -> HTMLResponse:
    view = await _incident(context, tickets=True)
    await _read(context, view.incident)
    return refreshing.whole(
        context,
        "incident",
        _happened(context, view),
        notice,
        room=_ROOM,
        status=status,
        view=view,
        form=form,
        states=STAFF_STATES,
        severities=SEVERITIES,
        sources=SOURCES,
        rule=RULES.get(view.incident.rule),
        limit=COMMENT_LIMIT,
        path=PATH,
        zone=PLATFORM_ZONE,
    )


async def _home(context: Context) -> tuple[UUID, UUID]:
    """Whose incident the path names, and which: it is written through that tenant's own door."""
    incident_id = context.uuid("incident_id")
    return (await service.find(context.db.staff(), incident_id)).tenant_id, incident_id


async def _read(context: Context, incident: Incident) -> None:
    await seen(
        context, incident.tenant_id, action="incident.read", resource_type="incident", resource_id=str(incident.id)
    )


async def _read_all(context: Context) -> None:
    tenant = str(context.query.tenant or "")
    await seen(context, PLATFORM_TENANT, action="incidents.listed", resource_type="tenant", resource_id=tenant)


async def _refused(context: Context, problem: Conflict) -> Response:
    return await _page(context, views.Notice(problem.detail, "warn", "triangle-alert"), status=problem.status)


def _done(incident_id: UUID, what: str) -> Response:
    return RedirectResponse(f"{PATH}/{incident_id}?done={what}", 303)


_READS: Final[dict[str, Any]] = {
    "permission": Permission.PLATFORM_READ,
    "scope": TenantScope.PLATFORM,
    "limits": OFTEN,
}
_ACTS: Final[dict[str, Any]] = {
    "permission": Permission.INCIDENT_MANAGE,
    "scope": TenantScope.PLATFORM,
    "problems": (UnknownIncident,),
    "limits": ACTING,
}
_ONE: Final = f"{PATH}/{{incident_id:uuid}}"
ROUTES: Final = (
    get(PATH, listed, "All incidents", query=IncidentsQuery, **_READS),
    get(f"{PATH}/live", listed_live, "The list as it is now", query=IncidentsQuery, passive=True, **_READS),
    get(_ONE, one, "An incident", query=IncidentQuery, problems=(UnknownIncident,), **_READS),
    get(f"{_ONE}/live", one_live, "An incident as it is now", query=IncidentQuery, passive=True, **_READS),
    post(f"{_ONE}/acknowledge", acknowledge, "Take an incident up", **_ACTS),
    post(f"{_ONE}/notes", note, "Write into an incident's timeline", body=NoteForm, **_ACTS),
    post(f"{_ONE}/severity", weigh, "Say how much an incident weighs", body=SeverityForm, **_ACTS),
    post(f"{_ONE}/resolve", resolve, "Say that an incident is over", **_ACTS),
)

"""/app/dashboard/support/incidents: what goes or went wrong for a company, and what is done about it."""

from collections.abc import Sequence
from typing import Any, Final

from starlette.responses import HTMLResponse, Response

from alquimista.access import Permission
from alquimista.http.context import Context
from alquimista.http.routes import TenantScope
from alquimista.incidents import service
from alquimista.incidents.models import Severity, UnknownIncident, texts
from alquimista.incidents.service import Shown
from alquimista.support import service as support
from alquimista.support.models import Ticket
from alquimista.web import refreshing, views
from alquimista.web.client.support import (
    INCIDENT_STATES,
    INCIDENTS,
    SHOWN_TICKETS,
    SIZE,
    Incidents,
    IncidentsQuery,
    OneIncident,
    OneQuery,
    over_of,
)
from alquimista.web.forms import member_of
from alquimista.web.incidents import SEVERITY_FILTER, STATES, told
from alquimista.web.pages.client.support import place_of, read, writes
from alquimista.web.pages.routing import OFTEN, get
from alquimista.web.support import STATES as TICKET_STATES
from alquimista.web.tables import live_list

_ROOM: Final = "support"


async def listed(context: Context) -> HTMLResponse:
    """The incidents that the company sees."""
    await read(context, INCIDENTS)
    view = await _incidents(context)
    return refreshing.whole(
        context,
        "incidents",
        _listed(context, view),
        None,
        room=_ROOM,
        place=view.place,
        query=context.query,
        states=INCIDENT_STATES,
        severities=SEVERITY_FILTER,
        writes=writes(context),
    )


async def listed_live(context: Context) -> Response:
    """The fragment as it is now, or 204 when the browser shows it already."""
    if not refreshing.was_opened(context, "incidents", context.query.seen):
        await read(context, INCIDENTS)
    return refreshing.answer(context, "incidents", _listed(context, await _incidents(context)), context.query.seen)


async def one(context: Context) -> HTMLResponse:
    """One of them, with its timeline."""
    view = await _incident(context)
    await read(context, f"{INCIDENTS}/{view.incident.id}")
    return refreshing.whole(
        context,
        "incident",
        _happened(context, view),
        None,
        room=_ROOM,
        view=view,
        states=TICKET_STATES,
        writes=writes(context),
    )


async def one_live(context: Context) -> Response:
    """What has happened to it by now, or 204 when the browser shows it already."""
    view = await _incident(context)
    if not refreshing.was_opened(context, "incident", context.query.seen):
        await read(context, f"{INCIDENTS}/{view.incident.id}")
    return refreshing.answer(context, "incident", _happened(context, view), context.query.seen)


async def _incidents(context: Context) -> Incidents:
    query: IncidentsQuery = context.query
    conn, tenant_id = context.db.tenant(context.tenant), context.tenant
    place = await place_of(context)
    over, severity = over_of(query.state), member_of(Severity, query.severity)
    chosen = {} if over is None else {"state": query.state}
    chosen |= {"severity": severity.value} if severity else {}

    async def rows(offset: int) -> tuple[Sequence[Shown], int]:
        return await service.page(conn, tenant_id, SIZE, offset, context.locale, over=over, severity=severity)

    table, live_url = await live_list(
        rows, query.page, SIZE, part="incidents", path=INCIDENTS, query={**place.carried, **chosen}
    )
    return Incidents(place=place, table=table, filtered=bool(chosen), live_url=live_url)


def _listed(context: Context, view: Incidents) -> refreshing.Part:
    values = {"view": view, "states": STATES, "severities": views.SEVERITIES}
    return refreshing.made(context, "incidents", "", values, room=_ROOM)


async def _incident(context: Context) -> OneIncident:
    conn, tenant_id, incident_id = context.db.tenant(context.tenant), context.tenant, context.uuid("incident_id")
    found = await service.own(conn, tenant_id, incident_id)
    tickets: Sequence[Ticket] = ()
    if context.who.may(Permission.TICKET_READ):
        tickets, _ = await support.page(conn, tenant_id, None, SHOWN_TICKETS, 0, incident_id=incident_id)
    return OneIncident(place=await place_of(context), incident=found.incident, events=found.events, tickets=tickets)


def _happened(context: Context, view: OneIncident) -> refreshing.Part:
    title, description = texts(view.incident, context.locale)
    values = {
        "view": view,
        "title": title,
        "description": description,
        "steps": told(view.events),
        "states": STATES,
        "severities": views.SEVERITIES,
    }
    return refreshing.made(context, "incident", title, values, room=_ROOM)


_PLACE: Final[dict[str, Any]] = {"scope": TenantScope.OWN, "limits": OFTEN}
_LIST: Final[dict[str, Any]] = {**_PLACE, "query": IncidentsQuery}
_ONE: Final[dict[str, Any]] = {**_PLACE, "query": OneQuery, "problems": (UnknownIncident,)}
_PATH: Final = f"{INCIDENTS}/{{incident_id:uuid}}"
_READ: Final = Permission.INCIDENT_READ
ROUTES: Final = (
    get(INCIDENTS, listed, "The company's incidents", _READ, **_LIST),
    get(f"{INCIDENTS}/live", listed_live, "The list as it is now", _READ, passive=True, **_LIST),
    get(_PATH, one, "An incident", _READ, **_ONE),
    get(f"{_PATH}/live", one_live, "An incident as it is now", _READ, passive=True, **_ONE),
)

"""The tabs of a company that refresh themselves: its incidents, and the commands about it."""

from collections.abc import Sequence
from typing import Any, Final

from starlette.responses import Response

from alquimista.access import Permission
from alquimista.audit.guards import seen
from alquimista.http.context import Context
from alquimista.http.routes import TenantScope
from alquimista.incidents import service as incidents
from alquimista.incidents.models import Severity, State
from alquimista.operations import service as operations
from alquimista.operations.models.commands import CommandLine
from alquimista.operations.models.kinds import KINDS
from alquimista.tenants import service as tenants
from alquimista.web import refreshing
from alquimista.web.forms import member_of
from alquimista.web.incidents import SEVERITY_FILTER
from alquimista.web.pages.routing import OFTEN, get
from alquimista.web.pages.staff.tenant import opened
from alquimista.web.staff import tenant as shown
from alquimista.web.staff.commands import STATES as COMMAND_STATES
from alquimista.web.staff.tenant import BASE, SIZE, path_of
from alquimista.web.tables import live_list

_ROOM: Final = "tenants"
_INCIDENTS: Final = "incidents"
_COMMANDS: Final = "commands"
_TITLES: Final = {kind.value: one.title for kind, one in KINDS.items()}


async def troubles(context: Context) -> Response:
    """The company's incidents, and those of the platform that affect it."""
    head = await opened(context, _INCIDENTS)
    return refreshing.whole(
        context,
        _INCIDENTS,
        await _incidents(context, head.tenant.time_zone),
        None,
        room=_ROOM,
        head=head,
        path=path_of(head.tenant.id, _INCIDENTS),
        filters=context.query,
        statuses=shown.INCIDENT_STATUSES,
        severities=SEVERITY_FILTER,
    )


async def troubles_live(context: Context) -> Response:
    """Its incidents as they are now, or 204 when the browser shows them already."""
    part = await _incidents(context, await _zone(context, _INCIDENTS))
    return refreshing.answer(context, _INCIDENTS, part, context.query.seen)


async def commands(context: Context) -> Response:
    """The commands about the company."""
    head = await opened(context, _COMMANDS)
    return refreshing.whole(
        context,
        _COMMANDS,
        await _commands(context, head.tenant.time_zone),
        None,
        room=_ROOM,
        head=head,
        path=path_of(head.tenant.id, _COMMANDS),
        filters=context.query,
        statuses=shown.COMMAND_STATUSES,
    )


async def commands_live(context: Context) -> Response:
    """The commands as they are now, or 204 when the browser shows them already."""
    part = await _commands(context, await _zone(context, _COMMANDS))
    return refreshing.answer(context, _COMMANDS, part, context.query.seen)


async def _zone(context: Context, tab: str) -> str:
    """The company's; the read stands in its audit unless that of the whole page does already."""
    tenant_id = context.uuid("tenant_id")
    tenant = await tenants.get(context.db.staff(), tenant_id)
    if not refreshing.was_opened(context, tab, context.query.seen):
        await seen(context, tenant_id, resource_type="page", resource_id=path_of(tenant_id, tab))
    return tenant.time_zone


async def _incidents(context: Context, zone: str) -> refreshing.Part:
    query: shown.IncidentsQuery = context.query
    tenant_id = context.uuid("tenant_id")
    status, severity = member_of(State, query.status), member_of(Severity, query.severity)

    async def read(offset: int) -> tuple[Sequence[shown.IncidentRow], int]:
        found = await incidents.staff_page(
            context.db.staff(),
            SIZE,
            offset,
            states=(status,) if status else (),
            severity=severity,
            tenant_id=tenant_id,
        )
        return [shown.incident_row(line.incident, context.locale) for line in found.items], found.total

    kept = {"status": status or "", "severity": severity or ""}
    path = path_of(tenant_id, _INCIDENTS)
    table, url = await live_list(read, query.page, SIZE, part=_INCIDENTS, path=path, query=kept)
    values = {"table": table, "live_url": url, "filters": query, "zone": zone}
    return refreshing.made(context, _INCIDENTS, "", values, room=_ROOM)


async def _commands(context: Context, zone: str) -> refreshing.Part:
    query: shown.CommandsQuery = context.query
    tenant_id = context.uuid("tenant_id")
    kept = {"status": query.status} if query.status in set(COMMAND_STATES) else {}
    wanted: dict[str, Any] = {"tenant_id": tenant_id, **kept}

    async def read(offset: int) -> tuple[Sequence[CommandLine], int]:
        return await operations.page(context.db.staff(), wanted, SIZE, offset, context.locale)

    path = path_of(tenant_id, _COMMANDS)
    table, url = await live_list(read, query.page, SIZE, part=_COMMANDS, path=path, query=kept)
    values = {
        "table": table,
        "live_url": url,
        "filters": query,
        "zone": zone,
        "states": COMMAND_STATES,
        "kinds": _TITLES,
    }
    return refreshing.made(context, _COMMANDS, "", values, room=_ROOM)


_TROUBLES: Final[dict[str, Any]] = {
    "permission": Permission.PLATFORM_READ,
    "scope": TenantScope.PLATFORM,
    "limits": OFTEN,
    "query": shown.IncidentsQuery,
}
_GIVEN: Final[dict[str, Any]] = {
    "permission": Permission.COMMAND_READ,
    "scope": TenantScope.PLATFORM,
    "limits": OFTEN,
    "query": shown.CommandsQuery,
}
ROUTES: Final = (
    get(f"{BASE}/incidents", troubles, "A company's incidents", **_TROUBLES),
    get(f"{BASE}/incidents/live", troubles_live, "Its incidents as they are now", passive=True, **_TROUBLES),
    get(f"{BASE}/commands", commands, "Commands about a company", **_GIVEN),
    get(f"{BASE}/commands/live", commands_live, "The commands as they are now", passive=True, **_GIVEN),
)

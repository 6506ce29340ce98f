"""All incidents, for staff: reading them, opening them by hand, and seeing them to their end."""

from typing import Any, Final
from uuid import UUID

from alquimista.access import PLATFORM_TENANT, Permission
from alquimista.audit.guards import listed, seen
from alquimista.db.tenancy import tenant_transaction
from alquimista.http.context import Context
from alquimista.http.routes import Route, TenantScope
from alquimista.http.shares import READING, READING_ONE
from alquimista.incidents import service
from alquimista.incidents.api.shapes import (
    ID,
    MOMENT,
    OPENED,
    TEXT,
    TITLE,
    IncidentComment,
    IncidentSeverity,
    NewStaffIncident,
    StaffIncident,
    StaffIncidentLine,
    StaffIncidents,
    StaffIncidentsQuery,
    owner,
    staff_view,
)
from alquimista.incidents.guards import ACTING
from alquimista.incidents.models import (
    IncidentResolved,
    MirroredIncident,
    Severity,
    State,
    UnknownIncident,
    Visibility,
    shown_text,
    texts,
)
from alquimista.incidents.models.incidents import AlreadyAcknowledged


async def list_incidents(context: Context) -> StaffIncidents:
    """All incidents."""
    query: StaffIncidentsQuery = context.query
    found = await service.staff_page(
        context.db.staff(),
        query.limit,
        query.offset,
        states=(query.status,) if query.status else (),
        severity=query.severity,
        tenant_id=query.tenant,
        source=query.source,
    )
    await listed(context, query.tenant, found=bool(found.total), action="incidents.listed")
    lines = []
    for line in found.items:
        one = line.incident
        tenant_id, name = owner(one.tenant_id, line.tenant_name)
        lines.append(
            StaffIncidentLine(
                id=one.id,
                tenant_id=tenant_id,
                tenant_name=name,
                severity=one.severity,
                status=one.status,
                visibility=one.visibility,
                source=one.source,
                title=texts(one, context.locale)[0],
                affected_tenants=line.affected,
                created_at=one.created_at,
                acknowledged_at=one.acknowledged_at,
                resolved_at=one.resolved_at,
            )
        )
    return StaffIncidents(lines, found.total)


async def get_incident(context: Context) -> StaffIncident:
    """One incident of anybody."""
    return await _detail(context, context.uuid("incident_id"))


async def open_incident(context: Context) -> StaffIncident:
    """Open one by hand."""
    body: NewStaffIncident = context.body
    title, description = shown_text(body.title, body.description)
    ids = await service.known_tenants(context.db.staff(), body.tenant_ids)
    home, affected = (ids[0], []) if len(ids) == 1 else (PLATFORM_TENANT, ids)
    async with tenant_transaction(context.db, home) as conn:
        incident_id = await service.open_by_hand(
            conn,
            context.who,
            home,
            body.severity,
            title,
            description,
            body.visibility,
            affected,
            context.now,
        )
    return await _detail(context, incident_id)


async def acknowledge(context: Context) -> StaffIncident:
    """Take it up."""
    home, incident_id = await _home(context)
    async with tenant_transaction(context.db, home) as conn:
        await service.acknowledge(conn, context.who, home, incident_id, context.now)
    return await _detail(context, incident_id)


async def resolve(context: Context) -> StaffIncident:
    """Say that it is over."""
    home, incident_id = await _home(context)
    async with tenant_transaction(context.db, home) as conn:
        await service.end(conn, context.who, home, incident_id, context.now)
    return await _detail(context, incident_id)


async def comment(context: Context) -> StaffIncident:
    """Write into its timeline."""
    home, incident_id = await _home(context)
    body: IncidentComment = context.body
    async with tenant_transaction(context.db, home) as conn:
        await service.comment(conn, context.who, home, incident_id, body.body, context.now, public=body.public)
    return await _detail(context, incident_id)


async def change_severity(context: Context) -> StaffIncident:
    """Weigh it anew."""
    home, incident_id = await _home(context)
    async with tenant_transaction(context.db, home) as conn:
        await service.change_severity(conn, context.who, home, incident_id, context.body.severity, context.now)
    return await _detail(context, incident_id)


async def _home(context: Context) -> tuple[UUID, UUID]:
    """Whose incident the path names, and which: it is written through that tenant's own door."""
    incident_id = context.uuid("incident_id")
    return (await service.find(context.db.staff(), incident_id)).tenant_id, incident_id


async def _detail(context: Context, incident_id: UUID) -> StaffIncident:
    staff = context.db.staff()
    one = await service.find(staff, incident_id)
    await seen(context, one.tenant_id, action="incident.read", resource_type="incident", resource_id=str(one.id))
    return staff_view(await service.detail(staff, one), context.locale)


_DETAIL: Final = StaffIncident(
    id=ID,
    tenant_id=ID,
    tenant_name="Clínica Aurora",
    severity=Severity.WARNING,
    status=State.OPEN,
    visibility=Visibility.TENANT,
    source="integrations",
    rule="",
    title=TITLE,
    description=TEXT,
    details={},
    created_at=MOMENT,
    acknowledged_at=None,
    resolved_at=None,
    parent_id=None,
    affected=[],
    timeline=[OPENED],
)
_READ: Final[dict[str, Any]] = {
    "tag": "incidents",
    "permission": Permission.PLATFORM_READ,
    "scope": TenantScope.PLATFORM,
    "limits": READING,
}
_WRITE: Final[dict[str, Any]] = {**_READ, "permission": Permission.INCIDENT_MANAGE, "limits": ACTING}
_PATH: Final = "/internal/incidents/{incident_id:uuid}"

ROUTES: Final = (
    Route(
        method="GET",
        path="/internal/incidents",
        handler=list_incidents,
        summary="The incidents of all companies and of the platform, newest first",
        query=StaffIncidentsQuery,
        response=StaffIncidents,
        example=StaffIncidents(
            [
                StaffIncidentLine(
                    id=ID,
                    tenant_id=None,
                    tenant_name=None,
                    severity=Severity.WARNING,
                    status=State.OPEN,
                    visibility=Visibility.TENANT,
                    source="staff",
                    title=TITLE,
                    affected_tenants=2,
                    created_at=MOMENT,
                    acknowledged_at=None,
                    resolved_at=None,
                )
            ],
            1,
        ),
        **(_READ | {"limits": READING_ONE}),
    ),
    Route(
        method="POST",
        path="/internal/incidents",
        handler=open_incident,
        summary="Open an incident of a company, of several, or of the platform",
        body=NewStaffIncident,
        response=StaffIncident,
        status=201,
        example=NewStaffIncident(Severity.WARNING, TITLE, TEXT),
        **_WRITE,
    ),
    Route(
        method="GET",
        path=_PATH,
        handler=get_incident,
        summary="An incident with its whole timeline and the companies that it affects",
        response=StaffIncident,
        problems=(UnknownIncident,),
        example=_DETAIL,
        **_READ,
    ),
    Route(
        method="POST",
        path=f"{_PATH}/acknowledge",
        handler=acknowledge,
        summary="Take an incident up",
        response=StaffIncident,
        problems=(UnknownIncident, IncidentResolved, AlreadyAcknowledged, MirroredIncident),
        example=_DETAIL,
        **_WRITE,
    ),
    Route(
        method="POST",
        path=f"{_PATH}/resolve",
        handler=resolve,
        summary="Say that an incident is over",
        response=StaffIncident,
        problems=(UnknownIncident, IncidentResolved, MirroredIncident),
        example=_DETAIL,
        **_WRITE,
    ),
    Route(
        method="POST",
        path=f"{_PATH}/severity",
        handler=change_severity,
        summary="Say that an incident weighs more or less",
        body=IncidentSeverity,
        response=StaffIncident,
        problems=(UnknownIncident, IncidentResolved, MirroredIncident),
        example=IncidentSeverity(Severity.CRITICAL),
        **_WRITE,
    ),
    Route(
        method="POST",
        path=f"{_PATH}/comment",
        handler=comment,
        summary="Write into an incident's timeline, for staff or for the companies",
        body=IncidentComment,
        response=StaffIncident,
        problems=(UnknownIncident, MirroredIncident),
        example=IncidentComment("O provedor confirmou a falha.", public=True),
        **_WRITE,
    ),
)

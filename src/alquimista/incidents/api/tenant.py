"""One incident, for the tenant that it belongs to. The list is with the dashboards."""

from typing import Final

from alquimista.access import Permission
from alquimista.audit.guards import seen
from alquimista.http.context import Context
from alquimista.http.routes import ALL_KINDS, Limit, Route, TenantScope
from alquimista.incidents import service
from alquimista.incidents.api.shapes import ID, MOMENT, OPENED, TEXT, TITLE, TenantIncident, step
from alquimista.incidents.models import Severity, State, UnknownIncident, texts


async def tenant_incident(context: Context) -> TenantIncident:
    """One of the tenant's own."""
    incident_id = context.uuid("incident_id")
    await seen(context, context.tenant)
    found = await service.own(context.db.tenant(context.tenant), context.tenant, incident_id)
    one = found.incident
    title, description = texts(one, context.locale)
    return TenantIncident(
        id=one.id,
        severity=one.severity,
        status=one.status,
        title=title,
        description=description,
        created_at=one.created_at,
        acknowledged_at=one.acknowledged_at,
        resolved_at=one.resolved_at,
        # Staff who look through a tenant's eyes see what it sees: this connection is its own.
        timeline=[step(event) for event in found.events],
    )


_LIMITS: Final = (Limit(count=600, seconds=60, per=("user",)),)
ROUTES: Final = (
    Route(
        method="GET",
        path="/tenant/incidents/{incident_id:uuid}",
        handler=tenant_incident,
        summary="One of your incidents, and what has happened to it",
        tag="tenant",
        permission=Permission.INCIDENT_READ,
        kinds=ALL_KINDS,
        scope=TenantScope.OWN,
        response=TenantIncident,
        limits=_LIMITS,
        problems=(UnknownIncident,),
        example=TenantIncident(ID, Severity.WARNING, State.OPEN, TITLE, TEXT, MOMENT, None, None, [OPENED]),
    ),
)

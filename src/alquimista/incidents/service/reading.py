"""Incidents as tenants and staff read them, in the reader's language."""

from collections.abc import Collection
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from alquimista.access import PLATFORM_TENANT
from alquimista.db.statement import Conn
from alquimista.errors import FieldError, Invalid
from alquimista.i18n import DEFAULT_LOCALE, N_
from alquimista.incidents.models import Event, Incident, Severity, State, UnknownIncident, texts
from alquimista.incidents.queries import reads
from alquimista.incidents.queries.reads import AffectedTenant, StaffPage

_MOST_OPEN: Final = 1_000


class Shown(msgspec.Struct, frozen=True):
    """An incident as people see it."""

    id: UUID
    severity: Severity
    status: State
    title: str
    description: str
    created_at: datetime
    resolved_at: datetime | None


class Detail(msgspec.Struct, frozen=True):
    """An incident with its timeline; for staff with its tenant, and with those that it affects."""

    incident: Incident
    events: list[Event]
    tenant_name: str = ""
    affected: tuple[AffectedTenant, ...] = ()


async def page(
    conn: Conn,
    tenant_id: UUID,
    limit: int,
    offset: int,
    locale: str = DEFAULT_LOCALE,
    *,
    over: bool | None = None,
    severity: Severity | None = None,
) -> tuple[list[Shown], int]:
    """A page of what the tenant sees of its incidents, newest first, and how many there are in all.

    `over`: only those that are resolved, or only those that are not.
    """
    found = await reads.page(conn, tenant_id, limit, offset, over=over, severity=severity)
    return [shown(one, locale) for one in found.items], found.total


def shown(one: Incident, locale: str) -> Shown:
    """An incident in the reader's language."""
    return Shown(one.id, one.severity, one.status, *texts(one, locale), one.created_at, one.resolved_at)


async def open_of_agents(conn: Conn, tenant_id: UUID, locale: str = DEFAULT_LOCALE) -> dict[str, list[Shown]]:
    """What is open about each of the tenant's agents, by the agent's id as text, newest first."""
    found: dict[str, list[Shown]] = {}
    for one in await reads.open_of_agents(conn, tenant_id, _MOST_OPEN):
        found.setdefault(str(one.details["agent_id"]), []).append(shown(one, locale))
    return found


async def own(conn: Conn, tenant_id: UUID, incident_id: UUID) -> Detail:
    """An incident that the tenant sees, with the public part of its timeline.

    Raises:
        UnknownIncident: it has none such, or an internal one.
    """
    incident = await reads.own(conn, tenant_id, incident_id)
    if incident is None:
        raise UnknownIncident
    return Detail(incident, await reads.timeline(conn, tenant_id, incident_id))


async def find(conn: Conn, incident_id: UUID) -> Incident:
    """Anybody's incident; takes a connection of the internal role. Raises UnknownIncident."""
    incident = await reads.find(conn, incident_id)
    if incident is None:
        raise UnknownIncident
    return incident


async def shown_to(conn: Conn, tenant_id: UUID, incident_id: UUID) -> Incident:
    """A tenant's incident, by its own id or that of the platform's which it shows. Raises UnknownIncident."""
    incident = await reads.shown_to(conn, tenant_id, incident_id)
    if incident is None:
        raise UnknownIncident
    return incident


async def detail(conn: Conn, incident: Incident) -> Detail:
    """All that staff may know of an incident; takes a connection of the internal role, as all that follow."""
    events = await reads.timeline(conn, incident.tenant_id, incident.id)
    whose = await reads.whose(conn, incident.tenant_id, incident.id)
    return Detail(incident, events, whose.name, whose.affected)


async def staff_page(
    conn: Conn,
    limit: int,
    offset: int,
    *,
    states: Collection[State] = (),
    severity: Severity | None = None,
    tenant_id: UUID | None = None,
    source: str | None = None,
    rule: str | None = None,
    search: str = "",
) -> StaffPage:
    """A page of all incidents for which every given field holds, newest first.

    `states`: one of these; `tenant_id`: its own or affecting it; `search`: in the stored title or its tenant's name.
    """
    return await reads.staff_page(
        conn,
        limit,
        offset,
        states=states,
        severity=severity,
        tenant_id=tenant_id,
        source=source,
        rule=rule,
        search=search.strip(),
    )


async def known_tenants(conn: Conn, ids: list[UUID]) -> list[UUID]:
    """The ids, each once. Raises Invalid for those that are no company's."""
    known = await reads.known_tenants(conn, ids, PLATFORM_TENANT)
    errors = [
        FieldError(f"tenant_ids[{index}]", N_("There is no customer with this id."), "unknown_choice")
        for index, one in enumerate(ids)
        if one not in known
    ]
    if errors:
        raise Invalid(errors=tuple(errors))
    return list(dict.fromkeys(ids))


async def tenants_with_open(conn: Conn, dedupe_key: str) -> list[UUID]:
    """The tenants in which a condition has an open incident."""
    return await reads.with_open(conn, dedupe_key)

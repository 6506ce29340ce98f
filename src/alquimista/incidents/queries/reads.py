"""SQL that reads incidents: a tenant's own under the app role, and everybody's under the internal role."""

from typing import Any
from uuid import UUID

import msgspec

from alquimista.db.statement import Conn, Statement
from alquimista.incidents.models import Event, Incident, Severity, State
from alquimista.incidents.queries.changes import COLUMNS


class TenantPage(msgspec.Struct, frozen=True):
    """A page of a tenant's incidents beside the count of all of them, so that both are one round trip."""

    total: int
    items: tuple[Incident, ...]


class StaffLine(msgspec.Struct, frozen=True):
    """An incident in staff's list; `affected` tenants of the platform's own."""

    incident: Incident
    tenant_name: str
    affected: int


class StaffPage(msgspec.Struct, frozen=True):
    """A page of staff's list."""

    total: int
    items: tuple[StaffLine, ...]


class AffectedTenant(msgspec.Struct, frozen=True):
    """A tenant that a platform incident affects; `incident_id` is what shows it there, None when nothing does."""

    tenant_id: UUID
    tenant_name: str
    incident_id: UUID | None


class Named(msgspec.Struct, frozen=True):
    """A tenant's name."""

    name: str


class Id(msgspec.Struct, frozen=True):
    """A tenant's id."""

    tenant_id: UUID


# Whatever is internal is left out of both halves: nothing that a tenant asks for may count it either.
PAGE = Statement(
    f"""
    SELECT counted.total, coalesce(page.items, '[]') AS items
    FROM (
      SELECT count(*) AS total FROM alquimista_platform.incidents
      WHERE tenant_id = %(tenant_id)s AND visibility = 'tenant'
    ) counted
    CROSS JOIN (
      SELECT jsonb_agg(to_jsonb(one) ORDER BY one.created_at DESC, one.id DESC) AS items FROM (
        SELECT {COLUMNS} FROM alquimista_platform.incidents
        WHERE tenant_id = %(tenant_id)s AND visibility = 'tenant'
        ORDER BY created_at DESC, id DESC
        LIMIT %(limit)s OFFSET %(offset)s
      ) one
    ) page
    """,  # noqa: S608 - A list of columns, as everywhere below.
    TenantPage,
)

OWN = Statement(
    f"""
    SELECT {COLUMNS} FROM alquimista_platform.incidents
    WHERE tenant_id = %(tenant_id)s AND id = %(id)s AND visibility = 'tenant'
    """,  # noqa: S608
    Incident,
)

# By the tenant's eyes the names of staff are out of sight, and what is not public is too.
TIMELINE = Statement(
    """
    SELECT e.id, e.occurred_at, e.kind, e.public, e.actor_id, u.full_name AS actor_name, e.body, e.details
    FROM alquimista_platform.incident_events e LEFT JOIN alquimista_platform.users u ON u.id = e.actor_id
    WHERE e.tenant_id = %(tenant_id)s AND e.incident_id = %(incident_id)s
    ORDER BY e.occurred_at, e.id
    """,
    Event,
)

FIND = Statement(
    f"SELECT {COLUMNS} FROM alquimista_platform.incidents WHERE id = %(id)s",  # noqa: S608
    Incident,
)

SHOWN_TO = Statement(
    f"""
    SELECT {COLUMNS} FROM alquimista_platform.incidents
    WHERE tenant_id = %(tenant_id)s AND (id = %(id)s OR parent_id = %(id)s)
    """,  # noqa: S608
    Incident,
)

TENANT_NAME = Statement("SELECT name FROM alquimista_platform.tenants WHERE id = %(tenant_id)s", Named)

# What shows a platform incident to a tenant is no line of its own: the platform's is.
_WANTED = """
    i.parent_id IS NULL
    AND (%(severity)s::text IS NULL OR i.severity = %(severity)s::text)
    AND (%(source)s::text IS NULL OR i.source = %(source)s::text)
    AND (%(status)s::text IS NULL OR %(status)s::text = CASE WHEN i.resolved_at IS NOT NULL THEN 'resolved'
      WHEN i.acknowledged_at IS NOT NULL THEN 'acknowledged' ELSE 'open' END)
    AND (%(tenant_id)s::uuid IS NULL OR i.tenant_id = %(tenant_id)s::uuid OR EXISTS (
      SELECT FROM alquimista_platform.incident_tenants a
      WHERE a.tenant_id = i.tenant_id AND a.incident_id = i.id AND a.affected_tenant_id = %(tenant_id)s::uuid))
"""

STAFF_PAGE = Statement(
    f"""
    SELECT counted.total, coalesce(page.items, '[]') AS items
    FROM (SELECT count(*) AS total FROM alquimista_platform.incidents i WHERE {_WANTED}) counted
    CROSS JOIN (
      SELECT jsonb_agg(jsonb_build_object('incident', to_jsonb(one), 'tenant_name', t.name, 'affected', (
          SELECT count(*) FROM alquimista_platform.incident_tenants a
          WHERE a.tenant_id = one.tenant_id AND a.incident_id = one.id
        )) ORDER BY one.created_at DESC, one.id DESC) AS items
      FROM (
        SELECT {COLUMNS} FROM alquimista_platform.incidents i WHERE {_WANTED}
        ORDER BY created_at DESC, id DESC
        LIMIT %(limit)s OFFSET %(offset)s
      ) one JOIN alquimista_platform.tenants t ON t.id = one.tenant_id
    ) page
    """,  # noqa: S608
    StaffPage,
)

AFFECTED = Statement(
    """
    SELECT a.affected_tenant_id AS tenant_id, t.name AS tenant_name, i.id AS incident_id
    FROM alquimista_platform.incident_tenants a
    JOIN alquimista_platform.tenants t ON t.id = a.affected_tenant_id
    LEFT JOIN alquimista_platform.incidents i ON i.tenant_id = a.affected_tenant_id AND i.parent_id = a.incident_id
    WHERE a.tenant_id = %(tenant_id)s AND a.incident_id = %(incident_id)s
    ORDER BY t.name, t.id
    """,
    AffectedTenant,
)

KNOWN_TENANTS = Statement(
    """
    SELECT id AS tenant_id FROM alquimista_platform.tenants
    WHERE id = ANY (%(ids)s::uuid[]) AND id <> %(platform)s
    """,
    Id,
)

WITH_OPEN = Statement(
    "SELECT tenant_id FROM alquimista_platform.incidents WHERE dedupe_key = %(dedupe_key)s AND resolved_at IS NULL",
    Id,
)


async def page(conn: Conn, tenant_id: UUID, limit: int, offset: int) -> TenantPage:
    """A page of what a tenant sees, newest first, and how many there are in all."""
    found = await conn.fetch_one(PAGE, tenant_id=tenant_id, limit=limit, offset=offset)
    assert found is not None
    return found


async def own(conn: Conn, tenant_id: UUID, incident_id: UUID) -> Incident | None:
    """An incident that the tenant sees."""
    return await conn.fetch_one(OWN, tenant_id=tenant_id, id=incident_id)


async def timeline(conn: Conn, tenant_id: UUID, incident_id: UUID) -> list[Event]:
    """What happened to it, the first first: as much of it as the connection's role may see."""
    return await conn.fetch(TIMELINE, tenant_id=tenant_id, incident_id=incident_id)


async def find(conn: Conn, incident_id: UUID) -> Incident | None:
    """Anybody's incident; takes a connection of the internal role, as all that follow."""
    return await conn.fetch_one(FIND, id=incident_id)


async def shown_to(conn: Conn, tenant_id: UUID, incident_id: UUID) -> Incident | None:
    """A tenant's incident, by its own id or by that of the platform's that it shows."""
    return await conn.fetch_one(SHOWN_TO, tenant_id=tenant_id, id=incident_id)


async def tenant_name(conn: Conn, tenant_id: UUID) -> str:
    """A tenant's name."""
    found = await conn.fetch_one(TENANT_NAME, tenant_id=tenant_id)
    return found.name if found else ""


async def staff_page(
    conn: Conn,
    limit: int,
    offset: int,
    *,
    status: State | None = None,
    severity: Severity | None = None,
    tenant_id: UUID | None = None,
    source: str | None = None,
) -> StaffPage:
    """A page of all incidents for which every given field holds, newest first."""
    wanted: dict[str, Any] = {"status": status, "severity": severity, "tenant_id": tenant_id, "source": source}
    found = await conn.fetch_one(STAFF_PAGE, **wanted, limit=limit, offset=offset)
    assert found is not None
    return found


async def affected(conn: Conn, tenant_id: UUID, incident_id: UUID) -> list[AffectedTenant]:
    """Whom a platform incident affects, by name."""
    return await conn.fetch(AFFECTED, tenant_id=tenant_id, incident_id=incident_id)


async def known_tenants(conn: Conn, ids: list[UUID], platform: UUID) -> set[UUID]:
    """Those of the ids that are a customer's."""
    return {row.tenant_id for row in await conn.fetch(KNOWN_TENANTS, ids=ids, platform=platform)}


async def with_open(conn: Conn, dedupe_key: str) -> list[UUID]:
    """The tenants in which a condition has an open incident."""
    return [row.tenant_id for row in await conn.fetch(WITH_OPEN, dedupe_key=dedupe_key)]

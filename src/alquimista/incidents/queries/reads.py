"""SQL that reads incidents: a tenant's own under the app role, and everybody's under the internal role."""

from collections.abc import Collection
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


class Whose(msgspec.Struct, frozen=True):
    """The name of an incident's tenant, and whom it affects."""

    name: str
    affected: tuple[AffectedTenant, ...]


class Key(msgspec.Struct, frozen=True):
    """What an incident is about."""

    dedupe_key: str


class Id(msgspec.Struct, frozen=True):
    """A tenant's id."""

    tenant_id: UUID


# Whatever is internal is left out of both halves: nothing that a tenant asks for may count it either.
_SHOWN = """
    tenant_id = %(tenant_id)s AND visibility = 'tenant'
    AND (%(over)s::boolean IS NULL OR (resolved_at IS NOT NULL) = %(over)s::boolean)
    AND (%(severity)s::text IS NULL OR severity = %(severity)s::text)
"""

PAGE = Statement(
    f"""
    SELECT counted.total, coalesce(page.items, '[]') AS items
    FROM (SELECT count(*) AS total FROM alquimista_platform.incidents WHERE {_SHOWN}) counted
    CROSS JOIN (
      SELECT jsonb_agg(to_jsonb(one) ORDER BY one.created_at DESC, one.id DESC) AS items FROM (
        SELECT {COLUMNS} FROM alquimista_platform.incidents WHERE {_SHOWN}
        ORDER BY created_at DESC, id DESC
        LIMIT %(limit)s OFFSET %(offset)s
      ) one
    ) page
    """,  # noqa: S608 - A list of columns, as everywhere below.
    TenantPage,
)

# Open ones are few: each condition has at most one. Those that name an agent do so in their details.
OPEN_OF_AGENTS = Statement(
    f"""
    SELECT {COLUMNS} FROM alquimista_platform.incidents
    WHERE tenant_id = %(tenant_id)s AND visibility = 'tenant' AND resolved_at IS NULL
      AND details->>'agent_id' IS NOT NULL
    ORDER BY created_at DESC, id DESC LIMIT %(limit)s
    """,  # noqa: S608
    Incident,
)

OWN = Statement(
    f"""
    SELECT {COLUMNS} FROM alquimista_platform.incidents
    WHERE tenant_id = %(tenant_id)s AND id = %(id)s AND visibility = 'tenant'
    """,  # noqa: S608
    Incident,
)

OPEN_KEYS = Statement(
    """
    SELECT dedupe_key FROM alquimista_platform.incidents
    WHERE tenant_id = %(tenant_id)s AND rule = %(rule)s AND resolved_at IS NULL
    """,
    Key,
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

# What shows a platform incident to a tenant is no line of its own: the platform's is.
_WANTED = """
    i.parent_id IS NULL
    AND (%(severity)s::text IS NULL OR i.severity = %(severity)s::text)
    AND (%(source)s::text IS NULL OR i.source = %(source)s::text)
    AND (%(rule)s::text IS NULL OR i.rule = %(rule)s::text)
    AND (%(states)s::text[] IS NULL OR CASE WHEN i.resolved_at IS NOT NULL THEN 'resolved'
      WHEN i.acknowledged_at IS NOT NULL THEN 'acknowledged' ELSE 'open' END = ANY (%(states)s::text[]))
    AND (%(search)s::text = '' OR strpos(alquimista_platform.search_text(i.title),
        alquimista_platform.search_text(%(search)s::text)) > 0 OR EXISTS (
      SELECT FROM alquimista_platform.tenants s
      WHERE s.id = i.tenant_id AND strpos(s.search_name, alquimista_platform.search_text(%(search)s::text)) > 0))
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

WHOSE = Statement(
    """
    SELECT whose.name, coalesce((
      SELECT jsonb_agg(jsonb_build_object('tenant_id', t.id, 'tenant_name', t.name, 'incident_id', i.id)
        ORDER BY t.name, t.id)
      FROM alquimista_platform.incident_tenants a
      JOIN alquimista_platform.tenants t ON t.id = a.affected_tenant_id
      LEFT JOIN alquimista_platform.incidents i ON i.tenant_id = a.affected_tenant_id AND i.parent_id = a.incident_id
      WHERE a.tenant_id = %(tenant_id)s AND a.incident_id = %(incident_id)s
    ), '[]') AS affected
    FROM alquimista_platform.tenants whose WHERE whose.id = %(tenant_id)s
    """,
    Whose,
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


async def page(
    conn: Conn, tenant_id: UUID, limit: int, offset: int, *, over: bool | None, severity: Severity | None
) -> TenantPage:
    """A page of what a tenant sees, newest first, and how many there are in all."""
    found = await conn.fetch_one(PAGE, tenant_id=tenant_id, over=over, severity=severity, limit=limit, offset=offset)
    assert found is not None
    return found


async def open_of_agents(conn: Conn, tenant_id: UUID, limit: int) -> list[Incident]:
    """A tenant's open incidents that are about one of its agents, newest first."""
    return await conn.fetch(OPEN_OF_AGENTS, tenant_id=tenant_id, limit=limit)


async def open_keys(conn: Conn, tenant_id: UUID, rule: str) -> list[str]:
    """What the open incidents of a rule are about."""
    return [one.dedupe_key for one in await conn.fetch(OPEN_KEYS, tenant_id=tenant_id, rule=rule)]


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


async def whose(conn: Conn, tenant_id: UUID, incident_id: UUID) -> Whose:
    """The name of the incident's tenant, and whom one of the platform affects, by name."""
    found = await conn.fetch_one(WHOSE, tenant_id=tenant_id, incident_id=incident_id)
    assert found is not None
    return found


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
    """A page of all incidents for which every given field holds, newest first."""
    wanted: dict[str, Any] = {
        "states": [one.value for one in states] or None,
        "severity": severity,
        "tenant_id": tenant_id,
        "source": source,
        "rule": rule,
        "search": search,
    }
    found = await conn.fetch_one(STAFF_PAGE, **wanted, limit=limit, offset=offset)
    assert found is not None
    return found


async def known_tenants(conn: Conn, ids: list[UUID], platform: UUID) -> set[UUID]:
    """Those of the ids that are a customer's."""
    return {row.tenant_id for row in await conn.fetch(KNOWN_TENANTS, ids=ids, platform=platform)}


async def with_open(conn: Conn, dedupe_key: str) -> list[UUID]:
    """The tenants in which a condition has an open incident."""
    return [row.tenant_id for row in await conn.fetch(WITH_OPEN, dedupe_key=dedupe_key)]

"""SQL that changes incidents of one tenant, under the app role."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from alquimista.clock import new_id
from alquimista.db.statement import Conn, NoRow, Statement
from alquimista.incidents.models import EventKind, Incident, NewIncident, Severity, Visibility

COLUMNS: Final = """tenant_id, id, severity,
      CASE WHEN resolved_at IS NOT NULL THEN 'resolved' WHEN acknowledged_at IS NOT NULL THEN 'acknowledged'
        ELSE 'open' END AS status,
      visibility, rule, source, dedupe_key, title, description, params, details, created_at, acknowledged_at,
      resolved_at, told_at, told_over_at, staff_told_at, escalated_at, parent_id"""


class Found(msgspec.Struct, frozen=True):
    """The id of a row."""

    id: UUID


class Moment(msgspec.Struct, frozen=True):
    """A time, or None."""

    at: datetime | None


# Whoever opens or resolves the same condition at the same time is waited for. Without a target, so that a second child
# of one platform incident is nothing either.
OPEN = Statement(
    """
    INSERT INTO alquimista_platform.incidents
      (tenant_id, id, severity, title, description, source, dedupe_key, details, created_at, rule, params, visibility,
        parent_id)
    VALUES (%(tenant_id)s, %(id)s, %(severity)s, %(title)s, %(description)s, %(source)s, %(dedupe_key)s, %(details)s,
      %(now)s, %(rule)s, %(params)s::jsonb, %(visibility)s, %(parent_id)s::uuid)
    ON CONFLICT DO NOTHING
    RETURNING id
    """,
    Found,
)

RESOLVE_CONDITION = Statement(
    f"""
    UPDATE alquimista_platform.incidents SET resolved_at = %(now)s
    WHERE tenant_id = %(tenant_id)s AND dedupe_key = %(dedupe_key)s AND resolved_at IS NULL
    RETURNING {COLUMNS}
    """,  # noqa: S608 - A list of columns, as everywhere below.
    Incident,
)

RESOLVE = Statement(
    f"""
    UPDATE alquimista_platform.incidents SET resolved_at = %(now)s
    WHERE tenant_id = %(tenant_id)s AND id = %(id)s AND resolved_at IS NULL
    RETURNING {COLUMNS}
    """,  # noqa: S608
    Incident,
)

ACKNOWLEDGE = Statement(
    f"""
    UPDATE alquimista_platform.incidents SET acknowledged_at = %(now)s
    WHERE tenant_id = %(tenant_id)s AND id = %(id)s AND resolved_at IS NULL AND acknowledged_at IS NULL
    RETURNING {COLUMNS}
    """,  # noqa: S608
    Incident,
)

SET_SEVERITY = Statement(
    f"""
    UPDATE alquimista_platform.incidents SET severity = %(severity)s
    WHERE tenant_id = %(tenant_id)s AND id = %(id)s AND resolved_at IS NULL AND severity <> %(severity)s
    RETURNING {COLUMNS}
    """,  # noqa: S608
    Incident,
)

LOCK = Statement(
    f"""
    SELECT {COLUMNS} FROM alquimista_platform.incidents
    WHERE tenant_id = %(tenant_id)s AND id = %(id)s FOR UPDATE
    """,  # noqa: S608
    Incident,
)

CHILD = Statement(
    f"""
    SELECT {COLUMNS} FROM alquimista_platform.incidents
    WHERE tenant_id = %(tenant_id)s AND parent_id = %(parent_id)s::uuid FOR UPDATE
    """,  # noqa: S608
    Incident,
)

MIRRORING = Statement(
    """
    SELECT pg_advisory_xact_lock(hashtextextended('alquimista.incidents/' || %(tenant_id)s::uuid || %(parent_id)s::uuid,
      0))::text
    """,
    NoRow,
)

TOLD = Statement(
    """
    UPDATE alquimista_platform.incidents SET told_at = coalesce(told_at, %(now)s),
      told_over_at = CASE WHEN %(over)s THEN %(now)s END
    WHERE tenant_id = %(tenant_id)s AND id = %(id)s
    """,
    NoRow,
)

LAST_TOLD = Statement(
    """
    SELECT max(told_at) AS at FROM alquimista_platform.incidents
    WHERE tenant_id = %(tenant_id)s AND dedupe_key = %(dedupe_key)s AND told_at IS NOT NULL
    """,
    Moment,
)

LAST_OPENED = Statement(
    """
    SELECT max(created_at) AS at FROM alquimista_platform.incidents
    WHERE tenant_id = %(tenant_id)s AND dedupe_key = %(dedupe_key)s AND id <> %(besides)s
    """,
    Moment,
)

# A platform comment that is shown here already has its id.
NOTE = Statement(
    """
    INSERT INTO alquimista_platform.incident_events
      (tenant_id, id, incident_id, occurred_at, kind, public, actor_id, body, details)
    VALUES (%(tenant_id)s, %(id)s, %(incident_id)s, %(now)s, %(kind)s, %(public)s, %(actor_id)s, %(body)s, %(details)s)
    ON CONFLICT DO NOTHING
    """,
    NoRow,
)

AFFECTS = Statement(
    """
    INSERT INTO alquimista_platform.incident_tenants (tenant_id, incident_id, affected_tenant_id, created_at)
    SELECT %(tenant_id)s, %(incident_id)s, affected, %(now)s FROM unnest(%(affected)s::uuid[]) AS affected
    ON CONFLICT DO NOTHING
    """,
    NoRow,
)


class Affected(msgspec.Struct, frozen=True):
    """A tenant that a platform incident affects."""

    affected_tenant_id: UUID


AFFECTED = Statement(
    """
    SELECT affected_tenant_id FROM alquimista_platform.incident_tenants
    WHERE tenant_id = %(tenant_id)s AND incident_id = %(incident_id)s ORDER BY affected_tenant_id
    """,
    Affected,
)


async def insert(
    conn: Conn,
    tenant_id: UUID,
    incident_id: UUID,
    new: NewIncident,
    rule: str,
    visibility: Visibility,
    parent_id: UUID | None,
    now: datetime,
) -> bool:
    """Open an incident; False when the same condition already has an open one."""
    values = {
        name: getattr(new, name) for name in ("severity", "title", "description", "source", "dedupe_key", "params")
    }
    found = await conn.fetch_one(
        OPEN,
        **values,
        details=dict(new.details),
        tenant_id=tenant_id,
        id=incident_id,
        now=now,
        rule=rule,
        visibility=visibility.value,
        parent_id=parent_id,
    )
    return found is not None


async def resolve_condition(conn: Conn, tenant_id: UUID, dedupe_key: str, now: datetime) -> Incident | None:
    """Resolve the open incident of a condition."""
    return await conn.fetch_one(RESOLVE_CONDITION, tenant_id=tenant_id, dedupe_key=dedupe_key, now=now)


async def resolve(conn: Conn, tenant_id: UUID, incident_id: UUID, now: datetime) -> Incident | None:
    """Resolve an incident; None when it is resolved already."""
    return await conn.fetch_one(RESOLVE, tenant_id=tenant_id, id=incident_id, now=now)


async def acknowledge(conn: Conn, tenant_id: UUID, incident_id: UUID, now: datetime) -> Incident | None:
    """Acknowledge an incident; None when it is not open any more."""
    return await conn.fetch_one(ACKNOWLEDGE, tenant_id=tenant_id, id=incident_id, now=now)


async def set_severity(conn: Conn, tenant_id: UUID, incident_id: UUID, severity: Severity) -> Incident | None:
    """Change the severity; None when it is that already, or the incident is resolved."""
    return await conn.fetch_one(SET_SEVERITY, tenant_id=tenant_id, id=incident_id, severity=severity.value)


async def lock(conn: Conn, tenant_id: UUID, incident_id: UUID) -> Incident | None:
    """The tenant's incident, which nobody else changes until the transaction ends."""
    return await conn.fetch_one(LOCK, tenant_id=tenant_id, id=incident_id)


async def child(conn: Conn, tenant_id: UUID, parent_id: UUID) -> Incident | None:
    """What shows a platform incident to a tenant; waits for whoever mirrors the same one for it."""
    await conn.execute(MIRRORING, tenant_id=tenant_id, parent_id=parent_id)
    return await conn.fetch_one(CHILD, tenant_id=tenant_id, parent_id=parent_id)


async def told(conn: Conn, tenant_id: UUID, incident_id: UUID, now: datetime, *, over: bool) -> None:
    """Note that people were told of it, or that it is over."""
    await conn.execute(TOLD, tenant_id=tenant_id, id=incident_id, now=now, over=over)


async def last_told(conn: Conn, tenant_id: UUID, dedupe_key: str) -> datetime | None:
    """When people were last told that a condition holds."""
    found = await conn.fetch_one(LAST_TOLD, tenant_id=tenant_id, dedupe_key=dedupe_key)
    return found.at if found else None


async def last_opened(conn: Conn, tenant_id: UUID, dedupe_key: str, besides: UUID) -> datetime | None:
    """When the condition last opened an incident other than this one."""
    found = await conn.fetch_one(LAST_OPENED, tenant_id=tenant_id, dedupe_key=dedupe_key, besides=besides)
    return found.at if found else None


async def note(
    conn: Conn,
    tenant_id: UUID,
    incident_id: UUID,
    kind: EventKind,
    now: datetime,
    *,
    public: bool,
    actor_id: UUID | None = None,
    body: str = "",
    details: dict[str, Any] | None = None,
    event_id: UUID | None = None,
) -> None:
    """Append to the timeline."""
    await conn.execute(
        NOTE,
        tenant_id=tenant_id,
        id=event_id or new_id(),
        incident_id=incident_id,
        now=now,
        kind=kind.value,
        public=public,
        actor_id=actor_id,
        body=body,
        details=details or {},
    )


async def add_affected(conn: Conn, tenant_id: UUID, incident_id: UUID, affected: list[UUID], now: datetime) -> None:
    """Say whom a platform incident affects."""
    await conn.execute(AFFECTS, tenant_id=tenant_id, incident_id=incident_id, affected=affected, now=now)


async def affected(conn: Conn, tenant_id: UUID, incident_id: UUID) -> list[UUID]:
    """The tenants that a platform incident affects."""
    found = await conn.fetch(AFFECTED, tenant_id=tenant_id, incident_id=incident_id)
    return [row.affected_tenant_id for row in found]

"""SQL on what staff were told of incidents: under the app role, and where nobody has taken one up, the internal one."""

from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from alquimista.db.statement import Conn, Statement
from alquimista.incidents.queries.changes import Found, Moment

TOLD: Final = Statement(
    """
    UPDATE alquimista_platform.incidents SET staff_told_at = %(now)s
    WHERE tenant_id = %(tenant_id)s AND id = %(id)s AND staff_told_at IS NULL
    RETURNING id
    """,
    Found,
)

LAST_TOLD: Final = Statement(
    """
    SELECT max(staff_told_at) AS at FROM alquimista_platform.incidents
    WHERE tenant_id = %(tenant_id)s AND dedupe_key = %(dedupe_key)s AND staff_told_at IS NOT NULL
    """,
    Moment,
)

ESCALATED: Final = Statement(
    """
    UPDATE alquimista_platform.incidents SET escalated_at = %(now)s
    WHERE tenant_id = %(tenant_id)s AND id = %(id)s AND escalated_at IS NULL
    RETURNING id
    """,
    Found,
)


class Unheard(msgspec.Struct, frozen=True):
    """An incident that nobody has taken up."""

    tenant_id: UUID
    id: UUID


# One that was weighed anew is critical since then. What shows one of the platform to a tenant follows that one.
UNHEARD: Final = Statement(
    """
    SELECT i.tenant_id, i.id FROM alquimista_platform.incidents i
    WHERE i.severity = 'critical' AND i.acknowledged_at IS NULL AND i.resolved_at IS NULL AND i.escalated_at IS NULL
      AND i.parent_id IS NULL AND i.created_at <= %(before)s AND NOT EXISTS (
        SELECT FROM alquimista_platform.incident_events e
        WHERE e.tenant_id = i.tenant_id AND e.incident_id = i.id AND e.kind = 'severity_changed'
          AND e.occurred_at > %(before)s)
    ORDER BY i.created_at LIMIT %(limit)s
    """,
    Unheard,
)


async def told(conn: Conn, tenant_id: UUID, incident_id: UUID, now: datetime) -> bool:
    """Note that staff were told of it; False when that is noted already."""
    return await conn.fetch_one(TOLD, tenant_id=tenant_id, id=incident_id, now=now) is not None


async def last_told(conn: Conn, tenant_id: UUID, dedupe_key: str) -> datetime | None:
    """When staff were last told that a condition of a customer holds."""
    found = await conn.fetch_one(LAST_TOLD, tenant_id=tenant_id, dedupe_key=dedupe_key)
    return found.at if found else None


async def escalated(conn: Conn, tenant_id: UUID, incident_id: UUID, now: datetime) -> bool:
    """Note that staff's administrators were told that nobody takes it up; False when that is noted already."""
    return await conn.fetch_one(ESCALATED, tenant_id=tenant_id, id=incident_id, now=now) is not None


async def unheard(conn: Conn, before: datetime, limit: int) -> list[Unheard]:
    """Critical ones of that moment or before that nobody has taken up, the oldest first. For the internal role."""
    return await conn.fetch(UNHEARD, before=before, limit=limit)

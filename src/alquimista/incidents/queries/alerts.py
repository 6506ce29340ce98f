"""SQL on what staff were told of customers' incidents, under the app role."""

from datetime import datetime
from typing import Final
from uuid import UUID

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


async def told(conn: Conn, tenant_id: UUID, incident_id: UUID, now: datetime) -> bool:
    """Note that staff were told of it; False when that is noted already."""
    return await conn.fetch_one(TOLD, tenant_id=tenant_id, id=incident_id, now=now) is not None


async def last_told(conn: Conn, tenant_id: UUID, dedupe_key: str) -> datetime | None:
    """When staff were last told that a condition of a customer holds."""
    found = await conn.fetch_one(LAST_TOLD, tenant_id=tenant_id, dedupe_key=dedupe_key)
    return found.at if found else None

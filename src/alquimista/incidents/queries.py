"""The only SQL on alquimista_platform.incidents."""

from datetime import datetime
from uuid import UUID

import msgspec
from psycopg.types.json import Jsonb

from alquimista.clock import new_id
from alquimista.db.statement import Conn, NoRow, Statement
from alquimista.incidents.models import Incident, NewIncident

OPEN = Statement(
    """
    INSERT INTO alquimista_platform.incidents
      (tenant_id, id, severity, title, description, source, dedupe_key, details, created_at)
    VALUES (%(tenant_id)s, %(id)s, %(severity)s, %(title)s, %(description)s, %(source)s, %(dedupe_key)s, %(details)s,
      %(now)s)
    ON CONFLICT (tenant_id, dedupe_key) WHERE resolved_at IS NULL DO NOTHING
    """,
    NoRow,
)

RESOLVE = Statement(
    """
    UPDATE alquimista_platform.incidents SET resolved_at = %(now)s
    WHERE tenant_id = %(tenant_id)s AND dedupe_key = %(dedupe_key)s AND resolved_at IS NULL
    """,
    NoRow,
)


class IncidentRow(msgspec.Struct, frozen=True):
    """An incident beside the count of all of them, so that a page and its total are one round trip.

    An empty page is one row of which only `total` is set.
    """

    id: UUID | None
    severity: str | None
    title: str | None
    description: str | None
    created_at: datetime | None
    resolved_at: datetime | None
    total: int


# The count comes from its own scan of the same index and is there even when the page is empty, through the left join.
PAGE = Statement(
    """
    SELECT page.id, page.severity, page.title, page.description, page.created_at, page.resolved_at, counted.total
    FROM (SELECT count(*) AS total FROM alquimista_platform.incidents WHERE tenant_id = %(tenant_id)s) counted
    LEFT JOIN LATERAL (
      SELECT id, severity, title, description, created_at, resolved_at
      FROM alquimista_platform.incidents
      WHERE tenant_id = %(tenant_id)s
      ORDER BY created_at DESC, id DESC
      LIMIT %(limit)s OFFSET %(offset)s
    ) page ON true
    ORDER BY page.created_at DESC, page.id DESC
    """,
    IncidentRow,
)


async def open_incident(conn: Conn, tenant_id: UUID, new: NewIncident, now: datetime) -> int:
    """1 when the incident is new, 0 when the same condition already has an open one."""
    values = {name: getattr(new, name) for name in NewIncident.__struct_fields__ if name != "details"}
    return await conn.execute(OPEN, tenant_id=tenant_id, id=new_id(), now=now, details=Jsonb(new.details), **values)


async def resolve(conn: Conn, tenant_id: UUID, dedupe_key: str, now: datetime) -> int:
    """1 when there was an open incident of this condition."""
    return await conn.execute(RESOLVE, tenant_id=tenant_id, dedupe_key=dedupe_key, now=now)


async def page(conn: Conn, tenant_id: UUID, limit: int, offset: int) -> tuple[list[Incident], int]:
    """A page of incidents, newest first, and how many there are in all."""
    rows = await conn.fetch(PAGE, tenant_id=tenant_id, limit=limit, offset=offset)
    found = [msgspec.convert(row, Incident, from_attributes=True) for row in rows if row.id is not None]
    return found, rows[0].total if rows else 0

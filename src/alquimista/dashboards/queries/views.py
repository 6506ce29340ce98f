"""The only SQL on alquimista_platform.saved_views; whose they are, each statement says itself."""

from datetime import datetime
from uuid import UUID

import msgspec

from alquimista.dashboards.models.tenant import SavedView
from alquimista.db.statement import Conn, NoRow, Statement


class Count(msgspec.Struct, frozen=True):
    """A number of rows."""

    count: int


MINE = Statement(
    """
    SELECT name, query FROM alquimista_platform.saved_views
    WHERE tenant_id = %(tenant_id)s AND user_id = %(user_id)s
    ORDER BY name
    """,
    SavedView,
)
# Taken before a person's views are counted, so that two tabs cannot both save the last one.
LOCK = Statement(
    "SELECT pg_advisory_xact_lock(hashtextextended('alquimista.saved_views:' || %(user_id)s::uuid::text, 0))::text",
    NoRow,
)
OTHERS = Statement(
    """
    SELECT count(*) AS count FROM alquimista_platform.saved_views
    WHERE tenant_id = %(tenant_id)s AND user_id = %(user_id)s AND name <> %(name)s
    """,
    Count,
)
SAVE = Statement(
    """
    INSERT INTO alquimista_platform.saved_views (tenant_id, user_id, name, query, updated_at)
    VALUES (%(tenant_id)s, %(user_id)s, %(name)s, %(query)s, %(now)s)
    ON CONFLICT (tenant_id, user_id, name)
    DO UPDATE SET query = excluded.query, updated_at = excluded.updated_at
    """,
    NoRow,
)


class Query(msgspec.Struct, frozen=True):
    """What a view was."""

    query: str


DELETE = Statement(
    """
    DELETE FROM alquimista_platform.saved_views
    WHERE tenant_id = %(tenant_id)s AND user_id = %(user_id)s AND name = %(name)s
    RETURNING query
    """,
    Query,
)


async def mine(conn: Conn, tenant_id: UUID, user_id: UUID) -> list[SavedView]:
    """A person's views, by name."""
    return await conn.fetch(MINE, tenant_id=tenant_id, user_id=user_id)


async def others(conn: Conn, tenant_id: UUID, user_id: UUID, name: str) -> int:
    """How many views of other names a person has; nobody else saves one of theirs until the transaction ends."""
    await conn.execute(LOCK, user_id=user_id)
    row = await conn.fetch_one(OTHERS, tenant_id=tenant_id, user_id=user_id, name=name)
    return row.count if row else 0


async def save(conn: Conn, tenant_id: UUID, user_id: UUID, view: SavedView, now: datetime) -> None:
    """Keep a view, in place of the one of the same name."""
    await conn.execute(SAVE, tenant_id=tenant_id, user_id=user_id, name=view.name, query=view.query, now=now)


async def delete(conn: Conn, tenant_id: UUID, user_id: UUID, name: str) -> str | None:
    """Delete a view; what it was, or None when there is none."""
    row = await conn.fetch_one(DELETE, tenant_id=tenant_id, user_id=user_id, name=name)
    return row.query if row else None

"""The only SQL that shows notifications to people.

Row security holds a connection to a tenant; whose a notification is within it, each statement says itself.
"""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from alquimista.db.statement import Conn, NoRow, Statement
from alquimista.notifications.models import Category, Choice, Counts, Notification, Owner

_COLUMNS = "id, type, category, title, message, coalesce(data->>'link', '') AS link, created_at, read_at"
_MINE = "tenant_id = %(tenant_id)s AND user_id = %(user_id)s AND in_app"


class TenantId(msgspec.Struct, frozen=True):
    """A tenant."""

    tenant_id: UUID


class Link(msgspec.Struct, frozen=True):
    """Where a notification leads."""

    link: str


INSERT = Statement(
    """
    INSERT INTO alquimista_platform.notifications
      (tenant_id, id, user_id, type, category, title, message, data, in_app, digest, created_at)
    VALUES (%(tenant_id)s, %(id)s, %(user_id)s, %(type)s, %(category)s, %(title)s, %(message)s, %(data)s, %(in_app)s,
      %(digest)s, %(now)s)
    ON CONFLICT (tenant_id, id) DO NOTHING
    """,
    NoRow,
)

PAGE = Statement(
    f"""
    SELECT {_COLUMNS} FROM alquimista_platform.notifications
    WHERE {_MINE} AND (%(all)s OR read_at IS NULL)
    ORDER BY created_at DESC, id DESC LIMIT %(limit)s OFFSET %(offset)s
    """,  # noqa: S608 - Columns and a condition, as everywhere below.
    Notification,
)

COUNTS = Statement(
    f"""
    SELECT count(*)::int AS total, (count(*) FILTER (WHERE read_at IS NULL))::int AS unread
    FROM alquimista_platform.notifications WHERE {_MINE}
    """,  # noqa: S608
    Counts,
)

UNREAD = Statement(
    f"""
    SELECT 0 AS total, count(*)::int AS unread FROM alquimista_platform.notifications
    WHERE {_MINE} AND read_at IS NULL
    """,  # noqa: S608
    Counts,
)

SOME = Statement(
    f"""
    SELECT {_COLUMNS} FROM alquimista_platform.notifications
    WHERE {_MINE} AND id = ANY (%(ids)s::uuid[]) ORDER BY created_at, id
    """,  # noqa: S608
    Notification,
)

SINCE = Statement(
    f"""
    SELECT * FROM (
      SELECT {_COLUMNS} FROM alquimista_platform.notifications
      WHERE {_MINE} AND id <> %(last)s AND created_at >= (
        SELECT created_at - %(overlap)s::interval FROM alquimista_platform.notifications
        WHERE {_MINE} AND id = %(last)s)
      ORDER BY created_at DESC, id DESC LIMIT %(limit)s) newest
    ORDER BY created_at, id
    """,  # noqa: S608
    Notification,
)

READ = Statement(
    f"""
    UPDATE alquimista_platform.notifications SET read_at = coalesce(read_at, %(now)s)
    WHERE {_MINE} AND id = %(id)s RETURNING coalesce(data->>'link', '') AS link
    """,  # noqa: S608
    Link,
)

READ_ALL = Statement(
    f"""
    UPDATE alquimista_platform.notifications SET read_at = %(now)s WHERE {_MINE} AND read_at IS NULL
    """,  # noqa: S608
    NoRow,
)

AGED = Statement(
    """
    SELECT DISTINCT tenant_id FROM (
      SELECT tenant_id FROM alquimista_platform.notifications
      WHERE created_at < %(unread_before)s OR (created_at < %(read_before)s AND read_at IS NOT NULL)
      UNION ALL
      SELECT tenant_id FROM alquimista_platform.notification_digests WHERE day < %(unread_before)s::date) aged
    """,
    TenantId,
)

FORGET = Statement(
    """
    DELETE FROM alquimista_platform.notifications
    WHERE tenant_id = %(tenant_id)s
      AND (created_at < %(unread_before)s OR (created_at < %(read_before)s AND read_at IS NOT NULL))
    """,
    NoRow,
)


def _mine(owner: Owner) -> dict[str, UUID]:
    return {"tenant_id": owner.tenant_id, "user_id": owner.user_id}


async def insert(
    conn: Conn,
    owner: Owner,
    notification_id: UUID,
    kind: str,
    category: Category,
    title: str,
    message: str,
    data: dict[str, str],
    where: Choice,
    now: datetime,
    *,
    digest: bool,
) -> bool:
    """Store a message to one member, for the pages, the digest, or both; whether it is new."""
    stored = await conn.execute(
        INSERT,
        **_mine(owner),
        id=notification_id,
        type=kind,
        category=category,
        title=title,
        message=message,
        data=data,
        in_app=where.in_app,
        digest=digest,
        now=now,
    )
    return bool(stored)


async def page(conn: Conn, owner: Owner, limit: int, offset: int, *, unread: bool) -> list[Notification]:
    """Some of what a person is shown, the newest first."""
    return await conn.fetch(PAGE, **_mine(owner), all=not unread, limit=limit, offset=offset)


async def counts(conn: Conn, owner: Owner) -> Counts:
    """How many there are."""
    found = await conn.fetch_one(COUNTS, **_mine(owner))
    assert found is not None
    return found


async def unread(conn: Conn, owner: Owner) -> int:
    """How many are unread."""
    found = await conn.fetch_one(UNREAD, **_mine(owner))
    assert found is not None
    return found.unread


async def some(conn: Conn, owner: Owner, ids: list[UUID]) -> list[Notification]:
    """Those of these ids that are the person's, the oldest first."""
    return await conn.fetch(SOME, **_mine(owner), ids=ids)


async def since(conn: Conn, owner: Owner, last: UUID, overlap: timedelta, limit: int) -> list[Notification]:
    """The newest after one of the person's, the oldest first, and those shortly before: they may have come later."""
    return await conn.fetch(SINCE, **_mine(owner), last=last, overlap=overlap, limit=limit)


async def read(conn: Conn, owner: Owner, notification_id: UUID, now: datetime) -> str | None:
    """Mark one as read; where it leads, or None when the person has none of this id."""
    found = await conn.fetch_one(READ, **_mine(owner), id=notification_id, now=now)
    return None if found is None else found.link


async def read_all(conn: Conn, owner: Owner, now: datetime) -> int:
    """Mark all as read; how many were not."""
    return await conn.execute(READ_ALL, **_mine(owner), now=now)


async def aged(conn: Conn, read_before: datetime, unread_before: datetime) -> list[UUID]:
    """The tenants with something to forget; takes a connection of the internal role."""
    rows = await conn.fetch(AGED, read_before=read_before, unread_before=unread_before)
    return [row.tenant_id for row in rows]


async def forget(conn: Conn, tenant_id: UUID, read_before: datetime, unread_before: datetime) -> int:
    """Delete a tenant's old notifications; how many."""
    return await conn.execute(FORGET, tenant_id=tenant_id, read_before=read_before, unread_before=unread_before)

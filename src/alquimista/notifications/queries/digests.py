"""The only SQL of digests: who is due, what waits, and which were written."""

from datetime import date, datetime
from uuid import UUID

from alquimista.db.statement import Conn, NoRow, Statement
from alquimista.notifications.models import DIGEST_AT, Due, Owner, Subscriber, Waiting

# What came after the day's hour waits for the next day's, also where today's was not needed.
DUE = Statement(
    """
    SELECT DISTINCT n.tenant_id, n.user_id
    FROM alquimista_platform.notifications n
    JOIN alquimista_platform.tenants t ON t.id = n.tenant_id
    JOIN alquimista_platform.tenant_users m ON m.tenant_id = n.tenant_id AND m.user_id = n.user_id
    JOIN alquimista_platform.users u ON u.id = n.user_id
    CROSS JOIN LATERAL (SELECT (%(now)s::timestamptz AT TIME ZONE t.time_zone)::date AS day) today
    CROSS JOIN LATERAL (SELECT (today.day + %(at)s::time) AT TIME ZONE t.time_zone AS moment) hour
    WHERE n.digest AND n.digested_at IS NULL AND n.read_at IS NULL AND m.status = 'active' AND u.status = 'active'
      AND hour.moment <= %(now)s AND n.created_at < hour.moment
      AND NOT EXISTS (SELECT FROM alquimista_platform.notification_digests d
        WHERE d.tenant_id = n.tenant_id AND d.user_id = n.user_id AND d.day = today.day)
    """,
    Due,
)

SUBSCRIBER = Statement(
    """
    SELECT u.email, u.full_name AS name, coalesce(u.locale, t.locale) AS locale, t.name AS company, t.time_zone
    FROM alquimista_platform.tenant_users m
    JOIN alquimista_platform.users u ON u.id = m.user_id
    JOIN alquimista_platform.tenants t ON t.id = m.tenant_id
    WHERE m.tenant_id = %(tenant_id)s AND m.user_id = %(user_id)s AND m.status = 'active' AND u.status = 'active'
    """,
    Subscriber,
)

# Two workers with the same digest take turns here, and the second one finds nothing.
WAITING = Statement(
    """
    SELECT id, category, title, coalesce(data->>'link', '') AS link FROM alquimista_platform.notifications
    WHERE tenant_id = %(tenant_id)s AND user_id = %(user_id)s AND digest AND digested_at IS NULL AND read_at IS NULL
    ORDER BY created_at, id LIMIT %(limit)s FOR UPDATE
    """,
    Waiting,
)

CLAIM = Statement(
    """
    INSERT INTO alquimista_platform.notification_digests (tenant_id, user_id, day, created_at)
    VALUES (%(tenant_id)s, %(user_id)s, %(day)s, %(now)s) ON CONFLICT DO NOTHING
    """,
    NoRow,
)

DIGESTED = Statement(
    """
    UPDATE alquimista_platform.notifications SET digested_at = %(now)s
    WHERE tenant_id = %(tenant_id)s AND user_id = %(user_id)s AND id = ANY (%(ids)s::uuid[])
    """,
    NoRow,
)

FORGET = Statement(
    "DELETE FROM alquimista_platform.notification_digests WHERE tenant_id = %(tenant_id)s AND day < %(before)s::date",
    NoRow,
)


async def due(conn: Conn, now: datetime) -> list[Due]:
    """Who gets a digest now; takes a connection of the internal role."""
    return await conn.fetch(DUE, now=now, at=DIGEST_AT)


async def subscriber(conn: Conn, owner: Owner) -> Subscriber | None:
    """Whom to write to; None for somebody who is no active member any more."""
    return await conn.fetch_one(SUBSCRIBER, tenant_id=owner.tenant_id, user_id=owner.user_id)


async def waiting(conn: Conn, owner: Owner, limit: int) -> list[Waiting]:
    """What waits for a person's digest, the oldest first, locked until the transaction ends."""
    return await conn.fetch(WAITING, tenant_id=owner.tenant_id, user_id=owner.user_id, limit=limit)


async def claim(conn: Conn, owner: Owner, day: date, now: datetime) -> bool:
    """Take the day's digest; False when it was taken."""
    return await conn.execute(CLAIM, tenant_id=owner.tenant_id, user_id=owner.user_id, day=day, now=now) == 1


async def digested(conn: Conn, owner: Owner, ids: list[UUID], now: datetime) -> None:
    """These are in a digest."""
    await conn.execute(DIGESTED, tenant_id=owner.tenant_id, user_id=owner.user_id, ids=ids, now=now)


async def forget(conn: Conn, tenant_id: UUID, before: datetime) -> None:
    """Delete what was noted of old digests."""
    await conn.execute(FORGET, tenant_id=tenant_id, before=before)

"""What a person is shown: lists, what is read, what is new, and what is forgotten."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from alquimista.db.pool import Database
from alquimista.db.statement import Conn
from alquimista.db.tenancy import tenant_transaction
from alquimista.http.streams import wake
from alquimista.jobs.queue import enqueue_for_each
from alquimista.notifications.models import Notification, Owner, UnknownNotification
from alquimista.notifications.queries import digests
from alquimista.notifications.queries import inbox as queries
from alquimista.notifications.service.telling import channel

FORGET: Final = "notifications.forget"
READ_KEPT: Final = timedelta(days=90)
UNREAD_KEPT: Final = timedelta(days=180)
_MOST_NEWS: Final = 20
# Two transactions may commit in another order than they began: whoever comes back is told of so much twice.
_OVERLAP: Final = timedelta(seconds=30)


async def page(
    conn: Conn, owner: Owner, limit: int, offset: int, *, unread: bool
) -> tuple[list[Notification], int, int]:
    """Some of a person's notifications, the newest first; how many there are of them, and how many are unread."""
    counts = await queries.counts(conn, owner)
    found = await queries.page(conn, owner, limit, offset, unread=unread)
    return found, counts.unread if unread else counts.total, counts.unread


async def news(conn: Conn, owner: Owner, ids: list[UUID]) -> tuple[int, list[Notification]]:
    """How many are unread, and which of these are the person's, the oldest first."""
    return await queries.unread(conn, owner), await queries.some(conn, owner, ids) if ids else []


async def missed(conn: Conn, owner: Owner, last: UUID | None) -> tuple[int, list[Notification]]:
    """How many are unread, and the newest that came after `last`, with those of the moments before it."""
    found = [] if last is None else await queries.since(conn, owner, last, _OVERLAP, _MOST_NEWS)
    return await queries.unread(conn, owner), found


async def read(conn: Conn, owner: Owner, notification_id: UUID, now: datetime) -> str:
    """Mark one as read; where it leads.

    Raises:
        UnknownNotification: the person has none of this id.
    """
    link = await queries.read(conn, owner, notification_id, now)
    if link is None:
        raise UnknownNotification
    await wake(conn, channel(owner.user_id))
    return link


async def read_all(conn: Conn, owner: Owner, now: datetime) -> int:
    """Mark all as read; how many were not."""
    count = await queries.read_all(conn, owner, now)
    if count:
        await wake(conn, channel(owner.user_id))
    return count


async def sweep(db: Database, now: datetime) -> None:
    """Have a job delete what is old, for each tenant that has any: read ones after 90 days, others after 180."""
    found = await queries.aged(db.staff(), now - READ_KEPT, now - UNREAD_KEPT)
    await enqueue_for_each(db.staff(), FORGET, found)


async def forget(db: Database, tenant_id: UUID, now: datetime) -> int:
    """Delete a tenant's old notifications; how many."""
    async with tenant_transaction(db, tenant_id) as conn:
        await digests.forget(conn, tenant_id, now - UNREAD_KEPT)
        return await queries.forget(conn, tenant_id, now - READ_KEPT, now - UNREAD_KEPT)

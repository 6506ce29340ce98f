"""The framework's own SQL: rate-limit windows, and whether a tenant exists."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from alquimista.db.statement import Conn, NoRow, Statement


@dataclass(frozen=True, slots=True)
class Counted:
    """A window after it was raised."""

    count: int


@dataclass(frozen=True, slots=True)
class Found:
    """A tenant that exists."""

    id: UUID


# The sum may pass the limit: the caller takes only the part of its block that lies below it. Callers' blocks never
# overlap, so together they never take more than the limit.
RAISE_WINDOW: Final = Statement(
    """
    INSERT INTO alquimista_platform.rate_limit_windows AS w (key, window_start, count)
    VALUES (%(key)s, %(window_start)s, %(block)s)
    ON CONFLICT (key, window_start) DO UPDATE SET count = w.count + excluded.count
    RETURNING count
    """,
    Counted,
    unlogged=True,
)

PURGE_WINDOWS: Final = Statement(
    "DELETE FROM alquimista_platform.rate_limit_windows WHERE window_start < %(before)s", NoRow
)

TENANT_EXISTS: Final = Statement(
    "SELECT id FROM alquimista_platform.tenants WHERE id = %(tenant_id)s AND id <> %(platform)s", Found
)


async def raise_window(conn: Conn, key: str, window_start: datetime, block: int) -> int:
    """Add a block to a window; the window's count afterwards, at least `block`."""
    row = await conn.fetch_one(RAISE_WINDOW, key=key, window_start=window_start, block=block)
    assert row is not None
    return row.count


async def purge_windows(conn: Conn, before: datetime) -> int:
    """Delete the windows that began before a moment; how many."""
    return await conn.execute(PURGE_WINDOWS, before=before)


async def tenant_exists(conn: Conn, tenant_id: UUID, platform: UUID) -> bool:
    """Whether there is such a tenant; the platform's own row is none."""
    return await conn.fetch_one(TENANT_EXISTS, tenant_id=tenant_id, platform=platform) is not None

"""SQL on tenant_views; for connections of the login role."""

from datetime import datetime
from uuid import UUID

import msgspec

from alquimista.db.statement import Conn, NoRow, Statement


class TenantView(msgspec.Struct, frozen=True):
    """A company that a session looked at, and who did."""

    session_id: UUID
    tenant_id: UUID
    user_id: UUID
    email: str
    full_name: str
    started_at: datetime


class ViewedTenant(msgspec.Struct, frozen=True):
    """A company that can be looked at."""

    name: str


TENANT = Statement(
    "SELECT name FROM alquimista_platform.tenants WHERE id = %(tenant_id)s AND status <> 'inactive'",
    ViewedTenant,
)
INSERT = Statement(
    """
    INSERT INTO alquimista_platform.tenant_views (session_id, tenant_id, user_id, reason, started_at, expires_at)
    VALUES (%(session_id)s, %(tenant_id)s, %(user_id)s, %(reason)s, %(now)s, %(expires_at)s)
    """,
    NoRow,
)
END = Statement(
    """
    DELETE FROM alquimista_platform.tenant_views AS v
    USING alquimista_platform.users AS u
    WHERE u.id = v.user_id AND v.session_id = %(session_id)s
    RETURNING v.session_id, v.tenant_id, v.user_id, u.email, u.full_name, v.started_at
    """,
    TenantView,
)
# Their hour is over, or the session is, or the company has left.
END_OVER = Statement(
    """
    DELETE FROM alquimista_platform.tenant_views AS v
    USING alquimista_platform.users AS u, alquimista_platform.sessions AS s, alquimista_platform.tenants AS t
    WHERE u.id = v.user_id AND s.id = v.session_id AND t.id = v.tenant_id
      AND (v.expires_at <= %(now)s OR s.revoked_at IS NOT NULL OR s.expires_at <= %(now)s OR t.status = 'inactive')
    RETURNING v.session_id, v.tenant_id, v.user_id, u.email, u.full_name, v.started_at
    """,
    TenantView,
)


async def name_of(conn: Conn, tenant_id: UUID) -> str | None:
    """A company's name; None when there is none, or it has left."""
    row = await conn.fetch_one(TENANT, tenant_id=tenant_id)
    return row.name if row else None


async def insert(
    conn: Conn, session_id: UUID, tenant_id: UUID, user_id: UUID, reason: str, now: datetime, expires_at: datetime
) -> None:
    """Let a session look at a company."""
    await conn.execute(
        INSERT,
        session_id=session_id,
        tenant_id=tenant_id,
        user_id=user_id,
        reason=reason,
        now=now,
        expires_at=expires_at,
    )


async def end(conn: Conn, session_id: UUID) -> TenantView | None:
    """End a session's look at a company; None when it looks at none."""
    return await conn.fetch_one(END, session_id=session_id)


async def end_over(conn: Conn, now: datetime) -> list[TenantView]:
    """End all that are over by themselves."""
    return await conn.fetch(END_OVER, now=now)

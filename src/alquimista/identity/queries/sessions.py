"""SQL on sessions and refresh_tokens; for connections of the login role."""

from datetime import datetime
from uuid import UUID

import msgspec

from alquimista.db.statement import Conn, NoRow, Statement
from alquimista.identity.models.sessions import Client, Presented, SessionKind, SessionRow, Standing

_OF_SESSION = "WHERE s.id = %(session_id)s"
_OF_COOKIE = """
    WHERE s.id = (SELECT session_id FROM alquimista_platform.refresh_tokens WHERE token_hash = %(token_hash)s)
      AND s.kind = 'browser'
"""
_COLUMNS = """
    SELECT s.id AS session_id, s.kind, s.last_seen_at, s.expires_at, s.revoked_at, s.issuer, u.id AS user_id, u.email,
      u.full_name, u.locale, u.status AS user_status, t.id AS tenant_id, t.name AS tenant_name,
      CASE WHEN t.blocked_at IS NULL THEN t.standing ELSE 'inactive' END AS tenant_status,
      m.role, m.status AS member_status, c.totp_confirmed_at,
      EXISTS (
        SELECT FROM alquimista_platform.permission_grants AS g
        WHERE g.tenant_id = m.tenant_id AND g.user_id = m.user_id AND g.revoked_at IS NULL
      ) AS granted,
      viewed.id AS viewed_id, viewed.name AS viewed_name, v.expires_at AS viewed_until
"""
_TABLES = """
    FROM alquimista_platform.sessions AS s
    JOIN alquimista_platform.users AS u ON u.id = s.user_id
    JOIN alquimista_platform.tenant_users AS m
      ON m.user_id = s.user_id AND m.tenant_id = coalesce(%(tenant_id)s::uuid, s.tenant_id)
    JOIN alquimista_platform.tenants AS t ON t.id = m.tenant_id
    LEFT JOIN alquimista_platform.user_credentials AS c ON c.user_id = s.user_id
    LEFT JOIN alquimista_platform.tenant_views AS v ON v.session_id = s.id
    LEFT JOIN alquimista_platform.tenants AS viewed ON viewed.id = v.tenant_id AND viewed.status <> 'inactive'
"""
STANDING = Statement(_COLUMNS + _TABLES + _OF_SESSION, Standing)
STANDING_OF_COOKIE = Statement(_COLUMNS + _TABLES + _OF_COOKIE, Standing)
INSERT = Statement(
    """
    INSERT INTO alquimista_platform.sessions
      (id, user_id, tenant_id, kind, ip, user_agent, issuer, created_at, last_seen_at, expires_at)
    VALUES (%(id)s, %(user_id)s, %(tenant_id)s, %(kind)s, %(ip)s::inet, %(user_agent)s, %(issuer)s, %(now)s, %(now)s,
      %(expires_at)s)
    """,
    NoRow,
)
INSERT_TOKEN = Statement(
    """
    INSERT INTO alquimista_platform.refresh_tokens (token_hash, session_id, issued_at, expires_at)
    VALUES (%(token_hash)s, %(session_id)s, %(now)s, %(expires_at)s)
    """,
    NoRow,
)


class SessionId(msgspec.Struct, frozen=True):
    """An id alone."""

    id: UUID


# Who holds the family's row reads the token by a later statement, which therefore sees what the winner wrote.
LOCK_FAMILY = Statement(
    """
    SELECT s.id FROM alquimista_platform.sessions AS s
    WHERE s.id = (SELECT session_id FROM alquimista_platform.refresh_tokens WHERE token_hash = %(token_hash)s)
      AND s.kind = 'api'
    FOR UPDATE
    """,
    SessionId,
)
PRESENTED = Statement(
    _COLUMNS
    + """, r.expires_at AS token_expires_at, r.rotated_at, n.expires_at AS successor_expires_at,
      n.rotated_at AS successor_rotated_at
    """
    + _TABLES
    + """
    JOIN alquimista_platform.refresh_tokens AS r ON r.session_id = s.id
    LEFT JOIN alquimista_platform.refresh_tokens AS n ON n.token_hash = r.successor_hash
    WHERE r.token_hash = %(token_hash)s AND s.kind = 'api'
    """,
    Presented,
)
# Each step takes its rows from the one before, so the family's row is always locked first. Of two at once the second
# waits there, and then finds the token used, or the session ended or moved to another tenant: it touches no row.
EXCHANGE = Statement(
    """
    WITH session AS (
      UPDATE alquimista_platform.sessions SET last_seen_at = %(now)s, expires_at = %(expires_at)s
      WHERE id = %(session_id)s AND tenant_id = %(tenant_id)s AND revoked_at IS NULL
      RETURNING id
    ), used AS (
      UPDATE alquimista_platform.refresh_tokens AS r SET rotated_at = %(now)s, successor_hash = %(successor_hash)s
      FROM session
      WHERE r.token_hash = %(token_hash)s AND r.session_id = session.id AND r.rotated_at IS NULL
      RETURNING r.session_id
    )
    INSERT INTO alquimista_platform.refresh_tokens (token_hash, session_id, issued_at, expires_at)
    SELECT %(successor_hash)s, session_id, %(now)s, %(expires_at)s FROM used
    """,
    NoRow,
)
TOUCH = Statement(
    """
    UPDATE alquimista_platform.sessions SET last_seen_at = %(now)s
    WHERE id = %(session_id)s AND last_seen_at < %(now)s
    """,
    NoRow,
)
SWITCH = Statement(
    "UPDATE alquimista_platform.sessions SET tenant_id = %(tenant_id)s WHERE id = %(session_id)s",
    NoRow,
)
REVOKE = Statement(
    """
    UPDATE alquimista_platform.sessions SET revoked_at = %(now)s, revoke_reason = %(reason)s
    WHERE id = %(session_id)s AND user_id = %(user_id)s AND revoked_at IS NULL AND expires_at > %(now)s
    """,
    NoRow,
)
REVOKE_ALL = Statement(
    """
    UPDATE alquimista_platform.sessions SET revoked_at = %(now)s, revoke_reason = %(reason)s
    WHERE user_id = %(user_id)s AND revoked_at IS NULL
      AND (%(besides)s::uuid IS NULL OR id <> %(besides)s::uuid)
      AND (%(tenant_id)s::uuid IS NULL OR tenant_id = %(tenant_id)s::uuid)
    """,
    NoRow,
)
LIST = Statement(
    """
    SELECT id, kind, host(ip) AS ip, user_agent, created_at, last_seen_at, expires_at
    FROM alquimista_platform.sessions
    WHERE user_id = %(user_id)s AND revoked_at IS NULL AND expires_at > %(now)s
      AND (kind = 'api' OR last_seen_at > %(idle_since)s)
    ORDER BY last_seen_at DESC, id
    """,
    SessionRow,
)
PURGE = Statement(
    """
    DELETE FROM alquimista_platform.sessions
    WHERE expires_at < %(before)s OR revoked_at < %(before)s
    """,
    NoRow,
)
# The rotated tokens of a session that goes on for months.
PURGE_TOKENS = Statement("DELETE FROM alquimista_platform.refresh_tokens WHERE expires_at < %(before)s", NoRow)


async def standing(conn: Conn, session_id: UUID, tenant_id: UUID | None) -> Standing | None:
    """A session with its person's membership in a tenant (its active one when None)."""
    return await conn.fetch_one(STANDING, session_id=session_id, tenant_id=tenant_id)


async def standing_of_cookie(conn: Conn, token_hash: bytes) -> Standing | None:
    """A browser's session by its cookie."""
    return await conn.fetch_one(STANDING_OF_COOKIE, token_hash=token_hash, tenant_id=None)


async def insert(
    conn: Conn,
    session_id: UUID,
    user_id: UUID,
    tenant_id: UUID,
    kind: SessionKind,
    client: Client,
    issuer: str | None,
    now: datetime,
    expires_at: datetime,
) -> None:
    """Open a session."""
    await conn.execute(
        INSERT,
        id=session_id,
        user_id=user_id,
        tenant_id=tenant_id,
        kind=kind.value,
        ip=client.ip or None,
        user_agent=client.user_agent[:512],
        issuer=issuer,
        now=now,
        expires_at=expires_at,
    )


async def insert_token(conn: Conn, token_hash: bytes, session_id: UUID, now: datetime, expires_at: datetime) -> None:
    """Store a refresh token, or a browser's cookie, of a session."""
    await conn.execute(INSERT_TOKEN, token_hash=token_hash, session_id=session_id, now=now, expires_at=expires_at)


async def lock_family(conn: Conn, token_hash: bytes) -> UUID | None:
    """Hold the API session that a refresh token belongs to, until the transaction ends."""
    row = await conn.fetch_one(LOCK_FAMILY, token_hash=token_hash)
    return row.id if row else None


async def presented(conn: Conn, token_hash: bytes) -> Presented | None:
    """An API session by one of its refresh tokens, with the token's state."""
    return await conn.fetch_one(PRESENTED, token_hash=token_hash, tenant_id=None)


async def exchange(
    conn: Conn, seen: Presented, token_hash: bytes, successor_hash: bytes, now: datetime, expires_at: datetime
) -> bool:
    """Replace an unused refresh token, and prolong its session; False when one of them is not as it was seen."""
    return bool(
        await conn.execute(
            EXCHANGE,
            session_id=seen.session_id,
            tenant_id=seen.tenant_id,
            token_hash=token_hash,
            successor_hash=successor_hash,
            now=now,
            expires_at=expires_at,
        )
    )


async def touch(conn: Conn, session_id: UUID, now: datetime) -> None:
    """Note that the session was used."""
    await conn.execute(TOUCH, session_id=session_id, now=now)


async def switch(conn: Conn, session_id: UUID, tenant_id: UUID) -> None:
    """Make another tenant the active one."""
    await conn.execute(SWITCH, session_id=session_id, tenant_id=tenant_id)


async def revoke(conn: Conn, session_id: UUID, user_id: UUID, reason: str, now: datetime) -> bool:
    """End one session of a person; False when there is none open."""
    return bool(await conn.execute(REVOKE, session_id=session_id, user_id=user_id, reason=reason, now=now))


async def revoke_all(
    conn: Conn,
    user_id: UUID,
    reason: str,
    now: datetime,
    *,
    besides: UUID | None = None,
    tenant_id: UUID | None = None,
) -> int:
    """End a person's sessions: all, all but one, or those that are active in one tenant."""
    return await conn.execute(REVOKE_ALL, user_id=user_id, reason=reason, now=now, besides=besides, tenant_id=tenant_id)


async def list_open(conn: Conn, user_id: UUID, now: datetime, idle_since: datetime) -> list[SessionRow]:
    """A person's open sessions, the latest used first."""
    return await conn.fetch(LIST, user_id=user_id, now=now, idle_since=idle_since)


async def purge(conn: Conn, before: datetime) -> int:
    """Delete sessions that ended before a moment, with their tokens, and tokens that expired before it; how many."""
    return await conn.execute(PURGE, before=before) + await conn.execute(PURGE_TOKENS, before=before)

"""SQL on invitations and email_tokens."""

from datetime import datetime
from uuid import UUID

import msgspec

from alquimista.access import Role
from alquimista.db.statement import Conn, NoRow, Statement
from alquimista.identity.models.invitations import Invitation, InvitationState

CLOSE_EXPIRED = Statement(
    """
    UPDATE alquimista_platform.invitations SET revoked_at = %(now)s
    WHERE tenant_id = %(tenant_id)s AND email = %(email)s AND accepted_at IS NULL AND revoked_at IS NULL
      AND expires_at <= %(now)s
    """,
    NoRow,
)
INSERT = Statement(
    """
    INSERT INTO alquimista_platform.invitations (tenant_id, id, email, role, invited_by, created_at, expires_at)
    VALUES (%(tenant_id)s, %(id)s, %(email)s, %(role)s, %(invited_by)s, %(now)s, %(expires_at)s)
    """,
    NoRow,
)
LIST = Statement(
    """
    SELECT id, email, role, created_at, expires_at
    FROM alquimista_platform.invitations
    WHERE tenant_id = %(tenant_id)s AND accepted_at IS NULL AND revoked_at IS NULL AND expires_at > %(now)s
    ORDER BY created_at DESC, id
    LIMIT %(limit)s OFFSET %(offset)s
    """,
    Invitation,
)


class Count(msgspec.Struct, frozen=True):
    """A number of rows."""

    total: int


COUNT = Statement(
    """
    SELECT count(*) AS total
    FROM alquimista_platform.invitations
    WHERE tenant_id = %(tenant_id)s AND accepted_at IS NULL AND revoked_at IS NULL AND expires_at > %(now)s
    """,
    Count,
)
RECENT = Statement(
    """
    SELECT count(*) AS total FROM alquimista_platform.invitations
    WHERE tenant_id = %(tenant_id)s AND email = %(email)s AND created_at > %(since)s
    """,
    Count,
)
REVOKE = Statement(
    """
    UPDATE alquimista_platform.invitations SET revoked_at = %(now)s
    WHERE tenant_id = %(tenant_id)s AND id = %(id)s AND accepted_at IS NULL AND revoked_at IS NULL
    """,
    NoRow,
)
STATE = Statement(
    """
    SELECT i.email, i.role, t.name AS tenant_name, i.expires_at, i.accepted_at, i.revoked_at, i.invited_by
    FROM alquimista_platform.invitations AS i
    JOIN alquimista_platform.tenants AS t ON t.id = i.tenant_id
    WHERE i.tenant_id = %(tenant_id)s AND i.id = %(id)s
    """,
    InvitationState,
)
ACCEPT = Statement(
    """
    UPDATE alquimista_platform.invitations SET accepted_at = %(now)s
    WHERE tenant_id = %(tenant_id)s AND id = %(id)s AND accepted_at IS NULL AND revoked_at IS NULL
      AND expires_at > %(now)s
    """,
    NoRow,
)
INSERT_TOKEN = Statement(
    """
    INSERT INTO alquimista_platform.email_tokens
      (token_hash, purpose, user_id, tenant_id, invitation_id, created_at, expires_at)
    VALUES (%(token_hash)s, %(purpose)s, %(user_id)s, %(tenant_id)s, %(invitation_id)s, %(now)s, %(expires_at)s)
    """,
    NoRow,
)


class EmailToken(msgspec.Struct, frozen=True):
    """Whom or what a link is about."""

    user_id: UUID | None
    tenant_id: UUID | None
    invitation_id: UUID | None


_TOKEN_IS_GOOD = "token_hash = %(token_hash)s AND purpose = %(purpose)s AND used_at IS NULL AND expires_at > %(now)s"  # noqa: S105
READ_TOKEN = Statement(
    f"SELECT user_id, tenant_id, invitation_id FROM alquimista_platform.email_tokens WHERE {_TOKEN_IS_GOOD}",  # noqa: S608 - Constants only.
    EmailToken,
)
USE_TOKEN = Statement(
    f"""
    UPDATE alquimista_platform.email_tokens SET used_at = %(now)s WHERE {_TOKEN_IS_GOOD}
    RETURNING user_id, tenant_id, invitation_id
    """,  # noqa: S608 - As above.
    EmailToken,
)
RECENT_TOKENS = Statement(
    """
    SELECT count(*) AS total FROM alquimista_platform.email_tokens
    WHERE user_id = %(user_id)s AND purpose = %(purpose)s AND created_at > %(since)s
    """,
    Count,
)
DROP_TOKENS = Statement(
    """
    UPDATE alquimista_platform.email_tokens SET used_at = %(now)s
    WHERE user_id = %(user_id)s AND purpose = %(purpose)s AND used_at IS NULL
    """,
    NoRow,
)
PURGE_TOKENS = Statement(
    "DELETE FROM alquimista_platform.email_tokens WHERE expires_at < %(before)s",
    NoRow,
)


async def insert(
    conn: Conn,
    tenant_id: UUID,
    invitation_id: UUID,
    email: str,
    role: Role,
    invited_by: UUID | None,
    now: datetime,
    expires_at: datetime,
) -> None:
    """Store an invitation, closing an expired one; psycopg.errors.UniqueViolation when one is open."""
    await conn.execute(CLOSE_EXPIRED, tenant_id=tenant_id, email=email, now=now)
    await conn.execute(
        INSERT,
        tenant_id=tenant_id,
        id=invitation_id,
        email=email,
        role=role.value,
        invited_by=invited_by,
        now=now,
        expires_at=expires_at,
    )


async def list_open(conn: Conn, tenant_id: UUID, now: datetime, limit: int, offset: int) -> list[Invitation]:
    """One page of what may still be accepted, the newest first."""
    return await conn.fetch(LIST, tenant_id=tenant_id, now=now, limit=limit, offset=offset)


async def recent(conn: Conn, tenant_id: UUID, email: str, since: datetime) -> int:
    """How often the tenant has invited the address since then, withdrawn ones included."""
    found = await conn.fetch_one(RECENT, tenant_id=tenant_id, email=email, since=since)
    return found.total if found else 0


async def count_open(conn: Conn, tenant_id: UUID, now: datetime) -> int:
    """How many may still be accepted."""
    row = await conn.fetch_one(COUNT, tenant_id=tenant_id, now=now)
    return row.total if row else 0


async def revoke(conn: Conn, tenant_id: UUID, invitation_id: UUID, now: datetime) -> bool:
    """Withdraw an open invitation; False when there is none."""
    return bool(await conn.execute(REVOKE, tenant_id=tenant_id, id=invitation_id, now=now))


async def state(conn: Conn, tenant_id: UUID, invitation_id: UUID) -> InvitationState | None:
    """An invitation with what decides whether it may be accepted."""
    return await conn.fetch_one(STATE, tenant_id=tenant_id, id=invitation_id)


async def accept(conn: Conn, tenant_id: UUID, invitation_id: UUID, now: datetime) -> bool:
    """Close an open invitation as accepted; False when it is not open any more."""
    return bool(await conn.execute(ACCEPT, tenant_id=tenant_id, id=invitation_id, now=now))


async def insert_token(
    conn: Conn,
    token_hash: bytes,
    purpose: str,
    now: datetime,
    expires_at: datetime,
    *,
    user_id: UUID | None = None,
    tenant_id: UUID | None = None,
    invitation_id: UUID | None = None,
) -> None:
    """Store a link's hash: purpose reset, confirm or invite."""
    await conn.execute(
        INSERT_TOKEN,
        token_hash=token_hash,
        purpose=purpose,
        user_id=user_id,
        tenant_id=tenant_id,
        invitation_id=invitation_id,
        now=now,
        expires_at=expires_at,
    )


async def read_token(conn: Conn, token_hash: bytes, purpose: str, now: datetime) -> EmailToken | None:
    """What a good link is about, without using it."""
    return await conn.fetch_one(READ_TOKEN, token_hash=token_hash, purpose=purpose, now=now)


async def use_token(conn: Conn, token_hash: bytes, purpose: str, now: datetime) -> EmailToken | None:
    """Use a good link; None when it was used, has expired or never was."""
    return await conn.fetch_one(USE_TOKEN, token_hash=token_hash, purpose=purpose, now=now)


async def recent_tokens(conn: Conn, user_id: UUID, purpose: str, since: datetime) -> int:
    """How many links of a kind a person was sent since a moment."""
    row = await conn.fetch_one(RECENT_TOKENS, user_id=user_id, purpose=purpose, since=since)
    return row.total if row else 0


async def drop_tokens(conn: Conn, user_id: UUID, purpose: str, now: datetime) -> None:
    """Make a person's other links of a kind useless."""
    await conn.execute(DROP_TOKENS, user_id=user_id, purpose=purpose, now=now)


async def purge_tokens(conn: Conn, before: datetime) -> int:
    """Delete links that expired before a moment."""
    return await conn.execute(PURGE_TOKENS, before=before)

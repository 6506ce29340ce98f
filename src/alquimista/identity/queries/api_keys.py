"""SQL on api_keys (a tenant's, under the app role) and api_key_lookup (read by the login role alone)."""

from datetime import datetime
from uuid import UUID

import msgspec

from alquimista.db.statement import Conn, NoRow, Statement
from alquimista.identity.models.api_keys import ApiKey, KeyStanding

INSERT = Statement(
    """
    INSERT INTO alquimista_platform.api_keys
      (tenant_id, id, name, prefix, scopes, created_by, created_at, expires_at)
    VALUES (%(tenant_id)s, %(id)s, %(name)s, %(prefix)s, %(scopes)s::text[], %(created_by)s, %(now)s, %(expires_at)s)
    """,
    NoRow,
)
INSERT_LOOKUP = Statement(
    """
    INSERT INTO alquimista_platform.api_key_lookup (key_hash, tenant_id, key_id)
    VALUES (%(key_hash)s, %(tenant_id)s, %(key_id)s)
    """,
    NoRow,
)
LIST = Statement(
    """
    SELECT id, name, prefix, scopes, created_at, last_used_at, expires_at
    FROM alquimista_platform.api_keys
    WHERE tenant_id = %(tenant_id)s AND revoked_at IS NULL
    ORDER BY created_at DESC, id
    LIMIT %(limit)s OFFSET %(offset)s
    """,
    ApiKey,
)


class Count(msgspec.Struct, frozen=True):
    """A number of rows."""

    total: int


COUNT = Statement(
    """
    SELECT count(*) AS total FROM alquimista_platform.api_keys
    WHERE tenant_id = %(tenant_id)s AND revoked_at IS NULL
    """,
    Count,
)
REVOKE = Statement(
    """
    UPDATE alquimista_platform.api_keys SET revoked_at = %(now)s
    WHERE tenant_id = %(tenant_id)s AND id = %(id)s AND revoked_at IS NULL
    """,
    NoRow,
)
HOLD = Statement(
    """
    SELECT id, name, prefix, scopes, created_at, last_used_at, expires_at
    FROM alquimista_platform.api_keys
    WHERE tenant_id = %(tenant_id)s AND id = %(id)s AND revoked_at IS NULL FOR UPDATE
    """,
    ApiKey,
)
END_BY = Statement(
    """
    UPDATE alquimista_platform.api_keys SET expires_at = least(expires_at, %(ends_at)s::timestamptz)
    WHERE tenant_id = %(tenant_id)s AND id = %(id)s AND revoked_at IS NULL
      AND (expires_at IS NULL OR expires_at > %(now)s)
    RETURNING id, name, prefix, scopes, created_at, last_used_at, expires_at
    """,
    ApiKey,
)
STANDING = Statement(
    """
    SELECT k.tenant_id, k.id AS key_id, k.name, k.scopes, k.last_used_at, k.expires_at, k.revoked_at,
      t.status AS tenant_status
    FROM alquimista_platform.api_key_lookup AS l
    JOIN alquimista_platform.api_keys AS k ON k.tenant_id = l.tenant_id AND k.id = l.key_id
    JOIN alquimista_platform.tenants AS t ON t.id = k.tenant_id
    WHERE l.key_hash = %(key_hash)s
    """,
    KeyStanding,
)
TOUCH = Statement(
    """
    UPDATE alquimista_platform.api_keys SET last_used_at = %(now)s
    WHERE tenant_id = %(tenant_id)s AND id = %(id)s AND (last_used_at IS NULL OR last_used_at < %(now)s)
    """,
    NoRow,
)


async def insert(
    conn: Conn,
    tenant_id: UUID,
    key_id: UUID,
    name: str,
    prefix: str,
    scopes: list[str],
    created_by: UUID | None,
    now: datetime,
    expires_at: datetime | None,
    key_hash: bytes,
) -> None:
    """Store a key and, for the door, its hash."""
    await conn.execute(
        INSERT,
        tenant_id=tenant_id,
        id=key_id,
        name=name,
        prefix=prefix,
        scopes=scopes,
        created_by=created_by,
        now=now,
        expires_at=expires_at,
    )
    await conn.execute(INSERT_LOOKUP, key_hash=key_hash, tenant_id=tenant_id, key_id=key_id)


async def list_active(conn: Conn, tenant_id: UUID, limit: int, offset: int) -> list[ApiKey]:
    """One page of keys that are not revoked, the newest first."""
    return await conn.fetch(LIST, tenant_id=tenant_id, limit=limit, offset=offset)


async def count_active(conn: Conn, tenant_id: UUID) -> int:
    """How many keys are not revoked."""
    row = await conn.fetch_one(COUNT, tenant_id=tenant_id)
    return row.total if row else 0


async def revoke(conn: Conn, tenant_id: UUID, key_id: UUID, now: datetime) -> bool:
    """End a key; False when there is no active one."""
    return bool(await conn.execute(REVOKE, tenant_id=tenant_id, id=key_id, now=now))


async def hold(conn: Conn, tenant_id: UUID, key_id: UUID) -> ApiKey | None:
    """A key that is not revoked, as it is, held until the transaction ends."""
    return await conn.fetch_one(HOLD, tenant_id=tenant_id, id=key_id)


async def end_by(conn: Conn, tenant_id: UUID, key_id: UUID, now: datetime, ends_at: datetime) -> ApiKey | None:
    """Have a good key end at a moment, unless it ends before; the key, None when it is not good."""
    return await conn.fetch_one(END_BY, tenant_id=tenant_id, id=key_id, now=now, ends_at=ends_at)


async def standing(conn: Conn, key_hash: bytes) -> KeyStanding | None:
    """The key with this hash and its tenant's state; takes the login role."""
    return await conn.fetch_one(STANDING, key_hash=key_hash)


async def touch(conn: Conn, tenant_id: UUID, key_id: UUID, now: datetime) -> None:
    """Note that the key was used; takes the login role."""
    await conn.execute(TOUCH, tenant_id=tenant_id, id=key_id, now=now)

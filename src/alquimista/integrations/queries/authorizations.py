"""The only SQL on alquimista_platform.integration_authorizations."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from psycopg.types.json import Jsonb

from alquimista.db.statement import Conn, NoRow, Statement


class Pending(msgspec.Struct, frozen=True):
    """A consent under way: for a new integration of a name, or for one that is connected again."""

    provider: str
    name: str | None
    integration_id: UUID | None
    config: dict[str, Any]


INSERT = Statement(
    """
    INSERT INTO alquimista_platform.integration_authorizations
      (tenant_id, state_hash, session_id, provider, name, integration_id, config, created_at, expires_at)
    VALUES (%(tenant_id)s, %(state_hash)s, %(session_id)s, %(provider)s, %(name)s, %(integration_id)s, %(config)s,
      %(now)s, %(expires_at)s)
    """,
    NoRow,
)

# Taken out, not marked: of two that bring the same state, one finds it.
TAKE = Statement(
    """
    DELETE FROM alquimista_platform.integration_authorizations
    WHERE tenant_id = %(tenant_id)s AND state_hash = %(state_hash)s AND session_id = %(session_id)s
      AND expires_at > %(now)s
    RETURNING provider, name, integration_id, config
    """,
    Pending,
)

PURGE = Statement(
    """
    DELETE FROM alquimista_platform.integration_authorizations
    WHERE tenant_id = %(tenant_id)s AND expires_at <= %(now)s
    """,
    NoRow,
)


async def insert(
    conn: Conn,
    tenant_id: UUID,
    state_hash: bytes,
    session_id: UUID,
    pending: Pending,
    now: datetime,
    expires_at: datetime,
) -> None:
    """Store a consent under way."""
    await conn.execute(
        INSERT, tenant_id=tenant_id, state_hash=state_hash, session_id=session_id, provider=pending.provider,
        name=pending.name, integration_id=pending.integration_id, config=Jsonb(pending.config), now=now,
        expires_at=expires_at,
    )  # fmt: skip


async def take(conn: Conn, tenant_id: UUID, state_hash: bytes, session_id: UUID, now: datetime) -> Pending | None:
    """Take a consent out; None when there is none of this state for this session, or it is too old."""
    return await conn.fetch_one(TAKE, tenant_id=tenant_id, state_hash=state_hash, session_id=session_id, now=now)


async def purge(conn: Conn, tenant_id: UUID, now: datetime) -> None:
    """Delete those that nobody can end any more."""
    await conn.execute(PURGE, tenant_id=tenant_id, now=now)

"""The only SQL on alquimista_platform.tenant_integrations."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from psycopg.types.json import Jsonb

from alquimista.db.crypto import Sealed
from alquimista.db.statement import Conn, NoRow, Statement
from alquimista.integrations.models.integrations import (
    Integration,
    IntegrationRecord,
    IntegrationStatus,
    SealedCredentials,
    Standing,
)

_COLUMNS = """id, type, provider, name, status, config, last_sync_at, last_error, checked_at, sync_count, error_count,
      failures, generation, created_at, updated_at"""

LIST = Statement(
    """
    SELECT id, type, name, status, last_sync_at, last_error, provider
    FROM alquimista_platform.tenant_integrations
    WHERE tenant_id = %(tenant_id)s
    ORDER BY name, id
    """,
    Integration,
)

FAILING = Statement(
    """
    SELECT id, type, name, status, last_sync_at, last_error, provider
    FROM alquimista_platform.tenant_integrations
    WHERE tenant_id = %(tenant_id)s AND status = 'error'
    ORDER BY name, id
    """,
    Integration,
)

# What needs somebody comes first, what was taken away last.
PAGE = Statement(
    f"""
    SELECT {_COLUMNS} FROM alquimista_platform.tenant_integrations
    WHERE tenant_id = %(tenant_id)s AND (%(status)s::text IS NULL OR status = %(status)s)
    ORDER BY array_position(ARRAY['error', 'pending', 'active', 'inactive'], status), name, id
    LIMIT %(limit)s OFFSET %(offset)s
    """,  # noqa: S608 - A list of columns.
    IntegrationRecord,
)


class StatusCount(msgspec.Struct, frozen=True):
    """How many integrations are in a status."""

    status: IntegrationStatus
    count: int


COUNTS = Statement(
    """
    SELECT status, count(*) AS count FROM alquimista_platform.tenant_integrations
    WHERE tenant_id = %(tenant_id)s GROUP BY status
    """,
    StatusCount,
)

FIND = Statement(
    f"""
    SELECT {_COLUMNS} FROM alquimista_platform.tenant_integrations
    WHERE tenant_id = %(tenant_id)s AND id = %(id)s
    """,  # noqa: S608 - A list of columns.
    IntegrationRecord,
)

LOCK = Statement(FIND.sql + "FOR UPDATE", IntegrationRecord)

DUE = Statement(
    f"""
    SELECT {_COLUMNS} FROM alquimista_platform.tenant_integrations
    WHERE tenant_id = %(tenant_id)s AND next_check_at <= %(now)s
    ORDER BY next_check_at, id
    """,  # noqa: S608 - As above.
    IntegrationRecord,
)


class TenantDue(msgspec.Struct, frozen=True):
    """A tenant with something to test."""

    tenant_id: UUID


TENANTS_DUE = Statement(
    """
    SELECT DISTINCT tenant_id FROM alquimista_platform.tenant_integrations WHERE next_check_at <= %(now)s
    """,
    TenantDue,
)


class Room(msgspec.Struct, frozen=True):
    """How many integrations are not disconnected, and whether a name is taken."""

    connected: int
    taken: bool


ROOM = Statement(
    """
    SELECT count(*) FILTER (WHERE status <> 'inactive') AS connected,
      coalesce(bool_or(type = %(type)s AND name = %(name)s), false) AS taken
    FROM alquimista_platform.tenant_integrations
    WHERE tenant_id = %(tenant_id)s
    """,
    Room,
)

INSERT = Statement(
    """
    INSERT INTO alquimista_platform.tenant_integrations
      (tenant_id, id, type, provider, name, status, config, credentials_ciphertext, credentials_key_id, last_sync_at,
       last_error, checked_at, next_check_at, sync_count, error_count, created_at, updated_at)
    VALUES (%(tenant_id)s, %(id)s, %(type)s, %(provider)s, %(name)s, %(status)s, %(config)s, %(ciphertext)s,
      %(key_id)s, %(last_sync_at)s, %(last_error)s, %(checked_at)s, %(next_check_at)s,
      CASE WHEN %(checked_at)s::timestamptz IS NULL THEN 0 ELSE 1 END, 0, %(now)s, %(now)s)
    ON CONFLICT (tenant_id, type, name) DO NOTHING
    """,
    NoRow,
)

# The generation that was seen still holds, or nothing is touched.
RECONNECT = Statement(
    """
    UPDATE alquimista_platform.tenant_integrations
    SET status = 'active', config = %(config)s, credentials_ciphertext = %(ciphertext)s,
        credentials_key_id = %(key_id)s, last_sync_at = %(now)s, last_error = NULL, checked_at = %(now)s,
        next_check_at = %(next_check_at)s, sync_count = sync_count + 1, failures = 0, generation = generation + 1,
        updated_at = %(now)s
    WHERE tenant_id = %(tenant_id)s AND id = %(id)s AND generation = %(generation)s
    """,
    NoRow,
)

# The ciphertext and its key's name go; what happened so far stays.
EMPTY = Statement(
    """
    UPDATE alquimista_platform.tenant_integrations
    SET status = %(status)s, credentials_ciphertext = NULL, credentials_key_id = NULL, next_check_at = NULL,
        last_error = NULL, failures = 0, generation = generation + 1, updated_at = %(now)s
    WHERE tenant_id = %(tenant_id)s AND id = %(id)s
    """,
    NoRow,
)

CHECKED = Statement(
    """
    UPDATE alquimista_platform.tenant_integrations
    SET status = %(status)s, failures = %(failures)s, last_error = %(last_error)s, checked_at = %(now)s,
        next_check_at = %(next_check_at)s,
        last_sync_at = CASE WHEN %(last_error)s::text IS NULL THEN %(now)s ELSE last_sync_at END,
        sync_count = sync_count + CASE WHEN %(last_error)s::text IS NULL THEN 1 ELSE 0 END,
        error_count = error_count + CASE WHEN %(last_error)s::text IS NULL THEN 0 ELSE 1 END,
        updated_at = %(now)s
    WHERE tenant_id = %(tenant_id)s AND id = %(id)s
    """,
    NoRow,
)

GET_CREDENTIALS = Statement(
    """
    SELECT id, credentials_key_id, credentials_ciphertext
    FROM alquimista_platform.tenant_integrations
    WHERE tenant_id = %(tenant_id)s AND id = %(id)s AND credentials_ciphertext IS NOT NULL
    """,
    SealedCredentials,
)

# Locked, so that a rotation and a reconnection cannot overwrite each other.
SEALED_WITH_OLD_KEYS = Statement(
    """
    SELECT id, credentials_key_id, credentials_ciphertext
    FROM alquimista_platform.tenant_integrations
    WHERE tenant_id = %(tenant_id)s AND credentials_ciphertext IS NOT NULL AND credentials_key_id <> %(key_id)s
    FOR UPDATE
    """,
    SealedCredentials,
)

SET_CREDENTIALS = Statement(
    """
    UPDATE alquimista_platform.tenant_integrations
    SET credentials_ciphertext = %(ciphertext)s, credentials_key_id = %(key_id)s, updated_at = %(now)s
    WHERE tenant_id = %(tenant_id)s AND id = %(id)s
    """,
    NoRow,
)


async def list_integrations(conn: Conn, tenant_id: UUID) -> list[Integration]:
    """Every integration of the tenant, by name."""
    return await conn.fetch(LIST, tenant_id=tenant_id)


async def failing(conn: Conn, tenant_id: UUID) -> list[Integration]:
    """Those in error, by name."""
    return await conn.fetch(FAILING, tenant_id=tenant_id)


async def page(
    conn: Conn, tenant_id: UUID, status: IntegrationStatus | None, limit: int, offset: int
) -> list[IntegrationRecord]:
    """A page of the tenant's integrations, perhaps only those in a status."""
    return await conn.fetch(PAGE, tenant_id=tenant_id, status=status, limit=limit, offset=offset)


async def counts(conn: Conn, tenant_id: UUID) -> dict[IntegrationStatus, int]:
    """How many are in each status; a status without any is left out."""
    return {row.status: row.count for row in await conn.fetch(COUNTS, tenant_id=tenant_id)}


async def find(conn: Conn, tenant_id: UUID, integration_id: UUID) -> IntegrationRecord | None:
    """One integration, or None."""
    return await conn.fetch_one(FIND, tenant_id=tenant_id, id=integration_id)


async def lock(conn: Conn, tenant_id: UUID, integration_id: UUID) -> IntegrationRecord | None:
    """One integration, held until the transaction ends; or None."""
    return await conn.fetch_one(LOCK, tenant_id=tenant_id, id=integration_id)


async def due(conn: Conn, tenant_id: UUID, now: datetime) -> list[IntegrationRecord]:
    """Those whose test is due, the longest waiting first."""
    return await conn.fetch(DUE, tenant_id=tenant_id, now=now)


async def tenants_due(conn: Conn, now: datetime) -> list[UUID]:
    """The tenants in which a test is due; takes a connection of the internal role."""
    return [row.tenant_id for row in await conn.fetch(TENANTS_DUE, now=now)]


async def room(conn: Conn, tenant_id: UUID, kind: str, name: str) -> Room:
    """What stands in the way of one more of this kind and name."""
    found = await conn.fetch_one(ROOM, tenant_id=tenant_id, type=kind, name=name)
    assert found is not None
    return found


async def insert(
    conn: Conn,
    tenant_id: UUID,
    integration: Integration,
    config: dict[str, Any],
    sealed: Sealed | None,
    now: datetime,
    *,
    checked_at: datetime | None = None,
    next_check_at: datetime | None = None,
) -> bool:
    """Store an integration; False when there is one of this kind and name."""
    values = {name: getattr(integration, name) for name in Integration.__struct_fields__}
    done = await conn.execute(
        INSERT, tenant_id=tenant_id, config=Jsonb(config), now=now, checked_at=checked_at,
        next_check_at=next_check_at, key_id=sealed.key_id if sealed else None,
        ciphertext=sealed.ciphertext if sealed else None, **values,
    )  # fmt: skip
    return bool(done)


async def reconnect(
    conn: Conn,
    tenant_id: UUID,
    seen: IntegrationRecord,
    config: dict[str, Any],
    sealed: Sealed,
    now: datetime,
    next_check_at: datetime,
) -> bool:
    """Give an integration new credentials, unless somebody changed it since it was seen."""
    done = await conn.execute(
        RECONNECT, tenant_id=tenant_id, id=seen.id, generation=seen.generation, config=Jsonb(config),
        key_id=sealed.key_id, ciphertext=sealed.ciphertext, now=now, next_check_at=next_check_at,
    )  # fmt: skip
    return bool(done)


async def empty(conn: Conn, tenant_id: UUID, integration_id: UUID, status: str, now: datetime) -> None:
    """Destroy the credentials of an integration and leave it in a status that has none."""
    await conn.execute(EMPTY, tenant_id=tenant_id, id=integration_id, status=status, now=now)


async def checked(
    conn: Conn,
    tenant_id: UUID,
    integration_id: UUID,
    standing: Standing,
    last_error: str | None,
    now: datetime,
    next_check_at: datetime,
) -> None:
    """Write down a test's result: without an error it was a success."""
    await conn.execute(
        CHECKED, tenant_id=tenant_id, id=integration_id, status=standing.status, failures=standing.failures,
        last_error=last_error, now=now, next_check_at=next_check_at,
    )  # fmt: skip


async def get_credentials(conn: Conn, tenant_id: UUID, integration_id: UUID) -> SealedCredentials | None:
    """The sealed credentials of one integration, or None."""
    return await conn.fetch_one(GET_CREDENTIALS, tenant_id=tenant_id, id=integration_id)


async def sealed_with_old_keys(conn: Conn, tenant_id: UUID, key_id: str) -> list[SealedCredentials]:
    """Every row of the tenant whose credentials another key than `key_id` sealed, locked."""
    return await conn.fetch(SEALED_WITH_OLD_KEYS, tenant_id=tenant_id, key_id=key_id)


async def set_credentials(conn: Conn, tenant_id: UUID, integration_id: UUID, sealed: Sealed, now: datetime) -> None:
    """Replace the sealed credentials of one integration."""
    await conn.execute(
        SET_CREDENTIALS,
        tenant_id=tenant_id,
        id=integration_id,
        key_id=sealed.key_id,
        ciphertext=sealed.ciphertext,
        now=now,
    )

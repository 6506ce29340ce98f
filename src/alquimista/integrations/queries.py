"""The only SQL on alquimista_platform.tenant_integrations."""

from datetime import datetime
from uuid import UUID

from alquimista.db.statement import Conn, NoRow, Statement
from alquimista.integrations.models import Integration, SealedCredentials

LIST = Statement(
    """
    SELECT id, type, name, status, last_sync_at, last_error
    FROM alquimista_platform.tenant_integrations
    WHERE tenant_id = %(tenant_id)s
    ORDER BY name, id
    """,
    Integration,
)

INSERT = Statement(
    """
    INSERT INTO alquimista_platform.tenant_integrations
      (tenant_id, id, type, name, status, config, credentials_ciphertext, credentials_key_id, last_sync_at, last_error,
       sync_count, error_count, created_at, updated_at)
    VALUES (%(tenant_id)s, %(id)s, %(type)s, %(name)s, %(status)s, '{}', %(ciphertext)s, %(key_id)s, %(last_sync_at)s,
      %(last_error)s, 0, 0, %(now)s, %(now)s)
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


async def insert(
    conn: Conn,
    tenant_id: UUID,
    integration: Integration,
    key_id: str | None,
    ciphertext: bytes | None,
    now: datetime,
) -> None:
    """Store an integration with its sealed credentials, if it has any."""
    values = {name: getattr(integration, name) for name in Integration.__struct_fields__}
    await conn.execute(INSERT, tenant_id=tenant_id, key_id=key_id, ciphertext=ciphertext, now=now, **values)


async def get_credentials(conn: Conn, tenant_id: UUID, integration_id: UUID) -> SealedCredentials | None:
    """The sealed credentials of one integration, or None."""
    return await conn.fetch_one(GET_CREDENTIALS, tenant_id=tenant_id, id=integration_id)


async def sealed_with_old_keys(conn: Conn, tenant_id: UUID, key_id: str) -> list[SealedCredentials]:
    """Every row of the tenant whose credentials another key than `key_id` sealed, locked."""
    return await conn.fetch(SEALED_WITH_OLD_KEYS, tenant_id=tenant_id, key_id=key_id)


async def set_credentials(
    conn: Conn, tenant_id: UUID, integration_id: UUID, key_id: str, ciphertext: bytes, now: datetime
) -> None:
    """Replace the sealed credentials of one integration."""
    await conn.execute(
        SET_CREDENTIALS, tenant_id=tenant_id, id=integration_id, key_id=key_id, ciphertext=ciphertext, now=now
    )

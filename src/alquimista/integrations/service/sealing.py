"""Credentials at rest: sealed before they reach the database, opened for gateways, sealed anew when keys rotate."""

from datetime import datetime
from uuid import UUID

import msgspec

from alquimista.access import Actor
from alquimista.db.crypto import Sealed, Sealer
from alquimista.db.statement import Conn
from alquimista.integrations.models.failures import NameTaken, UnknownIntegration
from alquimista.integrations.models.integrations import Integration, seal_context
from alquimista.integrations.queries import integrations as queries
from alquimista.integrations.service.notes import changed


def sealed_for(sealer: Sealer, tenant_id: UUID, integration_id: UUID, credentials: msgspec.Struct) -> Sealed:
    """Credentials as they are stored."""
    return sealer.seal(msgspec.json.encode(credentials), seal_context(tenant_id, integration_id))


async def store(
    conn: Conn,
    actor: Actor | None,
    tenant_id: UUID,
    integration: Integration,
    credentials: bytes | None,
    sealer: Sealer,
    now: datetime,
) -> None:
    """Store an integration as it is given, without trying it: demonstration data. With credentials, it is tested soon.

    Raises:
        NameTaken: there is one of this kind and name.
    """
    sealed = sealer.seal(credentials, seal_context(tenant_id, integration.id)) if credentials else None
    if not await queries.insert(conn, tenant_id, integration, {}, sealed, now, next_check_at=now if sealed else None):
        raise NameTaken
    await changed(conn, actor, "integration.connected", tenant_id, integration)


async def credentials_of(conn: Conn, tenant_id: UUID, integration_id: UUID, sealer: Sealer) -> bytes:
    """The credentials in clear, for the gateway that speaks to the service.

    Raises:
        UnknownIntegration: no such integration of this tenant, or none stored.
        SealError: they do not open with any key of this installation.
    """
    found = await queries.get_credentials(conn, tenant_id, integration_id)
    if found is None:
        raise UnknownIntegration
    sealed = Sealed(found.credentials_key_id, found.credentials_ciphertext)
    return sealer.open(sealed, seal_context(tenant_id, integration_id))


async def reseal(conn: Conn, tenant_id: UUID, sealer: Sealer, now: datetime) -> int:
    """Seal again, with the active key, what older keys sealed; how many rows changed. Safe to repeat."""
    rows = await queries.sealed_with_old_keys(conn, tenant_id, sealer.active_key_id)
    for row in rows:
        context = seal_context(tenant_id, row.id)
        clear = sealer.open(Sealed(row.credentials_key_id, row.credentials_ciphertext), context)
        await queries.set_credentials(conn, tenant_id, row.id, sealer.seal(clear, context), now)
    return len(rows)

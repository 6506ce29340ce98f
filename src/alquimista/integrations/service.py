"""Use cases of integrations."""

from datetime import datetime
from uuid import UUID

from alquimista.access import Actor
from alquimista.audit import service as audit
from alquimista.cache import store
from alquimista.db.crypto import Sealed, Sealer
from alquimista.db.statement import Conn
from alquimista.integrations import queries
from alquimista.integrations.models import Integration, UnknownIntegration, seal_context


async def list_integrations(conn: Conn, tenant_id: UUID) -> list[Integration]:
    """Every integration of the tenant, by name, without credentials."""
    return await queries.list_integrations(conn, tenant_id)


async def connect(
    conn: Conn,
    actor: Actor | None,
    tenant_id: UUID,
    integration: Integration,
    credentials: bytes | None,
    sealer: Sealer,
    now: datetime,
) -> None:
    """Store a connection; its credentials are sealed here and are not readable from the database alone."""
    sealed = sealer.seal(credentials, seal_context(tenant_id, integration.id)) if credentials else None
    await queries.insert(
        conn,
        tenant_id,
        integration,
        sealed.key_id if sealed else None,
        sealed.ciphertext if sealed else None,
        now,
    )
    await audit.record(
        conn,
        actor,
        "integration.connected",
        category="integration",
        resource_type="integration",
        resource_id=str(integration.id),
        details={"type": integration.type},
        tenant_id=tenant_id,
    )
    await store.invalidate(conn, tenant_id, "integrations")


async def credentials_of(conn: Conn, tenant_id: UUID, integration_id: UUID, sealer: Sealer) -> bytes:
    """The credentials in clear, for the gateway that speaks to the service.

    Raises:
        UnknownIntegration: no such integration of this tenant, or none stored.
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
        sealed = sealer.seal(clear, context)
        await queries.set_credentials(conn, tenant_id, row.id, sealed.key_id, sealed.ciphertext, now)
    return len(rows)

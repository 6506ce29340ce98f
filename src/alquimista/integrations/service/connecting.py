"""Connecting, connecting again, and taking away. A connection is tried before anything of it is stored."""

from datetime import datetime
from uuid import UUID

import msgspec

from alquimista.access import Actor
from alquimista.clock import new_id
from alquimista.db.crypto import Sealer
from alquimista.db.statement import Conn
from alquimista.db.tenancy import tenant_transaction
from alquimista.errors import Invalid
from alquimista.i18n import N_
from alquimista.incidents import service as incidents
from alquimista.integrations.gateway import Gateways
from alquimista.integrations.models.connections import DEMO, Connection, Provider, plain, provider_of
from alquimista.integrations.models.failures import (
    ChangedMeanwhile,
    Demonstration,
    Failed,
    NameTaken,
    NotConnected,
    TestFailed,
    TooManyIntegrations,
    UnknownIntegration,
)
from alquimista.integrations.models.integrations import (
    MOST,
    Integration,
    IntegrationRecord,
    IntegrationStatus,
    clean_name,
    condition,
)
from alquimista.integrations.queries import integrations as queries
from alquimista.integrations.service.notes import changed, note
from alquimista.integrations.service.reading import get
from alquimista.integrations.service.sealing import sealed_for
from alquimista.integrations.service.testing import next_check
from alquimista.wiring import Services


async def connect(
    services: Services, actor: Actor, tenant_id: UUID, name: str, connection: Connection, now: datetime
) -> IntegrationRecord:
    """Try a new connection, then store it with its credentials sealed. No transaction is open while it is tried.

    Raises:
        Invalid: the name is none.
        NameTaken, TooManyIntegrations: there is no room for it.
        TestFailed: it does not work; nothing is stored but a line in the audit.
    """
    name, provider = clean_name(name), provider_of(connection)
    await require_room(services.db.tenant(tenant_id), tenant_id, provider, name)
    await tried(services, actor, tenant_id, None, provider, connection.config, connection.credentials)
    return await keep_new(services, actor, tenant_id, name, provider, connection.config, connection.credentials, now)


async def reconnect(
    services: Services, actor: Actor, tenant_id: UUID, integration_id: UUID, connection: Connection, now: datetime
) -> IntegrationRecord:
    """Try new credentials, then put them in the place of what an integration had; its history goes on.

    Raises:
        UnknownIntegration, Demonstration: there is none to connect again.
        Invalid: it is of another provider.
        TestFailed: the new credentials do not work; the old ones stay.
        ChangedMeanwhile: somebody else was faster.
    """
    seen, provider = await get(services.db.tenant(tenant_id), tenant_id, integration_id), provider_of(connection)
    require_provider(seen, provider)
    await tried(services, actor, tenant_id, seen, provider, connection.config, connection.credentials)
    return await keep_again(services, actor, tenant_id, seen, connection.config, connection.credentials, now)


async def disconnect(
    conn: Conn, actor: Actor, tenant_id: UUID, integration_id: UUID, now: datetime
) -> IntegrationRecord:
    """Destroy an integration's credentials and turn it off; its history stays. Doing it twice changes nothing.

    Takes a transaction. Raises UnknownIntegration.
    """
    found = await _locked(conn, tenant_id, integration_id)
    if found.status is IntegrationStatus.INACTIVE:
        return found
    await queries.empty(conn, tenant_id, integration_id, IntegrationStatus.INACTIVE, now)
    await incidents.resolve(conn, tenant_id, condition(integration_id), now)
    await changed(conn, actor, "integration.disconnected", tenant_id, found)
    return await get(conn, tenant_id, integration_id)


async def reset(conn: Conn, actor: Actor | None, tenant_id: UUID, integration_id: UUID, now: datetime) -> Integration:
    """Destroy an integration's credentials, so that somebody must connect it again. Doing it twice changes nothing.

    An incident about it stays open: the integration works again when it is connected, not before. Takes a transaction.

    Raises:
        UnknownIntegration: there is none.
        NotConnected: it is disconnected, and to stay so.
    """
    found = _resettable(await _locked(conn, tenant_id, integration_id))
    if found.status is not IntegrationStatus.PENDING:
        await queries.empty(conn, tenant_id, integration_id, IntegrationStatus.PENDING, now)
        await changed(conn, actor, "integration.reset", tenant_id, found)
    return (await get(conn, tenant_id, integration_id)).brief


async def resettable(conn: Conn, tenant_id: UUID, integration_id: UUID) -> Integration:
    """The integration that `reset` would reset. It changes nothing.

    Raises:
        UnknownIntegration, NotConnected: as `reset`.
    """
    return _resettable(await get(conn, tenant_id, integration_id)).brief


async def require_room(conn: Conn, tenant_id: UUID, provider: Provider, name: str) -> None:
    """Whether one more integration of this name fits. Raises NameTaken, TooManyIntegrations."""
    room = await queries.room(conn, tenant_id, provider.kind, name)
    if room.taken:
        raise NameTaken
    if room.connected >= MOST:
        raise TooManyIntegrations(limit=MOST)


def require_provider(seen: IntegrationRecord, provider: Provider) -> None:
    """Whether an integration is of the provider. Raises Invalid, Demonstration."""
    if seen.provider == DEMO:
        raise Demonstration
    if seen.provider != provider.name:
        raise Invalid.of("connection.provider", N_("This integration is of {provider}.", provider=seen.provider))


async def tried(
    services: Services,
    actor: Actor,
    tenant_id: UUID,
    seen: IntegrationRecord | None,
    provider: Provider,
    config: msgspec.Struct,
    credentials: msgspec.Struct,
) -> None:
    """Try a connection; an attempt that fails is in the audit. Raises TestFailed."""
    try:
        await services.get(Gateways).test(provider.name, config, credentials)
    except Failed as failed:
        await note(
            services.db.tenant(tenant_id), actor, "integration.reconnected" if seen else "integration.connected",
            tenant_id, seen.id if seen else None, kind=provider.kind, provider=provider.name, result="failure",
            reason=failed.failure.value,
        )  # fmt: skip
        raise TestFailed(reason=failed.reason) from None


async def keep_new(
    services: Services,
    actor: Actor,
    tenant_id: UUID,
    name: str,
    provider: Provider,
    config: msgspec.Struct,
    credentials: msgspec.Struct,
    now: datetime,
) -> IntegrationRecord:
    """Store a connection that was tried. Raises NameTaken, TooManyIntegrations."""
    integration = Integration(new_id(), provider.kind, name, IntegrationStatus.ACTIVE, now, None, provider.name)
    sealed = sealed_for(Sealer(services.settings), tenant_id, integration.id, credentials)
    async with tenant_transaction(services.db, tenant_id) as conn:
        await require_room(conn, tenant_id, provider, name)
        if not await queries.insert(
            conn, tenant_id, integration, plain(config), sealed, now, checked_at=now, next_check_at=next_check(now)
        ):
            raise NameTaken
        stored = await get(conn, tenant_id, integration.id)
        await changed(conn, actor, "integration.connected", tenant_id, stored)
        return stored


async def keep_again(
    services: Services,
    actor: Actor,
    tenant_id: UUID,
    seen: IntegrationRecord,
    config: msgspec.Struct,
    credentials: msgspec.Struct,
    now: datetime,
) -> IntegrationRecord:
    """Store credentials that were tried in the place of others. Raises ChangedMeanwhile."""
    sealed = sealed_for(Sealer(services.settings), tenant_id, seen.id, credentials)
    async with tenant_transaction(services.db, tenant_id) as conn:
        if not await queries.reconnect(conn, tenant_id, seen, plain(config), sealed, now, next_check(now)):
            raise ChangedMeanwhile
        await incidents.resolve(conn, tenant_id, condition(seen.id), now)
        await changed(conn, actor, "integration.reconnected", tenant_id, seen)
        return await get(conn, tenant_id, seen.id)


def _resettable(found: IntegrationRecord) -> IntegrationRecord:
    if found.status is IntegrationStatus.INACTIVE:
        raise NotConnected
    return found


async def _locked(conn: Conn, tenant_id: UUID, integration_id: UUID) -> IntegrationRecord:
    found = await queries.lock(conn, tenant_id, integration_id)
    if found is None:
        raise UnknownIntegration
    return found

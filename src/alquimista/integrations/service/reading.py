"""Looking at integrations. Credentials are in none of these."""

from uuid import UUID

from alquimista.db.statement import Conn
from alquimista.integrations.models.connections import PROVIDERS, Provider
from alquimista.integrations.models.failures import UnknownIntegration
from alquimista.integrations.models.integrations import Integration, IntegrationRecord, IntegrationStatus
from alquimista.integrations.queries import integrations as queries


async def list_integrations(conn: Conn, tenant_id: UUID) -> list[Integration]:
    """Every integration of the tenant, by name."""
    return await queries.list_integrations(conn, tenant_id)


async def page(
    conn: Conn, tenant_id: UUID, status: IntegrationStatus | None, limit: int, offset: int
) -> list[IntegrationRecord]:
    """A page of the tenant's integrations, perhaps only those in a status: what needs somebody comes first."""
    return await queries.page(conn, tenant_id, status, limit, offset)


async def counts(conn: Conn, tenant_id: UUID) -> dict[IntegrationStatus, int]:
    """How many of the tenant's integrations are in each status."""
    return dict.fromkeys(IntegrationStatus, 0) | await queries.counts(conn, tenant_id)


async def failing(conn: Conn, tenant_id: UUID) -> list[Integration]:
    """The tenant's integrations that are in error, by name. Takes the tenant's connection or a staff one."""
    return await queries.failing(conn, tenant_id)


async def get(conn: Conn, tenant_id: UUID, integration_id: UUID) -> IntegrationRecord:
    """One integration. Raises UnknownIntegration."""
    found = await queries.find(conn, tenant_id, integration_id)
    if found is None:
        raise UnknownIntegration
    return found


def kinds() -> tuple[Provider, ...]:
    """Every provider that can be connected, with what it needs."""
    return tuple(PROVIDERS.values())

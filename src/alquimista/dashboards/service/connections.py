"""The integrations of all companies, for staff; every function takes a connection of the internal role."""

from alquimista.dashboards.models.connections import PlatformIntegration, ProviderUse
from alquimista.dashboards.queries import connections as queries
from alquimista.db.statement import Conn
from alquimista.integrations.models.connections import PROVIDERS


async def integrations_map(conn: Conn) -> list[ProviderUse]:
    """Every provider that can be connected or was, by type, and who uses it: also those that nobody does."""
    used = {(one.type, one.provider): one for one in await queries.used(conn)}
    offered = [(provider.kind.value, provider.name) for provider in PROVIDERS.values()]
    kinds = list(dict.fromkeys(kind for kind, _ in offered))
    keys = sorted(
        {*used, *offered}, key=lambda key: (kinds.index(key[0]) if key[0] in kinds else len(kinds), key[0], key[1])
    )
    return [used.get(key) or _unused(*key) for key in keys]


async def platform_integrations(
    conn: Conn, *, kind: str, provider: str, status: str, search: str, limit: int, offset: int
) -> tuple[list[PlatformIntegration], int]:
    """A page of the integrations, those that fail first, and how many there are; an empty filter leaves none out."""
    return await queries.listed(
        conn,
        kind=kind,
        provider=provider,
        status=status,
        search=" ".join(search.split()),
        limit=limit,
        offset=offset,
    )


def _unused(kind: str, provider: str) -> ProviderUse:
    return ProviderUse(
        type=kind,
        provider=provider,
        tenants=0,
        active=0,
        error=0,
        pending=0,
        inactive=0,
        last_error=None,
        last_error_tenant_id=None,
        last_error_tenant_name=None,
        last_error_at=None,
    )

"""The integrations of all companies, for connections of the internal role."""

from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from alquimista.access import PLATFORM_TENANT
from alquimista.dashboards.models.connections import PlatformIntegration, ProviderUse
from alquimista.db.statement import Conn, Statement

MAP: Final = Statement(
    """
    WITH failed AS (
      SELECT DISTINCT ON (i.type, i.provider) i.type, i.provider, i.last_error, i.tenant_id, t.name, i.checked_at
      FROM alquimista_platform.tenant_integrations i JOIN alquimista_platform.tenants t ON t.id = i.tenant_id
      WHERE i.last_error IS NOT NULL AND i.tenant_id <> %(platform)s
      ORDER BY i.type, i.provider, i.checked_at DESC NULLS LAST, i.id
    ), used AS (
      SELECT i.type, i.provider, count(DISTINCT i.tenant_id) FILTER (WHERE i.status <> 'inactive') AS tenants,
        count(*) FILTER (WHERE i.status = 'active') AS active, count(*) FILTER (WHERE i.status = 'error') AS error,
        count(*) FILTER (WHERE i.status = 'pending') AS pending,
        count(*) FILTER (WHERE i.status = 'inactive') AS inactive
      FROM alquimista_platform.tenant_integrations i WHERE i.tenant_id <> %(platform)s
      GROUP BY i.type, i.provider
    )
    SELECT used.type, used.provider, used.tenants, used.active, used.error, used.pending, used.inactive,
      failed.last_error, failed.tenant_id AS last_error_tenant_id, failed.name AS last_error_tenant_name,
      failed.checked_at AS last_error_at
    FROM used LEFT JOIN failed ON failed.type = used.type AND failed.provider = used.provider
    ORDER BY used.type, used.provider
    """,
    ProviderUse,
)


class ListedIntegration(msgspec.Struct, frozen=True):
    """An integration of a page beside the count of all that were found; of an empty page, only `total` is set."""

    total: int
    id: UUID | None
    tenant_id: UUID | None
    tenant_name: str | None
    type: str | None
    provider: str | None
    name: str | None
    status: str | None
    failures: int | None
    last_error: str | None
    last_sync_at: datetime | None
    checked_at: datetime | None


LISTED: Final = Statement(
    """
    WITH found AS MATERIALIZED (
      SELECT i.id, i.tenant_id, t.name AS tenant_name, t.search_name, i.type, i.provider, i.name, i.status, i.failures,
        i.last_error, i.last_sync_at, i.checked_at
      FROM alquimista_platform.tenant_integrations i JOIN alquimista_platform.tenants t ON t.id = i.tenant_id
      WHERE i.tenant_id <> %(platform)s
        AND (%(type)s::text = '' OR i.type = %(type)s::text)
        AND (%(provider)s::text = '' OR i.provider = %(provider)s::text)
        AND (%(status)s::text = '' OR i.status = %(status)s::text)
        AND (%(search)s::text = ''
          OR strpos(t.search_name, alquimista_platform.search_text(%(search)s::text)) > 0)
    ), page AS (
      SELECT * FROM found ORDER BY status <> 'error', search_name COLLATE "C", name, id
      LIMIT %(limit)s OFFSET %(offset)s
    )
    SELECT counted.total, page.id, page.tenant_id, page.tenant_name, page.type, page.provider, page.name, page.status,
      page.failures, page.last_error, page.last_sync_at, page.checked_at
    FROM (SELECT count(*) AS total FROM found) counted LEFT JOIN page ON true
    ORDER BY page.status <> 'error', page.search_name COLLATE "C", page.name, page.id
    """,
    ListedIntegration,
)


async def used(conn: Conn) -> list[ProviderUse]:
    """Each provider that some company has or had."""
    return await conn.fetch(MAP, platform=PLATFORM_TENANT)


async def listed(
    conn: Conn, *, kind: str, provider: str, status: str, search: str, limit: int, offset: int
) -> tuple[list[PlatformIntegration], int]:
    """A page of the integrations for which every given filter holds, the failing ones first, and how many there are."""
    rows = await conn.fetch(
        LISTED,
        platform=PLATFORM_TENANT,
        type=kind,
        provider=provider,
        status=status,
        search=search,
        limit=limit,
        offset=offset,
    )
    found = [msgspec.convert(row, PlatformIntegration, from_attributes=True) for row in rows if row.id is not None]
    return found, rows[0].total

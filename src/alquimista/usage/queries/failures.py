"""SQL on how many of a tenant's latest requests failed. It reads rollups only."""

from datetime import datetime
from uuid import UUID

import msgspec

from alquimista.db.statement import Conn, Statement
from alquimista.usage.models.failures import Recent


class TenantRow(msgspec.Struct, frozen=True):
    """A tenant."""

    tenant_id: UUID


RECENT = Statement(
    """
    SELECT coalesce(sum(requests), 0)::bigint AS requests, coalesce(sum(failures), 0)::bigint AS failures
    FROM alquimista_platform.usage_hourly
    WHERE tenant_id = %(tenant_id)s AND hour >= %(since)s
    """,
    Recent,
)

# By tenant and hour, as the key goes: it costs as much as there are tenants, however much history there is.
FAILING = Statement(
    """
    SELECT t.id AS tenant_id
    FROM alquimista_platform.tenants t
    CROSS JOIN LATERAL (
      SELECT sum(h.requests) AS requests, sum(h.failures) AS failures FROM alquimista_platform.usage_hourly h
      WHERE h.tenant_id = t.id AND h.hour >= %(since)s
    ) recent
    WHERE recent.requests >= %(requests)s::bigint AND recent.failures * 100 > recent.requests * %(percent)s::bigint
    """,
    TenantRow,
)


async def recent(conn: Conn, tenant_id: UUID, since: datetime) -> Recent:
    """The tenant's requests since an hour, and those of them that failed."""
    found = await conn.fetch_one(RECENT, tenant_id=tenant_id, since=since)
    assert found is not None
    return found


async def failing(conn: Conn, since: datetime, requests: int, percent: int) -> list[UUID]:
    """Tenants with so many requests of which more than so many percent failed; takes the internal role's connection."""
    rows = await conn.fetch(FAILING, since=since, requests=requests, percent=percent)
    return [row.tenant_id for row in rows]

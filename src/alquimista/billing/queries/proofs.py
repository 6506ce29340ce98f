"""The only SQL that compares periods of use with the lines of invoices."""

from datetime import datetime
from uuid import UUID

import msgspec

from alquimista.billing.models.proofs import Proof
from alquimista.db.statement import Conn, NoRow, Statement

# The lines of void invoices bill nothing.
_COLUMNS = """
    SELECT p.tenant_id, t.name AS tenant_name, p.id, p.from_on, p.until_on, p.status, p.requests, p.overage_cents,
      p.currency, billed.usage_lines, billed.line_requests, billed.line_cents, p.raw_requests, p.rollup_requests,
      p.late_requests, p.billed_at, p.reconciled_at, p.updated_at
"""
_LINES = """
    JOIN alquimista_platform.tenants AS t ON t.id = p.tenant_id
    CROSS JOIN LATERAL (
      SELECT count(*) FILTER (WHERE l.kind = 'usage') AS usage_lines,
        coalesce(sum(l.quantity), 0)::bigint AS line_requests, coalesce(sum(l.amount_cents), 0)::bigint AS line_cents
      FROM alquimista_platform.invoice_lines AS l
      JOIN alquimista_platform.invoices AS i ON i.tenant_id = l.tenant_id AND i.id = l.invoice_id
      WHERE l.tenant_id = p.tenant_id AND l.usage_period_id = p.id AND i.status <> 'void'
    ) AS billed
"""
_PROOF = f"{_COLUMNS} FROM alquimista_platform.usage_periods AS p {_LINES}"

TO_COMPARE = Statement(
    f"""
    {_PROOF}
    WHERE p.tenant_id = %(tenant_id)s AND (p.status = 'open' OR p.billed_at > %(since)s)
    ORDER BY p.from_on
    """,
    Proof,
)

# Across tenants, for the internal role. The page is cut first, so that only its own periods' lines are added up.
PAGE = Statement(
    f"""
    {_COLUMNS}
    FROM (SELECT *
    FROM alquimista_platform.usage_periods ORDER BY from_on DESC, tenant_id LIMIT %(limit)s OFFSET %(offset)s) AS p
    {_LINES} ORDER BY p.from_on DESC, p.tenant_id
    """,  # noqa: S608 - The interpolations are constants.
    Proof,
)


class Total(msgspec.Struct, frozen=True):
    """A count."""

    total: int


class TenantId(msgspec.Struct, frozen=True):
    """A tenant."""

    tenant_id: UUID


COUNT = Statement("SELECT count(*) AS total FROM alquimista_platform.usage_periods", Total)

TENANTS = Statement(
    """
    SELECT DISTINCT tenant_id FROM alquimista_platform.usage_periods
    WHERE status = 'open' OR billed_at > %(since)s ORDER BY tenant_id
    """,
    TenantId,
)

# Nothing when the period was billed or adjusted meanwhile: what was compared is no longer what there is.
RECORD = Statement(
    """
    UPDATE alquimista_platform.usage_periods SET raw_requests = %(raw_requests)s, rollup_requests = %(rollup_requests)s,
      late_requests = %(late_requests)s, reconciled_at = %(now)s, updated_at = %(now)s
    WHERE tenant_id = %(tenant_id)s AND id = %(id)s AND updated_at = %(updated_at)s
    """,
    NoRow,
)


async def to_compare(conn: Conn, tenant_id: UUID, since: datetime) -> list[Proof]:
    """The tenant's periods that are open or were billed since then, the oldest first."""
    return await conn.fetch(TO_COMPARE, tenant_id=tenant_id, since=since)


async def page(conn: Conn, limit: int, offset: int) -> tuple[list[Proof], int]:
    """A page of all tenants' periods, the newest first, and how many; takes the internal role's connection."""
    counted = await conn.fetch_one(COUNT)
    assert counted is not None
    return await conn.fetch(PAGE, limit=limit, offset=offset), counted.total


async def tenants(conn: Conn, since: datetime) -> list[UUID]:
    """Tenants with a period to compare; takes the internal role's connection."""
    return [row.tenant_id for row in await conn.fetch(TENANTS, since=since)]


async def record(conn: Conn, proof: Proof, now: datetime) -> bool:
    """Write what was counted; False when the period has changed since it was read."""
    touched = await conn.execute(
        RECORD,
        tenant_id=proof.tenant_id,
        id=proof.id,
        raw_requests=proof.raw_requests,
        rollup_requests=proof.rollup_requests,
        late_requests=proof.late_requests,
        updated_at=proof.updated_at,
        now=now,
    )
    return bool(touched)

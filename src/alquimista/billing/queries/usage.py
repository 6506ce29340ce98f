"""The only SQL on periods of use."""

from datetime import date, datetime
from uuid import UUID

import msgspec

from alquimista.billing.models.invoices import LineKind
from alquimista.billing.models.usage import UsagePeriod
from alquimista.clock import new_id
from alquimista.db.statement import Conn, NoRow, Statement

_COLUMNS = """id, subscription_id, plan_id, from_on, until_on, status, requests, overage_cents, currency,
  noticed_percent, stopped_at, raw_requests, rollup_requests, reconciled_at, billed_at"""

BEGIN = Statement(
    """
    INSERT INTO alquimista_platform.usage_periods
      (tenant_id, id, subscription_id, plan_id, from_on, until_on, status, currency,
      created_at, updated_at)
    VALUES (%(tenant_id)s, %(id)s, %(subscription_id)s, %(plan_id)s, %(from_on)s, %(until_on)s, 'open', %(currency)s,
      %(now)s, %(now)s)
    """,
    NoRow,
)

OPEN = Statement(
    f"""
    SELECT {_COLUMNS} FROM alquimista_platform.usage_periods
    WHERE tenant_id = %(tenant_id)s AND status = 'open' ORDER BY from_on DESC
    """,  # noqa: S608 - The only interpolation is the constant column list above.
    UsagePeriod,
)

RECENT = Statement(
    f"""
    SELECT {_COLUMNS} FROM alquimista_platform.usage_periods
    WHERE tenant_id = %(tenant_id)s AND until_on > %(since)s ORDER BY from_on DESC
    """,  # noqa: S608 - As above.
    UsagePeriod,
)

GET = Statement(
    f"SELECT {_COLUMNS} FROM alquimista_platform.usage_periods WHERE tenant_id = %(tenant_id)s AND id = %(id)s",  # noqa: S608 - As above.
    UsagePeriod,
)

# Those that it bills, not those that it adjusts.
OF_INVOICE = Statement(
    f"""
    SELECT {_COLUMNS} FROM alquimista_platform.usage_periods
    WHERE tenant_id = %(tenant_id)s AND id IN (
      SELECT usage_period_id FROM alquimista_platform.invoice_lines
      WHERE tenant_id = %(tenant_id)s AND invoice_id = %(invoice_id)s AND kind = 'usage'
    )
    ORDER BY from_on
    """,  # noqa: S608 - As above.
    UsagePeriod,
)

SET = Statement(
    """
    UPDATE alquimista_platform.usage_periods SET subscription_id = %(subscription_id)s, plan_id = %(plan_id)s,
      until_on = %(until_on)s, status = %(status)s,
      requests = %(requests)s, overage_cents = %(overage_cents)s, noticed_percent = %(noticed_percent)s,
      stopped_at = %(stopped_at)s, billed_at = %(billed_at)s, updated_at = %(now)s
    WHERE tenant_id = %(tenant_id)s AND id = %(id)s
    """,
    NoRow,
)


class Billing(msgspec.Struct, frozen=True):
    """A line that bills a period, and when its invoice was issued."""

    invoice_id: UUID
    number: int
    issued_at: datetime
    position: int
    kind: LineKind
    quantity: int
    amount_cents: int


BILLINGS = Statement(
    """
    SELECT i.id AS invoice_id, i.number, i.issued_at, l.position, l.kind, l.quantity, l.amount_cents
    FROM alquimista_platform.invoice_lines AS l
    JOIN alquimista_platform.invoices AS i ON i.tenant_id = l.tenant_id AND i.id = l.invoice_id
    WHERE l.tenant_id = %(tenant_id)s AND l.usage_period_id = %(period_id)s AND i.status <> 'void'
    ORDER BY i.number, l.position
    """,
    Billing,
)


class TenantOpen(msgspec.Struct, frozen=True):
    """A tenant whose use is counted."""

    tenant_id: UUID


TENANTS = Statement(
    "SELECT DISTINCT tenant_id FROM alquimista_platform.usage_periods WHERE status = 'open' ORDER BY tenant_id",
    TenantOpen,
)


async def begin(
    conn: Conn,
    tenant_id: UUID,
    subscription_id: UUID,
    plan_id: UUID,
    from_on: date,
    until_on: date,
    currency: str,
    now: datetime,
) -> None:
    """Begin a period of use; the days are the tenant's, `until_on` not included."""
    await conn.execute(
        BEGIN,
        tenant_id=tenant_id,
        id=new_id(),
        subscription_id=subscription_id,
        plan_id=plan_id,
        from_on=from_on,
        until_on=until_on,
        currency=currency,
        now=now,
    )


async def open_periods(conn: Conn, tenant_id: UUID) -> list[UsagePeriod]:
    """Periods that are not billed yet, the newest first: one runs, and one may wait to be settled."""
    return await conn.fetch(OPEN, tenant_id=tenant_id)


async def recent(conn: Conn, tenant_id: UUID, since: date) -> list[UsagePeriod]:
    """Periods that ended after a day or still run, the newest first."""
    return await conn.fetch(RECENT, tenant_id=tenant_id, since=since)


async def get(conn: Conn, tenant_id: UUID, period_id: UUID) -> UsagePeriod | None:
    """One period."""
    return await conn.fetch_one(GET, tenant_id=tenant_id, id=period_id)


async def of_invoice(conn: Conn, tenant_id: UUID, invoice_id: UUID) -> list[UsagePeriod]:
    """The periods that an invoice bills, the oldest first."""
    return await conn.fetch(OF_INVOICE, tenant_id=tenant_id, invoice_id=invoice_id)


async def billings(conn: Conn, tenant_id: UUID, period_id: UUID) -> list[Billing]:
    """The lines that bill a period, in the order of their invoices."""
    return await conn.fetch(BILLINGS, tenant_id=tenant_id, period_id=period_id)


async def save(conn: Conn, tenant_id: UUID, period: UsagePeriod, now: datetime) -> None:
    """Write what changed about a period."""
    await conn.execute(
        SET,
        tenant_id=tenant_id,
        id=period.id,
        subscription_id=period.subscription_id,
        plan_id=period.plan_id,
        until_on=period.until_on,
        status=period.status.value,
        requests=period.requests,
        overage_cents=period.overage_cents,
        noticed_percent=period.noticed_percent,
        stopped_at=period.stopped_at,
        billed_at=period.billed_at,
        now=now,
    )


async def tenants(conn: Conn) -> list[UUID]:
    """Tenants whose use is counted; takes a connection of the internal role."""
    return [row.tenant_id for row in await conn.fetch(TENANTS)]

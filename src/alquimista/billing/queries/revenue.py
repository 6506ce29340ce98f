"""The only SQL on the ledger of all tenants together."""

from datetime import date, datetime
from typing import Final
from uuid import UUID

import msgspec

from alquimista.billing.models.ledger import Movement
from alquimista.billing.models.monthly import MonthMoney
from alquimista.billing.models.revenue import Books, DayMoves, Sum
from alquimista.db.statement import Conn, Statement


class SectionRow(msgspec.Struct, frozen=True):
    """A line of one of the sections: plan, segment, start or move. `name` is a plan, a segment or a kind."""

    section: str
    name: str
    day: date | None
    tenants: int
    cents: int


# One statement, so that all sections are of the same moment: figures that must add up are never read apart.
BOOKS: Final = Statement(
    """
    WITH ledger AS (
      SELECT c.tenant_id, c.sequence, c.occurred_at, c.kind, c.mrr_before_cents, c.mrr_after_cents, c.plan_after,
        c.segment
      FROM alquimista_platform.subscription_changes c
      WHERE c.occurred_at <= %(now)s AND c.currency = %(currency)s AND c.tenant_id <> %(platform)s
    ), standing AS (
      SELECT l.plan_after AS plan, l.segment, l.mrr_after_cents AS cents
      FROM (SELECT DISTINCT ON (tenant_id) * FROM ledger ORDER BY tenant_id, sequence DESC) l
      WHERE l.mrr_after_cents > 0
    ), before AS (
      SELECT DISTINCT ON (tenant_id) mrr_after_cents AS cents
      FROM ledger WHERE occurred_at < %(start)s ORDER BY tenant_id, sequence DESC
    )
    SELECT 'plan' AS section, plan AS name, NULL::date AS day, count(*) AS tenants, sum(cents)::bigint AS cents
    FROM standing GROUP BY plan
    UNION ALL
    SELECT 'segment', segment, NULL, count(*), sum(cents)::bigint FROM standing GROUP BY segment
    UNION ALL
    SELECT 'start', '', NULL, count(*) FILTER (WHERE cents > 0), coalesce(sum(cents), 0)::bigint FROM before
    UNION ALL
    SELECT 'move', kind, (occurred_at AT TIME ZONE %(zone)s::text)::date, count(*),
      sum(mrr_after_cents - mrr_before_cents)::bigint
    FROM ledger WHERE occurred_at >= %(start)s GROUP BY 2, 3
    ORDER BY section, day, cents DESC, name
    """,
    SectionRow,
)


MONEY: Final = Statement(
    """
    WITH own AS (
      SELECT * FROM alquimista_platform.invoices
      WHERE currency = %(currency)s AND tenant_id <> %(platform)s AND status <> 'void'
    ), entries AS (
      SELECT issued_at AS moment, total_cents AS invoiced, 0::bigint AS collected, 0::bigint AS overage FROM own
      UNION ALL
      SELECT paid_at, 0, total_cents - refunded_cents, 0 FROM own WHERE paid_at IS NOT NULL
      UNION ALL
      SELECT own.issued_at, 0, 0, l.amount_cents
      FROM own JOIN alquimista_platform.invoice_lines l ON l.tenant_id = own.tenant_id AND l.invoice_id = own.id
      WHERE l.kind IN ('usage', 'adjustment')
    )
    SELECT date_trunc('month', moment AT TIME ZONE %(zone)s::text)::date AS month, sum(invoiced)::bigint AS invoiced,
      sum(collected)::bigint AS collected, sum(overage)::bigint AS overage
    FROM entries WHERE moment >= %(start)s AND moment < %(until)s GROUP BY 1 ORDER BY 1
    """,
    MonthMoney,
)


async def money(
    conn: Conn, platform: UUID, start: datetime, until: datetime, zone: str, currency: str
) -> list[MonthMoney]:
    """What was invoiced and collected in each month; takes a connection of the internal role."""
    return await conn.fetch(MONEY, platform=platform, start=start, until=until, zone=zone, currency=currency)


async def books(conn: Conn, platform: UUID, start: datetime, now: datetime, zone: str, currency: str) -> Books:
    """What the ledger says from a moment on until another; takes a connection of the internal role."""
    rows = await conn.fetch(BOOKS, platform=platform, start=start, now=now, zone=zone, currency=currency)
    return Books(
        start_cents=sum(row.cents for row in rows if row.section == "start"),
        plans=[Sum(row.name, row.tenants, row.cents) for row in rows if row.section == "plan"],
        segments=[Sum(row.name, row.tenants, row.cents) for row in rows if row.section == "segment"],
        moves=[DayMoves(row.day, Movement(row.name), row.tenants, row.cents) for row in rows if row.day is not None],
    )

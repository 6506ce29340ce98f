"""The only SQL on the open invoices of all tenants together, for the internal role.

The partial index on open invoices holds nothing else, and dunning keeps it short: they are sorted as they are.
"""

from datetime import datetime
from typing import Final

from alquimista.billing.models.invoices import Owed, OwedInvoice
from alquimista.db.statement import Conn, Statement

# A day is over where the tenant is, as in dunning.
_OVERDUE: Final = "i.due_on < (%(now)s::timestamptz AT TIME ZONE t.time_zone)::date"

PAGE: Final = Statement(
    f"""
    SELECT i.tenant_id, t.name AS tenant_name, t.demo, i.id, i.number, i.kind, i.currency, i.total_cents, i.issued_at,
      i.due_on, {_OVERDUE} AS overdue
    FROM alquimista_platform.invoices AS i JOIN alquimista_platform.tenants AS t ON t.id = i.tenant_id
    WHERE i.status = 'open'
    ORDER BY i.due_on, t.name, i.tenant_id, i.number LIMIT %(limit)s OFFSET %(offset)s
    """,  # noqa: S608 - The only interpolation is the constant above.
    OwedInvoice,
)

TOTALS: Final = Statement(
    f"""
    SELECT i.currency, count(*) AS invoices, sum(i.total_cents)::bigint AS total_cents,
      count(*) FILTER (WHERE {_OVERDUE}) AS overdue,
      coalesce(sum(i.total_cents) FILTER (WHERE {_OVERDUE}), 0)::bigint AS overdue_cents
    FROM alquimista_platform.invoices AS i JOIN alquimista_platform.tenants AS t ON t.id = i.tenant_id
    WHERE i.status = 'open' GROUP BY i.currency ORDER BY i.currency
    """,  # noqa: S608 - As above.
    Owed,
)


async def page(conn: Conn, now: datetime, limit: int, offset: int) -> list[OwedInvoice]:
    """A page of them, the one that is due first before the others."""
    return await conn.fetch(PAGE, now=now, limit=limit, offset=offset)


async def totals(conn: Conn, now: datetime) -> list[Owed]:
    """How many they are and what they come to, by currency."""
    return await conn.fetch(TOTALS, now=now)

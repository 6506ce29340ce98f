"""Who has something to do, and what is owed: for whoever lets time pass."""

from datetime import datetime
from uuid import UUID

from alquimista.billing.models.invoices import Invoice, InvoiceStatus, Owed, OwedInvoice
from alquimista.billing.queries import invoices as invoice_queries
from alquimista.billing.queries import owed as owed_queries
from alquimista.billing.queries import subscriptions as queries
from alquimista.billing.service.book import Book
from alquimista.db.statement import Conn

_MOST = 1000  # Open invoices of one tenant; dunning ends long before.


async def due(conn: Conn, now: datetime) -> list[UUID]:
    """Tenants for whom a step is due; takes a connection of the internal role."""
    return await queries.due(conn, now)


async def owed(book: Book) -> list[Invoice]:
    """All that the tenant has not paid yet, earlier subscriptions included, the oldest first."""
    found = await invoice_queries.list_page(book.conn, book.tenant.id, _MOST, 0)
    return [one for one in reversed(found) if one.status is InvoiceStatus.OPEN]


async def owed_by_all(conn: Conn, now: datetime, limit: int, offset: int) -> tuple[list[OwedInvoice], list[Owed]]:
    """A page of all tenants' open invoices, the one that is due first before the others, and what all of them come to.

    Takes a connection of the internal role.
    """
    return await owed_queries.page(conn, now, limit, offset), await owed_queries.totals(conn, now)

"""Reading invoices: pages of them, one with its lines, the use under a line, and credit."""

from datetime import date, datetime, timedelta
from uuid import UUID

import msgspec

from alquimista.billing.models.invoices import (
    Invoice,
    Issued,
    Line,
    LineKind,
    NoUsageLine,
    UnknownInvoice,
    UnknownLine,
)
from alquimista.billing.models.periods import settled
from alquimista.billing.models.usage import UsagePeriod
from alquimista.billing.queries import invoices as queries
from alquimista.billing.queries import usage as usage_queries
from alquimista.billing.queries.invoices import Credit
from alquimista.db.statement import Conn
from alquimista.tenants import service as tenants
from alquimista.usage import service as usage
from alquimista.usage.models.drilldown import AgentDay, Place, UsageEvent


class UsageLine(msgspec.Struct, frozen=True):
    """A line about use, its period, and when an adjustment's events were received: after a moment, until another."""

    line: Line
    period: UsagePeriod
    after: datetime | None
    until: datetime | None


async def page(conn: Conn, tenant_id: UUID, limit: int, offset: int) -> tuple[list[Invoice], int]:
    """A page of the tenant's invoices, the newest first, and how many there are."""
    return await queries.page(conn, tenant_id, limit, offset)


async def get(conn: Conn, tenant_id: UUID, invoice_id: UUID) -> Issued:
    """An invoice with its lines.

    Raises:
        UnknownInvoice: the tenant has none with this id.
    """
    issued = await queries.issued(conn, tenant_id, invoice_id)
    if issued is None:
        raise UnknownInvoice
    return issued


async def find(conn: Conn, tenant_id: UUID, invoice_id: UUID) -> Invoice:
    """An invoice alone.

    Raises:
        UnknownInvoice: the tenant has none with this id.
    """
    invoice = await queries.get(conn, tenant_id, invoice_id)
    if invoice is None:
        raise UnknownInvoice
    return invoice


async def usage_line(conn: Conn, tenant_id: UUID, invoice_id: UUID, position: int) -> UsageLine:
    """A line about use, by its place on the invoice, which counts from 1.

    Raises:
        UnknownInvoice, UnknownLine: there is none.
        NoUsageLine: it is about something else.
    """
    issued = await get(conn, tenant_id, invoice_id)
    if not 1 <= position <= len(issued.lines):
        raise UnknownLine
    line = issued.lines[position - 1]
    period = None
    if line.usage_period_id is not None:
        period = await usage_queries.get(conn, tenant_id, line.usage_period_id)
    if period is None:
        raise NoUsageLine
    if line.kind is not LineKind.ADJUSTMENT:
        return UsageLine(line, period, None, None)
    earlier = [
        one.issued_at
        for one in await usage_queries.billings(conn, tenant_id, period.id)
        if one.number < issued.invoice.number
    ]
    if not earlier:  # The month itself cost nothing, so that no invoice was made for it.
        earlier.append(settled(period.until_on, (await tenants.get(conn, tenant_id)).time_zone))
    return UsageLine(line, period, earlier[-1], issued.invoice.issued_at)


async def usage_days(conn: Conn, tenant_id: UUID, of: UsageLine) -> list[AgentDay]:
    """The days under a line, by agent: of a period all of them, of an adjustment what came after the invoice before."""
    first, last = of.period.from_on, of.period.until_on - timedelta(days=1)
    if of.until is None:
        return await usage.days(conn, tenant_id, first, last)
    return await usage.received_days(conn, tenant_id, first, last, of.after, of.until)


async def used_days(conn: Conn, tenant_id: UUID, issued: Issued) -> list[tuple[Line, list[AgentDay]]]:
    """The days under each line about a month's use, by agent; the days of all of them are read together."""
    periods = {one.id: one for one in await usage_queries.of_invoice(conn, tenant_id, issued.invoice.id)}
    if not periods:
        return []
    first, until = min(one.from_on for one in periods.values()), max(one.until_on for one in periods.values())
    days = await usage.days(conn, tenant_id, first, until - timedelta(days=1))
    return [
        (line, [one for one in days if period.from_on <= one.day < period.until_on])
        for line in issued.lines
        if line.usage_period_id is not None and (period := periods.get(line.usage_period_id)) is not None
        if line.kind is LineKind.USAGE
    ]


async def usage_events(
    conn: Conn, tenant_id: UUID, of: UsageLine, day: date, place: Place | None, limit: int
) -> list[UsageEvent]:
    """The events of one of those days, in order, from where a page ended; none of a day that the line is not about."""
    if not of.period.from_on <= day < of.period.until_on:
        return []
    return await usage.events(conn, tenant_id, day, place, limit, of.after, of.until)


async def credit(conn: Conn, tenant_id: UUID, limit: int, offset: int) -> tuple[int, list[Credit], int]:
    """The tenant's credit in cents, a page of its entries, the newest first, and how many there are."""
    return (
        await queries.balance(conn, tenant_id),
        await queries.credit_entries(conn, tenant_id, limit, offset),
        await queries.credit_count(conn, tenant_id),
    )

"""What the next invoice would say if it were issued with what is known now. Nothing is written, and nobody waits."""

from datetime import date, datetime, timedelta
from typing import Final

import msgspec

from alquimista.billing.models.agenda import Due, Step
from alquimista.billing.models.invoices import Kind, Line, Sums
from alquimista.billing.models.periods import local_day, midnight, settled
from alquimista.billing.models.subscriptions import Subscription
from alquimista.billing.queries import invoices as queries
from alquimista.billing.queries import usage as usage_queries
from alquimista.billing.service import invoicing, renewing
from alquimista.billing.service.book import Book

# Steps that issue an invoice by themselves. END does not, but what was used until then is billed after it.
_ISSUING: Final = frozenset({Step.RENEW, Step.SETTLE, Step.END, Step.END_TRIAL})


class Preview(msgspec.Struct, frozen=True):
    """The next invoice as it would be: when it would be issued, and when due."""

    kind: Kind
    issued_at: datetime
    due_on: date
    currency: str
    sums: Sums


async def preview(book: Book) -> Preview | None:
    """The next invoice; None when none comes by itself: before the first payment, and after the end.

    Raises:
        NoSubscription: there never was one.
    """
    one = book.subscription
    agenda = await book.agenda(one)
    coming = next((due for due in agenda if due.step in _ISSUING), None)
    if coming is None:
        return None
    # A change that nobody pays for is given up by then, and the credit that its invoice used comes back.
    given_up = coming.step in {Step.RENEW, Step.END} or any(
        due.step is Step.DROP_CHANGE and due.at <= coming.at for due in agenda
    )
    returning = await _credit_of_change(book, one) if given_up else 0
    if coming.step is Step.RENEW:
        return await _renewal(book, one, coming, returning)
    if coming.step is Step.END_TRIAL:
        return await _after_trial(book, one, coming)
    return await _use(book, one, coming, returning)


async def _renewal(book: Book, one: Subscription, coming: Due, returning: int) -> Preview:
    """At the prices that are known to be in force by then."""
    renewed, deal, first, until = renewing.renewed(book, one, max(coming.at, book.now))
    lines = await renewing.lines(book, deal, first, until, settle=False)
    return await _previewed(book, renewed, Kind.RENEWAL, coming.at, first, lines, returning)


async def _after_trial(book: Book, one: Subscription, coming: Due) -> Preview | None:
    if await queries.open_first(book.conn, book.tenant.id, one.id):
        return None
    lines = invoicing.deal_lines(book, book.deal(one.terms), None, None)
    return await _previewed(book, one, Kind.FIRST, coming.at, local_day(coming.at, book.tenant.time_zone), lines)


async def _use(book: Book, one: Subscription, coming: Due, returning: int) -> Preview | None:
    """The months of use that are over by then, billed between two renewals or after the end."""
    zone = book.tenant.time_zone
    periods = await usage_queries.open_periods(book.conn, book.tenant.id)
    over = [period for period in periods if midnight(period.until_on, zone) <= coming.at]
    if not over:
        return None
    lines = await invoicing.usage_lines(book, over, settle=False)
    at = max(coming.at, *(settled(period.until_on, zone) for period in over))
    return await _previewed(book, one, Kind.USAGE, at, local_day(at, zone), lines, returning)


async def _previewed(
    book: Book, one: Subscription, kind: Kind, at: datetime, first: date, lines: list[Line], returning: int = 0
) -> Preview:
    due_on = first + timedelta(days=book.rules.due_days)
    return Preview(kind, at, due_on, one.currency, await invoicing.sums(book, lines, returning))


async def _credit_of_change(book: Book, one: Subscription) -> int:
    if one.pending_invoice_id is None:
        return 0
    waiting = await queries.get(book.conn, book.tenant.id, one.pending_invoice_id)
    return waiting.credit_cents if waiting is not None else 0

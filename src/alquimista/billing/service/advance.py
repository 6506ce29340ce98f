"""Time passing: every step that is due for a tenant's subscription, in order, each exactly once."""

from collections.abc import Awaitable, Callable
from datetime import date, datetime, timedelta
from typing import Final

import msgspec

from alquimista.billing.models.agenda import Due, Step
from alquimista.billing.models.invoices import Invoice, InvoiceStatus, Kind, Line
from alquimista.billing.models.periods import midnight, settled
from alquimista.billing.models.subscriptions import RUNNING, Status
from alquimista.billing.models.usage import UsagePeriod
from alquimista.billing.queries import invoices as invoice_queries
from alquimista.billing.queries import usage as usage_queries
from alquimista.billing.service import invoicing, paying, renewing, subscribing, telling
from alquimista.billing.service.book import Book

# More steps than a tenant that nobody looked at for years could have; beyond it something is wrong with the agenda.
_MOST: Final = 1000


async def advance(book: Book) -> list[Invoice]:
    """Take every step that is due, the earliest first; the invoices that were issued and wait for payment.

    Idempotent: what was done is no longer due.
    """
    issued: list[Invoice] = []
    for _ in range(_MOST):
        due = await _next(book)
        if due is None:
            return issued
        issued += await _STEPS[due.step](book, due.at)
    raise RuntimeError("The agenda of a subscription does not come to an end")


async def _next(book: Book) -> Due | None:
    if book.latest is None:
        return None
    coming = await book.agenda(book.latest)
    if not coming or coming[0].at > book.now:
        await book.save(book.latest)
        return None
    return coming[0]


async def _expire(book: Book, _at: datetime) -> list[Invoice]:
    await paying.end(book, "never paid")
    return []


async def _drop_change(book: Book, _at: datetime) -> list[Invoice]:
    await paying.drop_pending(book)
    one = book.subscription
    if one.status is Status.SUSPENDED and not one.cycles:  # A trial that ended while the invoice for more waited.
        return await _ask_for_the_first(book)
    return []


async def _end_trial(book: Book, _at: datetime) -> list[Invoice]:
    """The agents stop, and the first invoice waits for who wants them back."""
    one = book.subscription.to(Status.SUSPENDED)
    await book.save(one)
    await book.withdraw(one, for_good=False)
    return await _ask_for_the_first(book)


async def _ask_for_the_first(book: Book) -> list[Invoice]:
    one = book.subscription
    waiting = await invoice_queries.open_first(book.conn, book.tenant.id, one.id)
    invoice = waiting[0] if waiting else await subscribing.first_invoice(book, one, book.deal(one.terms))
    if invoice.status is not InvoiceStatus.OPEN:
        return []
    await telling.trial_ended(book, invoice)
    return [invoice]


async def _end(book: Book, at: datetime) -> list[Invoice]:
    await paying.end(book, "cancellation", at)
    return []


async def _renew(book: Book, _at: datetime) -> list[Invoice]:
    """The next cycle, at the prices of now, and the use of the one that is over."""
    await paying.drop_pending(book)
    old = book.subscription
    one, deal, first, until = renewing.renewed(book, old, book.now)
    reason = "renewal" if old.next_terms is None else "change at renewal"
    one = await book.earn(one, deal.mrr_cents, deal.plan.name, reason)
    await book.save(one)
    await book.grant(one)
    lines = await renewing.lines(book, deal, first, until, settle=True)
    await paying.begin_use(book, one, first)
    # From today where the platform was away at the moment: nobody is dunned for days that they could not pay on.
    due_on = max(first, book.today) + timedelta(days=book.rules.due_days)
    return await _issued(book, Kind.RENEWAL, lines, due_on)


async def _settle(book: Book, _at: datetime) -> list[Invoice]:
    """Bill a month of use that is over; the next one begins, unless the subscription ended."""
    one = book.subscription
    zone = book.tenant.time_zone
    over = [
        period
        for period in await usage_queries.open_periods(book.conn, book.tenant.id)
        if settled(period.until_on, zone) <= book.now
    ]
    lines = await invoicing.usage_lines(book, over, settle=True)
    first = max(period.until_on for period in over)
    end = one.current_period_end if one.status in RUNNING else None
    if end is not None and midnight(first, zone) < end and not await _waiting(book):
        await paying.begin_use(book, one, first)
        if any(period.stopped_at for period in over):
            await book.grant(one)
    if not any(line.amount_cents for line in lines):  # One that only gives back is issued: what it gives is credit.
        await book.save(one)
        return []
    return await _issued(book, Kind.USAGE, lines, book.today + timedelta(days=book.rules.due_days))


async def _waiting(book: Book) -> list[UsagePeriod]:
    return await usage_queries.open_periods(book.conn, book.tenant.id)


async def _issued(book: Book, kind: Kind, lines: list[Line], due_on: date) -> list[Invoice]:
    invoice = await invoicing.issue(book, book.subscription, kind, lines, due_on)
    if not invoice.total_cents:
        await paying.paid(book, invoice)
        return []
    await book.save(book.subscription)
    await telling.invoice_issued(book, invoice)
    return [invoice]


async def _overdue(book: Book, _at: datetime) -> list[Invoice]:
    await book.save(book.subscription.to(Status.PAST_DUE, dunning_step=0))
    await book.note("subscription.past_due")
    return []


async def _remind(book: Book, _at: datetime) -> list[Invoice]:
    one = book.subscription
    await book.save(msgspec.structs.replace(one, dunning_step=one.dunning_step + 1))
    waiting = await _owed(book)
    await telling.reminder(book, waiting[0])
    return waiting


async def _suspend(book: Book, _at: datetime) -> list[Invoice]:
    await paying.drop_pending(book)  # More of a plan is not for who owes for the one they have.
    one = book.subscription.to(Status.SUSPENDED)
    one = await book.earn(one, 0, "", "unpaid")
    await book.save(one)
    await book.withdraw(one, for_good=False)
    await book.note("subscription.suspended")
    waiting = await _owed(book)
    await telling.suspended(book, waiting[0])
    return waiting


async def _cancel(book: Book, _at: datetime) -> list[Invoice]:
    await paying.end(book, "unpaid")
    await telling.canceled(book)
    return []


async def _owed(book: Book) -> list[Invoice]:
    return await invoice_queries.open_of(book.conn, book.tenant.id)


_STEPS: Final[dict[Step, Callable[[Book, datetime], Awaitable[list[Invoice]]]]] = {
    Step.EXPIRE: _expire,
    Step.DROP_CHANGE: _drop_change,
    Step.END_TRIAL: _end_trial,
    Step.END: _end,
    Step.RENEW: _renew,
    Step.SETTLE: _settle,
    Step.OVERDUE: _overdue,
    Step.REMIND: _remind,
    Step.SUSPEND: _suspend,
    Step.CANCEL: _cancel,
}

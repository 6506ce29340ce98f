"""What payments do to a subscription, and what their absence does."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from alquimista.billing.models.invoices import Invoice, InvoiceStatus, Kind
from alquimista.billing.models.periods import SETTLED, add_months, local_day, midnight
from alquimista.billing.models.subscriptions import Deal, Status, Subscription, Terms
from alquimista.billing.queries import invoices as queries
from alquimista.billing.queries import usage as usage_queries
from alquimista.billing.service import invoicing
from alquimista.billing.service.book import Book
from alquimista.events import EventType
from alquimista.i18n import N_


def cycle_days(book: Book, one: Subscription) -> tuple[date, date]:
    """The first day of the running cycle, and the day after its last; of a subscription that runs."""
    assert one.current_period_start is not None
    assert one.current_period_end is not None
    zone = ZoneInfo(book.tenant.time_zone)
    return one.current_period_start.astimezone(zone).date(), one.current_period_end.astimezone(zone).date()


def with_terms(one: Subscription, deal: Deal) -> Subscription:
    """The subscription on other terms."""
    terms = deal.terms
    return msgspec.structs.replace(
        one,
        billing_cycle=terms.cycle,
        plan_id=terms.plan_id,
        addon_id=terms.addon_id,
        addon_count=terms.addon_count,
        selected_agents=terms.agents,
        selected_subnucleos=terms.subnucleos,
        total_cents=deal.cents,
        currency=deal.plan.currency,
    )


async def paid(book: Book, invoice: Invoice) -> Invoice:
    """Write an invoice as paid, and let the payment do what it was for, in the same transaction."""
    done = await queries.settle(book.conn, book.tenant.id, invoice, InvoiceStatus.PAID, book.now)
    await book.note("invoice.paid", invoice_id=str(invoice.id), number=invoice.number)
    await book.publish(EventType.INVOICE_PAID, invoice)
    one = book.latest
    if one is None or one.status is Status.CANCELED:
        return done
    own = one.id == invoice.subscription_id
    if own and one.pending_invoice_id == invoice.id and one.pending_terms is not None:
        await _what_was_paid_for(book, one, one.pending_terms, invoice)
    elif own and invoice.kind is Kind.FIRST and one.cycles == 0:
        await _begin(book, one.to(Status.ACTIVE, trial_ends_at=None), "activation", book.today)
    elif one.status is Status.PAST_DUE and not await _overdue(book, one):
        await book.save(one.to(Status.ACTIVE, dunning_step=0))
    elif one.status is Status.SUSPENDED and one.cycles and not await _overdue(book, one):
        await _come_back(book, one)
    else:
        await book.save(one)
    return done


async def _what_was_paid_for(book: Book, one: Subscription, terms: Terms, invoice: Invoice) -> None:
    if invoice.kind is Kind.FIRST:
        bought = msgspec.structs.replace(with_terms(one, book.deal(terms)), pending_terms=None, pending_invoice_id=None)
        await _begin(book, bought.to(Status.ACTIVE, trial_ends_at=None), "activation", book.today)
        return
    # The days until the payment are the invoice's already: it took the old price back from its own day on.
    await take_effect(book, one, terms, "change", local_day(invoice.issued_at, book.tenant.time_zone))


async def void(book: Book, invoice: Invoice) -> None:
    """Declare an open invoice void; credit that it used comes back."""
    await queries.settle(book.conn, book.tenant.id, invoice, InvoiceStatus.VOID, book.now)
    if invoice.credit_cents:
        reason = book.tell(N_("Invoice {number} is void", number=invoice.number))
        await invoicing.give(book, invoice.credit_cents, invoice.currency, reason, invoice)
    await book.note("invoice.void", invoice_id=str(invoice.id), number=invoice.number)


async def take_effect(book: Book, one: Subscription, terms: Terms, reason: str, since: date | None = None) -> None:
    """Let other terms begin: within the running cycle, or with a new one, from a day on, when its length changes.

    Another plan begins a month of use of its own, so that what was used before is billed by the plan of then.
    """
    deal = book.deal(terms)
    changed = msgspec.structs.replace(
        with_terms(one, deal), pending_terms=None, pending_invoice_id=None, next_terms=None
    )
    if terms.cycle is not one.billing_cycle:
        await _begin(book, changed, reason, since or book.today)
        return
    if terms.plan_id != one.plan_id:
        await begin_use(book, changed, book.today)
    await _granted(book, changed, deal, reason)


async def _begin(book: Book, one: Subscription, reason: str, first: date) -> None:
    """Begin a cycle with a day."""
    deal, zone = book.deal(one.terms), book.tenant.time_zone
    begun = msgspec.structs.replace(
        one,
        anchor_on=first,
        cycles=1,
        current_period_start=midnight(first, zone),
        current_period_end=midnight(add_months(first, one.billing_cycle.months), zone),
        dunning_step=0,
    )
    await book.save(begun)
    await begin_use(book, begun, first)
    await _granted(book, begun, deal, reason)


async def _granted(book: Book, one: Subscription, deal: Deal, reason: str) -> None:
    earning = await book.earn(one, deal.mrr_cents, deal.plan.name, reason)
    await book.save(earning)
    await book.grant(earning)


async def begin_use(book: Book, one: Subscription, first: date) -> None:
    """Begin the month of use that holds a day, cutting short the one that runs."""
    assert one.anchor_on is not None
    months = 1
    while add_months(one.anchor_on, months) <= first:
        months += 1
    until = add_months(one.anchor_on, months)
    for period in await usage_queries.open_periods(book.conn, book.tenant.id):
        if period.from_on == first:
            stopped = period.stopped_at if period.plan_id == one.plan_id else None
            same = msgspec.structs.replace(
                period, subscription_id=one.id, plan_id=one.plan_id, until_on=until, stopped_at=stopped
            )
            await usage_queries.save(book.conn, book.tenant.id, same, book.now)
            return
        if period.until_on > first:
            cut = msgspec.structs.replace(period, until_on=first)
            await usage_queries.save(book.conn, book.tenant.id, cut, book.now)
    await usage_queries.begin(book.conn, book.tenant.id, one.id, one.plan_id, first, until, one.currency, book.now)


async def _overdue(book: Book, one: Subscription) -> bool:
    waiting = await queries.open_of(book.conn, book.tenant.id)
    return any(i.due_on < book.today for i in waiting if i.id != one.pending_invoice_id)


async def _come_back(book: Book, one: Subscription) -> None:
    """A suspended subscription was paid for: its agents work again, in a new cycle when the old one is over."""
    assert one.current_period_end is not None
    back = one.to(Status.ACTIVE, dunning_step=0)
    if book.now < one.current_period_end + SETTLED:
        if all(p.until_on <= book.today for p in await usage_queries.open_periods(book.conn, book.tenant.id)):
            await begin_use(book, back, book.today)  # A month of use ended while it was suspended.
        await _granted(book, back, book.deal(one.terms), "payment")
        return
    await _begin(book, back, "payment", book.today)
    first, until = cycle_days(book, book.subscription)
    lines = invoicing.deal_lines(book, book.deal(one.terms), first, until)
    due_on = first + timedelta(days=book.rules.due_days)
    invoice = await invoicing.issue(book, book.subscription, Kind.RENEWAL, lines, due_on)
    if not invoice.total_cents:
        await paid(book, invoice)
    else:
        await book.save(book.subscription)


async def drop_pending(book: Book) -> None:
    """Give up a change whose invoice is not paid."""
    one = book.subscription
    if one.pending_invoice_id is None:
        return
    invoice = await queries.get(book.conn, book.tenant.id, one.pending_invoice_id)
    assert invoice is not None
    without = msgspec.structs.replace(one, pending_terms=None, pending_invoice_id=None)
    await book.save(without)
    if invoice.status is InvoiceStatus.OPEN:
        await void(book, invoice)
    await book.save(without)


async def end(book: Book, reason: str, at: datetime | None = None) -> None:
    """Cancel the subscription now: its agents stop with it. Invoices for what was never given are void."""
    await drop_pending(book)
    one = book.subscription
    if one.cycles == 0:
        for invoice in await queries.open_first(book.conn, book.tenant.id, one.id):
            await void(book, invoice)
    for period in await usage_queries.open_periods(book.conn, book.tenant.id):
        last = max(book.today, period.from_on) + timedelta(days=1)
        if at is None and period.until_on > last:
            cut = msgspec.structs.replace(period, until_on=last)
            await usage_queries.save(book.conn, book.tenant.id, cut, book.now)
    gone = one.to(Status.CANCELED, canceled_at=at or book.now, next_terms=None, cancel_at_period_end=False)
    gone = await book.earn(gone, 0, "", reason)
    await book.save(gone)
    if one.status is not Status.PENDING:
        await book.withdraw(gone, for_good=True)
    await book.note("subscription.canceled", reason=reason)

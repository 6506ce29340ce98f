"""What a choice would cost and do: the same rules as subscribing, and nothing is written."""

from alquimista.billing.models.catalogue import on_sale
from alquimista.billing.models.invoices import Invoice, Line, Sums
from alquimista.billing.models.money import percentage
from alquimista.billing.models.proposal import Proposal, Shelf
from alquimista.billing.models.subscriptions import Deal, Effect, Status
from alquimista.billing.queries import invoices as queries
from alquimista.billing.service import invoicing, paying, subscribing
from alquimista.billing.service.book import Book
from alquimista.billing.service.subscribing import Wanted


def shelf(book: Book) -> Shelf:
    """What the tenant may choose from."""
    own = book.plans[book.live.plan_id] if book.live is not None else None
    plans = [own if own is not None and own.name == one.name else one for one in on_sale(book.plans.values(), book.now)]
    if own is not None and own not in plans:
        plans.insert(0, own)
    return Shelf(tuple(plans), subscribing.addon_on_offer(book), book.live.terms if book.live is not None else None)


async def propose(book: Book, wanted: Wanted) -> Proposal:
    """What was chosen, its price, and what would be paid for it now.

    Raises:
        As `subscribing.subscribe`.
    """
    deal = subscribing.quote(book, wanted)
    what = subscribing.effect(book, deal)
    taxes = sum(percentage(deal.cents, tax.rate) for tax in book.rules.taxes)
    asked = await _asked_for(book, deal)
    if asked is not None:
        lines = tuple(await queries.lines(book.conn, book.tenant.id, asked.id))
        sums = Sums(lines, asked.subtotal_cents, asked.tax_cents, asked.credit_cents, asked.total_cents, 0)
        return Proposal(deal, what, sums, taxes, None)
    if what not in {Effect.FIRST, Effect.CHANGE}:
        begins_on = book.today
        if what is Effect.LATER and book.live is not None:
            _, begins_on = paying.cycle_days(book, book.live)
        return Proposal(deal, what, None, taxes, begins_on)
    returning = sum(one.credit_cents for one in await _waiting(book))
    sums = await invoicing.sums(book, _lines(book, deal, what), returning)
    return Proposal(deal, what, sums, taxes, None)


def _lines(book: Book, deal: Deal, what: Effect) -> list[Line]:
    if what is Effect.FIRST or book.live is None:
        return invoicing.deal_lines(book, deal, None, None)
    first, until = paying.cycle_days(book, book.live)
    return invoicing.proration_lines(book, book.deal(book.live.terms), deal, first, until)


async def _waiting(book: Book) -> list[Invoice]:
    """Unpaid first invoices: another choice makes them void, and the credit that they used comes back."""
    if book.live is None or book.live.status not in {Status.PENDING, Status.TRIALING}:
        return []
    return await queries.open_first(book.conn, book.tenant.id, book.live.id)


async def _asked_for(book: Book, deal: Deal) -> Invoice | None:
    """The invoice of the same choice, when it was made already and waits for its payment."""
    one = book.live
    if one is None:
        return None
    if one.pending_terms is not None and one.pending_terms.says(deal.terms):
        return await queries.get(book.conn, book.tenant.id, one.pending_invoice_id or one.id)
    if one.status is Status.PENDING and one.terms.says(deal.terms):
        return next(iter(await _waiting(book)), None)
    return None

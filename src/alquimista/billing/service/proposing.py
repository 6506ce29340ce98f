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
    deal = await subscribing.quote(book, wanted)
    what = subscribing.effect(book, deal)
    taxes = sum(percentage(deal.cents, tax.rate) for tax in book.rules.taxes)
    if what not in {Effect.FIRST, Effect.CHANGE}:
        begins_on = book.today
        if what is Effect.LATER and book.live is not None:
            _, begins_on = paying.cycle_days(book, book.live)
        return Proposal(deal, what, None, taxes, begins_on)
    waiting = await _waiting(book)
    if waiting and book.live is not None and book.live.terms.says(deal.terms):  # It is asked for already.
        same = waiting[0]
        lines = tuple(await queries.lines(book.conn, book.tenant.id, same.id))
        sums = Sums(lines, same.subtotal_cents, same.tax_cents, same.credit_cents, same.total_cents, 0)
        return Proposal(deal, what, sums, taxes, None)
    returning = sum(one.credit_cents for one in waiting)
    sums = await invoicing.sums(book, _lines(book, deal, what), returning)
    return Proposal(deal, what, sums, taxes, None)


def _lines(book: Book, deal: Deal, what: Effect) -> list[Line]:
    if what is Effect.FIRST or book.live is None:
        return invoicing.deal_lines(book, deal, None, None)
    first, until = paying.cycle_days(book, book.live)
    return invoicing.proration_lines(book, book.deal(book.live.terms), deal, first, until)


async def _waiting(book: Book) -> list[Invoice]:
    """Unpaid first invoices: another choice makes them void, and the credit that they used comes back."""
    if book.live is None or book.live.status is not Status.PENDING:
        return []
    return await queries.open_first(book.conn, book.tenant.id, book.live.id)

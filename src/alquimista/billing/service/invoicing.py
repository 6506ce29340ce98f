"""Making invoices: what stands on them, from prices and from usage."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

import msgspec

from alquimista.billing.models.invoices import Invoice, Kind, Line, LineKind, Sums, add_up
from alquimista.billing.models.money import overage, prorate
from alquimista.billing.models.names import plan_name
from alquimista.billing.models.subscriptions import Deal, Subscription
from alquimista.billing.models.usage import PeriodStatus, UsagePeriod
from alquimista.billing.queries import invoices as queries
from alquimista.billing.queries import usage as usage_queries
from alquimista.billing.service.book import Book
from alquimista.events import EventType
from alquimista.i18n import N_
from alquimista.usage import service as usage

# An event may come 35 days after its period's end, just after an invoice, and the next one is issued a month later: for
# so long a period is looked at again. The rest is for a worker that was away.
ADJUSTABLE: Final = timedelta(days=100)


def deal_lines(book: Book, deal: Deal, first: date | None, until: date | None) -> list[Line]:
    """The price of a cycle. Without days (not paid for yet) it begins with the payment."""
    if first is not None and until is not None:
        what = N_(
            "Plan {plan}, {first} to {last}",
            plan=plan_name(deal.plan.display_name),
            first=book.day(first),
            last=book.day(until - timedelta(days=1)),
        )
    elif deal.terms.cycle.months == 1:
        what = N_("Plan {plan}, one month from the payment", plan=plan_name(deal.plan.display_name))
    else:
        what = N_("Plan {plan}, one year from the payment", plan=plan_name(deal.plan.display_name))
    lines = [Line(LineKind.PLAN, book.tell(what), 1, deal.plan_cents)]
    if deal.addon is not None and deal.terms.addon_count:
        lines.append(
            Line(
                LineKind.ADDON,
                book.tell(
                    N_("{name}, {count} beyond the plan", name=deal.addon.display_name, count=deal.terms.addon_count)
                ),
                deal.terms.addon_count,
                deal.addon_cents * deal.terms.addon_count,
            )
        )
    return lines


def proration_lines(book: Book, old: Deal, new: Deal, first: date, until: date) -> list[Line]:
    """What a change costs from today: the rest of the old price back, the new one for the same days.

    With another cycle a new one begins, at its whole price. The day of the change counts for the new terms.
    """
    days, rest = (until - first).days, (until - book.today).days
    back = N_("Unused: plan {plan}, {rest} of {days} days", plan=plan_name(old.plan.display_name), rest=rest, days=days)
    lines = [Line(LineKind.PRORATION, book.tell(back), 1, -prorate(old.cents, rest, days))]
    if new.terms.cycle is not old.terms.cycle:
        return lines + deal_lines(book, new, None, None)
    what = N_("Plan {plan}, {rest} of {days} days", plan=plan_name(new.plan.display_name), rest=rest, days=days)
    return [*lines, Line(LineKind.PRORATION, book.tell(what), 1, prorate(new.cents, rest, days))]


async def requests_of(book: Book, period: UsagePeriod) -> int:
    """The requests of a period by the rollups, corrections included."""
    sums = await usage.totals(book.conn, book.tenant.id, period.from_on, period.until_on - timedelta(days=1))
    return sums.requests


async def usage_lines(book: Book, over: Sequence[UsagePeriod], *, settle: bool) -> list[Line]:
    """Lines of periods that are over, and of what came late for earlier ones.

    `settle` writes the periods as billed; a preview does not.
    """
    lines = []
    for period in over:
        requests = await requests_of(book, period)
        plan = book.plans[period.plan_id]
        cents = overage(plan.overage_tiers, plan.max_requests_per_month, requests)
        text = N_(
            "Use of {first} to {last}: {requests} requests, {included} included",
            first=book.day(period.from_on),
            last=book.day(period.until_on - timedelta(days=1)),
            requests=book.number(requests),
            included=book.number(plan.max_requests_per_month),
        )
        lines.append(Line(LineKind.USAGE, book.tell(text), requests, cents, period.id))
        if settle:
            billed = msgspec.structs.replace(
                period, status=PeriodStatus.BILLED, requests=requests, overage_cents=cents, billed_at=book.now
            )
            await usage_queries.save(book.conn, book.tenant.id, billed, book.now)
    return lines + await _late_lines(book, settle=settle)


async def _late_lines(book: Book, *, settle: bool) -> list[Line]:
    lines = []
    for period in await usage_queries.recent(book.conn, book.tenant.id, book.today - ADJUSTABLE):
        if period.status is not PeriodStatus.BILLED:
            continue
        requests = await requests_of(book, period)
        plan = book.plans[period.plan_id]
        cents = overage(plan.overage_tiers, plan.max_requests_per_month, requests)
        if requests == period.requests:
            continue
        text = N_(
            "Adjustment of {first} to {last}: {requests} requests instead of {before}",
            first=book.day(period.from_on),
            last=book.day(period.until_on - timedelta(days=1)),
            requests=book.number(requests),
            before=book.number(period.requests),
        )
        difference = requests - period.requests
        lines.append(Line(LineKind.ADJUSTMENT, book.tell(text), difference, cents - period.overage_cents, period.id))
        if settle:
            adjusted = msgspec.structs.replace(period, requests=requests, overage_cents=cents, billed_at=book.now)
            await usage_queries.save(book.conn, book.tenant.id, adjusted, book.now)
    return lines


async def sums(book: Book, lines: Sequence[Line], returning: int = 0) -> Sums:
    """Lines with taxes and the tenant's credit; `returning` is credit that will have come back by then."""
    return add_up(
        lines,
        book.rules.taxes,
        await queries.balance(book.conn, book.tenant.id) + returning,
        book.tell(N_("Carried to your credit")),
        book.tell(N_("Credit used")),
    )


async def issue(book: Book, subscription: Subscription, kind: Kind, lines: Sequence[Line], due_on: date) -> Invoice:
    """Write an invoice with the next number, and the credit that it uses or gives."""
    added = await sums(book, lines)
    invoice = await queries.add(
        book.conn,
        book.tenant.id,
        book.now,
        subscription_id=subscription.id,
        kind=kind.value,
        currency=subscription.currency,
        subtotal_cents=added.subtotal_cents,
        tax_cents=added.tax_cents,
        credit_cents=added.credit_cents,
        total_cents=added.total_cents,
        customer_name=book.tenant.name,
        customer_cnpj=book.tenant.cnpj,
        due_on=due_on,
    )
    await queries.add_lines(book.conn, book.tenant.id, invoice, added.lines)
    if added.balance:
        reason = N_("Invoice {number}", number=invoice.number)
        await give(book, added.balance, invoice.currency, book.tell(reason), invoice)
    await book.note("invoice.issued", invoice_id=str(invoice.id), number=invoice.number, kind=kind.value)
    await book.publish(EventType.INVOICE_ISSUED, invoice)
    return invoice


async def give(book: Book, cents: int, currency: str, reason: str, invoice: Invoice | None) -> None:
    """Give credit, or (below zero) use it."""
    await queries.add_credit(
        book.conn,
        book.tenant.id,
        cents,
        currency,
        reason,
        invoice.id if invoice else None,
        book.actor.user_id if book.actor else None,
        book.now,
    )


async def balance(book: Book) -> int:
    """The tenant's credit, in cents."""
    return await queries.balance(book.conn, book.tenant.id)

"""Collecting invoices through payment providers, and what their news do here."""

from datetime import timedelta
from typing import Final
from uuid import UUID

import msgspec

from alquimista import clock
from alquimista.access import Actor
from alquimista.billing.models.agenda import Rules
from alquimista.billing.models.collecting import RefundOf
from alquimista.billing.models.invoices import (
    Invoice,
    InvoiceClosed,
    InvoiceStatus,
    Kind,
    NotRefundable,
    RefundWaits,
    UnknownInvoice,
)
from alquimista.billing.models.subscriptions import NoSubscription, Status
from alquimista.billing.queries import invoices as queries
from alquimista.billing.queries import subscriptions
from alquimista.billing.service import invoicing, paying
from alquimista.billing.service.book import Book, open_book
from alquimista.db.pool import Database
from alquimista.db.tenancy import tenant_transaction
from alquimista.errors import Invalid
from alquimista.i18n import N_
from alquimista.identity import service as identity
from alquimista.incidents import service as incidents
from alquimista.incidents.models import RuleName, by_rule
from alquimista.jobs.queue import enqueue
from alquimista.payments import service as payments
from alquimista.payments.models import Changed, Charge, NoPortal, Notice, Opened, Order, OrderLine, Outcome, Payer
from alquimista.payments.service import Providers

REFUND: Final = "billing.refund"
GUARANTEE: Final = timedelta(days=7)  # Satisfaction guarantee (requirements 4.3; for consumers also CDC, art. 49).


async def checkout(
    db: Database, providers: Providers, rules: Rules, actor: Actor, tenant_id: UUID, invoice_id: UUID | None
) -> Charge:
    """A way to pay an invoice, or the one that is due first; asked again, the same while it is open.

    Raises:
        NoSubscription, UnknownInvoice, InvoiceClosed: there is nothing to pay.
        Problem: as the provider has it; nothing is charged then.
    """
    async with tenant_transaction(db, tenant_id) as conn:
        book = await open_book(conn, tenant_id, rules, clock.now(), actor)
        invoice = await _to_pay(book, invoice_id)
        charge, order = await _order(book, invoice)
    if not charge.payable(clock.now()):
        way = await payments.open_charge(db, providers.get(charge.provider), tenant_id, order, present=True)
        await _learn_refs(db, tenant_id, rules, way)
    return await payments.get(db.tenant(tenant_id), tenant_id, charge.id)


async def collect(db: Database, providers: Providers, rules: Rules, tenant_id: UUID, invoice_id: UUID) -> None:
    """Collect an open invoice without the payer: by the stored method, or with a Pix or boleto that waits for them.

    Raises:
        Problem: as the provider has it; to be tried again.
    """
    async with tenant_transaction(db, tenant_id) as conn:
        book = await open_book(conn, tenant_id, rules, clock.now())
        invoice = await _get(book, invoice_id)
        if invoice.status is not InvoiceStatus.OPEN:
            return
        charge, order = await _order(book, invoice)
    if charge.payable(clock.now()) and not order.method_ref:
        return
    answer = await payments.open_charge(db, providers.get(charge.provider), tenant_id, order, present=False)
    if isinstance(answer, Notice):
        await payments.keep(db, answer, "", clock.now())
    else:
        await _learn_refs(db, tenant_id, rules, answer)


async def work_through(
    db: Database, providers: Providers, rules: Rules, tenant_id: UUID, event_id: UUID
) -> Changed | None:
    """Do what a provider's news ask for, once; in what order they came does not matter.

    Raises:
        Problem: the provider had to be asked, and did not answer; to be tried again.
    """
    event = await payments.event(db.tenant(tenant_id), tenant_id, event_id)
    notice = event.metadata
    provider = providers.get(notice.provider)
    if not provider.signed:
        looked = await provider.look(notice.provider_ref) if notice.provider_ref else None
        if looked is None or (looked.tenant_id, looked.charge_id) != (notice.tenant_id, notice.charge_id):
            await payments.finish(db.tenant(tenant_id), tenant_id, event_id, "ignored", None, clock.now())
            return None
        notice = looked
    async with tenant_transaction(db, tenant_id) as conn:
        book = await open_book(conn, tenant_id, rules, clock.now())
        changed = await payments.apply(conn, tenant_id, notice, clock.now())
        if changed is not None:
            await _settle(book, notice, changed)
        status = "processed" if changed is not None else "ignored"
        await payments.finish(conn, tenant_id, event_id, status, None, clock.now())
    return changed


async def received(
    db: Database, providers: Providers, rules: Rules, actor: Actor, tenant_id: UUID, invoice_id: UUID, cents: int
) -> Invoice:
    """Staff saw the money of an invoice arrive: it counts as a payment by hand. Twice changes nothing.

    Raises:
        UnknownInvoice: there is none. InvoiceClosed: it is paid or void.
    """
    now = clock.now()
    async with tenant_transaction(db, tenant_id) as conn:
        book = await open_book(conn, tenant_id, rules, now, actor)
        invoice = await _get(book, invoice_id)
        if invoice.status is not InvoiceStatus.OPEN:
            raise InvoiceClosed(status=invoice.status.value)
        if cents < invoice.total_cents:
            raise Invalid.of("amount_cents", N_("This is less than the invoice asks for. Give it as credit instead."))
        charge = await payments.begin(conn, tenant_id, invoice.id, "manual", invoice.total_cents, invoice.currency, now)
        await book.note("payment.received", invoice_id=str(invoice.id), amount_cents=cents)
    notice = Notice(
        "manual",
        f"{_BY_HAND}:{charge.id}",
        _BY_HAND,
        now,
        tenant_id=tenant_id,
        charge_id=charge.id,
        outcome=Outcome.PAID,
        amount_cents=cents,
        currency=invoice.currency,
    )
    event_id = await payments.keep(db, notice, "", now)
    if event_id is not None:
        await work_through(db, providers, rules, tenant_id, event_id)
    async with tenant_transaction(db, tenant_id) as conn:
        return await _get(await open_book(conn, tenant_id, rules, now), invoice_id)


async def ask_refund(book: Book, invoice_id: UUID, cents: int | None, reason: str) -> Invoice:
    """Have a paid invoice paid back, in part or (None) all of what is left of it; a job sees to the provider.

    Of a payment by hand it says that staff have sent the money back.

    Raises:
        UnknownInvoice: there is none. NotRefundable: it is not paid, or less is left of it. RefundWaits: one is on
            its way.
    """
    invoice = await _get(book, invoice_id)
    left = invoice.total_cents - invoice.refunded_cents if invoice.status is InvoiceStatus.PAID else 0
    wanted = left if cents is None else cents
    if not 0 < wanted <= left:
        raise NotRefundable(amount=amount_of(left))
    dedupe = f"{REFUND}:{book.tenant.id}:{invoice.id}"
    target = RefundOf(invoice.id, invoice.refunded_cents + wanted)
    if not await enqueue(book.conn, REFUND, target, tenant_id=book.tenant.id, dedupe=dedupe):
        raise RefundWaits
    await incidents.resolve(book.conn, book.tenant.id, _owed_back(invoice), book.now)
    await book.note("refund.asked_for", invoice_id=str(invoice.id), amount_cents=wanted, reason=reason)
    return invoice


async def refund(db: Database, providers: Providers, rules: Rules, tenant_id: UUID, wanted: RefundOf) -> None:
    """Pay back until so much of an invoice went back in all.

    Raises:
        Problem: as the provider has it; to be tried again, and never paid back twice.
    """
    conn = db.tenant(tenant_id)
    charge = next(
        (one for one in await payments.of_invoice(conn, tenant_id, wanted.invoice_id) if one.status is Outcome.PAID),
        None,
    )
    if charge is None or charge.refunded_cents >= wanted.total_cents:
        return
    key = f"{charge.id}:{wanted.total_cents}"
    cents = wanted.total_cents - charge.refunded_cents
    await providers.get(charge.provider).refund(charge.provider_ref or str(charge.id), cents, key)
    whole = wanted.total_cents >= charge.amount_cents
    notice = Notice(
        charge.provider,
        f"refund:{key}",
        "refund asked for here",
        clock.now(),
        tenant_id=tenant_id,
        charge_id=charge.id,
        outcome=Outcome.REFUNDED if whole else Outcome.PAID,
        refunded_cents=wanted.total_cents,
    )
    async with tenant_transaction(db, tenant_id) as transaction:
        book = await open_book(transaction, tenant_id, rules, clock.now())
        changed = await payments.apply(transaction, tenant_id, notice, clock.now())
        if changed is not None:
            await _settle(book, notice, changed)


async def guarantee(book: Book) -> list[Invoice]:
    """Give up the tenant's first subscription within seven days of its payment: it ends, and all goes back.

    What invoices took of the tenant's credit, or carried to it, goes back too. Only once for a tenant.

    Raises:
        NoSubscription, NotRefundable: the seven days are over, nothing was paid, or it is not the first subscription.
    """
    one = book.subscription
    paid = [
        i
        for i in await queries.list_page(book.conn, book.tenant.id, 100, 0)
        if i.subscription_id == one.id and i.status is InvoiceStatus.PAID and i.kind in {Kind.FIRST, Kind.CHANGE}
    ]
    first = next((i for i in paid if i.kind is Kind.FIRST), None)
    if first is None or first.paid_at is None or one.status is Status.CANCELED or book.now > first.paid_at + GUARANTEE:
        raise NotRefundable(amount="0.00")
    if await queries.paid_before(book.conn, book.tenant.id, one.id):
        raise NotRefundable(amount="0.00")
    for invoice in paid:
        back = invoice.credit_cents - await queries.carried(book.conn, book.tenant.id, invoice.id)
        if back:
            reason = book.tell(N_("Invoice {number} under the guarantee", number=invoice.number))
            await invoicing.give(book, back, invoice.currency, reason, invoice)
        if invoice.total_cents > invoice.refunded_cents:
            await _give_back(book, invoice, invoice.total_cents)
    await paying.end(book, "guarantee")
    return paid


async def _give_back(book: Book, invoice: Invoice, total_cents: int) -> None:
    """Have an invoice paid back until so much went back in all: by its provider, or by staff where nobody else can."""
    charges = await payments.of_invoice(book.conn, book.tenant.id, invoice.id)
    if any(one.provider == "manual" and one.status is Outcome.PAID for one in charges):
        number, cents = invoice.number, total_cents - invoice.refunded_cents
        owed = by_rule(
            RuleName.REFUND_BY_HAND,
            source="billing",
            subject=str(invoice.id),
            params={"amount": amount_of(cents), "number": str(number)},
        )
        await incidents.open_incident(book.conn, book.tenant.id, owed, book.now)
        return
    target = RefundOf(invoice.id, total_cents)
    dedupe = f"{REFUND}:{book.tenant.id}:{invoice.id}"
    if not await enqueue(book.conn, REFUND, target, tenant_id=book.tenant.id, dedupe=dedupe):
        raise RefundWaits


def amount_of(cents: int) -> str:
    """Cents as people write them in sentences: 1234.50."""
    return f"{cents // 100}.{cents % 100:02}"


def _owed_back(invoice: Invoice) -> str:
    return f"{RuleName.REFUND_BY_HAND}:{invoice.id}"


_BY_HAND: Final = "received by hand"


async def _settle(book: Book, notice: Notice, changed: Changed) -> None:
    invoice = await _get(book, changed.charge.invoice_id)
    if changed.received_cents:
        await _take(book, invoice, changed)
    returned = changed.returned_cents
    if returned and changed.charge.credited_cents:
        # What of this payment had become credit goes back first: the invoice may well be paid by another one.
        credit = min(returned, changed.charge.credited_cents)
        reason = book.tell(N_("Paid back: invoice {number}", number=invoice.number))
        await invoicing.give(book, -credit, invoice.currency, reason, invoice)
        await payments.credited(book.conn, book.tenant.id, changed.charge.id, -credit, book.now)
        returned -= credit
    if returned:
        invoice = await _get(book, invoice.id)
        total = min(invoice.total_cents, invoice.refunded_cents + returned)
        whole = total == invoice.total_cents and invoice.status is InvoiceStatus.PAID
        status = InvoiceStatus.REFUNDED if whole else invoice.status
        await queries.settle(book.conn, book.tenant.id, invoice, status, book.now, refunded_cents=total)
        await book.note("invoice.refunded", invoice_id=str(invoice.id), amount_cents=returned)
    await _remember(book, notice.provider, notice.customer_ref, notice.method_ref)


async def _take(book: Book, invoice: Invoice, changed: Changed) -> None:
    """Money arrived: the invoice is paid by it, and whatever it is not for becomes credit."""
    cents = changed.received_cents
    covers = invoice.status is InvoiceStatus.OPEN and cents >= invoice.total_cents
    if covers:
        cents -= invoice.total_cents
        await paying.paid(book, invoice)
    if cents:
        reason = book.tell(N_("Payment beyond what invoice {number} asked for", number=invoice.number))
        await invoicing.give(book, cents, invoice.currency, reason, invoice)
        await payments.credited(book.conn, book.tenant.id, changed.charge.id, cents, book.now)


async def _to_pay(book: Book, invoice_id: UUID | None) -> Invoice:
    if invoice_id is None:
        waiting = await queries.open_of(book.conn, book.tenant.id)
        if not waiting:
            raise NoSubscription
        return waiting[0]
    invoice = await _get(book, invoice_id)
    if invoice.status is not InvoiceStatus.OPEN:
        raise InvoiceClosed(status=invoice.status.value)
    return invoice


async def _get(book: Book, invoice_id: UUID) -> Invoice:
    invoice = await queries.get(book.conn, book.tenant.id, invoice_id)
    if invoice is None:
        raise UnknownInvoice
    return invoice


async def _order(book: Book, invoice: Invoice) -> tuple[Charge, Order]:
    name = book.rules.provider
    charge = await payments.begin(
        book.conn, book.tenant.id, invoice.id, name, invoice.total_cents, invoice.currency, book.now
    )
    one, same = book.subscription, book.subscription.provider == name
    people = await identity.administrators(book.conn, book.tenant.id)
    lines = await queries.lines(book.conn, book.tenant.id, invoice.id)
    back = f"{book.rules.public_url}/app/billing"
    order = Order(
        book.tenant.id,
        charge.id,
        book.tell(N_("Invoice {number}", number=invoice.number)),
        lines[0].description,
        tuple(OrderLine(line.description, line.amount_cents) for line in lines),
        invoice.total_cents,
        invoice.currency,
        max(invoice.due_on, book.today),
        Payer(book.tenant.name, book.tenant.cnpj, people[0].email if people else ""),
        one.provider_customer_id if same else None,
        one.provider_method_id if same else None,
        f"{back}?paid={invoice.id}",
        back,
    )
    return charge, order


async def _learn_refs(db: Database, tenant_id: UUID, rules: Rules, answer: Opened | Notice) -> None:
    if answer.customer_ref is None:
        return
    async with tenant_transaction(db, tenant_id) as conn:
        await _remember(await open_book(conn, tenant_id, rules, clock.now()), rules.provider, answer.customer_ref, None)


async def _remember(book: Book, provider: str, customer: str | None, method: str | None) -> None:
    """Keep what a provider calls the customer and the stored method; never a card."""
    one = book.live
    if one is None or (customer is None and method is None):
        return
    same = one.provider == provider  # Another provider knows nothing of the names that this one gave.
    await book.save(
        msgspec.structs.replace(
            one,
            provider=provider,
            provider_customer_id=customer or (one.provider_customer_id if same else None),
            provider_method_id=method or (one.provider_method_id if same else None),
        )
    )


async def portal(db: Database, providers: Providers, rules: Rules, tenant_id: UUID) -> str:
    """Where the tenant changes its stored means of payment. Raises NoSubscription, NoPortal."""
    one = await subscriptions.latest(db.tenant(tenant_id), tenant_id)
    if one is None:
        raise NoSubscription
    provider = providers.get(one.provider or rules.provider)
    if one.provider_customer_id is None:
        raise NoPortal
    return await provider.portal(one.provider_customer_id, f"{rules.public_url}/app/billing")

"""What people do with a subscription: choose, change, cancel, take back a cancellation."""

from datetime import timedelta
from typing import Final
from uuid import UUID

import msgspec

from alquimista.agents.models.agents import UnknownAgent
from alquimista.billing.models.catalogue import AddonVersion, PlanVersion, on_sale
from alquimista.billing.models.invoices import Invoice, Kind
from alquimista.billing.models.subscriptions import (
    AlreadySubscribed,
    ChangeWaits,
    Cycle,
    Deal,
    DebtOpen,
    Effect,
    EndsSoon,
    NotFromHere,
    NotOnSale,
    Status,
    SubNucleosBeyondPlan,
    Subscription,
    Terms,
    TooManyAgents,
    UnknownSubNucleo,
)
from alquimista.billing.queries import invoices as invoice_queries
from alquimista.billing.service import invoicing, paying
from alquimista.billing.service.book import Book
from alquimista.clock import new_id

_PAID: Final = frozenset({Status.ACTIVE})


class Wanted(msgspec.Struct, frozen=True):
    """What a person chose."""

    plan_id: UUID
    cycle: Cycle
    agents: tuple[UUID, ...]
    subnucleos: tuple[UUID, ...]


def quote(book: Book, wanted: Wanted) -> Deal:
    """What was chosen, at the prices of now; who has the plan keeps its version.

    Required agents of a SubNúcleo come with it. Agents beyond the plan are bought singly, when they are on sale.

    Raises:
        NotOnSale, UnknownAgent, UnknownSubNucleo: the catalogue has no such thing.
        SubNucleosBeyondPlan: that goes to sales.
        TooManyAgents: the plan has no room, and there is no single agent on sale.
    """
    plan = _plan(book, wanted.plan_id)
    known = {one.slug: one.id for one in book.agents if one.status == "active"}
    bundles = {one.id: one for one in book.subnucleos}
    if not set(wanted.subnucleos) <= bundles.keys():
        raise UnknownSubNucleo
    if not set(wanted.agents) <= set(known.values()):
        raise UnknownAgent
    if len(set(wanted.subnucleos)) > plan.max_subnucleos:
        raise SubNucleosBeyondPlan(limit=plan.max_subnucleos)
    required = [known[slug] for one in wanted.subnucleos for slug in bundles[one].required if slug in known]
    chosen: tuple[UUID, ...] = tuple(dict.fromkeys([*wanted.agents, *required]))
    beyond = max(0, len(chosen) - plan.max_agents)
    addon = addon_on_offer(book) if beyond else None
    if beyond and addon is None:
        raise TooManyAgents(limit=plan.max_agents)
    terms = Terms(
        plan.id, wanted.cycle, chosen, tuple(dict.fromkeys(wanted.subnucleos)), addon.id if addon else None, beyond
    )
    return Deal(terms, plan, addon)


def _plan(book: Book, plan_id: UUID) -> PlanVersion:
    own = book.plans.get(book.live.plan_id) if book.live else None
    offered = next((one for one in on_sale(book.plans.values(), book.now) if one.id == plan_id), None)
    if own is not None and (plan_id == own.id or (offered is not None and offered.name == own.name)):
        return own
    if offered is None:
        raise NotOnSale
    return offered


def addon_on_offer(book: Book) -> AddonVersion | None:
    """The agent beyond the plan, at the version that the tenant has, or that is on sale."""
    if book.live is not None and book.live.addon_id is not None:
        return book.addons[book.live.addon_id]
    return next(iter(on_sale(book.addons.values(), book.now)), None)  # There is one kind of them.


async def subscribe(book: Book, wanted: Wanted) -> Invoice | None:
    """Begin a subscription, or change the one there is; the invoice to pay, None when there is none.

    Nothing is active before the payment. More of a plan begins with its payment too; less of it with the next cycle.

    Raises:
        As `quote`; AlreadySubscribed, ChangeWaits, DebtOpen, EndsSoon, NotFromHere: the present state forbids it.
    """
    deal = quote(book, wanted)
    what, one = effect(book, deal), book.live
    if one is None:
        await _refuse_debt(book)
        fresh = _fresh(book, deal)
        await book.leave()
        await book.save(fresh)
        await book.note("subscription.asked_for", plan=deal.plan.name, cycle=deal.terms.cycle.value)
        return await first_invoice(book, fresh, deal)
    if one.status is Status.PENDING:
        return await _choose_again(book, one, deal)
    if one.status is Status.TRIALING and what is Effect.FIRST:
        return await _pay_early(book, one, deal)
    if one.status is Status.TRIALING:
        await paying.drop_pending(book)
        changed = paying.with_terms(book.subscription, deal)
        await book.save(changed)
        await book.grant(changed)
        return None
    return await _change(book, one, deal, what)


async def _refuse_debt(book: Book) -> None:
    for invoice in await invoice_queries.open_of(book.conn, book.tenant.id):
        if invoice.due_on < book.today:
            raise DebtOpen(number=invoice.number)


async def first_invoice(book: Book, one: Subscription, deal: Deal) -> Invoice:
    """The invoice whose payment activates a subscription; a free one is paid at once."""
    invoice = await _issue_first(book, one, deal)
    return await _settled_if_free(book, one, invoice)


async def _issue_first(book: Book, one: Subscription, deal: Deal) -> Invoice:
    due_on = book.today + timedelta(days=book.rules.due_days)
    return await invoicing.issue(book, one, Kind.FIRST, invoicing.deal_lines(book, deal, None, None), due_on)


async def _pay_early(book: Book, one: Subscription, deal: Deal) -> Invoice:
    """The first invoice of a tenant on trial: what it was granted goes on until the payment."""
    waiting = await invoice_queries.open_first(book.conn, book.tenant.id, one.id)
    if waiting and one.pending_terms is not None and one.pending_terms.says(deal.terms):
        return waiting[0]
    await paying.drop_pending(book)
    invoice = await _issue_first(book, book.subscription, deal)
    pending = msgspec.structs.replace(book.subscription, pending_terms=deal.terms, pending_invoice_id=invoice.id)
    await book.save(pending)
    return await _settled_if_free(book, pending, invoice)


async def _choose_again(book: Book, one: Subscription, deal: Deal) -> Invoice:
    waiting = await invoice_queries.open_first(book.conn, book.tenant.id, one.id)
    if one.terms.says(deal.terms) and waiting:
        return waiting[0]
    for invoice in waiting:
        await paying.void(book, invoice)
    changed = paying.with_terms(one, deal)
    await book.save(changed)
    return await first_invoice(book, changed, deal)


def effect(book: Book, deal: Deal) -> Effect:
    """What `subscribe` does about a deal in the present state.

    Raises:
        AlreadySubscribed, ChangeWaits, EndsSoon, NotFromHere: the present state does not allow it.
    """
    one = book.live
    if one is None or one.status is Status.PENDING:
        return Effect.FIRST
    if one.status is Status.TRIALING:
        return _effect_on_trial(book.deal(one.terms), deal)
    if one.status not in _PAID:
        raise NotFromHere(status=one.status.value)
    if one.cancel_at_period_end:
        raise EndsSoon
    if one.pending_invoice_id is not None:
        if one.pending_terms is None or not one.pending_terms.says(deal.terms):
            raise ChangeWaits
        return Effect.WAITS
    if not deal.terms.says(one.terms):
        return _effect_on_paid(book.deal(one.terms), deal)
    if one.next_terms is None:
        raise AlreadySubscribed
    return Effect.KEEP


def _effect_on_trial(granted: Deal, deal: Deal) -> Effect:
    """More than was granted is paid for first; and so is the same, which ends the trial early."""
    more = deal.mrr_cents > granted.mrr_cents or deal.plan.max_agents > granted.plan.max_agents
    return Effect.FIRST if more or deal.terms.says(granted.terms) else Effect.TRIAL


def _effect_on_paid(old: Deal, deal: Deal) -> Effect:
    if deal.terms.cycle is old.terms.cycle:
        if deal.cents == old.cents:
            return Effect.NOW
        return Effect.LATER if deal.cents < old.cents else Effect.CHANGE
    return Effect.LATER if deal.terms.cycle is Cycle.MONTHLY else Effect.CHANGE


async def _change(book: Book, one: Subscription, deal: Deal, what: Effect) -> Invoice | None:
    old = book.deal(one.terms)
    if what is Effect.KEEP:
        await book.save(msgspec.structs.replace(one, next_terms=None))
        return None
    if what is Effect.WAITS:
        return await invoice_queries.get(book.conn, book.tenant.id, one.pending_invoice_id or one.id)
    await book.note("subscription.change", before=old.plan.name, after=deal.plan.name, cycle=deal.terms.cycle.value)
    if what is Effect.NOW:
        await paying.take_effect(book, one, deal.terms, "change")
        return None
    if what is Effect.LATER:
        await book.save(msgspec.structs.replace(one, next_terms=deal.terms))
        return None
    return await _invoice_change(book, one, old, deal)


async def _invoice_change(book: Book, one: Subscription, old: Deal, new: Deal) -> Invoice:
    first, until = paying.cycle_days(book, one)
    lines = invoicing.proration_lines(book, old, new, first, until)
    due_on = book.today + timedelta(days=book.rules.due_days)
    invoice = await invoicing.issue(book, one, Kind.CHANGE, lines, due_on)
    waiting = msgspec.structs.replace(one, pending_terms=new.terms, pending_invoice_id=invoice.id, next_terms=None)
    await book.save(waiting)
    return await _settled_if_free(book, waiting, invoice)


async def _settled_if_free(book: Book, one: Subscription, invoice: Invoice) -> Invoice:
    if invoice.total_cents:
        await book.save(one)  # Its next moment follows from the invoice.
        return invoice
    return await paying.paid(book, invoice)


async def drop_change(book: Book) -> None:
    """Give up a change that waits for its payment, or for the next cycle.

    Raises:
        NotFromHere: none waits.
    """
    one = book.subscription
    if one.pending_invoice_id is None and one.next_terms is None:
        raise NotFromHere(status=one.status.value)
    await paying.drop_pending(book)
    await book.save(msgspec.structs.replace(book.subscription, next_terms=None))


async def cancel(book: Book) -> Subscription:
    """Cancel with the end of the paid period; what was never paid for ends at once. Twice changes nothing.

    Raises:
        NoSubscription, NotFromHere: there is nothing to cancel.
    """
    one = book.subscription
    if one.status is Status.CANCELED:
        raise NotFromHere(status=one.status.value)
    if one.status in {Status.PENDING, Status.TRIALING, Status.SUSPENDED}:
        await paying.end(book, "cancellation")
    elif not one.cancel_at_period_end:
        await paying.drop_pending(book)
        await book.save(msgspec.structs.replace(book.subscription, cancel_at_period_end=True, next_terms=None))
        await book.note("subscription.cancel_at_period_end")
    return book.subscription


async def resume(book: Book) -> Subscription:
    """Take back a cancellation that has not come yet.

    Raises:
        NoSubscription, NotFromHere: none is to come.
    """
    one = book.subscription
    if not one.cancel_at_period_end or one.status is Status.CANCELED:
        raise NotFromHere(status=one.status.value)
    await book.save(msgspec.structs.replace(one, cancel_at_period_end=False))
    await book.note("subscription.resumed")
    return book.subscription


async def grant_trial(book: Book, wanted: Wanted, days: int) -> Subscription:
    """Let a tenant use a plan for some days before it pays; staff's alone to give.

    Raises:
        As `quote`; AlreadySubscribed: it has a subscription that is more than asked for.
    """
    deal = quote(book, wanted)
    if book.live is not None and book.live.status is not Status.PENDING:
        raise AlreadySubscribed
    one = paying.with_terms(book.live, deal) if book.live is not None else _fresh(book, deal)
    if book.live is None:
        await book.leave()
    else:
        for invoice in await invoice_queries.open_first(book.conn, book.tenant.id, one.id):
            await paying.void(book, invoice)
    until = book.now + timedelta(days=days)
    trial = one.to(
        Status.TRIALING,
        trial_ends_at=until,
        anchor_on=book.today,
        current_period_start=book.now,
        current_period_end=until,
    )
    await book.save(trial)
    await book.grant(trial)
    await book.note("subscription.trial_granted", plan=deal.plan.name, days=days)
    return book.subscription


def _fresh(book: Book, deal: Deal) -> Subscription:
    terms, known = deal.terms, book.latest
    return Subscription(
        id=new_id(),
        status=Status.PENDING,
        billing_cycle=terms.cycle,
        plan_id=terms.plan_id,
        addon_id=terms.addon_id,
        addon_count=terms.addon_count,
        selected_agents=terms.agents,
        selected_subnucleos=terms.subnucleos,
        total_cents=deal.cents,
        currency=deal.plan.currency,
        mrr_cents=0,
        anchor_on=None,
        cycles=0,
        current_period_start=None,
        current_period_end=None,
        trial_ends_at=None,
        cancel_at_period_end=False,
        canceled_at=None,
        next_terms=None,
        pending_terms=None,
        pending_invoice_id=None,
        dunning_step=0,
        provider=book.rules.provider,
        provider_customer_id=known.provider_customer_id if known and known.provider == book.rules.provider else None,
        provider_method_id=None,
        due_at=None,
        created_at=book.now,
    )

"""What a renewal is: the next cycle, at the prices of its moment, and the use of the one that is over."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import TypeVar

import msgspec

from alquimista.billing.models.catalogue import AddonVersion, PlanVersion, on_sale
from alquimista.billing.models.invoices import Line
from alquimista.billing.models.periods import add_months, midnight
from alquimista.billing.models.subscriptions import Deal, Subscription, Terms
from alquimista.billing.queries import usage as usage_queries
from alquimista.billing.service import invoicing, paying
from alquimista.billing.service.book import Book

V = TypeVar("V", PlanVersion, AddonVersion)


def renewed(book: Book, old: Subscription, moment: datetime) -> tuple[Subscription, Deal, date, date]:
    """A subscription in its next cycle, at the prices of a moment; what it pays for, the first day and the day after.

    Pure: the ledger, the grants and the invoice are the caller's.
    """
    _, first = paying.cycle_days(book, old)
    deal = book.deal(_repriced(book, old.next_terms or old.terms, moment))
    one = paying.with_terms(old, deal)
    anchor, cycles = old.anchor_on or first, old.cycles
    if one.billing_cycle is not old.billing_cycle:
        anchor, cycles = first, 0
    until = add_months(anchor, (cycles + 1) * one.billing_cycle.months)
    zone = book.tenant.time_zone
    one = msgspec.structs.replace(
        one,
        anchor_on=anchor,
        cycles=cycles + 1,
        current_period_start=midnight(first, zone),
        current_period_end=midnight(until, zone),
        next_terms=None,
    )
    return one, deal, first, until


async def lines(book: Book, deal: Deal, first: date, until: date, *, settle: bool) -> list[Line]:
    """What a renewal's invoice says; `settle` writes the periods of use on it as billed."""
    waiting = await usage_queries.open_periods(book.conn, book.tenant.id)
    over = [period for period in waiting if period.until_on <= first]
    return [*invoicing.deal_lines(book, deal, first, until), *await invoicing.usage_lines(book, over, settle=settle)]


def _repriced(book: Book, terms: Terms, moment: datetime) -> Terms:
    """The same at the versions that are sold at a moment; what is no longer sold then stays as it is."""
    plan = _sold(book.plans.values(), book.plans[terms.plan_id].name, moment)
    if plan is not None:
        terms = msgspec.structs.replace(terms, plan_id=plan.id)
    if terms.addon_id is not None:
        addon = _sold(book.addons.values(), book.addons[terms.addon_id].name, moment)
        if addon is not None:
            terms = msgspec.structs.replace(terms, addon_id=addon.id)
    return terms


def _sold(versions: Iterable[V], name: str, moment: datetime) -> V | None:
    return next((one for one in on_sale(versions, moment) if one.name == name), None)

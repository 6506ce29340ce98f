"""Revenue month by month: movements of MRR beside what was invoiced and collected."""

from collections.abc import Iterable
from datetime import date

import msgspec

from alquimista.billing.models.ledger import Movement
from alquimista.billing.models.periods import add_months
from alquimista.billing.models.revenue import Books


class MonthMoney(msgspec.Struct, frozen=True):
    """Cents of a month. Void invoices are left out; `overage` is the part of what was invoiced that is for usage."""

    month: date
    invoiced: int
    collected: int
    overage: int


class MonthRevenue(msgspec.Struct, frozen=True):
    """A line of the table, in cents; losses are above zero."""

    month: date
    mrr_start: int
    new: int
    expansion: int
    contraction: int
    churned: int
    reactivated: int
    mrr_end: int
    invoiced: int
    collected: int
    overage: int


def monthly(first: date, months: int, books: Books, money: Iterable[MonthMoney]) -> list[MonthRevenue]:
    """The lines of so many months from the first day of one; `books` begin there."""
    paid = {one.month: one for one in money}
    mrr, lines = books.start_cents, []
    for number in range(months):
        month = add_months(first, number)
        moved = dict.fromkeys(Movement, 0)
        for move in books.moves:
            if move.day.replace(day=1) == month:
                moved[move.kind] += move.cents
        start, mrr = mrr, mrr + sum(moved.values())
        own = paid.get(month, MonthMoney(month, 0, 0, 0))
        lines.append(
            MonthRevenue(
                month=month,
                mrr_start=start,
                new=moved[Movement.NEW],
                expansion=moved[Movement.EXPANSION],
                contraction=-moved[Movement.CONTRACTION],
                churned=-moved[Movement.CHURNED],
                reactivated=moved[Movement.REACTIVATED],
                mrr_end=mrr,
                invoiced=own.invoiced,
                collected=own.collected,
                overage=own.overage,
            )
        )
    return lines

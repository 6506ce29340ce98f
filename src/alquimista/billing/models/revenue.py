"""Revenue as staff read it: the shapes of its figures, what each of them means, and how they follow from the ledger."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from enum import StrEnum
from typing import Final, Self

import msgspec

from alquimista.billing.models.cells import plain
from alquimista.billing.models.ledger import Movement
from alquimista.billing.models.money import half_even
from alquimista.i18n import N_, Text

CURRENCY: Final = "BRL"


class RevenuePeriod(StrEnum):
    """How far back the figures go, today included."""

    WEEK = "7d"
    MONTH = "30d"
    QUARTER = "90d"

    @property
    def days(self) -> int:
        """How many days that are."""
        return int(self.value.removesuffix("d"))


class FinancialSummary(msgspec.Struct, frozen=True):
    """In reais. `avg_mrr_per_tenant` is null while nobody pays."""

    total_mrr: float
    total_arr: float
    avg_mrr_per_tenant: float | None
    mrr_at_start: float
    new_mrr_this_period: float
    expansion_mrr_this_period: float
    contraction_mrr_this_period: float
    churned_mrr_this_period: float
    reactivated_mrr_this_period: float


class PlanRevenue(msgspec.Struct, frozen=True):
    plan_name: str
    tenant_count: int
    total_mrr: float


class SegmentRevenue(msgspec.Struct, frozen=True):
    segment: str
    tenant_count: int
    total_mrr: float


class RevenueDay(msgspec.Struct, frozen=True):
    """A day's movements, and the MRR with which it ended."""

    date: date
    mrr: float
    new_tenants: int
    churned_tenants: int
    new_mrr: float
    expansion_mrr: float
    contraction_mrr: float
    churned_mrr: float
    reactivated_mrr: float


class RevenueOverview(msgspec.Struct, frozen=True):
    """`GET /internal/billing/overview`. `definitions` says in the reader's language what each figure means."""

    period: RevenuePeriod
    currency: str
    financial_summary: FinancialSummary
    by_plan: list[PlanRevenue]
    by_segment: list[SegmentRevenue]
    revenue_trend: list[RevenueDay]
    definitions: dict[str, str]


# docs/billing.md has the same texts, and the pages show them beside the figures.
DEFINITIONS: Final[dict[str, Text]] = {
    "total_mrr": N_(
        "Monthly recurring revenue: the prices of all subscriptions that were paid for and are active or past due, "
        "add-ons included, usage, taxes and credits not. A yearly price counts as a twelfth, rounded half to even."
    ),
    "total_arr": N_("Annual recurring revenue: 12 times the MRR."),
    "avg_mrr_per_tenant": N_("The MRR divided by the number of customers that bring some, rounded half to even."),
    "mrr_at_start": N_("The MRR when the first day of the period began, in America/Sao_Paulo."),
    "new_mrr": N_("MRR of customers that paid for a subscription for the first time. A trial brings nothing."),
    "expansion_mrr": N_("By how much customers that went on paying pay more: a larger plan, add-ons, a new price."),
    "contraction_mrr": N_("By how much customers that went on paying pay less, as an amount above zero."),
    "churned_mrr": N_(
        "MRR of customers whose subscription was suspended for want of a payment or canceled, as an amount above zero."
    ),
    "reactivated_mrr": N_(
        "MRR of customers that had churned and pay again, after a suspension or with a new subscription."
    ),
    "new_tenants": N_("Customers that paid for a subscription for the first time on that day."),
    "churned_tenants": N_("Customers that churned on that day."),
    "by_plan": N_("The MRR of now by the plan that each customer has now."),
    "by_segment": N_("The MRR of now by each customer's line of business."),
    "revenue_trend": N_(
        "The MRR at the end of each day in America/Sao_Paulo, and that day's movements: MRR before + new + expansion "
        "+ reactivated − contraction − churned = MRR after."
    ),
}


class Sum(msgspec.Struct, frozen=True):
    """MRR that has something in common, and how many tenants bring it."""

    name: str
    tenants: int
    cents: int


class DayMoves(msgspec.Struct, frozen=True):
    """What one kind of movement came to on a day; below zero where revenue was lost."""

    day: date
    kind: Movement
    tenants: int
    cents: int


class Books(msgspec.Struct, frozen=True):
    """What the ledger says of a period, read at one moment."""

    start_cents: int
    plans: list[Sum]
    segments: list[Sum]
    moves: list[DayMoves]

    @property
    def total_cents(self) -> int:
        """The MRR of now."""
        return sum(one.cents for one in self.plans)


class _Moved(msgspec.Struct, frozen=True):
    """Amounts of movements by kind, above zero, and how many of each."""

    cents: dict[Movement, int]
    tenants: dict[Movement, int]

    @classmethod
    def of(cls, moves: Iterable[DayMoves]) -> Self:
        cents, tenants = dict.fromkeys(Movement, 0), dict.fromkeys(Movement, 0)
        for one in moves:
            cents[one.kind] += abs(one.cents)
            tenants[one.kind] += one.tenants
        return cls(cents, tenants)


def first_day(period: RevenuePeriod, today: date) -> date:
    """The first day of a period that ends today."""
    return today - timedelta(days=period.days - 1)


def overview(period: RevenuePeriod, today: date, books: Books, locale: str) -> RevenueOverview:
    """The figures of a period that ends today."""
    moved = _Moved.of(books.moves).cents
    total, payers = books.total_cents, sum(one.tenants for one in books.plans)
    return RevenueOverview(
        period=period,
        currency=CURRENCY,
        financial_summary=FinancialSummary(
            total_mrr=reais(total),
            total_arr=reais(12 * total),
            avg_mrr_per_tenant=reais(half_even(total, payers)) if payers else None,
            mrr_at_start=reais(books.start_cents),
            new_mrr_this_period=reais(moved[Movement.NEW]),
            expansion_mrr_this_period=reais(moved[Movement.EXPANSION]),
            contraction_mrr_this_period=reais(moved[Movement.CONTRACTION]),
            churned_mrr_this_period=reais(moved[Movement.CHURNED]),
            reactivated_mrr_this_period=reais(moved[Movement.REACTIVATED]),
        ),
        by_plan=[PlanRevenue(one.name, one.tenants, reais(one.cents)) for one in books.plans],
        by_segment=[SegmentRevenue(one.name, one.tenants, reais(one.cents)) for one in books.segments],
        revenue_trend=trend(period, today, books),
        definitions={name: text.render(locale) for name, text in DEFINITIONS.items()},
    )


def trend(period: RevenuePeriod, today: date, books: Books) -> list[RevenueDay]:
    """Every day of a period that ends today, the earliest first."""
    by_day: dict[date, list[DayMoves]] = {}
    for one in books.moves:
        by_day.setdefault(one.day, []).append(one)
    mrr, days = books.start_cents, []
    for back in range(period.days - 1, -1, -1):
        day = today - timedelta(days=back)
        moves = by_day.get(day, [])
        mrr += sum(one.cents for one in moves)
        moved = _Moved.of(moves)
        days.append(
            RevenueDay(
                date=day,
                mrr=reais(mrr),
                new_tenants=moved.tenants[Movement.NEW],
                churned_tenants=moved.tenants[Movement.CHURNED],
                new_mrr=reais(moved.cents[Movement.NEW]),
                expansion_mrr=reais(moved.cents[Movement.EXPANSION]),
                contraction_mrr=reais(moved.cents[Movement.CONTRACTION]),
                churned_mrr=reais(moved.cents[Movement.CHURNED]),
                reactivated_mrr=reais(moved.cents[Movement.REACTIVATED]),
            )
        )
    return days


def reais(cents: int) -> float:
    """Cents as a number in reais: the nearest one to two decimals, so that it is written with two at most."""
    return cents / 100


def csv_of(days: Sequence[RevenueDay]) -> bytes:
    """The trend as RFC 4180 has it: commas, CRLF, a decimal point. Its mark tells Excel that it is UTF-8."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    columns = RevenueDay.__struct_fields__
    writer.writerow(columns)
    for day in days:
        writer.writerow(cell(getattr(day, name)) for name in columns)
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def cell(value: object) -> str:
    """A value as a cell: money with two decimals; a text that a spreadsheet would run as a formula is only shown."""
    if isinstance(value, float):
        return f"{value:.2f}"
    return plain(value) if isinstance(value, str) else str(value)

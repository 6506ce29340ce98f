"""The staff's page of revenue, arranged from what billing answered."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import msgspec
from markupsafe import Markup

from alquimista.billing.models.invoices import Owed, OwedInvoice
from alquimista.billing.models.proofs import Proof
from alquimista.billing.models.revenue import CURRENCY, RevenueOverview, RevenuePeriod
from alquimista.i18n import N_, Text, translate
from alquimista.web import formats, views
from alquimista.web.charts import LineChart, Series
from alquimista.web.tables import Paged

PATH: Final = "/app/company/billing"
MAIN: Final = "revenue"  # The id of the element that a link replaces.
CSV: Final = "/internal/billing/overview.csv"

RECEIVED: Final = views.Notice(N_("The payment is registered and the invoice is paid."), "good", "circle-check")


class RevenueQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The state of the page, in its address: the period, and the pages of its two lists."""

    period: RevenuePeriod = RevenuePeriod.MONTH
    owed: int = 1
    proofs: int = 1
    done: str = ""  # What was just done.


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One bar of the way from the MRR at the start of the period to that of now; x and width are of 100."""

    key: str
    label: Text
    definition: str
    amount: str
    x: float
    width: float
    tone: str  # good, bad, or none for the MRR itself.


class Share(NamedTuple):
    """What one plan or segment brings; `percent` is of all."""

    name: Text | str
    tenants: int
    mrr: float
    percent: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Revenue:
    """Everything on the page."""

    period: RevenuePeriod
    currency: str
    kpis: tuple[views.Kpi, ...]
    steps: tuple[Step, ...]
    chart: LineChart
    definitions: dict[str, str]
    plans: tuple[Share, ...]
    segments: tuple[Share, ...]
    owed: Paged[OwedInvoice]
    totals: Sequence[Owed]
    proofs: Paged[Proof]

    periods = tuple(RevenuePeriod)

    def for_period(self, period: RevenuePeriod) -> Markup:
        """The attributes of a link to another period."""
        return views.address(PATH, MAIN, period=period.value)

    @property
    def csv(self) -> str:
        """The same days for a spreadsheet."""
        return views.query_of(CSV, {"period": self.period.value})


def arranged(
    answer: RevenueOverview, owed: Paged[OwedInvoice], totals: Sequence[Owed], proofs: Paged[Proof], locale: str
) -> Revenue:
    """The page from the answers, in the reader's language."""
    return Revenue(
        period=answer.period,
        currency=answer.currency,
        kpis=kpis(answer, locale),
        steps=steps(answer, locale),
        chart=LineChart(
            tuple(day.date for day in answer.revenue_trend),
            (Series(translate("MRR", locale), tuple(day.mrr for day in answer.revenue_trend)),),
            currency=answer.currency,
        ),
        definitions=answer.definitions,
        plans=_shares(
            [(views.PLANS.get(p.plan_name, p.plan_name), p.tenant_count, p.total_mrr) for p in answer.by_plan]
        ),
        segments=_shares([(s.segment, s.tenant_count, s.total_mrr) for s in answer.by_segment]),
        owed=owed,
        totals=totals,
        proofs=proofs,
    )


def kpis(answer: RevenueOverview, locale: str) -> tuple[views.Kpi, ...]:
    """MRR, ARR, the average, and what the period changed."""
    money, days = answer.financial_summary, answer.revenue_trend
    payers = sum(one.tenant_count for one in answer.by_plan)
    moved = money.total_mrr - money.mrr_at_start
    return (
        mrr(answer, locale),
        views.Kpi(
            icon="calendar-range",
            label=N_("ARR"),
            value=formats.money(money.total_arr, locale, currency=answer.currency),
            note=N_("if nothing changes for a year"),
            key="arr",
            definition=answer.definitions["total_arr"],
        ),
        views.Kpi(
            icon="building-2",
            label=N_("Average per customer"),
            value=formats.money(money.avg_mrr_per_tenant, locale, currency=answer.currency),
            note=N_("1 paying customer")
            if payers == 1
            else N_("{count} paying customers", count=formats.number(payers, locale)),
            key="average",
            definition=answer.definitions["avg_mrr_per_tenant"],
        ),
        views.Kpi(
            icon="activity",
            label=N_("Change in the period"),
            value=_signed(moved, locale),
            note=N_(
                "{gained} new, {lost} lost customers",
                gained=formats.number(sum(day.new_tenants for day in days), locale),
                lost=formats.number(sum(day.churned_tenants for day in days), locale),
            ),
            key="change",
            definition=answer.definitions["revenue_trend"],
        ),
    )


def mrr(answer: RevenueOverview, locale: str) -> views.Kpi:
    """The MRR of now, from the ledger, beside that of the period's start."""
    money = answer.financial_summary
    delta = views.change(money.total_mrr, money.mrr_at_start)
    return views.Kpi(
        icon="coins",
        label=N_("MRR"),
        value=formats.money(money.total_mrr, locale, currency=answer.currency),
        note=N_("no MRR when the period began") if delta is None else N_("since the start of the period"),
        delta=delta,
        change=formats.change(delta, locale),
        better=views.better(delta, "up"),
        trend=tuple(day.mrr for day in answer.revenue_trend),
        key="mrr",
        definition=answer.definitions["total_mrr"],
    )


def steps(answer: RevenueOverview, locale: str) -> tuple[Step, ...]:
    """The bars of the way: where the MRR began, each movement from where the one before it led to, where it is now."""
    money, told = answer.financial_summary, answer.definitions
    moves = (
        ("new_mrr", N_("New"), money.new_mrr_this_period),
        ("reactivated_mrr", N_("Reactivated"), money.reactivated_mrr_this_period),
        ("expansion_mrr", N_("Expansion"), money.expansion_mrr_this_period),
        ("contraction_mrr", N_("Contraction"), -money.contraction_mrr_this_period),
        ("churned_mrr", N_("Churned"), -money.churned_mrr_this_period),
    )
    peak = money.mrr_at_start + sum(by for _, _, by in moves if by > 0)
    scale = 100 / max(peak, money.total_mrr, 0.01)
    way, at = [], money.mrr_at_start
    for key, label, by in moves:
        low, at = min(at, at + by), at + by
        tone = "good" if by > 0 else "bad" if by < 0 else ""
        way.append(_step(key, label, told[key], _signed(by, locale), low * scale, abs(by) * scale, tone))
    start, end = (formats.money(n, locale, currency=CURRENCY) for n in (money.mrr_at_start, money.total_mrr))
    return (
        _step("mrr_at_start", N_("MRR at the start"), told["mrr_at_start"], start, 0, money.mrr_at_start * scale, ""),
        *way,
        _step("total_mrr", N_("MRR now"), told["total_mrr"], end, 0, money.total_mrr * scale, ""),
    )


def _step(key: str, label: Text, definition: str, amount: str, x: float, width: float, tone: str) -> Step:
    shown = max(width, 0.6) if amount and width > 0 else 0.0  # A small movement is still seen.
    return Step(
        key=key,
        label=label,
        definition=definition,
        amount=amount,
        x=round(min(x, 100 - shown), 2),
        width=round(shown, 2),
        tone=tone,
    )


def _signed(value: float, locale: str) -> str:
    """Money with its sign; sums of amounts with two decimals are such amounts again."""
    cents = round(value * 100)
    sign = "+" if cents > 0 else "−" if cents < 0 else ""
    return sign + formats.in_cents(abs(cents), locale, currency=CURRENCY)


def _shares(rows: Sequence[tuple[Text | str, int, float]]) -> tuple[Share, ...]:
    whole = sum(mrr for _, _, mrr in rows)
    return tuple(Share(name, tenants, mrr, mrr / whole * 100 if whole else 0.0) for name, tenants, mrr in rows)

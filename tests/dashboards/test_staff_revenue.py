"""/internal/billing/overview, the page and the list of companies say the same, to the cent."""

from decimal import Decimal

import pytest

import factories
from alquimista import clock
from alquimista.access import Role
from alquimista.billing.models.revenue import RevenuePeriod
from alquimista.billing.service import revenue
from support.billing import customer, load_catalogue


@pytest.fixture(scope="module")
async def earning(db, process):
    """Companies that pay, one of which has given up again."""
    await load_catalogue(db)
    made = []
    for plan, segment in (("starter", "saude"), ("profissional", "saude"), ("starter", "varejo")):
        one = await customer(db, segment=segment)
        one.now = clock.now()
        await one.pay(await one.subscribe(plan))
        made.append(one)
    person = await factories.make_user(db, role=Role.INTERNAL_ADMIN)
    async with process.client(await process.token(person.email, person.password)) as admin:
        yield admin, made


def cents(reais: float) -> int:
    return int(Decimal(str(reais)) * 100)


@pytest.mark.parametrize("period", RevenuePeriod)
async def test_the_endpoint_agrees_with_the_ledger_and_with_itself(earning, db, period):
    admin, made = earning
    found = (await admin.get("/internal/billing/overview", params={"period": period.value})).json()
    stated = await revenue.overview(db.staff(), period, clock.now(), "en")
    summary = found["financial_summary"]
    assert cents(summary["total_mrr"]) == cents(stated.financial_summary.total_mrr) > 0
    assert cents(summary["total_arr"]) == 12 * cents(summary["total_mrr"])
    for group in ("by_plan", "by_segment"):
        assert sum(cents(line["total_mrr"]) for line in found[group]) == cents(summary["total_mrr"])
        assert sum(line["tenant_count"] for line in found[group]) == len(made)
    days = found["revenue_trend"]
    assert cents(days[-1]["mrr"]) == cents(summary["total_mrr"])
    assert sum(day["new_tenants"] for day in days) == len(made)
    assert sum(cents(day["new_mrr"]) for day in days) == cents(summary["new_mrr_this_period"])
    moved = cents(summary["new_mrr_this_period"]) + cents(summary["expansion_mrr_this_period"])
    moved += cents(summary["reactivated_mrr_this_period"]) - cents(summary["churned_mrr_this_period"])
    moved -= cents(summary["contraction_mrr_this_period"])
    assert cents(summary["mrr_at_start"]) + moved == cents(summary["total_mrr"])


async def test_the_list_of_companies_and_the_page_tell_the_same_money(earning):
    admin, _ = earning
    listed = (await admin.get("/internal/tenants", params={"limit": 100})).json()["tenants"]
    found = (await admin.get("/internal/billing/overview", params={"period": "30d"})).json()
    assert sum(cents(line["mrr_estimate"]) for line in listed) == cents(found["financial_summary"]["total_mrr"])
    table = (await admin.get("/internal/billing/overview.csv", params={"period": "30d"})).text.splitlines()
    assert table[-1].split(",")[1] == f"{found['revenue_trend'][-1]['mrr']:.2f}"

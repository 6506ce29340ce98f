"""Revenue from the ledger: its movements add up, whatever customers do, and all its sums are the same MRR."""

from datetime import timedelta

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alquimista import clock
from alquimista.access import PLATFORM_TENANT, Actor, ActorKind
from alquimista.billing.models.revenue import RevenuePeriod
from alquimista.billing.models.subscriptions import NoSubscription
from alquimista.billing.service import catalogue, revenue, subscribing
from alquimista.db.statement import Statement
from alquimista.db.tenancy import tenant_transaction
from alquimista.errors import Conflict
from support.billing import START, customer, load_catalogue

PLANS = ("starter", "profissional", "expert")
SEGMENTS = ("saude", "logistica")


class Change(msgspec.Struct, frozen=True):
    sequence: int
    kind: str
    before: int
    after: int


class Cents(msgspec.Struct, frozen=True):
    cents: int


CHANGES = Statement(
    """
    SELECT sequence, kind, mrr_before_cents AS before, mrr_after_cents AS after
    FROM alquimista_platform.subscription_changes
    WHERE tenant_id = %(tenant_id)s ORDER BY sequence
    """,
    Change,
)
OF_TENANTS = Statement(
    "SELECT sum(mrr_cents)::bigint AS cents FROM alquimista_platform.tenants WHERE id <> %(platform)s", Cents
)

a_plan = st.tuples(st.just("subscribe"), st.sampled_from(PLANS), st.sampled_from(("monthly", "yearly")))
an_act = st.one_of(
    a_plan,
    a_plan,
    st.tuples(st.just("pay")),
    st.tuples(st.just("pay")),
    st.tuples(st.just("cancel")),
    st.tuples(st.just("resume")),
    st.tuples(st.just("trial"), st.sampled_from(PLANS)),
)
# What a customer does, and how many days it then lets pass.
a_history = st.lists(st.tuples(an_act, st.sampled_from((0, 1, 4, 9, 16, 31))), min_size=1, max_size=5)


@pytest.fixture(scope="module")
async def sold(db):
    await load_catalogue(db)
    return db


async def act(one, what, *more):
    """Do it, if the subscription's state allows it."""
    try:
        if what == "subscribe":
            await one.subscribe(more[0], more[1])
        elif what == "pay":
            for invoice in await one.invoices():
                if invoice.status == "open":
                    await one.pay(invoice)
                    break
        elif what == "trial":
            wanted = await one.wants(more[0])
            async with one.book() as book:
                await subscribing.grant_trial(book, wanted, 7)
        else:
            async with one.book() as book:
                await getattr(subscribing, what)(book)
    except (Conflict, NoSubscription):
        pass


_reached = [START]


def latest(moment):
    """Examples share a database, so each is read at the latest moment that any of them has reached."""
    _reached.append(moment)
    return max(_reached)


def cents(amount):
    return round(amount * 100)


async def require_figures_that_add_up(db, period, now):
    found = await revenue.overview(db.staff(), period, now, "en")
    summary, trend = found.financial_summary, found.revenue_trend
    total = cents(summary.total_mrr)
    moved = (
        cents(summary.new_mrr_this_period)
        + cents(summary.expansion_mrr_this_period)
        + cents(summary.reactivated_mrr_this_period)
        - cents(summary.contraction_mrr_this_period)
        - cents(summary.churned_mrr_this_period)
    )
    assert cents(summary.mrr_at_start) + moved == total
    assert sum(cents(one.total_mrr) for one in found.by_plan) == total
    assert sum(cents(one.total_mrr) for one in found.by_segment) == total
    assert sum(one.tenant_count for one in found.by_plan) == sum(one.tenant_count for one in found.by_segment)
    assert cents(summary.total_arr) == 12 * total
    assert len(trend) == period.days
    assert cents(trend[-1].mrr) == total
    before = cents(summary.mrr_at_start)
    for day in trend:
        before += cents(day.new_mrr) + cents(day.expansion_mrr) + cents(day.reactivated_mrr)
        before -= cents(day.contraction_mrr) + cents(day.churned_mrr)
        assert cents(day.mrr) == before, day
    of_tenants = await db.staff().fetch_one(OF_TENANTS, platform=PLATFORM_TENANT)
    assert of_tenants.cents == total


@given(histories=st.lists(a_history, min_size=1, max_size=3), period=st.sampled_from(RevenuePeriod))
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_movements_add_up_to_the_change_of_mrr_and_all_sums_are_one(sold, histories, period):
    ends = [START]
    for number, history in enumerate(histories):
        one = await customer(sold, segment=SEGMENTS[number % 2])
        for what, days in history:
            await act(one, *what)
            await one.pass_days(days)
        ends.append(one.now)
        before = 0
        changes = await sold.tenant(one.tenant.id).fetch(CHANGES, tenant_id=one.tenant.id)
        for count, change in enumerate(changes, start=1):
            assert (change.sequence, change.before) == (count, before)
            assert (change.kind == "new") == (count == 1)
            assert change.after != change.before
            before = change.after
        assert before == ((await one.subscription()).mrr_cents if changes else 0)
    await require_figures_that_add_up(sold, period, latest(max(ends)))


async def test_a_year_of_one_company_in_the_five_movements(sold):
    one = await customer(sold, segment="só desta prova")
    start = one.now

    async def moves(period=RevenuePeriod.MONTH):
        found = await revenue.overview(sold.staff(), period, one.now, "pt-BR")
        own = [line.total_mrr for line in found.by_segment if line.segment == "só desta prova"]
        return own, [change.kind for change in await sold.tenant(one.tenant.id).fetch(CHANGES, tenant_id=one.tenant.id)]

    await one.pay(await one.subscribe("starter"))
    assert await moves() == ([297.0], ["new"])
    await one.pass_days(10)
    await one.pay(await one.subscribe("profissional"))
    assert await moves() == ([697.0], ["new", "expansion"])
    await one.subscribe("starter")
    await one.pass_days(22, paying_all=True)
    assert await moves() == ([297.0], ["new", "expansion", "contraction"])
    await one.pass_days(49)  # Nobody pays: past due, then suspended.
    assert await moves() == ([], ["new", "expansion", "contraction", "churned"])
    await one.pay((await one.invoices())[-1])
    assert await moves() == ([297.0], ["new", "expansion", "contraction", "churned", "reactivated"])
    assert one.now - start == timedelta(days=81)


async def test_a_change_between_plans_of_one_price_shows_by_plan_although_no_revenue_moved(sold):
    one = await customer(sold, segment="dois planos")
    plan = next(p for p in await catalogue.plans(sold.staff(), one.now) if p.name == "starter")
    twin = msgspec.structs.replace(plan.terms, name="starter-b")
    with clock.frozen(one.now):
        async with tenant_transaction(sold, PLATFORM_TENANT) as conn:
            await catalogue.sell_plan(conn, Actor(ActorKind.SYSTEM, frozenset()), twin, one.now, one.now)
    await one.pay(await one.subscribe("starter"))
    assert await one.subscribe("starter-b") is None
    found = await revenue.overview(sold.staff(), RevenuePeriod.WEEK, one.now, "en")
    assert [(line.tenant_count, line.total_mrr) for line in found.by_plan if line.plan_name == "starter-b"] == [
        (1, 297.0)
    ]
    assert len(await sold.tenant(one.tenant.id).fetch(CHANGES, tenant_id=one.tenant.id)) == 2


async def test_nothing_that_happens_later_shows(sold):
    one = await customer(sold, segment="depois")
    await one.pay(await one.subscribe("starter"))
    before = one.now - timedelta(seconds=1)
    found = await revenue.overview(sold.staff(), RevenuePeriod.WEEK, before, "en")
    assert "depois" not in [line.segment for line in found.by_segment]

"""A subscription's way from choosing a plan to its end, as time and payments have it."""

import msgspec
import pytest

from alquimista import clock
from alquimista.access import PLATFORM_TENANT, Actor, ActorKind
from alquimista.billing.models.invoices import InvoiceStatus, Kind, Line, LineKind
from alquimista.billing.queries import usage as usage_queries
from alquimista.billing.service import catalogue, invoicing, subscribing
from alquimista.db.tenancy import tenant_transaction
from alquimista.tenants import service as tenants
from support.billing import Customer, customer, load_catalogue
from support.published import types


@pytest.fixture(scope="module")
async def sold(db):
    await load_catalogue(db)
    return db


@pytest.fixture
async def one(sold) -> Customer:
    return await customer(sold)


async def tenant_of(one: Customer):
    return await tenants.get(one.db.tenant(one.tenant.id), one.tenant.id)


async def test_nothing_is_active_before_the_payment_and_everything_after_it(one):
    invoice = await one.subscribe("profissional", agents_of=3)
    assert (await one.state(), await one.active_agents(), invoice.total_cents) == ("pending", [], 69_700)
    await one.pay(invoice)
    assert (await one.state(), await one.active_agents()) == ("active", ["active"] * 3)
    tenant = await tenant_of(one)
    assert (tenant.plan, tenant.max_agents, tenant.max_users, tenant.mrr_cents) == ("profissional", 16, 10, 69_700)


async def test_a_month_ends_on_its_day_and_the_31st_comes_back(one):
    one.now = one.now.replace(day=31)
    await one.pay(await one.subscribe())
    ends = []
    for _ in range(100):
        await one.pass_days(1, paying_all=True)
        end = (await one.subscription()).current_period_end.date().isoformat()
        if end not in ends:
            ends.append(end)
    assert ends == ["2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31"]


async def test_a_year_is_twelve_months(one):
    await one.pay(await one.subscribe("starter", "yearly"))
    subscription = await one.subscription()
    assert (subscription.current_period_end.date().isoformat(), subscription.mrr_cents) == ("2027-01-15", 24_750)
    await one.pass_days(364, paying_all=True)
    assert [i.kind for i in await one.invoices()] == ["first"]
    await one.pass_days(2, paying_all=True)
    assert [(i.kind, i.total_cents) for i in await one.invoices()] == [("first", 297_000), ("renewal", 297_000)]


async def test_without_payment_it_is_past_due_reminded_suspended_and_canceled(one):
    await one.pay(await one.subscribe())
    await one.pass_days(31)
    (invoice,) = await one.invoices(InvoiceStatus.OPEN)
    assert (await one.state(), invoice.due_on.isoformat()) == ("active", "2026-02-20")
    states = []
    for _ in range(30):
        await one.pass_days(1)
        states.append((one.now.date().isoformat(), await one.state()))
    changes = [s for n, s in enumerate(states) if n == 0 or states[n - 1][1] != s[1]]
    assert changes == [
        ("2026-02-16", "active"),
        ("2026-02-21", "past_due"),
        ("2026-03-06", "suspended"),
        ("2026-03-13", "canceled"),
    ]
    assert await one.active_agents() == ["inactive"] * 2
    assert (await tenant_of(one)).status == "suspended"
    assert (await tenant_of(one)).mrr_cents == 0
    assert await types(one.db, one.tenant.id) == [
        "invoice.issued",
        "invoice.paid",
        "subscription.activated",
        "agent.activated",
        "agent.activated",
        "invoice.issued",
        "subscription.past_due",
        "subscription.suspended",
        "agent.deactivated",
        "agent.deactivated",
        "subscription.canceled",
    ], "each change once, however often time passes"


async def test_a_payment_brings_suspended_agents_back(one):
    await one.pay(await one.subscribe())
    await one.pass_days(51)
    assert (await one.state(), await one.active_agents()) == ("suspended", ["suspended"] * 2)
    (invoice,) = await one.invoices(InvoiceStatus.OPEN)
    await one.pay(invoice)
    assert (await one.state(), await one.active_agents()) == ("active", ["active"] * 2)
    assert (await tenant_of(one)).status == "active"
    assert (await tenant_of(one)).mrr_cents == 29_700


async def test_a_first_invoice_that_nobody_pays_is_void(one):
    await one.subscribe()
    await one.pass_days(13)
    assert await one.state() == "canceled"
    assert [i.status for i in await one.invoices()] == ["void"]


async def test_more_of_a_plan_begins_with_its_payment_and_costs_the_rest_of_the_month(one):
    await one.pay(await one.subscribe())
    await one.pass_days(10)
    invoice = await one.subscribe("profissional")
    # 21 of 31 days are left: 697.00 x 21/31 = 472.16, less 297.00 x 21/31 = 201.19.
    assert invoice.total_cents == 47_216 - 20_119
    assert (await one.subscription()).plan_id == await one.plan("starter")
    await one.pay(invoice)
    assert (await one.subscription()).plan_id == await one.plan("profissional")
    assert (await tenant_of(one)).max_agents == 16
    await one.pass_days(22, paying_all=True)
    assert (await one.invoices())[-1].total_cents == 69_700


async def test_less_of_a_plan_begins_with_the_next_cycle(one):
    await one.pay(await one.subscribe("profissional"))
    await one.pass_days(10)
    assert await one.subscribe("starter") is None
    assert (await tenant_of(one)).plan == "profissional"
    await one.pass_days(22, paying_all=True)
    assert ((await tenant_of(one)).plan, (await one.invoices())[-1].total_cents) == ("starter", 29_700)


async def test_a_cancellation_takes_effect_with_the_period_and_can_be_taken_back(one):
    await one.pay(await one.subscribe())
    async with one.book() as book:
        await subscribing.cancel(book)
    await one.pass_days(5)
    async with one.book() as book:
        await subscribing.resume(book)
    await one.pass_days(27, paying_all=True)
    assert await one.state() == "active"
    async with one.book() as book:
        await subscribing.cancel(book)
    await one.pass_days(31, paying_all=True)
    assert (await one.state(), await one.active_agents()) == ("canceled", ["inactive"] * 2)
    again = await one.subscribe()
    await one.pay(again)
    assert (await one.state(), await one.active_agents()) == ("active", ["active"] * 2)


async def test_a_granted_trial_runs_without_money_and_stops(one):
    wanted = await one.wants("expert")
    async with one.book() as book:
        await subscribing.grant_trial(book, wanted, 7)
    assert (await one.state(), await one.active_agents()) == ("trialing", ["active"] * 2)
    assert (await tenant_of(one)).mrr_cents == 0
    await one.pass_days(8)
    assert (await one.state(), await one.active_agents()) == ("suspended", ["suspended"] * 2)
    (invoice,) = await one.invoices(InvoiceStatus.OPEN)
    await one.pay(invoice)
    assert (await one.state(), (await tenant_of(one)).mrr_cents) == ("active", 149_700)


async def test_a_price_change_reaches_who_has_the_plan_at_renewal_only(one, sold):
    await one.pay(await one.subscribe("enterprise"))
    plan = next(p for p in await catalogue.plans(sold.staff(), one.now) if p.name == "enterprise")
    dearer = msgspec.structs.replace(plan.terms, price_monthly_cents=319_700)
    with clock.frozen(one.now):
        async with tenant_transaction(sold, PLATFORM_TENANT) as conn:
            await catalogue.sell_plan(conn, Actor(ActorKind.SYSTEM, frozenset()), dearer, one.now, one.now)
    await one.pass_days(30, paying_all=True)
    assert (await tenant_of(one)).mrr_cents == 299_700
    await one.pass_days(2, paying_all=True)
    assert (await tenant_of(one)).mrr_cents == 319_700


async def test_use_is_counted_again_when_a_year_comes_back_after_a_month_ended_unpaid(sold):
    one = (await customer(sold)).with_rules(dunning_days=(2, 7, 90))
    await one.pay(await one.subscribe("starter", "yearly"))
    async with one.book() as book:
        line = Line(LineKind.USAGE, "Uso", 1, 100)
        invoice = await invoicing.issue(book, book.subscription, Kind.USAGE, [line], book.today)
        await book.save(book.subscription)
    await one.pass_days(40)  # The month of use ended meanwhile, and no other one began.
    assert await one.state() == "suspended"
    await one.pay(invoice)
    assert await one.state() == "active"
    today = one.now.date()
    running = await usage_queries.open_periods(sold.tenant(one.tenant.id), one.tenant.id)
    assert [(p.from_on, p.until_on.isoformat()) for p in running] == [(today, "2026-03-15")]


async def test_another_plan_of_the_same_price_is_told_by_the_ledger(one, sold):
    plan = next(p for p in await catalogue.plans(sold.staff(), one.now) if p.name == "starter")
    twin = msgspec.structs.replace(plan.terms, name="gemeo", display_name="Gêmeo")
    with clock.frozen(one.now):
        async with tenant_transaction(sold, PLATFORM_TENANT) as conn:
            await catalogue.sell_plan(conn, Actor(ActorKind.SYSTEM, frozenset()), twin, one.now, one.now)
    await one.pay(await one.subscribe())
    assert await one.subscribe("gemeo") is None
    assert (await tenant_of(one)).plan == "gemeo"
    async with tenant_transaction(sold, one.tenant.id) as conn:
        cursor = await conn.raw.execute(
            "SELECT kind, plan_before, plan_after FROM alquimista_platform.subscription_changes ORDER BY sequence"
        )
        assert await cursor.fetchall() == [("new", "", "starter"), ("moved", "starter", "gemeo")]

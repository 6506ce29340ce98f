"""Ways in which somebody might get more than they pay for, or lose what they paid: each is closed."""

from datetime import timedelta

import pytest

from alquimista.access import Actor, ActorKind
from alquimista.agents import service as agents
from alquimista.billing.models.invoices import InvoiceStatus, NotRefundable, RefundWaits
from alquimista.billing.models.subscriptions import DebtOpen
from alquimista.billing.queries import usage as usage_queries
from alquimista.billing.service import collecting, subscribing
from alquimista.incidents import service as incidents
from alquimista.payments.service import Providers
from support.billing import Customer, customer, load_catalogue
from support.paying import settings_of

ACTOR = Actor(ActorKind.SYSTEM, frozenset())


@pytest.fixture(scope="module")
async def sold(db):
    await load_catalogue(db)
    return db


@pytest.fixture
async def one(sold) -> Customer:
    return await customer(sold)


async def test_who_owes_pays_before_subscribing_again(one):
    await one.pay(await one.subscribe("enterprise"))
    await one.pass_days(51)
    assert await one.state() == "suspended"
    async with one.book() as book:
        await subscribing.cancel(book)
    with pytest.raises(DebtOpen):
        await one.subscribe("starter")
    (owed,) = await one.invoices(InvoiceStatus.OPEN)
    await one.pay(owed)
    await one.pay(await one.subscribe("starter"))
    assert await one.state() == "active"


async def test_what_an_ended_subscription_owes_suspends_the_next_one_too(one):
    await one.pay(await one.subscribe("enterprise"))
    await one.pass_days(31)
    async with one.book() as book:
        await subscribing.cancel(book)
        await subscribing.paying.end(book, "cancellation")
    await one.pay(await one.subscribe("starter"))
    await one.pass_days(25)
    assert await one.state() == "suspended"


async def test_the_guarantee_is_for_the_first_subscription_alone(one):
    await one.pay(await one.subscribe())
    async with one.book() as book:
        await collecting.guarantee(book)
    await one.pay(await one.subscribe())
    async with one.book() as book:
        with pytest.raises(NotRefundable):
            await collecting.guarantee(book)


async def test_the_guarantee_gives_back_credit_and_changes_and_takes_back_what_was_carried(one):
    await one.credit(10_000)
    await one.pay(await one.subscribe())
    await one.pay(await one.subscribe("starter", "yearly"))
    assert await one.balance() == 0
    async with one.book() as book:
        paid = await collecting.guarantee(book)
    assert sorted(i.total_cents for i in paid) == [19_700, 267_300]
    assert await one.balance() == 10_000


async def owed_back(sold, one):
    """What staff see of money that they must send back: whether it is the plan's price, and when it was done."""
    found = await incidents.staff_page(sold.staff(), 10, 0, tenant_id=one.tenant.id)
    return [("297.00" in line.incident.title, line.incident.resolved_at) for line in found.items]


async def test_money_that_came_by_hand_goes_back_by_hand(one, sold):
    invoice = await one.subscribe()
    providers = Providers(settings_of())
    await collecting.received(sold, providers, one.rules, ACTOR, one.tenant.id, invoice.id, 29_700)
    async with one.book() as book:
        await collecting.guarantee(book)
    assert (await incidents.page(sold.tenant(one.tenant.id), one.tenant.id, 10, 0))[0] == [], "staff's own business"
    assert await owed_back(sold, one) == [(True, None)]
    assert (await one.invoices())[0].status == "paid", "nobody has sent anything yet"
    async with one.book() as book:
        await collecting.ask_refund(book, invoice.id, None, "sent")
    assert (await owed_back(sold, one))[0][1] is not None


async def test_a_second_refund_waits_for_the_first(one):
    invoice = await one.subscribe()
    await one.pay(invoice)
    async with one.book() as book:
        await collecting.ask_refund(book, invoice.id, 10_000, "erro")
    with pytest.raises(RefundWaits):
        async with one.book() as book:
            await collecting.ask_refund(book, invoice.id, 5_000, "erro")


async def test_a_trial_becomes_more_only_by_paying(one):
    small, large = await one.wants(), await one.wants("enterprise", agents_of=30)
    async with one.book() as book:
        await subscribing.grant_trial(book, small, 14)
    async with one.book() as book:
        invoice = await subscribing.subscribe(book, large)
    assert (await one.state(), len(await one.active_agents())) == ("trialing", 2)
    await one.pay(invoice)
    assert (await one.state(), len(await one.active_agents())) == ("active", 30)
    assert (await one.subscription()).mrr_cents == 299_700


async def test_a_trial_can_be_paid_for_before_its_end(one):
    wanted = await one.wants()
    async with one.book() as book:
        await subscribing.grant_trial(book, wanted, 14)
    await one.pay(await one.subscribe())
    assert await one.state() == "active"
    await one.pass_days(20)
    assert await one.state() == "active"


async def test_a_trial_that_ends_while_its_invoice_waits_comes_to_an_end(one):
    wanted = await one.wants()
    async with one.book() as book:
        await subscribing.grant_trial(book, wanted, 3)
    await one.subscribe("expert")
    await one.pass_days(9)
    (owed,) = await one.invoices(InvoiceStatus.OPEN)
    assert (await one.state(), owed.total_cents) == ("suspended", 29_700), "it is asked for what it was granted"
    await one.pass_days(30)
    assert await one.state() == "canceled"


async def test_an_upgrade_on_the_last_day_leaves_the_month_before_as_it_was(one):
    await one.pay(await one.subscribe())
    await one.pass_days(30)
    await one.pay(await one.subscribe("expert"))
    open_ones = await usage_queries.open_periods(one.db.tenant(one.tenant.id), one.tenant.id)
    plans = {p.plan_id for p in open_ones}
    assert plans == {await one.plan("starter"), await one.plan("expert")}
    assert sorted((p.from_on.day, p.until_on.day) for p in open_ones) == [(14, 15), (15, 14)]


async def test_a_year_begins_with_the_day_that_took_the_month_back(one):
    await one.pay(await one.subscribe("expert"))
    await one.pass_days(7)
    invoice = await one.subscribe("expert", "yearly")
    asked = one.now.date()
    await one.pass_days(6)
    await one.pay(invoice)
    one_now = await one.subscription()
    assert (one_now.anchor_on, one_now.billing_cycle) == (asked, "yearly")


async def test_a_platform_that_was_away_does_not_cancel_on_its_return(one):
    await one.pay(await one.subscribe())
    one.now += timedelta(days=57)
    await one.pass_days(1)
    assert await one.state() == "active"
    await one.pass_days(3, paying_all=True)
    assert (await one.invoices())[-1].due_on > one.now.date() - timedelta(days=1)


async def test_an_old_debt_that_is_paid_brings_the_new_subscription_back(one):
    await one.pay(await one.subscribe("enterprise"))
    await one.pass_days(31)
    async with one.book() as book:
        await subscribing.paying.end(book, "cancellation")
    await one.pay(await one.subscribe("starter"))
    await one.pass_days(25)
    assert await one.state() == "suspended"
    for invoice in await one.invoices(InvoiceStatus.OPEN):
        await one.pay(invoice)
    assert (await one.state(), await one.active_agents()) == ("active", ["active"] * 2)


async def test_a_change_that_waits_is_void_once_the_subscription_is_suspended(one):
    patient = one.with_rules(due_days=60)
    await patient.pay(await patient.subscribe())
    one.now = patient.now
    await one.pass_days(34)
    patient.now = one.now
    change = await patient.subscribe("expert")
    one.now = patient.now
    await one.pass_days(17)
    assert (await one.state(), await one.active_agents()) == ("suspended", ["suspended"] * 2)
    found = {i.id: i.status for i in await one.invoices()}
    assert found[change.id] == "void"
    assert (await one.subscription()).mrr_cents == 0


async def test_agents_of_a_canceled_subscription_stopped_when_they_were_suspended(one):
    await one.pay(await one.subscribe())
    await one.pass_days(51)
    assert await one.state() == "suspended"
    stopped = {a.agent_id: a for a in await agents.list_agents(one.db.tenant(one.tenant.id), one.tenant.id)}
    await one.pass_days(8)
    assert await one.state() == "canceled"
    gone = await agents.list_agents(one.db.tenant(one.tenant.id), one.tenant.id)
    assert all(a.deactivated_at < one.now - timedelta(days=5) for a in gone if a.agent_id in stopped)

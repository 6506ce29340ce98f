"""What a choice would cost is what it then costs."""

from datetime import timedelta

import msgspec
import pytest

from alquimista.billing.models.invoices import Tax
from alquimista.billing.models.subscriptions import AlreadySubscribed, ChangeWaits, Effect, EndsSoon, NotFromHere
from alquimista.billing.service import proposing, subscribing, viewing
from support.billing import Customer, customer, load_catalogue


@pytest.fixture(scope="module")
async def sold(db):
    await load_catalogue(db)
    return db


@pytest.fixture
async def one(sold) -> Customer:
    return await customer(sold)


async def agreed(one: Customer, *choice: str, **more) -> tuple[Effect, int]:
    """Propose a choice, then make it; what it does, and its total, which is the proposal's."""
    wanted = await one.wants(*choice, **more)
    async with one.book() as book:
        proposal = await proposing.propose(book, wanted)
    async with one.book() as book:
        invoice = await subscribing.subscribe(book, wanted)
    assert proposal.today_cents == (invoice.total_cents if invoice else 0)
    if invoice is not None:
        lines = await one.lines(invoice)
        assert proposal.sums is not None
        assert [(line.kind.value, line.quantity, line.amount_cents) for line in proposal.sums.lines] == lines
    return proposal.effect, proposal.today_cents


async def test_the_first_invoice(one):
    assert await agreed(one, "starter") == (Effect.FIRST, 29_700)


async def test_taxes_and_credit(one):
    one = one.with_rules(taxes=(Tax("ISS", 500),))
    await one.credit(1_000)
    assert await agreed(one, "starter") == (Effect.FIRST, 31_185 - 1_000)


async def test_another_choice_before_the_payment_has_the_credit_again_and_the_same_one_its_invoice(one):
    await one.credit(1_000)
    assert await agreed(one, "starter") == (Effect.FIRST, 28_700)
    await one.credit(500)
    assert await agreed(one, "starter") == (Effect.FIRST, 28_700)
    assert len(await one.invoices()) == 1
    assert await agreed(one, "profissional") == (Effect.FIRST, 69_700 - 1_500)


async def test_more_in_the_middle_of_a_month_and_less_with_the_next_one(one):
    await one.pay(await one.subscribe("starter"))
    one.now += timedelta(days=10)
    effect, cents = await agreed(one, "profissional")
    assert (effect, cents) == (Effect.CHANGE, 27_097)  # 21 of 31 days: 47,216 less 20,119.
    with pytest.raises(ChangeWaits):
        await agreed(one, "expert")
    await one.pay((await one.invoices())[-1])
    assert await agreed(one, "starter") == (Effect.LATER, 0)
    assert await agreed(one, "profissional") == (Effect.KEEP, 0)
    assert (await one.subscription()).next_terms is None


async def test_other_agents_at_the_same_price_at_once_and_by_the_year_at_the_years_price(one):
    await one.pay(await one.subscribe("starter", agents_of=2))
    assert await agreed(one, "starter", agents_of=3) == (Effect.NOW, 0)
    assert await one.active_agents() == ["active"] * 3
    assert (await agreed(one, "starter", "yearly", agents_of=3))[0] is Effect.CHANGE


async def test_agents_beyond_the_plan_are_priced_singly(one):
    assert await agreed(one, "starter", agents_of=10) == (Effect.FIRST, 29_700 + 2 * 2_990)


async def test_the_order_of_agents_is_no_matter(one):
    invoice = await one.subscribe("starter", agents_of=3)
    wanted = await one.wants("starter", agents_of=3)
    turned = msgspec.structs.replace(wanted, agents=tuple(reversed(wanted.agents)))
    async with one.book() as book:
        again = await subscribing.subscribe(book, turned)
    assert again == invoice
    await one.pay(invoice)
    with pytest.raises(AlreadySubscribed):
        async with one.book() as book:
            await proposing.propose(book, turned)


async def test_a_trial_costs_nothing_and_states_that_allow_no_change_say_so(one):
    async with one.book() as book:
        await subscribing.grant_trial(book, await one.wants("starter"), 7)
    wanted = await one.wants("starter", agents_of=1)
    async with one.book() as book:
        assert (await proposing.propose(book, wanted)).effect is Effect.TRIAL
    assert await agreed(one, "profissional") == (Effect.FIRST, 69_700)
    await one.pass_days(8)
    assert await one.state() == "suspended"
    with pytest.raises(NotFromHere):
        await agreed(one, "starter")
    standing = await viewing.standing(one.db.tenant(one.tenant.id), one.tenant.id, one.rules)
    assert standing.tried
    assert standing.owed is not None
    await one.pay(standing.owed)
    async with one.book() as book:
        await subscribing.cancel(book)
    with pytest.raises(EndsSoon):
        await agreed(one, "starter")


async def test_the_days_when_agents_stop_and_when_it_ends_are_those_of_the_agenda(one):
    await one.pay(await one.subscribe())
    while await one.state() == "active":
        await one.pass_days(1)
    standing = await viewing.standing(one.db.tenant(one.tenant.id), one.tenant.id, one.rules)
    seen = {}
    for _ in range(40):
        await one.pass_days(1)
        seen.setdefault(await one.state(), one.now.date())
    assert (standing.stops_on, standing.ends_on) == (seen["suspended"], seen["canceled"])

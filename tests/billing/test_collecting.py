"""Payments through Stripe and by hand, on a fake server's real socket: in any order, twice, or never heard of."""

import itertools
from datetime import timedelta
from typing import Any

import pytest

from alquimista import clock
from alquimista.access import Actor, ActorKind
from alquimista.billing.models.agenda import Rules
from alquimista.billing.models.collecting import RefundOf
from alquimista.billing.models.invoices import InvoiceStatus, NotRefundable
from alquimista.billing.service import collecting
from alquimista.errors import Invalid
from alquimista.payments import service as payments
from alquimista.payments.models import ProviderUnavailable, SignatureInvalid
from alquimista.payments.service import Providers
from support.billing import RULES, Customer, customer, load_catalogue
from support.paying import settings_of, stripe_rig

ACTOR = Actor(ActorKind.SYSTEM, frozenset())
STRIPE = Rules(**{**{name: getattr(RULES, name) for name in Rules.__struct_fields__}, "provider": "stripe"})


@pytest.fixture(scope="module")
async def sold(db):
    await load_catalogue(db)
    return db


@pytest.fixture
async def rig():
    async with stripe_rig() as one:
        yield one


@pytest.fixture
def providers(rig) -> Providers:
    known = Providers(settings_of())
    known._open["stripe"] = rig.provider
    return known


@pytest.fixture
async def one(sold) -> Customer:
    made = await customer(sold)
    made.now, made.rules = clock.now(), STRIPE
    return made


async def opened(one: Customer, providers: Providers) -> Any:
    return await collecting.checkout(one.db, providers, one.rules, ACTOR, one.tenant.id, None)


async def hear(one: Customer, providers: Providers, rig: Any, event: Any) -> bool:
    """A webhook arrives and is worked through; whether it was new."""
    headers, body = rig.world.delivered(event)
    kept = await payments.receive(one.db, rig.provider, headers, body, clock.now())
    if kept is not None:
        await collecting.work_through(one.db, providers, one.rules, one.tenant.id, kept)
    return kept is not None


async def test_a_checkout_asked_for_again_is_the_same(one, providers, rig):
    await one.subscribe()
    first, second = await opened(one, providers), await opened(one, providers)
    assert first.id == second.id
    assert first.checkout_url == second.checkout_url
    assert (await one.subscription()).provider_customer_id


async def test_the_payment_activates_once_whatever_the_order_and_the_repetitions(sold, providers, rig):
    for order in itertools.permutations(range(4)):
        one = await customer(sold)
        one.now, one.rules = clock.now(), STRIPE
        await one.subscribe()
        charge = await opened(one, providers)
        failed = rig.world.pay(charge.provider_ref, "pm_card_declined")
        events = [*failed, *rig.world.pay(charge.provider_ref)]
        events.append(events[-1])
        new = [await hear(one, providers, rig, events[index]) for index in order]
        assert sum(new) == 3
        assert (await one.state(), await one.active_agents()) == ("active", ["active"] * 2)
        assert [i.status for i in await one.invoices()] == ["paid"]
        assert await one.balance() == 0
        assert (await one.subscription()).provider_method_id


async def test_a_webhook_that_was_lost_is_made_up_for(one, providers, rig):
    await one.subscribe()
    charge = await opened(one, providers)
    rig.world.pay(charge.provider_ref)
    await payments.look_after(one.db, providers, one.tenant.id, clock.now() + timedelta(hours=1))
    (event,) = await payments.events(one.db.tenant(one.tenant.id), one.tenant.id, None, 10, 0)
    await collecting.work_through(one.db, providers, one.rules, one.tenant.id, event.id)
    assert await one.state() == "active"


async def test_what_is_not_signed_is_not_kept(one, providers, rig):
    await one.subscribe()
    charge = await opened(one, providers)
    event = rig.world.pay(charge.provider_ref)[-1]
    headers, body = rig.world.delivered(event, secret="whsec_somebody_else")
    with pytest.raises(SignatureInvalid):
        await payments.receive(one.db, rig.provider, headers, body, clock.now())
    assert await payments.events(one.db.tenant(one.tenant.id), one.tenant.id, None, 10, 0) == []
    assert await one.state() == "pending"


async def test_news_about_another_tenants_charge_change_nothing(one, sold, providers, rig):
    other = await customer(sold)
    other.now, other.rules = clock.now(), STRIPE
    await one.subscribe()
    await other.subscribe()
    theirs = await opened(other, providers)
    event = rig.world.pay(theirs.provider_ref)[-1]
    event["data"]["object"]["metadata"]["tenant_id"] = str(one.tenant.id)
    await hear(one, providers, rig, event)
    assert (await one.state(), await other.state()) == ("pending", "pending")
    (kept,) = await payments.events(one.db.tenant(one.tenant.id), one.tenant.id, None, 10, 0)
    assert kept.status == "ignored"


async def test_a_renewal_is_collected_from_the_stored_card_and_a_decline_waits(one, providers, rig):
    await one.subscribe()
    charge = await opened(one, providers)
    for event in rig.world.pay(charge.provider_ref):
        await hear(one, providers, rig, event)
    await one.pass_days(32)
    (invoice,) = await one.invoices(InvoiceStatus.OPEN)
    await collecting.collect(one.db, providers, one.rules, one.tenant.id, invoice.id)
    for event in await payments.events(one.db.tenant(one.tenant.id), one.tenant.id, "received", 10, 0):
        await collecting.work_through(one.db, providers, one.rules, one.tenant.id, event.id)
    assert await one.invoices(InvoiceStatus.OPEN) == []
    await collecting.collect(one.db, providers, one.rules, one.tenant.id, invoice.id)
    assert len(await one.invoices(InvoiceStatus.PAID)) == 2


async def test_a_provider_that_does_not_answer_charges_nothing_twice(one, providers, rig):
    await one.subscribe()
    rig.faults.next("timeout", times=20)
    with pytest.raises(ProviderUnavailable):
        await opened(one, providers)
    rig.faults.calm()
    charge = await opened(one, providers)
    for event in rig.world.pay(charge.provider_ref):
        await hear(one, providers, rig, event)
    assert rig.world.collected(charge.id) == charge.amount_cents


async def test_a_payment_for_an_invoice_that_became_void_is_credit(one, providers, rig):
    await one.subscribe()
    charge = await opened(one, providers)
    await one.subscribe("profissional")
    for event in rig.world.pay(charge.provider_ref):
        await hear(one, providers, rig, event)
    assert (await one.state(), await one.balance()) == ("pending", 29_700)
    second = await opened(one, providers)
    for event in rig.world.pay(second.provider_ref):
        await hear(one, providers, rig, event)
    assert await one.state() == "active"


async def test_the_guarantee_gives_all_back_and_ends_it(one, providers, rig):
    await one.subscribe()
    charge = await opened(one, providers)
    for event in rig.world.pay(charge.provider_ref):
        await hear(one, providers, rig, event)
    async with one.book() as book:
        (invoice,) = await collecting.guarantee(book)
    assert (await one.state(), await one.active_agents()) == ("canceled", ["inactive"] * 2)
    wanted = RefundOf(invoice.id, invoice.total_cents)
    for _ in range(2):
        await collecting.refund(one.db, providers, one.rules, one.tenant.id, wanted)
    (refunded,) = await one.invoices()
    assert (refunded.status, refunded.refunded_cents) == ("refunded", 29_700)
    paid = (await payments.of_invoice(one.db.tenant(one.tenant.id), one.tenant.id, invoice.id))[0]
    await hear(one, providers, rig, rig.world.refunded(paid.provider_ref))
    assert (await one.invoices())[0].refunded_cents == 29_700


async def test_the_guarantee_is_over_after_seven_days(one):
    await one.pay(await one.subscribe())
    one.now += timedelta(days=8)
    async with one.book() as book:
        with pytest.raises(NotRefundable):
            await collecting.guarantee(book)


async def test_money_by_hand_pays_and_what_is_beyond_is_credit(one, sold, providers):
    by_hand = one.with_rules(provider="manual")
    invoice = await by_hand.subscribe()

    async def received(cents: int) -> Any:
        return await collecting.received(sold, providers, by_hand.rules, ACTOR, one.tenant.id, invoice.id, cents)

    with pytest.raises(Invalid):
        await received(29_699)
    assert (await received(30_000)).status is InvoiceStatus.PAID
    assert (await by_hand.state(), await by_hand.balance()) == ("active", 300)


async def test_a_second_payment_that_goes_back_at_the_provider_leaves_the_first_alone(one, sold, providers, rig):
    invoice = await one.subscribe()
    charge = await opened(one, providers)
    await collecting.received(sold, providers, one.rules, ACTOR, one.tenant.id, invoice.id, 29_700)
    for event in rig.world.pay(charge.provider_ref):
        await hear(one, providers, rig, event)
    assert await one.balance() == 29_700
    paid = await payments.get(sold.tenant(one.tenant.id), one.tenant.id, charge.id)
    await rig.provider.refund(paid.provider_ref, 29_700, "back")
    await hear(one, providers, rig, rig.world.refunded(paid.provider_ref))
    assert await one.balance() == 0
    assert [(i.status, i.refunded_cents) for i in await one.invoices()] == [("paid", 0)]


async def test_a_payment_after_a_decline_is_found_when_its_webhook_was_lost(one, providers, rig):
    await one.subscribe()
    charge = await opened(one, providers)
    for event in rig.world.pay(charge.provider_ref, "pm_card_declined"):
        await hear(one, providers, rig, event)
    rig.world.pay(charge.provider_ref)
    await payments.look_after(one.db, providers, one.tenant.id, clock.now() + timedelta(hours=1))
    for event in await payments.events(one.db.tenant(one.tenant.id), one.tenant.id, "received", 10, 0):
        await collecting.work_through(one.db, providers, one.rules, one.tenant.id, event.id)
    assert await one.state() == "active"

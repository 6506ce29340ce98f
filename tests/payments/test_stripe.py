"""What only Stripe has: stored cards, signatures with a time, and many kinds of events."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from alquimista.clock import frozen, now
from alquimista.payments.gateway.stripe import API_VERSION
from alquimista.payments.models import AlreadyPaid, Opened, Outcome, ProviderUnavailable, SignatureInvalid
from support import fake_stripe
from support.fake_stripe import signature
from support.faults import FAULTS
from support.paying import order_of


async def stored(stripe, **changes):
    """An order of a tenant who has paid once, whose card was saved then."""
    first = order_of()
    opened = await stripe.provider.open(first)
    told = stripe.told(stripe.paid(opened.provider_ref))
    assert told.method_ref == "pm_card_visa"
    methods = {"customer_ref": told.customer_ref, "method_ref": told.method_ref}
    return order_of(tenant_id=first.tenant_id, **methods | changes)


async def test_the_version_of_the_api_is_the_one_that_the_shapes_were_written_for(stripe):
    assert fake_stripe.VERSION == API_VERSION  # The fake refuses requests that do not name it.
    await stripe.provider.open(order_of())


async def test_the_page_lists_what_is_paid_and_carries_our_ids_to_the_payment(stripe):
    order = order_of()
    opened = await stripe.provider.open(order)
    events = stripe.world.pay(opened.provider_ref)
    notices = [stripe.told(stripe.world.delivered(event)) for event in events]
    assert [one.kind for one in notices] == ["payment_intent.succeeded", "checkout.session.completed"]
    assert {(one.charge_id, one.outcome, one.provider_ref) for one in notices} == {
        (order.charge_id, Outcome.PAID, notices[0].provider_ref)
    }


async def test_a_stored_card_is_charged_without_the_payer(stripe):
    order = await stored(stripe)
    notice = await stripe.provider.charge(order)
    assert (notice.outcome, notice.charge_id, notice.amount_cents) == (Outcome.PAID, order.charge_id, 12_970)
    assert stripe.world.collected(order.charge_id) == 12_970


@pytest.mark.parametrize(
    ("method", "reason"),
    [("pm_card_declined", "insufficient_funds"), ("pm_card_absent", "authentication_required")],
)
async def test_a_declined_card_is_told_with_the_reason_and_can_be_tried_again(stripe, method, reason):
    order = await stored(stripe, method_ref=method)
    first = await stripe.provider.charge(order)
    assert (first.outcome, first.reason, first.charge_id) == (Outcome.FAILED, reason, order.charge_id)
    assert first.method_ref is None
    second = await stripe.provider.charge(order)
    assert (second.outcome, second.event_id != first.event_id) == (Outcome.FAILED, True)
    mended = msgspec.structs.replace(order, method_ref="pm_card_visa")
    assert (await stripe.provider.charge(mended)).outcome is Outcome.PAID
    assert stripe.world.collected(order.charge_id) == 12_970


async def test_charging_a_paid_charge_again_tells_the_payment_that_was(stripe):
    order = await stored(stripe)
    first, again = await stripe.provider.charge(order), await stripe.provider.charge(order)
    assert (again.event_id, again.outcome) == (first.event_id, Outcome.PAID)
    with pytest.raises(AlreadyPaid):
        await stripe.provider.open(order)
    assert stripe.world.collected(order.charge_id) == 12_970


async def test_two_charges_at_once_take_the_money_once(stripe):
    order = await stored(stripe)
    both = await asyncio.gather(*(stripe.provider.charge(order) for _ in range(5)))
    assert {one.outcome for one in both} == {Outcome.PAID}
    assert stripe.world.collected(order.charge_id) == 12_970


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_charge_whose_answer_is_lost_is_not_taken_twice(stripe, fault):
    order = await stored(stripe)
    stripe.faults.next(fault, "POST /v1/payment_intents")
    with pytest.raises(ProviderUnavailable):
        await stripe.provider.charge(order)
    assert (await stripe.provider.charge(order)).outcome is Outcome.PAID
    assert stripe.world.collected(order.charge_id) == 12_970


@pytest.mark.parametrize("fault", FAULTS)
async def test_the_first_customer_of_a_tenant_may_fail_too(stripe, fault):
    order = order_of()
    stripe.faults.next(fault, "POST /v1/customers")
    with pytest.raises(ProviderUnavailable):
        await stripe.provider.open(order)
    await stripe.provider.open(order)
    assert sum(key.startswith("cus_") for key in stripe.world.objects) == 1


async def test_a_page_that_is_open_is_closed_before_the_stored_card_is_charged(stripe):
    order = await stored(stripe)
    await stripe.provider.open(order)
    assert (await stripe.provider.charge(order)).outcome is Outcome.PAID
    assert stripe.ways(order) == 0


async def test_a_decline_on_the_page_leaves_the_page_open(stripe):
    order = order_of()
    opened = await stripe.provider.open(order)
    told = stripe.told(stripe.world.delivered(stripe.world.pay(opened.provider_ref, "pm_card_declined")[0]))
    assert (told.outcome, told.reason) == (Outcome.FAILED, "insufficient_funds")
    again = await stripe.provider.open(msgspec.structs.replace(order, customer_ref=opened.customer_ref))
    assert again.provider_ref == opened.provider_ref


@pytest.mark.parametrize("paid", [True, False])
async def test_a_voucher_is_pending_until_its_money_comes(stripe, paid):
    order = order_of()
    opened = await stripe.provider.open(order)
    order = msgspec.structs.replace(order, customer_ref=opened.customer_ref)
    pending = stripe.told(stripe.world.delivered(stripe.world.pay_later(opened.provider_ref)))
    assert pending.outcome is Outcome.PENDING
    with pytest.raises(AlreadyPaid):
        await stripe.provider.open(order)
    waits = await stripe.provider.charge(msgspec.structs.replace(order, method_ref="pm_card_visa"))
    assert waits.outcome is Outcome.PENDING
    told = stripe.told(stripe.world.delivered(stripe.world.voucher(opened.provider_ref, paid=paid)))
    assert told.outcome is (Outcome.PAID if paid else Outcome.FAILED)
    if not paid:
        assert isinstance(await stripe.provider.open(order), Opened)


async def test_a_page_can_be_refunded_by_its_own_name(stripe):
    opened = await stripe.provider.open(order_of())
    told = stripe.told(stripe.paid(opened.provider_ref))
    await stripe.provider.refund(opened.provider_ref, 12_970, "guarantee")
    assert stripe.told(stripe.refunded(told.provider_ref)).outcome is Outcome.REFUNDED


# Signatures.


@pytest.fixture
async def webhook(stripe):
    opened = await stripe.provider.open(order_of())
    return stripe.world.pay(opened.provider_ref)[0]


@pytest.mark.parametrize(("seconds", "good"), [(0, True), (299, True), (301, False), (-299, True), (-301, False)])
async def test_a_signature_is_good_for_five_minutes_of_the_applications_clock(stripe, webhook, seconds, good):
    moment = datetime(2031, 5, 4, 12, tzinfo=UTC)  # Nobody's wall clock.
    headers, body = stripe.world.delivered(webhook, at=moment)
    if good:
        assert stripe.provider.read(headers, body, moment + timedelta(seconds=seconds)).outcome is Outcome.PAID
    else:
        with pytest.raises(SignatureInvalid):
            stripe.provider.read(headers, body, moment + timedelta(seconds=seconds))


async def test_while_a_secret_is_replaced_either_signature_does(stripe, webhook):
    body = json.dumps(webhook).encode()
    good, old = signature(body, fake_stripe.WEBHOOK_SECRET, now()), signature(body, "whsec_old", now())
    both = f"{old},{good.split(',')[1]}"
    assert stripe.provider.read({"STRIPE-SIGNATURE": both}, body, now()).outcome is Outcome.PAID
    with pytest.raises(SignatureInvalid):
        stripe.provider.read({"Stripe-Signature": old}, body, now())


async def test_a_changed_time_body_or_scheme_is_refused(stripe, webhook):
    headers, body = stripe.world.delivered(webhook)
    header = headers["Stripe-Signature"]
    late = f"t={int(now().timestamp()) + 1},{header.split(',')[1]}"
    for forged, sent in [
        (late, body),
        (header, body + b" "),
        (header.replace("v1=", "v2="), body),
        (header.split(",")[1], body),
        (f"t=1,{header}", body),
        ("t=²,v1=é", body),
        ("", body),
    ]:
        with pytest.raises(SignatureInvalid):
            stripe.provider.read({"Stripe-Signature": forged}, sent, now())


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b'{"id": 1}', b"\xff\xfe", b'{"id": "evt_1", "type": "x"}'])
def test_a_signed_body_that_is_no_event_is_refused(stripe, body):
    with pytest.raises(SignatureInvalid):
        stripe.provider.read({"Stripe-Signature": signature(body, fake_stripe.WEBHOOK_SECRET, now())}, body, now())


# Meanings.

METADATA = {"tenant_id": "01a203f6-7b6e-7313-bf89-d598ac60ba2e", "charge_id": "01a203f6-7c5d-7406-810a-e8571714b916"}


def told(stripe, kind, subject, **changes):
    return stripe.told(stripe.world.delivered(stripe.world.event(kind, subject, **changes)))


@pytest.mark.parametrize("kind", ["invoice.paid", "invoice.payment_succeeded", "invoice.payment_failed"])
def test_stripes_own_invoices_are_understood_when_they_carry_our_ids(stripe, kind):
    invoice = {"id": "in_1", "object": "invoice", "currency": "brl", "amount_paid": 100, "amount_due": 100}
    ours = told(stripe, kind, invoice | {"metadata": METADATA})
    assert ours.outcome is (Outcome.FAILED if kind.endswith("failed") else Outcome.PAID)
    assert (str(ours.charge_id), ours.amount_cents, ours.currency) == (METADATA["charge_id"], 100, "BRL")
    assert told(stripe, kind, invoice | {"metadata": {}}).outcome is None


@pytest.mark.parametrize(
    "kind", ["customer.subscription.created", "customer.subscription.deleted", "charge.dispute.created", "new.kind"]
)
def test_other_kinds_are_kept_without_an_outcome(stripe, kind):
    notice = told(stripe, kind, {"id": "sub_1", "metadata": METADATA})
    assert (notice.kind, notice.outcome, notice.charge_id) == (kind, None, None)


async def test_live_money_and_test_money_are_not_mixed(stripe, webhook):
    notice = stripe.told(stripe.world.delivered(webhook | {"livemode": True}))
    assert (notice.outcome, notice.charge_id, notice.reason) == (None, None, "live mode")


def test_a_shape_that_we_do_not_know_is_kept(stripe):
    notice = told(stripe, "payment_intent.succeeded", {"id": "pi_1", "amount": "many"})
    assert (notice.outcome, notice.reason) == (None, "unknown shape")


def test_somebody_elses_payment_in_the_same_account_is_not_ours(stripe):
    intent = {"id": "pi_1", "amount": 1, "currency": "brl", "status": "succeeded", "created": 1}
    for metadata in ({}, {"tenant_id": "7"}, METADATA | {"charge_id": "42"}):
        assert told(stripe, "payment_intent.succeeded", intent | {"metadata": metadata}).outcome is None


async def test_an_internal_error_that_stripe_repeats_for_a_key_ends_with_the_hour(stripe):
    order = order_of(customer_ref=(await stripe.provider.open(order_of())).customer_ref)
    with frozen(datetime(2031, 5, 4, 12, 59, tzinfo=UTC)):
        stripe.world.broken = True
        with pytest.raises(ProviderUnavailable):
            await stripe.provider.open(order)
        stripe.world.broken = False
        with pytest.raises(ProviderUnavailable):
            await stripe.provider.open(order)
    with frozen(datetime(2031, 5, 4, 13, 0, tzinfo=UTC)):
        assert isinstance(await stripe.provider.open(order), Opened)

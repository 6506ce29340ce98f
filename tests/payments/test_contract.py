"""What every provider is held to, against servers that behave as theirs do, on good days and bad ones."""

import logging
from datetime import UTC, datetime, timedelta
from itertools import permutations
from urllib.parse import urlsplit

import msgspec
import pytest

from alquimista.clock import now
from alquimista.config import Settings
from alquimista.payments.gateway import configured, provider
from alquimista.payments.models import (
    AlreadyPaid,
    NoPortal,
    NotConfigured,
    Notice,
    Opened,
    OrderLine,
    Outcome,
    ProviderRefused,
    ProviderUnavailable,
    SignatureInvalid,
)
from support.faults import FAULTS
from support.paying import SECRETS, order_of, settings_of, settle


async def paid(rig, order):
    """The order, opened and paid: what the webhook says."""
    opened = await rig.provider.open(order)
    return rig.told(rig.paid(opened.provider_ref))


def ids_and_money(notice):
    return (notice.tenant_id, notice.charge_id, notice.outcome, notice.amount_cents, notice.currency)


# Every provider, by hand included.


async def test_a_way_to_pay_has_an_address_and_an_end(anyone):
    opened = await anyone.open(order_of())
    assert urlsplit(opened.checkout_url).scheme in {"https", "http"}
    assert opened.expires_at > now()
    assert opened.expires_at.tzinfo is not None
    assert opened.provider_ref


async def test_asking_again_for_the_same_charge_gives_the_same_way_to_pay(anyone):
    order = order_of()
    first = await anyone.open(order)
    again = await anyone.open(msgspec.structs.replace(order, customer_ref=first.customer_ref))
    assert (again.provider_ref, again.checkout_url) == (first.provider_ref, first.checkout_url)


async def test_two_charges_are_two_ways_to_pay(anyone):
    one, two = order_of(), order_of()
    assert (await anyone.open(one)).provider_ref != (await anyone.open(two)).provider_ref


async def test_without_a_stored_method_a_charge_waits_for_the_payer(anyone):
    assert isinstance(await anyone.charge(order_of()), Opened)


@pytest.mark.parametrize(
    "headers", [{}, {"stripe-signature": ""}, {"asaas-access-token": "é"}, {"stripe-signature": "t=1"}]
)
def test_a_message_without_proof_is_refused(anyone, headers):
    with pytest.raises(SignatureInvalid):
        anyone.read(headers, b'{"id": "evt_1", "event": "PAYMENT_RECEIVED"}', now())


async def test_only_a_provider_that_stores_methods_has_a_portal(anyone):
    if anyone.name == "stripe":
        opened = await anyone.open(order_of())
        assert (await anyone.portal(opened.customer_ref, "https://app.example")).startswith(
            "https://billing.stripe.com"
        )
    else:
        with pytest.raises(NoPortal):
            await anyone.portal("cus_1", "https://app.example")


def test_a_provider_is_had_by_its_name_when_its_settings_are_there():
    settings = settings_of()
    assert configured(settings) == ("manual", "stripe", "asaas")
    assert [provider(settings, name).name for name in configured(settings)] == ["manual", "stripe", "asaas"]
    bare = Settings(secret_key="x" * 40)
    assert configured(bare) == ("manual",)
    with pytest.raises(NotConfigured, match="ALQUIMISTA_STRIPE_SECRET_KEY, ALQUIMISTA_STRIPE_WEBHOOK_SECRET"):
        provider(bare, "stripe")


# Those that are somewhere else.


async def test_a_payment_is_told_with_our_ids_and_the_exact_amount(rig):
    order = order_of()
    notice = await paid(rig, order)
    assert ids_and_money(notice) == (order.tenant_id, order.charge_id, Outcome.PAID, 12_970, "BRL")
    assert (notice.refunded_cents, notice.provider) == (0, rig.provider.name)
    assert abs(notice.occurred_at - now()) < timedelta(seconds=5)
    assert notice.occurred_at.tzinfo is UTC


@pytest.mark.parametrize("amount", [500, 501, 2_990, 8_970, 12_345, 1_000_001, 99_999_999])
async def test_amounts_go_out_and_come_back_to_the_cent(rig, amount):
    order = order_of(lines=(OrderLine("Plano", amount),), amount_cents=amount)
    assert (await paid(rig, order)).amount_cents == amount


async def test_a_credit_line_lowers_the_sum(rig):
    order = order_of(lines=(OrderLine("Plano", 15_000), OrderLine("Crédito", -2_030)), amount_cents=12_970)
    assert (await paid(rig, order)).amount_cents == 12_970


async def test_the_same_webhook_twice_is_the_same_news(rig):
    opened = await rig.provider.open(order_of())
    webhook = rig.paid(opened.provider_ref)
    assert rig.told(webhook) == rig.told(webhook)


async def test_webhooks_in_any_order_end_in_the_same_state(rig):
    order = order_of()
    opened = await rig.provider.open(order)
    news = [rig.told(rig.paid(opened.provider_ref))]
    await rig.provider.refund(news[0].provider_ref, 970, "guarantee-1")
    news.append(rig.told(rig.refunded(news[0].provider_ref)))
    await rig.provider.refund(news[0].provider_ref, 12_000, "guarantee-2")
    news.append(rig.told(rig.refunded(news[0].provider_ref)))
    assert [one.outcome for one in news] == [Outcome.PAID, Outcome.PAID, Outcome.REFUNDED]
    assert [one.refunded_cents for one in news] == [0, 970, 12_970]
    for order_of_arrival in permutations([*news, news[0]]):
        assert settle(one.outcome for one in order_of_arrival) is Outcome.REFUNDED
        assert max(one.refunded_cents for one in order_of_arrival) == 12_970


async def test_a_way_to_pay_that_ended_is_told_and_a_new_one_can_be_opened(rig):
    order = order_of()
    first = await rig.provider.open(order)
    ended = rig.told(rig.expired(first.provider_ref))
    assert (ended.charge_id, ended.outcome) == (order.charge_id, Outcome.EXPIRED)
    again = await rig.provider.open(msgspec.structs.replace(order, customer_ref=first.customer_ref))
    assert again.provider_ref != first.provider_ref
    assert rig.ways(order) == 1


async def test_a_paid_charge_is_not_opened_again(rig):
    order = order_of()
    first = await rig.provider.open(order)
    rig.paid(first.provider_ref)  # The webhook is on its way; nobody here knows yet.
    with pytest.raises(AlreadyPaid):
        await rig.provider.open(msgspec.structs.replace(order, customer_ref=first.customer_ref))


async def test_a_changed_amount_closes_the_old_way_to_pay(rig):
    order = order_of()
    first = await rig.provider.open(order)
    line = OrderLine("Plano", 10_000)
    less = msgspec.structs.replace(order, lines=(line,), amount_cents=10_000, customer_ref=first.customer_ref)
    second = await rig.provider.open(less)
    assert rig.ways(order) == 1
    assert rig.told(rig.paid(second.provider_ref)).amount_cents == 10_000


async def test_a_refund_is_made_once_for_each_key(rig):
    notice = await paid(rig, order_of())
    for _ in range(3):
        await rig.provider.refund(notice.provider_ref, 1_000, "same-key")
    assert rig.told(rig.refunded(notice.provider_ref)).refunded_cents == 1_000


async def test_more_than_was_paid_is_not_refunded(rig):
    notice = await paid(rig, order_of())
    with pytest.raises(ProviderRefused):
        await rig.provider.refund(notice.provider_ref, 12_971, "too-much")


async def test_looking_sees_what_the_webhook_told(rig):
    order = order_of()
    opened = await rig.provider.open(order)
    waiting = await rig.provider.look(opened.provider_ref)
    assert ids_and_money(waiting) == (order.tenant_id, order.charge_id, Outcome.PENDING, 12_970, "BRL")
    told = rig.told(rig.paid(opened.provider_ref))
    seen = await rig.provider.look(told.provider_ref)
    assert ids_and_money(seen) == ids_and_money(told)
    assert ids_and_money(await rig.provider.look(opened.provider_ref)) == ids_and_money(told)
    await rig.provider.refund(told.provider_ref, 12_970, "all")
    told, seen = rig.told(rig.refunded(told.provider_ref)), await rig.provider.look(told.provider_ref)
    assert (seen.outcome, seen.refunded_cents) == (told.outcome, told.refunded_cents) == (Outcome.REFUNDED, 12_970)


async def test_the_same_state_looked_at_twice_is_the_same_news(rig):
    opened = await rig.provider.open(order_of())
    rig.paid(opened.provider_ref)
    one, two = await rig.provider.look(opened.provider_ref), await rig.provider.look(opened.provider_ref)
    assert one.event_id == two.event_id


async def test_looking_at_a_closed_way_to_pay_says_so(rig):
    opened = await rig.provider.open(order_of())
    rig.expired(opened.provider_ref)
    assert (await rig.provider.look(opened.provider_ref)).outcome is Outcome.EXPIRED


@pytest.mark.parametrize("ref", ["pi_nothing", "cs_nothing", "pay_nothing", "in_1"])
async def test_looking_at_what_is_not_there_finds_nothing(rig, ref):
    assert await rig.provider.look(ref) is None


async def test_a_lie_is_not_believed(rig):
    """A body that somebody wrote: its signature refutes it, or looking does."""
    opened = await rig.provider.open(order_of())
    headers, body = rig.paid(opened.provider_ref)
    forged = body.replace(b"RECEIVED", b"CONFIRMED").replace(b"12970", b"99999")
    assert forged != body
    if rig.provider.signed:
        with pytest.raises(SignatureInvalid):
            rig.provider.read(headers, forged, now())
    else:
        order = order_of()
        waiting = await rig.provider.open(order)
        claim = rig.world.event("PAYMENT_RECEIVED", waiting.provider_ref)
        claim["payment"]["status"] = "RECEIVED"
        believed = rig.told(rig.world.delivered(claim))
        assert believed.outcome is Outcome.PAID
        assert (await rig.provider.look(believed.provider_ref)).outcome is Outcome.PENDING


# Bad days.


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_failure_is_a_problem_that_says_to_try_again_and_trying_again_is_safe(rig, fault):
    order = order_of()
    customer = (await rig.provider.open(order_of(tenant_id=order.tenant_id))).customer_ref
    order = msgspec.structs.replace(order, customer_ref=customer)
    path = "POST /v1/checkout/sessions" if rig.provider.name == "stripe" else "POST /v3/payments"
    rig.faults.next(fault, path)
    with pytest.raises(ProviderUnavailable) as failed:
        await rig.provider.open(order)
    assert (failed.value.status, int(failed.value.headers["Retry-After"]) > 0) == (503, True)
    opened = await rig.provider.open(order)
    assert rig.ways(order) == 1
    assert rig.told(rig.paid(opened.provider_ref)).outcome is Outcome.PAID


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_refund_whose_answer_is_lost_is_not_made_twice(rig, fault):
    notice = await paid(rig, order_of())
    rig.faults.next(fault, "POST")
    with pytest.raises(ProviderUnavailable):
        await rig.provider.refund(notice.provider_ref, 1_000, "key")
    await rig.provider.refund(notice.provider_ref, 1_000, "key")
    assert rig.told(rig.refunded(notice.provider_ref)).refunded_cents == 1_000


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_failure_while_looking_says_to_try_again(rig, fault):
    opened = await rig.provider.open(order_of())
    rig.faults.next(fault)
    with pytest.raises(ProviderUnavailable):
        await rig.provider.look(opened.provider_ref)
    assert isinstance(await rig.provider.look(opened.provider_ref), Notice)


async def test_a_server_that_is_not_there_is_unavailable():
    settings = settings_of(asaas_url="http://127.0.0.1:1/v3")
    for name in ("stripe", "asaas"):
        made = provider(settings, name)
        if name == "stripe":
            made = type(made)(settings, address="http://127.0.0.1:1", timeout_s=0.5, retries=0)
        with pytest.raises(ProviderUnavailable):
            await made.open(order_of())
        await made.close()


async def test_wrong_credentials_name_the_setting_and_never_the_secret(rig, caplog):
    caplog.set_level(logging.DEBUG)
    wrong, named = {
        "stripe": ("sk_test_wrongwrongwrong", "ALQUIMISTA_STRIPE_SECRET_KEY"),
        "asaas": ("$aact_hmlg_wrongwrongwrong", "ALQUIMISTA_ASAAS_API_KEY"),
    }[rig.provider.name]
    stranger = rig.stranger(wrong)
    with pytest.raises(NotConfigured, match=named) as refused:
        await stranger.open(order_of())
    await stranger.close()
    assert refused.value.__cause__ is None  # Nothing that a traceback would show.
    assert refused.value.__context__ is None or refused.value.__suppress_context__
    assert wrong not in str(refused.value) + caplog.text


async def test_secrets_are_in_no_error_and_no_log(rig, caplog):
    caplog.set_level(logging.DEBUG)
    order = order_of(payer=msgspec.structs.replace(order_of().payer, document="nonsense"))
    try:
        opened = await rig.provider.open(order)
    except ProviderRefused as refused:
        said = str(refused)
    else:
        said = opened.checkout_url
        rig.told(rig.paid(opened.provider_ref))
    rig.faults.next("500", times=2)
    with pytest.raises(ProviderUnavailable) as failed:
        await rig.provider.open(order_of())
    with pytest.raises(SignatureInvalid) as forged:
        rig.provider.read({}, b"{}", datetime.now(UTC))
    text = said + str(failed.value) + str(forged.value) + repr(rig.provider) + caplog.text
    assert not [secret for secret in SECRETS if secret in text]

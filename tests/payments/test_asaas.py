"""What only Asaas has: local times, customers by law, Pix codes, and a webhook whose body proves nothing."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal

import msgspec
import pytest

from alquimista.clock import frozen, now
from alquimista.payments.gateway.asaas_events import cents, moment, reais
from alquimista.payments.models import NotConfigured, Outcome, ProviderRefused, ProviderUnavailable, SignatureInvalid
from support import fake_asaas
from support.paying import order_of


async def test_a_payment_comes_with_its_page_its_pix_code_and_its_boleto(asaas):
    order = order_of(due_on=date(2031, 5, 20))
    with frozen(datetime(2031, 5, 4, 12, tzinfo=UTC)):
        opened = await asaas.provider.open(order)
    assert opened.checkout_url.startswith("https://sandbox.asaas.com/i/")
    assert opened.boleto_url.startswith("https://sandbox.asaas.com/b/pdf/")
    assert opened.pix_code.startswith("000201")
    assert opened.expires_at == datetime(2032, 5, 21, 2, 59, 59, tzinfo=UTC)
    made = asaas.world.payments[opened.provider_ref]
    assert (made["value"], made["dueDate"], made["billingType"]) == (Decimal("129.70"), "2031-05-20", "UNDEFINED")
    assert made["externalReference"] == f"{order.tenant_id}:{order.charge_id}"


async def test_a_due_date_that_has_passed_becomes_today_in_brasilia(asaas):
    order = order_of(due_on=date(2031, 5, 1))
    with frozen(datetime(2031, 5, 5, 1, tzinfo=UTC)):  # The fourth, at ten in the evening, there.
        opened = await asaas.provider.open(order)
    assert asaas.world.payments[opened.provider_ref]["dueDate"] == "2031-05-04"


async def test_an_account_without_pix_still_gives_a_page(asaas):
    asaas.world.pix = False
    opened = await asaas.provider.open(order_of())
    assert (opened.pix_code, opened.expires_at) == (None, None)


async def test_a_tenant_is_one_customer_whose_data_follow_ours(asaas):
    order = order_of()
    await asaas.provider.open(order)
    renamed = msgspec.structs.replace(order.payer, name="Clínica Aurora S.A.")
    await asaas.provider.open(order_of(tenant_id=order.tenant_id, payer=renamed))
    (customer,) = asaas.world.customers.values()
    assert (customer["name"], customer["cpfCnpj"]) == ("Clínica Aurora S.A.", "12ABC34501DE35")
    assert customer["notificationDisabled"] is True


async def test_what_asaas_does_not_accept_is_told_in_its_words_without_the_key(asaas):
    with pytest.raises(ProviderRefused, match="CPF/CNPJ informado é inválido") as refused:
        await asaas.provider.open(order_of(payer=msgspec.structs.replace(order_of().payer, document="1")))
    assert fake_asaas.KEY not in str(refused.value)
    with pytest.raises(ProviderRefused, match=r"R\$ 5,00"):
        await asaas.provider.open(order_of(lines=(_line(499),), amount_cents=499))
    with pytest.raises(ProviderRefused, match="currency"):
        await asaas.provider.open(order_of(currency="USD"))


def _line(amount):
    return msgspec.structs.replace(order_of().lines[0], amount_cents=amount)


@pytest.mark.parametrize(
    ("kind", "status", "outcome"),
    [
        ("PAYMENT_CREATED", "PENDING", Outcome.PENDING),
        ("PAYMENT_OVERDUE", "OVERDUE", Outcome.PENDING),  # It can still be paid.
        ("PAYMENT_CONFIRMED", "CONFIRMED", Outcome.PAID),
        ("PAYMENT_RECEIVED", "RECEIVED", Outcome.PAID),
        ("PAYMENT_RECEIVED", "RECEIVED_IN_CASH", Outcome.PAID),
        ("PAYMENT_REPROVED_BY_RISK_ANALYSIS", "PENDING", Outcome.FAILED),
        ("PAYMENT_CREDIT_CARD_CAPTURE_REFUSED", "PENDING", Outcome.FAILED),
        ("PAYMENT_REFUND_IN_PROGRESS", "REFUND_IN_PROGRESS", None),
        ("PAYMENT_CHARGEBACK_REQUESTED", "CHARGEBACK_REQUESTED", None),
        ("PAYMENT_RECEIVED_IN_CASH_UNDONE", "PENDING", None),
        ("PAYMENT_BANK_SLIP_VIEWED", "PENDING", None),
        ("PAYMENT_OF_THE_FUTURE", "PENDING", None),
    ],
)
async def test_each_event_has_its_meaning(asaas, kind, status, outcome):
    order = order_of()
    opened = await asaas.provider.open(order)
    notice = asaas.told(asaas.world.delivered(asaas.world.becomes(opened.provider_ref, status, kind)))
    assert (notice.kind, notice.outcome, notice.charge_id) == (kind, outcome, order.charge_id)


async def test_an_overdue_payment_is_handed_out_again(asaas):
    order = order_of()
    opened = await asaas.provider.open(order)
    asaas.world.becomes(opened.provider_ref, "OVERDUE", "PAYMENT_OVERDUE")
    assert (await asaas.provider.open(order)).provider_ref == opened.provider_ref


async def test_events_about_other_things_and_other_payments_are_kept(asaas):
    other = asaas.told(asaas.world.delivered({"id": "evt_1", "event": "TRANSFER_DONE", "transfer": {"id": "t"}}))
    assert (other.outcome, other.charge_id) == (None, None)
    opened = await asaas.provider.open(order_of())
    for external in (None, "", "pedido 42", "7:8"):
        asaas.world.payments[opened.provider_ref]["externalReference"] = external
        assert asaas.told(asaas.paid(opened.provider_ref)).outcome is None


@pytest.mark.parametrize("payment", [{"id": "pay_1"}, {"id": "pay_1", "value": 1.005, "status": "RECEIVED"}, [], None])
def test_a_shape_that_we_do_not_know_is_kept(asaas, payment):
    notice = asaas.told(asaas.world.delivered({"id": "evt_1", "event": "PAYMENT_RECEIVED", "payment": payment}))
    assert (notice.outcome, notice.reason) == (None, "unknown shape")
    assert notice.provider_ref == ("pay_1" if payment else None)


def test_an_event_without_an_id_is_named_by_its_body(asaas):
    webhook = asaas.world.delivered({"event": "PAYMENT_CREATED", "payment": {"id": "pay_1"}})
    assert asaas.told(webhook).event_id == asaas.told(webhook).event_id
    assert asaas.told(webhook).event_id.startswith("sha256:")


@pytest.mark.parametrize("token", ["", "wrong", fake_asaas.TOKEN[:-1], fake_asaas.TOKEN + "x", "ção"])
async def test_only_the_whole_token_is_accepted(asaas, token):
    opened = await asaas.provider.open(order_of())
    webhook = asaas.world.delivered(asaas.world.pay(opened.provider_ref), token=token)
    with pytest.raises(SignatureInvalid, match="ALQUIMISTA_ASAAS_WEBHOOK_TOKEN"):
        asaas.told(webhook)


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b'{"id": "evt"}', b"\xff"])
def test_a_body_that_is_no_event_is_refused(asaas, body):
    with pytest.raises(SignatureInvalid):
        asaas.provider.read({"Asaas-Access-Token": fake_asaas.TOKEN}, body, now())


async def test_a_payment_in_another_hand_is_not_taken_for_ours(asaas, monkeypatch):
    """Were the filter dropped, the list would hold other tenants' payments."""
    await asaas.provider.open(order_of())
    monkeypatch.setattr(fake_asaas, "_fits", lambda one, request: "customers" not in request.url.path)
    order = order_of()
    opened = await asaas.provider.open(order)
    assert asaas.world.payments[opened.provider_ref]["externalReference"].endswith(str(order.charge_id))


async def test_a_refusal_of_our_address_or_key_names_the_settings(asaas):
    stranger = asaas.stranger("$aact_hmlg_other")
    with pytest.raises(NotConfigured, match="ALQUIMISTA_ASAAS_URL"):
        await stranger.look("pay_1")
    await stranger.close()


async def test_an_answer_that_is_not_understood_is_unavailable(asaas):
    opened = await asaas.provider.open(order_of())
    asaas.world.payments[opened.provider_ref]["value"] = Decimal("1.005")
    with pytest.raises(ProviderUnavailable):
        await asaas.provider.look(opened.provider_ref)


@pytest.mark.parametrize(
    ("local", "utc"),
    [
        ("2024-11-06 18:59:27", datetime(2024, 11, 6, 21, 59, 27, tzinfo=UTC)),
        ("2018-12-01 12:00:00", datetime(2018, 12, 1, 14, 0, tzinfo=UTC)),  # There was daylight saving time.
        ("2024-11-06", datetime(2024, 11, 7, 2, 59, 59, tzinfo=UTC)),
        ("2024-11-06T18:59:27Z", datetime(2024, 11, 6, 18, 59, 27, tzinfo=UTC)),
        ("06/11/2024", None),
        ("", None),
        (None, None),
    ],
)
def test_times_are_those_of_brasilia(local, utc):
    assert moment(local) == utc


def test_every_amount_of_cents_is_a_number_of_reais_and_back():
    encoder = msgspec.json.Encoder(decimal_format="number")
    for amount in [*range(1, 3_000), 8_970, 99_999_999, 10**12]:
        sent = encoder.encode(reais(amount))
        assert cents(msgspec.json.decode(sent, type=Decimal)) == amount
        assert json.loads(sent, parse_float=Decimal) * 100 == amount

"""The Pix code: against codes that others published, and read back by a parser that shares nothing with its maker."""

import binascii
import re
import string
from datetime import UTC, datetime
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alquimista.config import Settings
from alquimista.payments.gateway.brcode import br_code, charge_of, crc16, plain, txid_of
from alquimista.payments.gateway.manual import Manual
from support.paying import order_of, settings_of

KEY = "123e4567-e12b-12d1-a456-426655440000"
PUBLISHED = (
    # Banco Central do Brasil, "Manual de Padrões para Iniciação do Pix", the static code's example.
    f"00020126580014br.gov.bcb.pix0136{KEY}5204000053039865802BR5913Fulano de Tal6008BRASILIA62070503***63041D3D",
    # QI Tech's documentation of its decoder.
    (
        "00020126580014br.gov.bcb.pix0136a23bf0e9-5175-4829-bf89-e8fe6ac09aa1520400005303986540530.005802BR"
        "5914TywinLannister6008saopaulo62070503***6304D4FD"
    ),
    # The page of PixPayloadGen on PyPI.
    (
        "00020126330014BR.GOV.BCB.PIX011197212482404520400005303986540530.005802BR5918Victor Julio Rocha6006RECIFE"
        "62110507VIPSURF630425A1"
    ),
)
# A receiver's texts, of the letters that people have, and of what they paste.
TEXTS = st.text(
    st.sampled_from(string.ascii_letters + string.digits + " &.-áÀçÇãõÉüñ™\u00a0\n"), min_size=1, max_size=60
)


def fields(code):
    """Id, length and value, again and again: written from EMVCo's text, not from our code."""
    found = {}
    while code:
        head = re.match(r"(\d\d)(\d\d)", code)
        assert head is not None, code
        length = int(head[2])
        value, code = code[4 : 4 + length], code[4 + length :]
        assert len(value) == length
        assert head[1] not in found
        found[head[1]] = value
    return found


def checked(code):
    """The fields of a code whose check value is right, computed by the standard library."""
    assert code[-8:-4] == "6304"
    assert code[-4:] == f"{binascii.crc_hqx(code[:-4].encode('ascii'), 0xFFFF):04X}"
    return fields(code)


@pytest.mark.parametrize("code", PUBLISHED)
def test_published_codes_have_the_check_value_that_we_compute(code):
    assert f"{crc16(code[:-4].encode()):04X}" == code[-4:]
    assert checked(code)["00"] == "01"


def test_the_check_value_of_the_catalogue_of_crcs():
    assert crc16(b"123456789") == 0x29B1


def test_a_code_is_to_the_letter_what_another_maker_published():
    ours = br_code("a23bf0e9-5175-4829-bf89-e8fe6ac09aa1", "TywinLannister", "saopaulo", 3_000, "***")
    assert ours == PUBLISHED[1]


@given(
    TEXTS.filter(lambda text: plain(text).strip()),
    TEXTS.filter(lambda text: plain(text)[:15].strip()),
    st.integers(1, 10**12 - 1),
    st.uuids(),
    st.text(max_size=120),
)
def test_what_is_written_can_be_read(name, city, cents, charge, text):
    if not plain(name)[:25].strip():
        return
    code = br_code(KEY, name, city, cents, txid_of(charge), text)
    assert code.isascii()
    assert code.isprintable()
    read = checked(code)
    account = fields(read["26"])
    assert (account["00"], account["01"]) == ("br.gov.bcb.pix", KEY)
    assert (read["52"], read["53"], read["58"]) == ("0000", "986", "BR")
    reais, point, rest = read["54"].partition(".")
    assert (int(reais) * 100 + int(rest), point, len(rest)) == (cents, ".", 2)
    assert 1 <= len(read["59"]) <= 25
    assert 1 <= len(read["60"]) <= 15
    txid = fields(read["62"])["05"]
    assert re.fullmatch(r"[A-Z0-9]{25}", txid)
    assert charge_of(txid) == charge


@given(st.uuids())
def test_a_statement_leads_back_to_the_charge(charge):
    assert charge_of(txid_of(charge)) == charge


def test_the_largest_id_fits():
    assert len(txid_of(UUID(int=2**128 - 1))) == 25


def test_accents_are_taken_off_and_long_names_are_cut():
    read = checked(br_code(KEY, "Associação Beneficente São João Ltda", "São José dos Campos", 100, "A1"))
    assert (read["59"], read["60"]) == ("Associacao Beneficente Sa", "Sao Jose dos Ca")


@pytest.mark.parametrize(
    ("name", "city", "cents", "txid"),
    [
        ("Nome", "Cidade", 0, "A"),
        ("Nome", "Cidade", 10**12, "A"),
        ("Nome", "Cidade", 1, "A" * 26),
        ("Nome", "Cidade", 1, ""),
        ("Nome", "Cidade", 1, "A-1"),
        ("名", "Cidade", 1, "A"),
        ("Nome", "名", 1, "A"),
    ],
)
def test_what_does_not_fit_is_refused(name, city, cents, txid):
    with pytest.raises(ValueError, match=r"BR Code|txid"):
        br_code(KEY, name, city, cents, txid)


async def test_an_invoice_paid_by_hand_carries_its_code():
    order = order_of()
    opened = await Manual(settings_of(public_url="https://app.example")).open(order)
    assert opened.checkout_url == f"https://app.example/billing/pay/{order.charge_id}"
    read = checked(opened.pix_code)
    assert (read["54"], read["59"], read["60"]) == ("129.70", "Alquimista Tecnologia", "Sao Paulo")
    assert fields(read["26"])["02"] == order.reference
    assert charge_of(fields(read["62"])["05"]) == order.charge_id
    last_second = datetime(order.due_on.year, 2, 5, 2, 59, 59, tzinfo=UTC)
    due = order.due_on.replace(month=1)
    assert (await Manual(settings_of()).open(msgspec.structs.replace(order, due_on=due))).expires_at == last_second


async def test_without_a_key_or_in_another_currency_there_is_no_code():
    assert (await Manual(Settings(secret_key="x" * 40)).open(order_of())).pix_code is None
    assert (await Manual(settings_of()).open(order_of(currency="USD"))).pix_code is None


async def test_nothing_is_known_or_done_outside():
    manual = Manual(settings_of())
    assert await manual.look("x") is None
    await manual.refund("x", 100, "key")
    await manual.close()

"""How people in Brazil write a phone number, and the one way in which it is stored."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alquimista.commercial.models import clean_whatsapp
from alquimista.errors import Invalid


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("(11) 98765-4321", "+5511987654321"),
        ("11 98765 4321", "+5511987654321"),
        ("11987654321", "+5511987654321"),
        ("011 98765-4321", "+5511987654321"),
        ("0 15 11 98765-4321", "+5511987654321"),
        ("55 11 98765-4321", "+5511987654321"),
        ("+55 (11) 98765-4321", "+5511987654321"),
        ("+55 11 98765‑4321", "+5511987654321"),
        ("+55\u00a011\u00a098765.4321", "+5511987654321"),
        ("005511987654321", "+5511987654321"),
        ("0055 51 98765-4321", "+5551987654321"),
        ("(55) 99123-4567", "+5555991234567"),  # Santa Maria: its area code is the country's.
        ("(11) 3456-7890", "+551134567890"),
        ("+351 912 345 678", "+351912345678"),
        ("+1 650 253 0000", "+16502530000"),
    ],
)
def test_a_number_is_read_as_people_write_it(written, stored):
    assert clean_whatsapp(written) == stored
    assert clean_whatsapp(stored) == stored


@pytest.mark.parametrize("written", ["190", "98765-4321", "0800 123", "+683 4000", "١١٩٨٧٦٥٤٣٢١", "+55+11987654321"])
def test_what_nobody_can_be_called_by_is_refused(written):
    with pytest.raises(Invalid):
        clean_whatsapp(written)


@given(st.text(alphabet="0123456789+-() .x;=\t５", max_size=45) | st.text(max_size=45))
def test_whatever_is_accepted_can_be_stored(written):
    try:
        stored = clean_whatsapp(written)
    except Invalid:
        return
    assert re.fullmatch(r"\+[1-9][0-9]{7,14}", stored)

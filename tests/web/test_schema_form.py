"""Forms made from a schema: which inputs a field has, and what is made of what was typed."""

from datetime import date
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import msgspec
import pytest
from msgspec import Meta

from alquimista.errors import Invalid
from alquimista.operations.models.kinds import KINDS
from alquimista.web import schema_form
from alquimista.web.schema_form import InputKind


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Sample(msgspec.Struct, forbid_unknown_fields=True):
    agent_id: UUID
    colour: Annotated[Colour, Meta(title="Colour", extra_json_schema={"x-labels": {"red": "Red as blood"}})]
    name: Annotated[str, Meta(min_length=2, max_length=10, description="How it is called.")]
    day: date | None = None
    loud: bool = False
    words: Annotated[list[Annotated[str, Meta(max_length=3)]], Meta(max_length=2)] = []
    count: Annotated[int, Meta(ge=1, le=9)] = 3


GOOD = {"agent_id": "01890a5d-ac96-774b-bcce-b302099a8057", "colour": "red", "name": "Ana"}


def test_each_field_has_an_input_of_its_kind_with_its_bounds_and_words():
    found = {one.name: one for one in schema_form.inputs(Sample)}
    assert [one.kind for one in found.values()] == [
        InputKind.ID, InputKind.CHOICE, InputKind.TEXT, InputKind.DATE, InputKind.TICK, InputKind.LINES,
        InputKind.NUMBER,
    ]  # fmt: skip
    assert [name for name, one in found.items() if one.required] == ["agent_id", "colour", "name"]
    assert str(found["colour"].label) == "Colour"
    assert [(value, str(label)) for value, label in found["colour"].options] == [
        ("", "Choose…"), ("blue", "blue"), ("red", "Red as blood"),
    ]  # fmt: skip
    assert (found["name"].least, found["name"].most, str(found["name"].hint)) == (2, 10, "How it is called.")
    assert (found["count"].least, found["count"].most, found["count"].initial) == (1, 9, "3")
    assert str(found["agent_id"].label) == "Agent id"


def test_an_id_may_be_a_choice_among_what_there_is():
    offered = schema_form.chosen(schema_form.inputs(Sample), {"agent_id": [("1", "Agenda")]})
    assert (offered[0].kind, [value for value, _ in offered[0].options]) == (InputKind.CHOICE, ["", "1"])


def test_what_was_typed_becomes_the_shape():
    typed = {**GOOD, "day": "2026-03-01", "loud": "yes", "words": " a \r\n\r\n b", "count": "7"}
    assert schema_form.read(Sample, typed) == Sample(
        UUID(GOOD["agent_id"]), Colour.RED, "Ana", date(2026, 3, 1), loud=True, words=["a", "b"], count=7
    )
    assert schema_form.read(Sample, GOOD) == Sample(UUID(GOOD["agent_id"]), Colour.RED, "Ana")


@pytest.mark.parametrize(
    ("typed", "fields"),
    [
        ({}, ["agent_id", "colour", "name"]),
        ({**GOOD, "agent_id": "x", "colour": "green", "name": "A"}, ["agent_id", "colour", "name"]),
        ({**GOOD, "count": "1e3"}, ["count"]),
        ({**GOOD, "count": "99999999999999999999999"}, ["count"]),
        ({**GOOD, "words": "toolong"}, ["words"]),
        ({**GOOD, "words": "a\nb\nc"}, ["words"]),
        ({**GOOD, "day": "01/03/2026"}, ["day"]),
    ],
)
def test_what_does_not_fit_is_refused_at_its_field(typed, fields):
    with pytest.raises(Invalid) as refused:
        schema_form.read(Sample, typed)
    assert [one.field for one in refused.value.errors] == fields


def test_a_refusal_of_a_part_stands_at_the_whole_field():
    refused = schema_form.at_fields(Invalid.of("parameters.ids", schema_form.N_("Choose…")))
    assert [one.field for one in refused.errors] == ["ids"]


@pytest.mark.parametrize("kind", KINDS.values(), ids=str)
def test_every_command_has_words_for_its_parameters(kind):
    for one in schema_form.inputs(kind.parameters):
        assert one.hint is not None
        assert "_" not in str(one.label)
        assert all("_" not in str(label) for _, label in one.options)
    assert str(kind.example)

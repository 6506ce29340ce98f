"""Settings of an agent: each kind within its bounds, defaults that hold, and what a new version leaves of them."""

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alquimista.agents.models.definitions import EXAMPLE, Definition
from alquimista.agents.models.settings import (
    BooleanSetting,
    ChoiceSetting,
    NumberSetting,
    Option,
    TextSetting,
    check,
    in_force,
)
from alquimista.catalogue import files
from alquimista.errors import Invalid

TEXT = TextSetting(name="assinatura", label="Assinatura", default="Equipe", min_length=2, max_length=10)
NUMBER = NumberSetting(name="parcelas", label="Parcelas", minimum=1, maximum=12, default=3, whole=True)
SHARE = NumberSetting(name="desconto", label="Desconto", minimum=0, maximum=0.5, default=0)
CHOICE = ChoiceSetting(
    name="tom", label="Tom", default="cordial", options=(Option("formal", "Formal"), Option("cordial", "Cordial"))
)
SWITCH = BooleanSetting(name="lembrete", label="Lembrete", default=True)
ALL = (TEXT, NUMBER, SHARE, CHOICE, SWITCH)


def wrong(values):
    with pytest.raises(Invalid) as refused:
        check(ALL, values)
    return {error.field for error in refused.value.errors}


def test_what_fits_is_taken_and_nothing_need_be_set():
    check(ALL, {})
    check(ALL, {"assinatura": "Aurora", "parcelas": 12, "desconto": 0.25, "tom": "formal", "lembrete": False})
    check(ALL, {"parcelas": 4.0})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("assinatura", "x"),
        ("assinatura", "x" * 11),
        ("assinatura", "a\x00bc"),
        ("assinatura", "a\u202ebc"),
        ("assinatura", 12),
        ("parcelas", 0),
        ("parcelas", 13),
        ("parcelas", 2.5),
        ("parcelas", "3"),
        ("parcelas", True),
        ("parcelas", float("nan")),
        pytest.param("desconto", 10**400, id="more than a float holds"),
        ("desconto", float("inf")),
        ("tom", "rude"),
        ("tom", True),
        ("lembrete", 1),
        ("lembrete", "true"),
        ("unknown", "x"),
    ],
)
def test_what_does_not_fit_is_named(name, value):
    assert wrong({name: value}) == {f"config.{name}"}


def test_every_mistake_is_named_at_once():
    assert wrong({"assinatura": "x", "parcelas": 0, "zzz": 1}) == {
        "config.assinatura",
        "config.parcelas",
        "config.zzz",
    }


@given(
    st.dictionaries(
        st.sampled_from([one.name for one in ALL] + ["former"]),
        st.one_of(st.text(max_size=12), st.integers(), st.booleans(), st.floats()),
    )
)
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_whatever_was_stored_the_agent_goes_by_values_that_its_rules_take(stored):
    values = in_force(ALL, stored)
    assert set(values) == {one.name for one in ALL}
    check(ALL, values)
    for one in ALL:
        if one.name in stored and one.mistake(stored[one.name]) is None:
            assert values[one.name] == stored[one.name]


@pytest.mark.parametrize(
    "raw",
    [
        {"type": "text", "name": "a", "label": "A", "default": "x" * 6, "max_length": 5},
        {"type": "text", "name": "api-key", "label": "A"},
        {"type": "text", "name": "senha", "label": "A"},
        {"type": "number", "name": "a", "label": "A", "minimum": 2, "maximum": 1, "default": 1},
        {"type": "number", "name": "a", "label": "A", "minimum": 0, "maximum": 1},
        {"type": "choice", "name": "a", "label": "A", "default": "x", "options": []},
        {"type": "choice", "name": "a", "label": "A", "default": "x", "options": [{"value": "y", "label": "Y"}]},
        {"type": "choice", "name": "a", "label": "A", "default": "y", "options": [{"value": "y", "label": "Y"}] * 2},
        {"type": "boolean", "name": "a", "label": "A", "default": "yes"},
        {"type": "colour", "name": "a", "label": "A", "default": "red"},
        {"type": "boolean", "name": "a", "label": "A", "default": True, "more": 1},
    ],
)
def test_rules_with_settings_that_cannot_hold_are_refused(raw):
    rules = msgspec.to_builtins(EXAMPLE)
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(rules | {"configuration": [raw]}, Definition)


def test_a_setting_stands_once():
    rules = msgspec.to_builtins(EXAMPLE)
    with pytest.raises(msgspec.ValidationError, match="twice"):
        msgspec.convert(rules | {"configuration": rules["configuration"] * 2}, Definition)


def test_rules_from_before_there_were_settings_are_read_and_shipped_ones_come_back_as_they_were():
    rules = msgspec.to_builtins(EXAMPLE)
    del rules["configuration"]
    assert msgspec.convert(rules, Definition).configuration == ()
    shipped = [sheet.definition for sheet in files.read().agents]
    assert sum(bool(one.configuration) for one in shipped) >= 4
    for one in shipped:
        assert msgspec.json.decode(msgspec.json.encode(one), type=Definition) == one

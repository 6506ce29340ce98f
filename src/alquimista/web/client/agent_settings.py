"""The form of an agent's settings, drawn from the agent's own schema, and what is read from it.

A field is called as the refusals of the agents room call it: `config.assinatura`.
"""

import re
from collections.abc import Sequence
from typing import Final

from alquimista.agents.models.agents import Configuration
from alquimista.agents.models.settings import BooleanSetting, NumberSetting, Setting, TextSetting, Value
from alquimista.web.staff.trees import Sent

_NUMBER: Final = re.compile(r"-?[0-9]{1,12}(?:[.,][0-9]{1,6})?")
_LONG: Final = 120  # Characters; a longer text gets several lines.


def field(one: Setting) -> str:
    """What a setting's field is called."""
    return f"config.{one.name}"


def filled(configuration: Configuration, locale: str) -> dict[str, str]:
    """The form's values: what is in force."""
    return {field(one): shown(configuration.in_force[one.name], locale) for one in configuration.settings}


def shown(value: Value, locale: str) -> str:
    """A value as its field has it; a number as the reader writes it."""
    if isinstance(value, bool):
        return "true" if value else ""
    if isinstance(value, str):
        return value
    text = str(int(value)) if value == int(value) else f"{value:.6f}".rstrip("0")
    return text.replace(".", ",") if locale == "pt-BR" else text


def read(sent: Sent, settings: Sequence[Setting]) -> dict[str, Value]:
    """Everything that is not as the agent's defaults. What is no number stays a text, which the room refuses."""
    values = {one.name: _value(sent, one) for one in settings}
    return {one.name: values[one.name] for one in settings if values[one.name] != one.default}


def kind_of(one: Setting) -> str:
    """Which input a setting gets."""
    if isinstance(one, TextSetting):
        return "area" if one.max_length > _LONG else "text"
    if isinstance(one, NumberSetting):
        return "number"
    return "tick" if isinstance(one, BooleanSetting) else "pick"


def _value(sent: Sent, one: Setting) -> Value:
    text = sent.text(field(one))
    if isinstance(one, BooleanSetting):
        return text == "true"
    if isinstance(one, NumberSetting) and _NUMBER.fullmatch(text):
        number = float(text.replace(",", "."))
        return int(number) if number == int(number) else number
    return text

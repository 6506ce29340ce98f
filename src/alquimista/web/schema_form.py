"""Forms made from a JSON schema: the inputs of its fields, and what was typed into them as values of the schema.

Of what JSON Schema knows it takes what parameters use: texts, ids, whole numbers, choices, boxes to tick, days, and
lists of texts, with their bounds, titles, descriptions and defaults. `x-labels` says what the values of a choice are
called. All of these words are English, and marked for translation where the schema is written.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from typing import Any, Final

import msgspec

from alquimista.errors import Invalid
from alquimista.http.explain import explain
from alquimista.i18n import N_, Text

Options = Sequence[tuple[str, Text | str]]  # What a choice is among: values, and what each is called.
_WHOLE: Final = re.compile(r"-?[0-9]{1,18}")
_PLACE: Final = re.compile(r"^(?:parameters\.)?(\w+)(?:[.\[].*)?$")
_CHOOSE: Final = N_("Choose…")


class InputKind(StrEnum):
    """How a field is typed."""

    TEXT = "text"
    ID = "id"
    NUMBER = "number"
    DATE = "date"
    CHOICE = "choice"
    TICK = "tick"
    LINES = "lines"  # A list of texts, one a line.


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """One field of a form. `initial` is its default as it is typed; bounds are of a number or of a text's length."""

    name: str
    kind: InputKind
    label: Text
    hint: Text | None
    required: bool
    initial: str = ""
    least: int | None = None
    most: int | None = None
    options: Options = ()


@cache
def inputs(shape: type[msgspec.Struct]) -> tuple[Input, ...]:
    """The inputs of a Struct's fields, in their order."""
    schema = msgspec.json.schema(shape)
    whole = _resolved(schema, schema)
    return tuple(
        _input(name, _resolved(part, schema), required=name in whole["required"])
        for name, part in whole["properties"].items()
    )


def chosen(found: Sequence[Input], choices: Mapping[str, Options]) -> tuple[Input, ...]:
    """The inputs, with those that `choices` names as choices among what it says."""
    return tuple(_among(one, choices[one.name]) if one.name in choices else one for one in found)


def initial(found: Sequence[Input]) -> dict[str, str]:
    """What an untouched form holds."""
    return {one.name: one.initial for one in found}


def read(shape: type[msgspec.Struct], values: Mapping[str, str]) -> Any:  # noqa: ANN401 - The Struct of any form.
    """What was typed, in the shape.

    Raises:
        Invalid: some of it does not fit; each error is of its field.
    """
    typed = {one.name: value for one in inputs(shape) if (value := _typed(one, values.get(one.name, ""))) is not None}
    try:
        return msgspec.convert(typed, shape)
    except msgspec.ValidationError as error:
        raise at_fields(Invalid(errors=explain(typed, shape, str(error)))) from None


def written(value: object) -> str:
    """A value of a schema as it is typed into its input."""
    if isinstance(value, bool):
        return "yes" if value else ""
    return "\n".join(map(str, value)) if isinstance(value, list) else str(value)


def at_fields(problem: Invalid) -> Invalid:
    """The refusal with errors of the form's fields, whatever part of them they are about."""
    named = ((_PLACE.match(one.field), one) for one in problem.errors)
    return Invalid(errors=tuple(msgspec.structs.replace(one, field=place[1]) if place else one for place, one in named))


def _resolved(part: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """A part of the schema with what it refers to; its own words come first. What may be null is as what it else is."""
    others = [one for one in part.get("anyOf", ()) if one.get("type") != "null"]
    if len(others) == 1:
        part = {**others[0], **part}
    reference = str(part.get("$ref", "")).rpartition("/")[2]
    return {**schema["$defs"][reference], **part} if reference else dict(part)


def _input(name: str, part: Mapping[str, Any], *, required: bool) -> Input:
    kind = _kind(part)
    bounds = ("minimum", "maximum") if kind is InputKind.NUMBER else ("minLength", "maxLength")
    labels = part.get("x-labels", {})
    made = Input(
        name=name,
        kind=kind,
        label=Text(part.get("title") or name.replace("_", " ").capitalize()),
        hint=Text(part["description"]) if part.get("description") else None,
        required=required,
        initial=written(part.get("default", "")),
        least=part.get(bounds[0]),
        most=part.get(bounds[1]),
    )
    if kind is not InputKind.CHOICE:
        return made
    return _among(made, [(str(one), Text(labels.get(one, str(one)))) for one in part["enum"]])


def _kind(part: Mapping[str, Any]) -> InputKind:
    if "enum" in part:
        return InputKind.CHOICE
    if part.get("type") == "string":
        return {"uuid": InputKind.ID, "date": InputKind.DATE}.get(part.get("format", ""), InputKind.TEXT)
    return {"integer": InputKind.NUMBER, "boolean": InputKind.TICK, "array": InputKind.LINES}[part["type"]]


def _among(one: Input, options: Options) -> Input:
    first: Options = () if one.initial else [("", _CHOOSE)]
    return replace(one, kind=InputKind.CHOICE, least=None, most=None, options=(*first, *options))


def _typed(one: Input, text: str) -> Any:  # noqa: ANN401 - A value of any schema.
    """What a field's text says, or None when nothing was typed. What does not fit stays a text, which is refused."""
    text = text.strip()
    match one.kind:
        case InputKind.TICK:
            return bool(text)
        case InputKind.LINES:
            return [line.strip() for line in text.splitlines() if line.strip()] or None
        case InputKind.NUMBER if _WHOLE.fullmatch(text):
            return int(text)
        case _:
            return text or None

"""Why a value does not fit its shape: every wrong field with its JSON path, the reason and how to mend it.

msgspec stops at the first mistake, which is right for speed. This module runs only after it has refused a value, and
walks the shape field by field to name all mistakes at once. Its messages are matched as msgspec 0.22 writes them.
"""

import enum
import re
from collections.abc import Callable, Iterator
from types import UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

import msgspec

from alquimista.errors import FieldError
from alquimista.i18n import N_, Text

MAX_ERRORS: Final = 20
INT64: Final = range(-(2**63), 2**63)
_NAMES: Final = {
    "int": N_("a whole number"),
    "float": N_("a number"),
    "str": N_("a text"),
    "bool": N_("true or false"),
    "null": N_("null"),
    "array": N_("a list"),
    "object": N_("an object"),
    "uuid": N_("a UUID"),
    "datetime": N_("a date and time"),
    "date": N_("a date"),
    "bytes": N_("bytes in base64"),
    "decimal": N_("a decimal number"),
}
_PATTERNS: Final[list[tuple[re.Pattern[str], Callable[[re.Match[str]], tuple[Text, str]]]]] = [
    (re.compile(r"Object missing required field `(.+)`"), lambda _: (N_("This field is required."), "required")),
    (re.compile(r"Object contains unknown field `(.+)`"), lambda _: (N_("Unknown field: remove it."), "unknown")),
    (
        re.compile(r"Expected `str` of length >= (\d+)"),
        lambda m: (N_("Write at least {n} characters.", n=m[1]), "too_short"),
    ),
    (
        re.compile(r"Expected `str` of length <= (\d+)"),
        lambda m: (N_("Write at most {n} characters.", n=m[1]), "too_long"),
    ),
    (re.compile(r"Expected `array` of length >= (\d+)"), lambda m: (N_("Give at least {n} items.", n=m[1]), "too_few")),
    (re.compile(r"Expected `array` of length <= (\d+)"), lambda m: (N_("Give at most {n} items.", n=m[1]), "too_many")),
    (
        re.compile(r"Expected `object` of length >= (\d+)"),
        lambda m: (N_("Give at least {n} items.", n=m[1]), "too_few"),
    ),
    (
        re.compile(r"Expected `object` of length <= (\d+)"),
        lambda m: (N_("Give at most {n} items.", n=m[1]), "too_many"),
    ),
    (
        re.compile(r"Expected `str` matching regex"),
        lambda _: (N_("The text does not have the expected form."), "pattern"),
    ),
    (re.compile(r"Expected `\w+` >= (\S+)"), lambda m: (N_("Give {n} or more.", n=m[1]), "too_small")),
    (re.compile(r"Expected `\w+` <= (\S+)"), lambda m: (N_("Give {n} or less.", n=m[1]), "too_large")),
    (re.compile(r"Expected `\w+` > (\S+)"), lambda m: (N_("Give more than {n}.", n=m[1]), "too_small")),
    (re.compile(r"Expected `\w+` < (\S+)"), lambda m: (N_("Give less than {n}.", n=m[1]), "too_large")),
    (re.compile(r"Invalid value '"), lambda _: (N_("There is no such choice."), "choice")),
    (re.compile(r"multiple of (\S+)"), lambda m: (N_("Give a multiple of {n}.", n=m[1]), "multiple")),
    (re.compile(r"Invalid UUID"), lambda _: (N_("Give a UUID, such as 01890a5d-ac96-774b-bcce-b302099a8057."), "uuid")),
    (
        re.compile(r"Invalid RFC3339 encoded datetime|with a timezone component|Timestamp is out of range"),
        lambda _: (N_("Give a date and time with its offset, such as 2026-03-01T09:30:00Z."), "datetime"),
    ),
    (re.compile(r"Invalid RFC3339 encoded date"), lambda _: (N_("Give a date, such as 2026-03-01."), "date")),
    (re.compile(r"Invalid base64"), lambda _: (N_("Give bytes in base64."), "base64")),
    (re.compile(r"out of range"), lambda _: (N_("The number is too large or too small."), "range")),
    (re.compile(r"Expected `([\w |]+)`"), lambda m: (N_("Give {kinds}.", kinds=_kinds(m[1])), "type")),
]


def _kinds(names: str) -> Text:
    kinds = [_NAMES.get(name, Text(name.replace("{", "").replace("}", ""))) for name in names.split(" | ")]
    text = kinds[0]
    for kind in kinds[1:]:
        text = N_("{one} or {other}", one=text, other=kind)
    return text


def explain(value: object, shape: Any, refusal: str, *, strict: bool = True) -> tuple[FieldError, ...]:  # noqa: ANN401 - A type form.
    """Every mistake of a value that msgspec refused with the message `refusal`: at least one, at most MAX_ERRORS.

    `strict=False` reads texts as numbers.
    """
    found: list[FieldError] = []
    for error in _mistakes(value, shape, "", strict=strict):
        found.append(error)
        if len(found) == MAX_ERRORS:
            break
    return tuple(found) or (_translated(refusal, shape, ""),)


def _mistakes(value: object, shape: Any, path: str, *, strict: bool) -> Iterator[FieldError]:  # noqa: ANN401 - As above.
    """The mistakes of the parts first; when every part is right by itself, those of the whole."""
    found = False
    core = _part_for(value, shape)
    if core is None:
        pass
    elif isinstance(value, dict):
        for error in _struct_mistakes(value, core, path, strict=strict):
            found = True
            yield error
    elif isinstance(value, list):
        for index, item in enumerate(value):
            for error in _mistakes(item, core, f"{path}[{index}]", strict=strict):
                found = True
                yield error
    if found:
        return
    try:
        msgspec.convert(value, shape, strict=strict)
    except msgspec.ValidationError as error:
        yield _translated(str(error), shape, path)


def _part_for(value: object, shape: Any) -> Any:  # noqa: ANN401 - As above.
    """The Struct that a dict, or the item type that a list, is measured by; None when the shape leaves it open."""
    while get_origin(shape) is Annotated:
        shape = get_args(shape)[0]
    options = get_args(shape) if get_origin(shape) in {Union, UnionType} else (shape,)
    if isinstance(value, list):
        lists = [get_args(option) for option in options if get_origin(option) is list]
        return lists[0][0] if len(lists) == 1 else None
    if not isinstance(value, dict):
        return None
    structs = [option for option in options if isinstance(option, type) and issubclass(option, msgspec.Struct)]
    structs = [one for one in structs if one.__struct_config__.tag in (None, value.get(_tag_field(one)))]
    return structs[0] if len(structs) == 1 else None


def _tag_field(shape: type[msgspec.Struct]) -> str:
    return shape.__struct_config__.tag_field or ""


def _struct_mistakes(
    value: dict[str, Any], shape: type[msgspec.Struct], path: str, *, strict: bool
) -> Iterator[FieldError]:
    fields = {field.encode_name: field for field in msgspec.structs.fields(shape)}
    for name in value:
        if name not in fields and name != _tag_field(shape) and shape.__struct_config__.forbid_unknown_fields:
            yield FieldError(_join(path, name[:100]), N_("Unknown field: remove it."), "unknown")
    for name, field in fields.items():
        if name in value:
            yield from _mistakes(value[name], field.type, _join(path, name), strict=strict)
        elif field.required:
            yield FieldError(_join(path, name), N_("This field is required."), "required")


def _translated(message: str, shape: Any, path: str) -> FieldError:  # noqa: ANN401 - As above.
    message, _, inner = message.partition(" - at `$")
    path += inner.removesuffix("`")
    if missing := re.match(r"Object (?:missing required|contains unknown) field `(.+)`", message):
        path = _join(path, missing[1])
    path = path.removeprefix(".")
    if message.startswith("Invalid enum value") and (choices := _choices(shape)):
        return FieldError(path, N_("Give one of: {choices}.", choices=choices), "choice")
    for pattern, describe in _PATTERNS:
        if found := pattern.search(message):
            return FieldError(path, *describe(found))
    return FieldError(path, N_("This value is not valid."))


def _choices(shape: Any) -> str:  # noqa: ANN401 - As above.
    if get_origin(shape) is Literal:
        return ", ".join(str(choice) for choice in get_args(shape))
    if isinstance(shape, type) and issubclass(shape, enum.Enum):
        return ", ".join(str(choice.value) for choice in shape)
    return ", ".join(filter(None, map(_choices, get_args(shape))))


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name

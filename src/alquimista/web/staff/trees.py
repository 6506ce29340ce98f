"""Forms with rows. A field is named by its path in what it makes, such as `functions[0].text`.

So a mistake that the shape's own rules find, which they name by the same path, stands at its field.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Self, TypeVar

import msgspec

from alquimista.errors import FieldError, Invalid, Problem
from alquimista.http.body import CSRF_FIELD, form_pairs
from alquimista.http.context import Context
from alquimista.http.explain import explain
from alquimista.web.forms import Form

S = TypeVar("S", bound=msgspec.Struct)
FIELDS: Final = 1500  # What the largest form sends, and room.
BYTES: Final = 512 * 1024
_ROW: Final = re.compile(r"(\w+)\[(\d{1,4})\]\.(\w+)")
_ITEM: Final = re.compile(r"\[\d+\]$")
_GONE: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Sent:
    """The fields of a form, in their order."""

    pairs: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, context: Context) -> Self:
        """What was sent, lines ended in one way and without control characters."""
        pairs = form_pairs(context.raw, FIELDS)
        return cls(tuple((name, _tidied(value)) for name, value in pairs if name != CSRF_FIELD))

    def text(self, name: str) -> str:
        """A field, empty when it was not sent."""
        return next((value.strip() for key, value in reversed(self.pairs) if key == name), "")

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of a field: ticked boxes."""
        return tuple(value for key, value in self.pairs if key == name)

    def lines(self, name: str) -> list[str]:
        """The lines of a field that say something."""
        return [line.strip() for line in self.text(name).split("\n") if line.strip()]

    def count(self, section: str) -> int:
        """How many rows a section has, once they are `numbered`."""
        rows = (_ROW.fullmatch(key) for key, _ in self.pairs)
        return max((int(row[2]) + 1 for row in rows if row and row[1] == section), default=0)

    def numbered(self, telling: Mapping[str, Iterable[str]], removed: str = "") -> "Sent":
        """The same, its rows numbered anew, without the one `removed` and those whose `telling` fields are blank."""
        kept: dict[str, list[int]] = {section: [] for section in telling}
        for key, value in self.pairs:
            row = _ROW.fullmatch(key)
            if row is None or row[1] not in kept or int(row[2]) in kept[row[1]]:
                continue
            if value.strip() and row[3] in telling[row[1]] and f"{row[1]}[{row[2]}]" != removed:
                kept[row[1]].append(int(row[2]))
        places = {section: {old: new for new, old in enumerate(sorted(rows))} for section, rows in kept.items()}
        return Sent(tuple(self._moved(places)))

    def _moved(self, places: Mapping[str, Mapping[int, int]]) -> Iterable[tuple[str, str]]:
        for key, value in self.pairs:
            row = _ROW.fullmatch(key)
            if row is None or row[1] not in places:
                yield key, value
            elif (place := places[row[1]].get(int(row[2]))) is not None:
                yield f"{row[1]}[{place}].{row[3]}", value

    @property
    def values(self) -> dict[str, str]:
        """What fields show again."""
        return dict(self.pairs)

    @property
    def ticked(self) -> dict[str, list[str]]:
        """What boxes show again."""
        found: dict[str, list[str]] = {}
        for key, value in self.pairs:
            found.setdefault(key, []).append(value)
        return found


def shaped(raw: dict[str, Any], shape: type[S], mistakes: Iterable[FieldError] = ()) -> S:
    """What a form makes.

    Raises:
        Invalid: the mistakes that were found before, and those that the shape finds in other fields.
    """
    found = tuple(mistakes)
    try:
        made = msgspec.convert(raw, shape)
    except msgspec.ValidationError as error:
        named = {one.field for one in found}
        rest = tuple(one for one in explain(raw, shape, str(error)) if _home(one.field, named) not in named)
        raise Invalid(errors=found + rest) from None
    if found:
        raise Invalid(errors=found)
    return made


def failed(sent: Sent, problem: Problem, fields: Iterable[str]) -> Form:
    """The form after a refusal; a mistake in one line of a field stands at the field."""
    known = frozenset(fields) | {key for key, _ in sent.pairs}
    errors = tuple(FieldError(_home(one.field, known), one.reason, one.code) for one in problem.errors)
    told = Problem(errors=errors)
    told.detail = problem.detail
    return Form.failed(sent.values, told, known)


def _home(field: str, known: Iterable[str]) -> str:
    return field if field in known else _ITEM.sub("", field)


def _tidied(value: str) -> str:
    return _GONE.sub("", value.replace("\r\n", "\n").replace("\r", "\n"))

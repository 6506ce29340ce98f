"""What forms hold: amounts as people write them, and what a form shows again after a mistake."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, Self, TypeVar

import msgspec

from alquimista.errors import FieldError, Invalid, Problem
from alquimista.http.explain import explain
from alquimista.i18n import N_, Text
from alquimista.web import formats

_MOST_CENTS: Final = 10**12
E = TypeVar("E", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Form:
    """Values to fill in again (passwords never are), errors by field, and a problem of the whole form."""

    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, tuple[Text, ...]] = field(default_factory=dict)
    problem: Text | None = None

    @classmethod
    def failed(cls, values: Mapping[str, str], problem: Problem, fields: frozenset[str]) -> Self:
        """The form after a refusal: errors that name one of its `fields` stand there, everything else above it."""
        errors: dict[str, tuple[Text, ...]] = {}
        for error in problem.errors:
            if error.field in fields:
                errors[error.field] = (*errors.get(error.field, ()), error.reason)
        elsewhere = len(problem.errors) - sum(map(len, errors.values()))
        return cls(values, errors, problem.detail if elsewhere or not errors else None)


def cents_of(text: str, name: str) -> int:
    """An amount as Brazilians write it, 1.234,56, in cents and exactly; a point never begins the cents.

    Raises:
        Invalid: it is none, nothing, or beyond what an invoice may hold. The error is of the field `name`.
    """
    cents = formats.cents(text) if len(text) <= 40 else None
    if cents is None:
        raise Invalid.of(name, N_("Write the amount as 1.234,56."))
    if not 0 < cents <= _MOST_CENTS:
        raise Invalid.of(name, N_("Give an amount above zero, and at most 10.000.000.000,00."))
    return cents


def member_of(kind: type[E], text: str) -> E | None:
    """The member with this value, as addresses and choices name one; None for nothing and for what there is not."""
    return next((one for one in kind if one.value == text), None)


def reason_of(text: str, name: str) -> str:
    """Why something is done, in one line, as the audit keeps it.

    Raises:
        Invalid: too short, too long, or more than a line.
    """
    reason = text.strip()
    if not 3 <= len(reason) <= 300 or not reason.isprintable():
        raise Invalid.of(name, N_("Say why in one line of 3 to 300 characters."))
    return reason


def shaped(values: Mapping[str, Any], shape: Any) -> Any:  # noqa: ANN401 - Any type that msgspec knows.
    """Texts as a form sends them, in a shape.

    Raises:
        Invalid: what does not fit, each field by its path.
    """
    try:
        return msgspec.convert(values, shape, strict=False)
    except msgspec.ValidationError as error:
        raise Invalid(errors=explain(values, shape, str(error), strict=False)) from None


def renamed(problem: Problem, **names: str) -> Problem:
    """A refusal whose fields are called as the form calls them."""
    if not isinstance(problem, Invalid):
        return problem
    return Invalid(
        errors=tuple(FieldError(names.get(one.field, one.field), one.reason, one.code) for one in problem.errors)
    )

"""What a form shows again after a mistake."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from alquimista.errors import Problem
from alquimista.i18n import Text


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

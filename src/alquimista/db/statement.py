"""A hand-written SQL statement beside the row type that it returns."""

import re
from dataclasses import dataclass, fields, is_dataclass
from functools import cached_property
from typing import Any, Final, Generic, Protocol, TypeVar

R = TypeVar("R")
_PLACEHOLDER: Final = re.compile(r"%\((\w+)\)s")
_WRITES: Final = re.compile(r"\b(?:INSERT|UPDATE|DELETE|MERGE|SHARE|pg_notify)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Statement(Generic[R]):
    """SQL with `%(name)s` parameters (a literal % is written %%), and the frozen dataclass or Struct of its rows.

    The row type's fields are the statement's columns, by name and in order: this is checked at the first use.
    Use `Statement(sql, NoRow)` for a statement whose rows nobody reads. A statement that changes unlogged tables alone
    says `unlogged`: its end never waits for the disk.
    """

    sql: str
    row: type[R]
    unlogged: bool = False

    @cached_property
    def positional(self) -> tuple[str, tuple[str, ...]]:
        """The statement with $1, $2… for libpq, and the parameter names in that order."""
        names: list[str] = []

        def number(match: re.Match[str]) -> str:
            name = match[1]
            if name not in names:
                names.append(name)
            return f"${names.index(name) + 1}"

        return _PLACEHOLDER.sub(number, self.sql).replace("%%", "%"), tuple(names)

    @cached_property
    def writes(self) -> bool:
        """Whether its end may wait for the disk: by its own words it changes rows, locks them or sends a notice.

        What a function of ours does that a SELECT calls is not seen: one that writes is called inside a transaction.
        """
        return not self.unlogged and _WRITES.search(self.sql) is not None

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The field names of the row type."""
        if is_dataclass(self.row):
            return tuple(f.name for f in fields(self.row))
        return tuple(getattr(self.row, "__struct_fields__", ()))

    def check(self, columns: tuple[str, ...]) -> None:
        """Compare the columns that the server answered with the row type's fields.

        Raises:
            TypeError: they differ, which is a mistake in the statement or in the row type.
        """
        if columns != self.columns:
            raise TypeError(f"{self.row.__name__} has fields {self.columns}, the statement answers {columns}")


@dataclass(frozen=True, slots=True)
class NoRow:
    """The row type of a statement that returns none."""


class Writer(Protocol):
    """What functions take that write and ask nothing back: any Conn, or statements gathered by `db.together`."""

    async def execute(self, statement: Statement[Any], **params: Any) -> object:  # noqa: ANN401 - Any SQL parameter.
        """Run the statement, now or together with others."""
        ...


class Conn(Protocol):
    """What queries.py functions take: a connection whose tenant or role is already set.

    Two kinds exist. Inside `tenant_transaction` all statements share one transaction. A `db.tenant(tenant_id)` handle
    runs each statement as a transaction of its own in a single round trip: for one-statement reads and writes.
    """

    async def fetch(self, statement: Statement[R], **params: Any) -> list[R]:  # noqa: ANN401 - Any SQL parameter.
        """All rows."""
        ...

    async def fetch_one(self, statement: Statement[R], **params: Any) -> R | None:  # noqa: ANN401 - As above.
        """The only row, or None.

        Raises:
            LookupError: there is more than one row.
        """
        ...

    async def execute(self, statement: Statement[Any], **params: Any) -> int:  # noqa: ANN401 - As above.
        """Run the statement; the number of rows it touched."""
        ...

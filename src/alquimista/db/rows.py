"""Parameters into a statement, and its rows out into their types: one behaviour for both kinds of Conn."""

import types
import typing
from collections.abc import Callable
from enum import Enum
from functools import cache
from itertools import starmap
from typing import Any, Final, TypeVar

import msgspec
from psycopg import abc, postgres
from psycopg.adapt import AdaptersMap, Dumper
from psycopg.pq import Format
from psycopg.pq.abc import PGresult
from psycopg.types.json import JsonbDumper, set_json_loads

from alquimista.db.statement import Statement

R = TypeVar("R")


class Packed(bytes):
    """A parameter in the server's own binary form, of the type that the statement gives it (`%(name)s::type`)."""

    __slots__ = ()


class _PackedDumper(Dumper):
    format = Format.BINARY
    oid = 0  # The server knows it from the statement.

    def dump(self, obj: Packed) -> abc.Buffer:
        return obj


# psycopg's own adaptation; besides, a dict is a jsonb, and documents are read by msgspec, which is faster.
ADAPTERS: Final = AdaptersMap(postgres.adapters)
ADAPTERS.register_dumper(dict, JsonbDumper)
ADAPTERS.register_dumper(Packed, _PackedDumper)
set_json_loads(msgspec.json.decode, ADAPTERS)

_checked: Final[set[Statement[Any]]] = set()


def bind(statement: Statement[Any], params: dict[str, Any]) -> tuple[str, list[Any]]:
    """The statement with $1, $2… and its parameters in that order.

    Raises:
        TypeError: a parameter is missing, or one is not in the statement.
    """
    text, names = statement.positional
    if len(params) != len(names) or not all(name in params for name in names):
        raise TypeError(f"The statement takes {sorted(names)}, not {sorted(params)}: {statement.sql.strip()[:80]}")
    return text, [params[name] for name in names]


def build(transformer: abc.Transformer, result: PGresult, statement: Statement[R]) -> list[R]:
    """A result's rows, of the statement's type.

    Raises:
        TypeError: the columns are not the row type's fields.
    """
    if statement not in _checked:
        statement.check(tuple((result.fname(index) or b"").decode() for index in range(result.nfields)))
        _checked.add(statement)
    transformer.set_pgresult(result)
    row: Any = statement.row
    rows = list(starmap(_maker(row), transformer.load_rows(0, result.ntuples, tuple)))
    transformer.set_pgresult(None)  # A big result is not kept until the next one.
    return rows


def only(rows: list[R]) -> R | None:
    """The single row of a list, or None.

    Raises:
        LookupError: there is more than one row.
    """
    if len(rows) > 1:
        raise LookupError(f"One row was expected, there are {len(rows)}")
    return rows[0] if rows else None


@cache
def _maker(row: type[Any]) -> Callable[..., Any]:
    """The row's constructor. Fields declared as enum, tuple or Struct get one: the driver gives str, list or dict."""
    hints = typing.get_type_hints(row)
    names = getattr(row, "__struct_fields__", None) or tuple(getattr(row, "__dataclass_fields__", ()))
    converters = [(index, kind) for index, name in enumerate(names) if (kind := _converter(hints[name])) is not None]
    if not converters:
        return row

    def make(*values: Any) -> Any:  # noqa: ANN401 - Column values.
        columns = list(values)
        for index, convert in converters:
            if columns[index] is not None:
                columns[index] = convert(columns[index])
        return row(*columns)

    return make


def _converter(hint: Any) -> Callable[[Any], Any] | None:  # noqa: ANN401 - Any annotation.
    origin = typing.get_origin(hint)
    if origin in {typing.Union, types.UnionType}:
        options = [option for option in typing.get_args(hint) if option is not types.NoneType]
        return _converter(options[0]) if len(options) == 1 else None
    if origin is tuple or hint is tuple:
        items = [_converter(item) for item in typing.get_args(hint)[:1]]
        if items and items[0] is not None:
            convert = items[0]
            return lambda values: tuple(map(convert, values))
        return tuple
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return lambda document: msgspec.convert(document, hint)
    return hint if isinstance(hint, type) and issubclass(hint, Enum) else None

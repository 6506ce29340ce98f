"""Array parameters in the server's own binary form: nothing is quoted or parsed. Bind them as `%(name)s::type[]`.

Measured for 512 spans of 13 columns: built in half the time of literals, read by the server in two thirds of it.
"""

import struct
from collections.abc import Callable, Hashable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final, TypeVar
from uuid import UUID

from alquimista.db.rows import Packed

T = TypeVar("T", bound=Hashable)
_HEAD: Final = struct.Struct(">iiIii").pack  # Dimensions, whether there are nulls, the items' type, count, lower bound.
_LENGTH: Final = struct.Struct(">i").pack
_NULL: Final = b"\xff\xff\xff\xff"
_INT4: Final = struct.Struct(">ii").pack
_INT8: Final = struct.Struct(">iq").pack
_FIRST_MOMENT: Final = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def texts(values: Sequence[str]) -> Packed:
    """text[], of texts without NUL."""
    return _array(25, values, lambda value: _LENGTH(len(encoded := value.encode())) + encoded)


def documents(values: Sequence[bytes]) -> Packed:
    """jsonb[], of JSON."""
    body = b"".join([b"%b\1%b" % (_LENGTH(len(value) + 1), value) for value in values])  # 1 is the form's version.
    return Packed(_HEAD(1, 0, 3802, len(values), 1) + body)


def uuids(values: Sequence[UUID | None]) -> Packed:
    """uuid[]."""
    numbers = [None if value is None else value.int for value in values]  # A UUID's own hash takes long.
    return _array(2950, numbers, lambda n: _NULL if n is None else b"\0\0\0\x10" + n.to_bytes(16, "big"))


def int4s(values: Sequence[int]) -> Packed:
    """integer[]."""
    return _array(23, values, lambda value: _INT4(4, value))


def int8s(values: Sequence[int]) -> Packed:
    """bigint[]."""
    return _array(20, values, lambda value: _INT8(8, value))


def booleans(values: Sequence[bool]) -> Packed:
    """boolean[]."""
    return _array(16, values, lambda value: b"\0\0\0\1\1" if value else b"\0\0\0\1\0")


def moments(values: Sequence[datetime | None]) -> Packed:
    """timestamptz[]."""
    return _array(
        1184, values, lambda value: _NULL if value is None else _INT8(8, (value - _FIRST_MOMENT) // _MICROSECOND)
    )


def days(values: Sequence[date]) -> Packed:
    """date[]."""
    return _array(1082, values, lambda value: _INT4(4, (value - _FIRST_MOMENT.date()).days))


def _array(kind: int, values: Sequence[T], encode: Callable[[T], bytes]) -> Packed:
    """Each distinct value is encoded once: many columns of a batch hold few."""
    encoded = {value: encode(value) for value in set(values)}
    return Packed(_HEAD(1, None in encoded, kind, len(values), 1) + b"".join(map(encoded.__getitem__, values)))

"""OpenTelemetry's attributes: as values, and as the JSON in which they are kept."""

import base64
from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import accumulate
from typing import Any, Final, NamedTuple

import msgspec
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

_DEPTH: Final = 8  # Of nested values.
_TEXT_LIMIT: Final = 4_000
_NAME_LIMIT: Final = 200
_MOST_KNOWN: Final = 10_000  # A few megabytes.
# Bytes of one document's JSON; the columns hold 64 KiB of PostgreSQL's own, longer, rendering.
KEPT_LIMIT: Final = 48_000
_RENDERED: Final = 2  # More bytes for each member: PostgreSQL writes a space after each colon and each comma.
# What people wrote and models answered is personal data that metering does not need: it is not stored.
_PRIVATE: Final = (
    "gen_ai.input.messages",
    "gen_ai.output.messages",
    "gen_ai.system_instructions",
    "gen_ai.prompt",
    "gen_ai.completion",
    "gen_ai.content",
    "gen_ai.tool.call.arguments",
    "gen_ai.tool.call.result",
)
_to_json: Final = msgspec.json.Encoder().encode


class Attribute(NamedTuple):
    """A name, its value, and both as a member of a JSON object: empty when it is not to be kept."""

    name: str
    value: Any
    member: bytes


class Known(dict[bytes, Attribute]):
    """An export's attributes by their encoded form. Most of them repeat from span to span, and are decoded once.

    Raises:
        DecodeError: at the look-up of bytes that are no KeyValue.
    """

    def __init__(self, prefix: str = "") -> None:
        super().__init__()
        self._prefix = prefix
        self._names: dict[str, tuple[str, bytes]] = {}

    def __missing__(self, encoded: bytes) -> Attribute:
        pair = KeyValue.FromString(encoded)
        name, start = self._names.get(pair.key) or self._name(pair.key)
        value = _value(pair.value, 0)
        known = Attribute(name, value, start and start + _to_json(value))
        if len(self) < _MOST_KNOWN:
            self[encoded] = known
        return known

    def _name(self, key: str) -> tuple[str, bytes]:
        """A name, and how its member begins: empty when it is not to be kept."""
        name = clean(key)[:_NAME_LIMIT]
        start = b"" if name.startswith(_PRIVATE) else _to_json(self._prefix + name) + b":"
        if len(self._names) < _MOST_KNOWN:
            self._names[key] = name, start
        return name, start


def members(attributes: Iterable[Attribute]) -> list[bytes]:
    """What is kept of attributes, as members of a JSON object."""
    return [member for _, _, member in attributes if member]


def joined(items: Sequence[bytes]) -> bytes:
    """The items with commas between them, the first ones, as many as fit into 48 kB."""
    whole = b",".join(items)
    if len(whole) + _RENDERED * len(items) <= KEPT_LIMIT:
        return whole
    ends = accumulate(len(item) + 1 + _RENDERED for item in items)
    return b",".join([item for item, end in zip(items, ends, strict=True) if end <= KEPT_LIMIT])


def clean(text: str) -> str:
    """PostgreSQL's texts cannot hold NUL."""
    return text.replace("\0", "") if "\0" in text else text


def _value(value: AnyValue, depth: int) -> Any:  # noqa: ANN401 - Any JSON.
    which = value.WhichOneof("value")
    plain: Any = None
    if depth > _DEPTH:
        return plain
    match which:
        case "string_value":
            plain = clean(value.string_value)[:_TEXT_LIMIT]
        case "array_value":
            plain = [_value(item, depth + 1) for item in value.array_value.values]
        case "kvlist_value":
            plain = {clean(pair.key)[:_NAME_LIMIT]: _value(pair.value, depth + 1) for pair in value.kvlist_value.values}
        case "bytes_value":
            plain = base64.b64encode(value.bytes_value[:_TEXT_LIMIT]).decode()
        case "double_value":
            plain = _double(value.double_value)
        case "bool_value" | "int_value":
            plain = getattr(value, which)
    return plain


def _double(number: float) -> float | str | msgspec.Raw:
    """JSON has no NaN and no infinity. Exponents are written out, as PostgreSQL does: only so is the length known."""
    if not abs(number) < float("inf"):
        return str(number)
    written = repr(number)
    return msgspec.Raw(format(Decimal(written), "f").encode()) if "e" in written else number

"""What an audit row may hold."""

from collections.abc import Mapping
from typing import Any, Final, Literal

Category = Literal["auth", "tenant", "agent", "integration", "command", "system", "user", "usage"]
Result = Literal["success", "failure"]

_SECRET_WORDS: Final = (
    "password",
    "senha",
    "secret",
    "token",
    "authorization",
    "cookie",
    "credential",
    "totp",
    "key_hash",
)
_TEXT_LIMIT: Final = 500
_DEPTH_LIMIT: Final = 4


def harmless(details: Mapping[str, Any], depth: int = 0) -> dict[str, Any]:
    """The details without anything whose name speaks of a secret, as plain JSON values of bounded size.

    A name is judged, not a value: callers pass ids and states, never what a person typed.
    """
    clean: dict[str, Any] = {}
    for name, value in details.items():
        if any(word in name.lower() for word in _SECRET_WORDS):
            continue
        if isinstance(value, Mapping):
            if depth < _DEPTH_LIMIT:
                clean[name] = harmless(value, depth + 1)
        elif isinstance(value, list | tuple | set | frozenset):
            clean[name] = [_plain(item) for item in list(value)[:50]]
        else:
            clean[name] = _plain(value)
    return clean


def _plain(value: object) -> bool | int | float | str | None:
    if value is None or isinstance(value, bool | int | float):
        return value
    return str(value).replace("\x00", "")[:_TEXT_LIMIT]

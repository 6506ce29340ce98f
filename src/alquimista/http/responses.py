"""Answers on their way out: bytes, a media type and headers, sent without middleware."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import msgspec
from starlette.types import Scope, Send

JSON: Final = "application/json"
WHOLE: Final = "alquimista.whole"  # An extension of ASGI, which our own server has: see http/server.py.
WORDS: Final = "alquimista.words"  # Another: the request as it came, when it came in one piece and without a body.
RawHeaders = list[tuple[bytes, bytes]]
Whole = tuple[int, bytes, bytes, bytes]  # Status, common headers and own headers as they are written, body.


def _unserialisable(value: object) -> Any:  # noqa: ANN401 - msgspec's hook.
    if isinstance(value, set | frozenset):
        return sorted(value)
    # How a hook tells msgspec that a type is not for JSON: a mistake in a shape, answered as a failure of ours.
    raise NotImplementedError(f"{type(value).__name__} has no JSON form")


encode = msgspec.json.Encoder(enc_hook=_unserialisable, decimal_format="number").encode


class Head(NamedTuple):
    """Headers that many answers share, and the same as a server writes them."""

    headers: RawHeaders
    text: bytes


def head(headers: Iterable[tuple[bytes, bytes]]) -> Head:
    """Headers made ready once for many answers.

    Raises:
        ValueError: a header would be more than one line.
    """
    found = list(headers)
    return Head(found, written(found))


def written(headers: RawHeaders) -> bytes:
    """The headers as they are written in HTTP/1.1.

    Raises:
        ValueError: a header holds a line break or a NUL, by which its value could pose as something else.
    """
    lines = [*map(b": ".join, headers), b""]
    text = b"\r\n".join(lines)
    if text.count(b"\n") != len(headers) or text.count(b"\r") != len(headers) or b"\0" in text:
        raise ValueError("A header holds a line break or a NUL")
    return text


@dataclass(slots=True)
class Answer:
    """A whole answer. Header names are lower case."""

    status: int
    body: bytes = b""
    media_type: str = JSON
    headers: dict[str, str] = field(default_factory=dict)

    def raw_headers(self, extra: dict[str, str]) -> RawHeaders:
        """Its headers as the server wants them, and `extra` where they do not contradict it.

        Nothing is stored by caches unless one of them says so.
        """
        raw: RawHeaders = []
        if self.status not in {204, 304}:
            raw.append((b"content-type", self.media_type.encode("latin-1")))
            raw.append((b"content-length", b"%d" % len(self.body)))
        merged = {"cache-control": "no-store", **{name.lower(): value for name, value in extra.items()}, **self.headers}
        raw.extend((name.encode("latin-1"), value.encode("latin-1")) for name, value in merged.items())
        return raw


async def send_whole(scope: Scope, send: Send, status: int, common: Head, own: RawHeaders, body: bytes) -> None:
    """Send an answer in one piece where the server takes it so, else in two messages, the fewest that ASGI allows."""
    take_whole = scope.get("extensions", {}).get(WHOLE)
    if take_whole is not None and take_whole(status, common.text, own, body):
        return
    await send({"type": "http.response.start", "status": status, "headers": [*common.headers, *own]})
    await send({"type": "http.response.body", "body": body})

"""Answers on their way out: bytes, a media type and headers, sent without middleware."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
from starlette.types import Send

JSON: Final = "application/json"
RawHeaders = list[tuple[bytes, bytes]]


def _unserialisable(value: object) -> Any:  # noqa: ANN401 - msgspec's hook.
    if isinstance(value, set | frozenset):
        return sorted(value)
    # How a hook tells msgspec that a type is not for JSON: a mistake in a shape, answered as a failure of ours.
    raise NotImplementedError(f"{type(value).__name__} has no JSON form")


encode = msgspec.json.Encoder(enc_hook=_unserialisable, decimal_format="number").encode


@dataclass(slots=True)
class Answer:
    """A whole answer. Header names are lower case."""

    status: int
    body: bytes = b""
    media_type: str = JSON
    headers: dict[str, str] = field(default_factory=dict)

    def raw_headers(
        self, common: Iterable[tuple[bytes, bytes]], extra: dict[str, str], cookies: list[str]
    ) -> RawHeaders:
        """The headers as the server wants them: the common ones, then `extra`, this answer's own (they win), cookies.

        Nothing is stored by caches unless one of them says so.
        """
        raw: RawHeaders = list(common)
        if self.status not in {204, 304}:
            raw.append((b"content-type", self.media_type.encode("latin-1")))
            raw.append((b"content-length", b"%d" % len(self.body)))
        merged = {"cache-control": "no-store", **{name.lower(): value for name, value in extra.items()}, **self.headers}
        raw.extend((name.encode("latin-1"), value.encode("latin-1")) for name, value in merged.items())
        raw.extend((b"set-cookie", cookie.encode("latin-1")) for cookie in cookies)
        return raw


async def send_whole(send: Send, status: int, headers: RawHeaders, body: bytes) -> None:
    """Send an answer in two messages, the fewest that ASGI allows."""
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})

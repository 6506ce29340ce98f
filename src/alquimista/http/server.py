"""uvicorn's protocol for HTTP/1.1, which takes a whole answer in one piece from an application that offers one.

uvicorn looks at each name and each value of an answer's headers by a regular expression: at sixteen of them, for longer
than everything else takes that it does for a request. Here those that all answers have are looked at once in a
process, and the others together. A cached answer takes a third less of a core.

A request that came before, word for word, is not even parsed (http/repeats.py): that takes another third. It must be
all that has come since the parser ended the request before, so that nothing in a body can pose as one.
"""

import asyncio
from functools import lru_cache, partial
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from alquimista.http.app import App
from alquimista.http.responses import WHOLE, WORDS, RawHeaders, written
from alquimista.http.streams import STREAM

_CONNECTION: Final = b"connection: "
_PATIENCE_S: Final = 60.0  # For a reader that takes nothing of what waits for it.
_LONGEST: Final = 4_096  # Bytes of a request that may be remembered.


class Protocol(HttpToolsProtocol):
    """See the module. Everything but what it says is uvicorn's own."""

    app: App
    _begun = 0  # Requests of this connection.
    _between = True  # The parser stands between two of them: not inside a head, nor inside the body of a refused one.
    _stalled: asyncio.TimerHandle | None = None
    _answered_at = 0.0  # The last time that the timer of an idle connection was not told of.

    def data_received(self, data: bytes) -> None:
        """Answer a read that is repeated before it is parsed; hand everything else on, with its words."""
        between, begun = self._between, self._begun
        short = between and len(data) <= _LONGEST  # No batch of events is digested: nothing longer is known.
        if short and self._idle() and (answer := self.app.repeats.answer(_host(self.client), data)):
            self.transport.write(_text(self.server_state.default_headers, *answer))
            self.server_state.total_requests += 1
            self._answered_at = self.loop.time()
            return
        super().data_received(data)
        if short and self._between and self._begun == begun + 1 and self.cycle.keep_alive:
            extensions: dict[str, Any] = self.cycle.scope.get("extensions") or {}
            extensions[WORDS] = data

    def _idle(self) -> bool:
        """Whether the last request was answered, and whoever asked reads on. Before the first one there is no timer."""
        writing = self.flow.write_paused or self.transport.is_closing()
        return self.timeout_keep_alive_task is not None and not writing

    def timeout_keep_alive_handler(self) -> None:
        """As the timer calls it that was set when the last parsed request was answered."""
        left = self._answered_at + self.timeout_keep_alive - self.loop.time()
        if left > 0:
            self.timeout_keep_alive_task = self.loop.call_later(left, self.timeout_keep_alive_handler)
        else:
            super().timeout_keep_alive_handler()

    def pause_writing(self) -> None:
        """As the transport calls it: what waits for the reader is too much."""
        super().pause_writing()
        self._stalled = self.loop.call_later(_PATIENCE_S, self.transport.abort)

    def resume_writing(self) -> None:
        """As the transport calls it: the reader has taken it."""
        super().resume_writing()
        self._forgive()

    def shutdown(self) -> None:
        """As the server calls it when it stops: a stream has no end of its own to wait for."""
        super().shutdown()
        if _is_stream(self.cycle):
            self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """As the transport calls it."""
        super().connection_lost(exc)
        self._forgive()

    def _forgive(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None

    def on_message_begin(self) -> None:
        """As the parser calls it, at the first letter of a request."""
        self._begun += 1
        self._between = False
        super().on_message_begin()

    def on_message_complete(self) -> None:
        """As the parser calls it, after the last letter of a request."""
        self._between = True
        super().on_message_complete()

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:  # noqa: ANN401 - uvicorn's own types.
        # With others in line behind it on its connection, a refusal would lead to the next within itself, and so on.
        if not self.pipeline and (refusal := app.crowd.refusal(cycle.scope)) and _refuse(cycle, *refusal):
            return
        cycle.scope["extensions"] = {WHOLE: partial(_take_whole, cycle)}
        super()._start_asgi_task(cycle, app)


def _is_stream(cycle: Any) -> bool:  # noqa: ANN401 - uvicorn's own type, or None before the first request.
    return cycle is not None and STREAM in cycle.scope.get("extensions", ())


def _host(client: tuple[str, int] | None) -> str:
    return client[0] if client else ""


def _text(standard: RawHeaders, status: int, common: bytes, own: bytes, body: bytes) -> bytes:
    return b"".join((STATUS_LINE[status], _standard(tuple(standard)), common, own, b"\r\n", body))


@lru_cache(1)
def _standard(headers: tuple[tuple[bytes, bytes], ...]) -> bytes:
    """The server's own headers as they are written: others each second, for the date."""
    return written(list(headers))


def _take_whole(cycle: Any, status: int, common: bytes, own: RawHeaders, body: bytes) -> bool:  # noqa: ANN401 - As above.
    """Send an answer that leaves the connection open; False leaves it to ASGI's messages."""
    text = written(own)
    return cycle.keep_alive and _CONNECTION not in text and _send_whole(cycle, status, common, text, body)


def _refuse(cycle: Any, status: int, common: bytes, own: bytes, body: bytes) -> bool:  # noqa: ANN401 - As above.
    """Send a refusal, and end the connection where it must; False if it could not be sent."""
    closing = _CONNECTION in own
    if not cycle.keep_alive and not closing:
        closing, own = True, own + _CONNECTION + b"close\r\n"
    if not _send_whole(cycle, status, common, own, body):
        return False
    if closing:
        cycle.transport.close()
    return True


def _send_whole(cycle: Any, status: int, common: bytes, own: bytes, body: bytes) -> bool:  # noqa: ANN401 - As above.
    """Send status, headers (`common` and `own` as they are written) and body; False where that must wait or is late."""
    if cycle.response_started or cycle.disconnected or cycle.flow.write_paused:
        return False
    cycle.waiting_for_100_continue = False
    cycle.response_started = cycle.response_complete = True
    cycle.transport.write(_text(cycle.default_headers, status, common, own, body))
    cycle.message_event.set()
    cycle.on_response()
    return True

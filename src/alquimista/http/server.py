"""uvicorn's protocol for HTTP/1.1, which takes a whole answer in one piece from an application that offers one.

uvicorn looks at each name and each value of an answer's headers by a regular expression: at sixteen of them, for longer
than everything else takes that it does for a request. Here those that all answers have are looked at once in a
process, and the others together. A cached answer takes a third less of a core.

A request that came before, word for word, is not even parsed (http/repeats.py): that takes another third. It must be
all that has come since the parser ended the request before, so that nothing in a body can pose as one.
"""

from functools import lru_cache, partial
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from alquimista.http.app import App
from alquimista.http.responses import WHOLE, WORDS, RawHeaders, written

_LONGEST: Final = 4_096  # Bytes of a request that may be remembered.


class Protocol(HttpToolsProtocol):
    """See the module. Everything but what it says is uvicorn's own."""

    app: App
    _begun = 0  # Requests of this connection.
    _between = True  # The parser stands between two of them: not inside a head, nor inside the body of a refused one.
    _answered_at = 0.0  # The last time that the timer of an idle connection was not told of.

    def data_received(self, data: bytes) -> None:
        """Answer a read that is repeated before it is parsed; hand everything else on, with its words."""
        between, begun = self._between, self._begun
        if between and self._idle() and (answer := self.app.repeats.answer(_host(self.client), data)):
            self.transport.write(_text(self.server_state.default_headers, *answer))
            self.server_state.total_requests += 1
            self._answered_at = self.loop.time()
            return
        super().data_received(data)
        if between and self._between and self._begun == begun + 1 and len(data) <= _LONGEST and self.cycle.keep_alive:
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
        if not self.pipeline and (refusal := app.crowd.refusal(cycle.scope)) and _send_whole(cycle, *refusal):
            return
        cycle.scope["extensions"] = {WHOLE: partial(_take_whole, cycle)}
        super()._start_asgi_task(cycle, app)


def _host(client: tuple[str, int] | None) -> str:
    return client[0] if client else ""


def _text(standard: RawHeaders, status: int, common: bytes, own: bytes, body: bytes) -> bytes:
    return b"".join((STATUS_LINE[status], _standard(tuple(standard)), common, own, b"\r\n", body))


@lru_cache(1)
def _standard(headers: tuple[tuple[bytes, bytes], ...]) -> bytes:
    """The server's own headers as they are written: others each second, for the date."""
    return written(list(headers))


def _take_whole(cycle: Any, status: int, common: bytes, own: RawHeaders, body: bytes) -> bool:  # noqa: ANN401 - As above.
    return _send_whole(cycle, status, common, written(own), body)


def _send_whole(cycle: Any, status: int, common: bytes, own: bytes, body: bytes) -> bool:  # noqa: ANN401 - As above.
    """Send status, headers (`common` and `own` as they are written) and body; False leaves it to ASGI's messages.

    So are answers that a slow reader must wait for, and those that end the connection.
    """
    if cycle.response_started or cycle.disconnected or cycle.flow.write_paused or not cycle.keep_alive:
        return False
    if b"connection:" in own:
        return False
    cycle.waiting_for_100_continue = False
    cycle.response_started = cycle.response_complete = True
    cycle.transport.write(_text(cycle.default_headers, status, common, own, body))
    cycle.message_event.set()
    cycle.on_response()
    return True

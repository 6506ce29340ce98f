"""uvicorn's protocol for HTTP/1.1, which takes a whole answer in one piece from an application that offers one.

uvicorn looks at each name and each value of an answer's headers by a regular expression: at sixteen of them, for longer
than everything else takes that it does for a request. Here those that all answers have are looked at once in a
process, and the others together. A cached answer takes a third less of a core.
"""

from functools import partial
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from alquimista.http.responses import WHOLE, RawHeaders, written


class Protocol(HttpToolsProtocol):
    """See the module. Everything but the sending of whole answers, and the answering at once, is uvicorn's own."""

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:  # noqa: ANN401 - uvicorn's own types.
        # With others in line behind it on its connection, an answer would lead to the next within itself, and so on.
        if not self.pipeline and (answer := app.at_once(cycle.scope)) and _send_whole(cycle, *answer):
            return
        cycle.scope["extensions"] = {WHOLE: partial(_take_whole, cycle)}
        super()._start_asgi_task(cycle, app)


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
    date = written(cycle.default_headers)
    cycle.transport.write(b"".join((STATUS_LINE[status], date, common, own, b"\r\n", body)))
    cycle.message_event.set()
    cycle.on_response()
    return True

import socket

import pytest

from alquimista.runtime.failures import RefusedError
from alquimista.runtime.listener import listen


def test_a_busy_port_is_one_sentence() -> None:
    with listen("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with pytest.raises(
            RefusedError, match=f"Port {port} on 127.0.0.1 is in use by another program; choose another"
        ):
            listen("127.0.0.1", port)


def test_an_address_of_another_machine_is_one_sentence() -> None:
    with pytest.raises(RefusedError, match=r"Cannot listen on 192\.0\.2\.1, port 8080: "):
        listen("192.0.2.1", 8080)


def test_callers_wait_in_the_socket_until_somebody_accepts() -> None:
    with listen("127.0.0.1", 0) as listener, socket.create_connection(listener.getsockname(), timeout=1) as caller:
        assert caller.getpeername() == listener.getsockname()

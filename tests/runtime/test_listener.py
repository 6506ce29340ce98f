import asyncio
import os
import resource
import socket
from contextlib import ExitStack

import pytest
import uvloop

from alquimista.runtime.failures import RefusedError
from alquimista.runtime.listener import allow_many_callers, in_many_hands, listen


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


def test_many_callers_are_accepted_in_few_turns_of_the_loop() -> None:
    async def turns(listener: socket.socket, callers: int) -> int:
        loop, accepted, count = asyncio.get_running_loop(), 0, 0

        def accept() -> asyncio.Protocol:
            nonlocal accepted
            accepted += 1
            return asyncio.Protocol()

        servers = [await loop.create_server(accept, sock=one) for one in in_many_hands(listener)]
        while accepted < callers:
            count += 1
            await asyncio.sleep(0)
        for server in servers:
            server.close()
        return count

    with ExitStack() as stack:
        listener = stack.enter_context(listen("127.0.0.1", 0))
        for _ in range(160):
            stack.enter_context(socket.create_connection(listener.getsockname(), timeout=1))
        assert uvloop.run(turns(listener, 160)) < 40


def test_more_callers_than_the_customary_number_of_files() -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, before[1]))
        allow_many_callers()
        after = resource.getrlimit(resource.RLIMIT_NOFILE)
        assert after[0] in {before[1], 65_536}
        assert after[1] == before[1]
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_a_process_that_starts_makes_no_other_one_wait_in_accept():
    with listen("127.0.0.1", 0) as listener, listener.dup() as elsewhere:
        elsewhere.settimeout(0)
        hands = in_many_hands(listener)
        assert not os.get_blocking(elsewhere.fileno())
        for hand in hands[1:]:
            hand.close()

"""The web port: bound once here, and handed to every web process as a file descriptor."""

import errno
import resource
import socket
import time
from typing import Final

from alquimista.runtime.failures import RefusedError

_BACKLOG: Final = 2048
_HANDS: Final = 16
_FILES: Final = 65_536
_PATIENCE: Final = 2.0  # Seconds. The web processes of a run that was killed need a moment to let go of the port.


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes any free one. Connections wait in it until the web processes accept them.

    Raises:
        RefusedError: the port is busy or forbidden, or the host is not an address of this machine.
    """
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            return socket.create_server((host, port), family=_family(host), backlog=_BACKLOG)
        except OSError as error:
            if error.errno == errno.EADDRINUSE and time.monotonic() < deadline:
                time.sleep(0.1)
                continue
            raise RefusedError(_sentence(host, port, error)) from None


def allow_many_callers() -> None:
    """Let this process hold more files than the customary 1,024, as far as the system allows: each caller is one."""
    now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES if most == resource.RLIM_INFINITY else min(most, _FILES)
    if now != resource.RLIM_INFINITY and now < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


def in_many_hands(listener: socket.socket) -> list[socket.socket]:
    """The same socket sixteen times, for an event loop that accepts one connection from each in a turn (libuv).

    Under load a turn takes tens of milliseconds: with one, a connection waited nine seconds behind a thousand others.
    """
    # First of all: a copy takes this over, and sets it for everybody who has the socket. Were it blocking, even for a
    # moment, another web process could be caught in accept() until the next connection comes, with all that it serves.
    listener.settimeout(0)
    return [listener, *(listener.dup() for _ in range(_HANDS - 1))]


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _sentence(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} on {host} is in use by another program; choose another with --port."
    if error.errno == errno.EACCES:
        return f"Port {port} needs administrator rights; choose one above 1023 with --port."
    return f"Cannot listen on {host}, port {port}: {error.strerror or error}."

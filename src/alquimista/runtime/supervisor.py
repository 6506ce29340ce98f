"""Keeps the child processes and the embedded server running, and stops them all in order.

One thread, one loop: it sleeps until a signal or the next due restart, looks at each child, and acts.
"""

import contextlib
import select
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, Final, Self

from alquimista.runtime.embedded import EmbeddedServer
from alquimista.runtime.failures import StartError
from alquimista.runtime.process import die_with_parent, ended, open_log

_STOPPING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_TICK: Final = 0.5  # Seconds between looks at the children, should a SIGCHLD be missed.
_FIRST_DELAY: Final = 0.2
_LONGEST_DELAY: Final = 30.0
_HEALTHY_AFTER: Final = 30.0  # A child that lived this long starts again without a delay that grew before.
_START_ATTEMPTS: Final = 3
_ONE_REQUEST: Final = 0.5  # Seconds: a terminal, make and timeout may each pass on the same Ctrl-C.
_STOP_PATIENCE: Final = 25.0  # Seconds: the worker lets running jobs end for 20.


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A child to keep running. `fds` are inherited; both outputs go to `log`."""

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str]
    log: Path
    fds: tuple[int, ...] = ()


@dataclass(slots=True)
class _Child:
    program: Program
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    due: float = 0.0  # When to start it again, while process is None.
    failures: int = 0  # In a row, each within _HEALTHY_AFTER of its start.

    def start(self) -> None:
        with open_log(self.program.log) as log:
            self.process = subprocess.Popen(  # noqa: S603 - Our own program.
                self.program.argv,
                env=dict(self.program.env),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=self.program.fds,
                start_new_session=True,  # The terminal's Ctrl-C is for the supervisor, which stops in order.
                # Without the supervisor PostgreSQL ends too: nothing could be finished, and the port is free at once.
                preexec_fn=die_with_parent(signal.SIGKILL),  # noqa: PLW1509 - It calls one prepared libc function.
            )
        self.started = time.monotonic()

    def postpone(self) -> float:
        """Count a failure and set the next start; the delay in seconds."""
        self.process = None
        lived = time.monotonic() - self.started
        self.failures = 1 if lived > _HEALTHY_AFTER else self.failures + 1
        delay: float = min(_FIRST_DELAY * 2 ** (self.failures - 1), _LONGEST_DELAY)
        self.due = time.monotonic() + delay
        return delay


class Supervisor:
    """Use as a context: entering starts the children, leaving stops them, stage by stage in the order given.

    `say` gets one line for each thing that happens. The server, when there is one, is already started and is restarted
    when it dies; it belongs to the caller, who stops it last. A later signal ends the stop by force.
    """

    def __init__(
        self, stages: Sequence[Sequence[Program]], server: EmbeddedServer | None, say: Callable[[str], None]
    ) -> None:
        self._stages = [[_Child(program) for program in stage] for stage in stages]
        self._server = server
        self._server_due = 0.0
        self._say = say
        self._asked_at: float | None = None
        self._forced = False
        self._ready = False
        self._handlers: dict[int, Any] = {}
        self._wake, self._bell = socket.socketpair()

    @property
    def stopping(self) -> bool:
        """Whether a signal asked for the end."""
        return self._asked_at is not None

    @property
    def steady(self) -> bool:
        """Whether every child runs, as of the last look."""
        return all(child.process for child in self._children())

    def __enter__(self) -> Self:
        for end in (self._wake, self._bell):
            end.settimeout(0)
        for number in (*_STOPPING, signal.SIGCHLD):
            self._handlers[number] = signal.signal(number, self._on_signal)
        signal.set_wakeup_fd(self._bell.fileno(), warn_on_full_buffer=False)
        for child in self._children():
            child.start()
        return self

    def __exit__(self, *_: object) -> None:
        for stage in self._stages:
            self._stop(stage)
        signal.set_wakeup_fd(-1)
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        self._wake.close()
        self._bell.close()

    def until(self, condition: Callable[[], bool]) -> bool:
        """Watch until the condition holds: True, or False when a signal asked for the end first.

        Raises:
            StartError: before the first time that a condition held, a child ended three times.
        """
        while not self.stopping:
            self._look()
            if condition():
                self._ready = True
                return True
            self._sleep()
        return False

    def until_stopped(self) -> None:
        """Watch until a signal asks for the end."""
        self.until(lambda: self.stopping)

    def _children(self) -> list[_Child]:
        return [child for stage in self._stages for child in stage]

    def _on_signal(self, number: int, _: FrameType | None) -> None:
        if number == signal.SIGCHLD:
            return
        if self._asked_at is None:
            self._asked_at = time.monotonic()
        elif time.monotonic() - self._asked_at > _ONE_REQUEST:
            self._forced = True

    def _sleep(self) -> None:
        select.select([self._wake], [], [], _TICK if self._ready else _TICK / 10)
        with contextlib.suppress(BlockingIOError):
            self._wake.recv(4096)

    def _look(self) -> None:
        if self._server and (how := self._server.died()):
            self._restart_server(self._server, how)
        for child in self._children():
            if child.process is None:
                if time.monotonic() >= child.due:
                    child.start()
            elif (status := child.process.poll()) is not None:
                delay = child.postpone()
                log = child.program.log
                if not self._ready and child.failures >= _START_ATTEMPTS:
                    raise StartError(f"The {child.program.name} process does not start; the reason is in {log}.")
                self._say(
                    f"The {child.program.name} process ended ({ended(status)}, see {log}); "
                    f"starting it again in {delay:.1f} s."
                )

    def _restart_server(self, server: EmbeddedServer, how: str) -> None:
        if time.monotonic() < self._server_due:
            return
        self._say(f"PostgreSQL ended ({how}, see {server.log}); starting it again.")
        try:
            server.start()
        except StartError as error:
            self._server_due = time.monotonic() + _LONGEST_DELAY
            self._say(f"{error} Trying again in {_LONGEST_DELAY:.0f} s.")
        else:
            self._say("PostgreSQL is back.")

    def _stop(self, stage: Sequence[_Child]) -> None:
        running = [child.process for child in stage if child.process and child.process.poll() is None]
        for process in running:
            process.terminate()
        deadline = time.monotonic() + _STOP_PATIENCE
        while any(process.poll() is None for process in running):
            if self._forced or time.monotonic() > deadline:
                for process in running:
                    process.kill()
            self._sleep()

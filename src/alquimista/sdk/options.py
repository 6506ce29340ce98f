"""How an agent speaks to the platform: times, sizes, and what it does when it is told something."""

import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from alquimista.sdk.restarting import reexec
from alquimista.sdk.wire import Control, Refusal, clean_instance


def _hostname() -> str:
    return clean_instance(socket.gethostname())


@dataclass(frozen=True, kw_only=True)
class Options:
    """Everything that `Agent` takes beside the address, the key and the slug. The defaults suit production.

    version: of the agent's own software.
    instance: what this process calls itself, the same after each start and unique among the agent's processes; the
        machine's name unless given.
    spool_dir: where reports wait until the platform has them, on disk; one for each process. Without it they wait in
        memory, and a crash loses them.
    spool_bytes: how much may wait; beyond it the oldest reports are dropped, and counted.
    batch, flush_s: reports are sent when so many wait, or so long after the first.
    fsync_s: the disk is told to keep what was written at most so long ago. A killed process loses nothing; a machine
        that loses its power loses at most this. 0 asks at every report.
    beat_s: seconds between signs of life; what the platform asks for unless given.
    first_retry_s, last_retry_s: pauses after a failure grow from one to the other, by chance.
    timeout_s: for one request. silence_s: a control stream that says nothing for so long is opened again.
    drain_s: how long a restart waits for requests that run. close_s: how long `close` tries to send what waits.
    on_restart: called once requests are finished and the restart is acknowledged; None refuses restarts.
    on_pause, on_resume, on_configuration: called on another thread, whether a message or a heartbeat says so (then the
        Control has no id). The agent is paused before on_pause, and goes on after on_resume.
    on_refused: called with reports that the platform refused; they are not sent again.
    """

    version: str
    instance: str = ""
    spool_dir: str | Path | None = None
    spool_bytes: int = 64 * 1024 * 1024
    batch: int = 500
    flush_s: float = 1.0
    fsync_s: float = 1.0
    beat_s: float | None = None
    first_retry_s: float = 0.5
    last_retry_s: float = 30.0
    timeout_s: float = 10.0
    silence_s: float = 45.0
    drain_s: float = 60.0
    close_s: float = 5.0
    on_restart: Callable[[], object] | None = reexec
    on_pause: Callable[[Control], object] | None = None
    on_resume: Callable[[Control], object] | None = None
    on_configuration: Callable[[Control], object] | None = None
    on_refused: Callable[[Sequence[Refusal]], object] | None = None

    @property
    def instance_id(self) -> str:
        """What this process calls itself."""
        return clean_instance(self.instance) if self.instance else _hostname()

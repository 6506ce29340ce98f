"""Server processes that an earlier, killed run left on a cluster. They are ended before the next start.

A process is known by its working directory, which PostgreSQL keeps at the cluster: a PID in postmaster.pid may by now
be somebody else's. Without /proc nothing is found, and PostgreSQL's own interlock refuses the start.
"""

import contextlib
import os
import signal
import time
from pathlib import Path
from typing import Final

from alquimista.runtime.failures import StartError

_PROC: Final = Path("/proc")
# Fast shutdown first; then, as after a crash, without a checkpoint; then the kernel's way. Seconds to wait after each.
_STEPS: Final = ((signal.SIGINT, 20.0), (signal.SIGQUIT, 6.0), (signal.SIGKILL, 5.0))
_ORPHANS_PATIENCE: Final = 1.0  # Without their postmaster, backends have nothing left to finish.


def find(cluster: Path) -> set[int]:
    """The PIDs of the PostgreSQL processes, postmaster and backends, whose working directory is the cluster."""
    here = cluster.stat()
    found = set()
    for entry in _PROC.glob("[0-9]*"):
        with contextlib.suppress(OSError):  # It ended meanwhile, or is another user's and so not on this cluster.
            there = (entry / "cwd").stat()
            named = (entry / "comm").read_text().strip() == "postgres"
            if named and (there.st_dev, there.st_ino) == (here.st_dev, here.st_ino):
                found.add(int(entry.name))
    return found


def end(cluster: Path) -> None:
    """End every such process, and remove the postmaster.pid that they leave.

    Raises:
        StartError: some process survives even SIGKILL, or may not be signalled.
    """
    for step, patience in _STEPS:
        running = find(cluster)
        postmaster = _postmaster(cluster)
        # A living postmaster ends its backends itself; orphaned backends understand only the harder signals.
        targets = running & {postmaster} if step is signal.SIGINT else running
        for pid in targets:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, step)
        deadline = time.monotonic() + (patience if postmaster in running else _ORPHANS_PATIENCE if targets else 0)
        while find(cluster) and time.monotonic() < deadline:
            time.sleep(0.02)
    if remaining := find(cluster):
        raise StartError(f"The old PostgreSQL process {min(remaining)} on {cluster} does not end; end it by hand.")
    if _PROC.is_dir():
        # Its PID may belong to another program by now, which PostgreSQL would take for a running server.
        (cluster / "postmaster.pid").unlink(missing_ok=True)


def _postmaster(cluster: Path) -> int | None:
    try:
        return int((cluster / "postmaster.pid").read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return None

"""Operating-system details of child processes: their death with the parent, and their log files."""

import ctypes
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Final

_PR_SET_PDEATHSIG: Final = 1  # linux/prctl.h
_LOG_LIMIT: Final = 10 * 1024 * 1024
_libc: Final = ctypes.CDLL(None)


def die_with_parent(death: signal.Signals) -> Callable[[], None]:
    """A `preexec_fn` that has the kernel send `death` to the child when this process is gone, however it went.

    Hazard: Linux ties this to the thread that starts the child, so start children from a thread that lives as long as
    they should. Elsewhere than Linux it does nothing, and the next start ends what was left running.
    """
    parent = os.getpid()

    def arm() -> None:
        if sys.platform == "linux":
            _libc.prctl(_PR_SET_PDEATHSIG, int(death), 0, 0, 0)
            if os.getppid() != parent:  # The parent died before the line above took effect.
                os.kill(os.getpid(), signal.SIGKILL)

    return arm


def open_log(path: Path) -> BinaryIO:
    """The log to append to; one above 10 MB is first set aside under `.1`, replacing the one before."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size > _LOG_LIMIT:
        path.replace(path.with_name(path.name + ".1"))
    return path.open("ab", buffering=0)


def ended(status: int) -> str:
    """How a child ended, for people: `status` is Popen's return code."""
    return f"exit status {status}" if status >= 0 else f"signal {signal.Signals(-status).name}"

"""What a process does to start anew."""

import os
import sys
from typing import Final, NoReturn

RESTART_EXIT_CODE: Final = 75  # EX_TEMPFAIL of sysexits.h: it asks a supervisor to start the process again.


def reexec() -> NoReturn:
    """Replace this process by a new run of the same command: same process id, new code, new boot id."""
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - The command that already runs.


def exit_for_supervisor() -> NoReturn:
    """End this process with RESTART_EXIT_CODE, for a supervisor that starts it again (systemd: Restart=on-failure)."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(RESTART_EXIT_CODE)

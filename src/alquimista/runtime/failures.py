"""Why a start is refused. Every message is one sentence or two that say what happened and what to do."""

from typing import ClassVar


class StartError(Exception):
    """Something outside the command line failed, such as the database server: its log is named."""

    exit_code: ClassVar[int] = 1


class RefusedError(StartError):
    """What was asked for cannot be done as asked: a busy port, a directory in use, a cluster of another version."""

    exit_code: ClassVar[int] = 2

"""The application's clock and its ids. Business SQL takes time as a parameter and never calls now().

Two things move it: `frozen`, for the code inside a block, and `move_ahead`, for a whole process of a demonstration.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from uuid import UUID

from uuid_utils.compat import uuid7

_frozen: ContextVar[datetime | None] = ContextVar("frozen_clock", default=None)
_ahead = timedelta(0)


def now() -> datetime:
    """The present moment, in UTC, with microseconds."""
    return _frozen.get() or datetime.now(UTC) + _ahead


def move_ahead(days: int) -> None:
    """Let this process's clock be so many days ahead, and go on from there.

    Called once, where a process has read its settings (ALQUIMISTA_CLOCK_OFFSET_DAYS), before anything asks for the
    time. All processes of an installation share the setting, so that what one writes is neither old nor yet to come
    for another.
    """
    global _ahead  # noqa: PLW0603 - It is the process's own, like the clock that it stands for.
    _ahead = timedelta(days=days)


@contextmanager
def frozen(moment: datetime) -> Iterator[None]:
    """Hold the clock at a moment for the code inside: for tests, simulations and for recomputing a past day."""
    token = _frozen.set(moment)
    try:
        yield
    finally:
        _frozen.reset(token)


def new_id() -> UUID:
    """A UUIDv7 (RFC 9562): sorts by creation time, so that indexes grow at one end."""
    return uuid7()

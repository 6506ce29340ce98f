"""The application's clock and its ids. Business SQL takes time as a parameter and never calls now()."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from uuid import UUID

from uuid_utils.compat import uuid7

_frozen: ContextVar[datetime | None] = ContextVar("frozen_clock", default=None)


def now() -> datetime:
    """The present moment, in UTC, with microseconds."""
    return _frozen.get() or datetime.now(UTC)


@contextmanager
def frozen(moment: datetime) -> Iterator[None]:
    """Hold the clock at a moment for the code inside: for tests and for recomputing a past day."""
    token = _frozen.set(moment)
    try:
        yield
    finally:
        _frozen.reset(token)


def new_id() -> UUID:
    """A UUIDv7 (RFC 9562): sorts by creation time, so that indexes grow at one end."""
    return uuid7()

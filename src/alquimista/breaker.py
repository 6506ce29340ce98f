"""Circuit breakers: what fails again and again is left alone for a while, so that nobody waits for it in vain.

A breaker belongs to one process and one thing that is called: a host, or an endpoint. It is closed while calls succeed;
opens after `failures` in a row; and after `pause_s` lets one call through to see (half-open), which closes it or opens
it for another while.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from functools import partial
from math import ceil
from typing import Final

FAILURES: Final = 5
PAUSE_S: Final = 30.0
_MOST: Final = 10_000


class State(StrEnum):
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class CircuitOpen(Exception):  # noqa: N818 - It is told as a fact.
    """The call was not made; it may be tried after `retry_after` seconds."""

    def __init__(self, retry_after: float) -> None:
        super().__init__(f"The circuit is open for {retry_after:.1f} s more")
        self.retry_after = retry_after

    @property
    def seconds(self) -> int:
        """`retry_after` in whole seconds, for who is told to come back."""
        return ceil(self.retry_after)


class Breaker:
    """One circuit. Not for threads: calls begin and end on one event loop."""

    def __init__(
        self, failures: int = FAILURES, pause_s: float = PAUSE_S, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._most = failures
        self._pause_s = pause_s
        self._clock = clock
        self._failures = 0
        self._open_until: float | None = None
        self._probing = False

    @property
    def state(self) -> State:
        """Whether calls go through: all, none, or one to see."""
        if self._open_until is None:
            return State.CLOSED
        return State.OPEN if self._clock() < self._open_until else State.HALF_OPEN

    @contextmanager
    def call(self, *failing: type[Exception]) -> Iterator[None]:
        """Make a call in the block; those exceptions (all, unless some are named) count as its failure.

        A call that is cancelled, or raises anything else, counts as neither. A call that began before the circuit
        opened does not close it.

        Raises:
            CircuitOpen: the call must not be made.
        """
        counted = failing or (Exception,)
        probe = self._enter()
        try:
            yield
        except counted:
            self._failed(probe=probe)
            raise
        except BaseException:
            if probe:
                self._probing = False
            raise
        self._succeeded(probe=probe)

    def _enter(self) -> bool:
        """Whether this call is the one that sees."""
        if self._open_until is None:
            return False
        left = self._open_until - self._clock()
        if left > 0 or self._probing:
            raise CircuitOpen(max(left, 1.0))
        self._probing = True
        return True

    def _failed(self, *, probe: bool) -> None:
        self._failures += 1
        if probe or (self._open_until is None and self._failures >= self._most):
            self._open_until = self._clock() + self._pause_s
            self._probing = False

    def _succeeded(self, *, probe: bool) -> None:
        if probe or self._open_until is None:
            self._failures = 0
            self._open_until = None
            self._probing = False


class Breakers:
    """A breaker for each key; the ones that were not asked for longest are forgotten beyond a bound."""

    def __init__(
        self, failures: int = FAILURES, pause_s: float = PAUSE_S, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._make = partial(Breaker, failures, pause_s, clock)
        self._known: OrderedDict[Hashable, Breaker] = OrderedDict()

    def of(self, key: Hashable) -> Breaker:
        """The key's breaker."""
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._make()
            if len(self._known) > _MOST:
                self._known.popitem(last=False)
        self._known.move_to_end(key)
        return found

    def failing(self) -> list[Hashable]:
        """The keys whose circuits are not closed."""
        return [key for key, one in self._known.items() if one.state is not State.CLOSED]

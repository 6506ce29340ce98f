"""How long to wait after a failure: longer each time, by chance, and never less than the server asks for."""

import random
from collections.abc import Callable


class Backoff:
    """Pauses between `first` and `last` seconds, doubling. Many agents that fail together do not return together."""

    def __init__(self, first: float, last: float, chance: Callable[[], float] = random.random) -> None:
        self._first = first
        self._last = last
        self._chance = chance
        self._failures = 0

    def failed(self, asked: float = 0.0) -> float:
        """Seconds to wait after one more failure: from half of the doubled pause to all of it, or what was asked."""
        longest = min(self._last, self._first * 2.0 ** min(self._failures, 32))
        self._failures += 1
        pause = longest * (0.5 + self._chance() / 2)
        # Who was told when to come back does not come at that very moment, with everybody else.
        return max(pause, asked + min(asked, self._last) * self._chance() / 10)

    def succeeded(self) -> None:
        """Start anew."""
        self._failures = 0

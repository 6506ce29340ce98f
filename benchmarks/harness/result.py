"""A result: ours, the peer's, their ratio, and the least ratio that was asked for."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any, Literal

THE_BAR = "the bar"  # The "peer" of a bar that is a plain figure.


@dataclass(frozen=True)
class Result:
    """Two figures of one unit. With a figure for each round, the ratio is the median of the rounds' own ratios.

    Args:
        better: whether more or less of the unit is better; a ratio above 1 is always in our favour.
        bar: the least ratio that counts as met; None for a figure that is only stated.
    """

    name: str
    ours: float
    unit: str
    peer: str
    peer_value: float
    bar: float | None
    better: Literal["higher", "lower"] = field(default="higher", kw_only=True)
    ours_rounds: Sequence[float] = field(default=(), kw_only=True)
    peer_rounds: Sequence[float] = field(default=(), kw_only=True)
    note: str = field(default="", kw_only=True)

    @property
    def ratios(self) -> list[float]:
        """The ratio of each round; a single one when the figures are not paired."""
        if self.ours_rounds and len(self.ours_rounds) == len(self.peer_rounds):
            return [self._ratio(a, b) for a, b in zip(self.ours_rounds, self.peer_rounds, strict=True)]
        return [self._ratio(self.ours, self.peer_value)]

    @property
    def ratio(self) -> float:
        """How far ahead of the peer we are."""
        return median(self.ratios)

    @property
    def met(self) -> bool:
        """Whether the bar is met. What is only stated is always met."""
        return self.bar is None or self.ratio >= self.bar

    def plain(self) -> dict[str, Any]:
        """As an entry of results.json."""
        return {
            "name": self.name,
            "ours": _short(self.ours),
            "unit": self.unit,
            "peer": self.peer,
            "peer_value": _short(self.peer_value),
            "ratio": _short(self.ratio),
            "bar": self.bar,
            "met": self.met,
            "better": self.better,
            "ratio_rounds": [_short(ratio) for ratio in self.ratios],
            "note": self.note,
        }

    def _ratio(self, ours: float, theirs: float) -> float:
        above, below = (ours, theirs) if self.better == "higher" else (theirs, ours)
        return above / below if below else float("inf")


def _short(value: float) -> float:
    """Four significant digits: the rest is noise."""
    return float(f"{value:.4g}")

"""Drawings made on the server: sparklines, quotas and the still form of a line chart, all as plain SVG geometry."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final, Literal

import msgspec

Tone = Literal["good", "warn", "bad", "info", "idle"]

WARN_AT: Final = 0.8
FULL_AT: Final = 1.0


def sparkline(values: Sequence[float], width: int = 96, height: int = 28) -> str:
    """Points of a polyline that spans the box; a flat series lies low. One value, or nothing but zeros, is no line."""
    if len(values) < 2 or not any(values):
        return ""
    low, high = min(values), max(values)
    span = (high - low) or 1
    step = width / (len(values) - 1)
    lift = height / 3 if high == low else 0
    return " ".join(
        f"{i * step:.1f},{height - 2 - lift - (v - low) / span * (height - 4):.1f}" for i, v in enumerate(values)
    )


@dataclass(frozen=True, slots=True)
class Quota:
    """Use against a limit. `limit` None means unlimited."""

    used: int
    limit: int | None

    @property
    def ratio(self) -> float | None:
        """Used / limit, or None without a limit. A limit of zero is full as soon as anything is used."""
        if self.limit is None:
            return None
        if self.limit == 0:
            return 1.0 if self.used else 0.0
        return self.used / self.limit

    @property
    def percent(self) -> int:
        """In whole percent, rounded down as on the page of the plan: 99.9 is not all of it."""
        return self.used * 100 // self.limit if self.limit else int(100 * (self.ratio or 0.0))

    @property
    def width(self) -> float:
        """The bar's width, 0 to 100."""
        return round(min(1.0, self.ratio or 0.0) * 100, 1)

    @property
    def tone(self) -> Tone | None:
        """The colour that warns, or None while there is room."""
        ratio = self.ratio or 0.0
        return "bad" if ratio >= FULL_AT else "warn" if ratio >= WARN_AT else None


@dataclass(frozen=True, slots=True)
class Series:
    """One line: its label in the reader's language and a value for each day."""

    label: str
    values: tuple[int | float, ...]


@dataclass(frozen=True, slots=True)
class LineChart:
    """Series over the same days. Days are the tenant's calendar dates. Values with a `currency` are units of it."""

    days: tuple[date, ...]
    series: tuple[Series, ...]
    currency: str = ""

    @property
    def empty(self) -> bool:
        """Whether every value is zero: then there is nothing to draw."""
        return not any(v for s in self.series for v in s.values)

    @property
    def today(self) -> int | float:
        """The last day's value of the first line: that day is not over."""
        return self.series[0].values[-1] if self.series and self.series[0].values else 0

    @property
    def peak(self) -> float:
        """The top of the axis: the highest value and some air."""
        return max((v for s in self.series for v in s.values), default=0) * 1.12 or 1

    def path(self, index: int, width: int = 1000, height: int = 280) -> str:
        """The SVG path of a series in a box that may be stretched."""
        values = self.series[index].values
        step = width / max(1, len(values) - 1)
        peak = self.peak
        points = (f"{i * step:.1f} {height - v / peak * height:.1f}" for i, v in enumerate(values))
        return "M" + "L".join(points)

    def data(self) -> str:
        """What charts.js reads, as JSON that may stand inside a <script type="application/json"> element."""
        stamps = [int(datetime(d.year, d.month, d.day, tzinfo=UTC).timestamp()) for d in self.days]
        drawn: dict[str, Any] = {
            "days": stamps,
            "series": [{"label": s.label, "values": s.values} for s in self.series],
        }
        if self.currency:
            drawn["currency"] = self.currency
        return msgspec.json.encode(drawn).decode().replace("<", "\\u003c")

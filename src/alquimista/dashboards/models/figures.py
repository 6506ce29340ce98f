"""Figures of a period, and the arithmetic of rates."""

from enum import StrEnum
from typing import Final

import msgspec

PERIOD_DAYS: Final = {"7d": 7, "30d": 30, "90d": 90}


class Period(StrEnum):
    """How far back a report goes, today included."""

    WEEK = "7d"
    MONTH = "30d"
    QUARTER = "90d"


class Money(msgspec.Struct, frozen=True):
    """An amount in the currency's main unit, two decimals."""

    currency: str
    amount: float


class Figures(msgspec.Struct, frozen=True):
    """The figures of a period, a day or an agent. Rates in percent, times in milliseconds."""

    total_requests: int
    successful_requests: int
    failed_requests: int
    success_rate: float | None
    avg_response_time_ms: float | None
    p95_response_time_ms: float | None
    total_tokens: int
    cost: list[Money]


def percent(part: int, whole: int) -> float | None:
    """`part` of `whole` as a percentage with two decimals; None of nothing."""
    return round(100 * part / whole, 2) if whole else None


def mean(total: int, count: int) -> float | None:
    """A weighted mean from its sum, two decimals; None of nothing."""
    return round(total / count, 2) if count else None

"""Sums of usage, and what may be asked of them."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from uuid import UUID

import msgspec

from alquimista.errors import BadRequest, Conflict
from alquimista.i18n import N_

# No zone is further from UTC: between these hours lies every hour of a local day.
_FURTHEST = timedelta(hours=14)


class RawGone(Conflict):
    """Raise with `day`, the first day whose raw events are all kept."""

    code = "raw_gone"
    message = N_("The raw events before {day} are no longer kept, so those days cannot be counted again.")


class WrongRange(BadRequest):
    code = "wrong_range"
    message = N_("The first day comes after the last.")


class Sums(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of a period. `response_ms` is a sum of milliseconds; cost in micro-units by currency."""

    requests: int = 0
    failures: int = 0
    response_ms: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    histogram: Decimal = Decimal(0)
    cost_micros: dict[str, int] = {}


class SumsRow(msgspec.Struct, frozen=True):
    """Sums of one currency."""

    currency: str
    requests: int
    failures: int
    response_ms: int
    input_tokens: int
    output_tokens: int
    cost_micros: int
    histogram: Decimal


class Difference(msgspec.Struct, frozen=True):
    """What a rollup lacks of an hour or a day (the other is None): raw - deltas - rollup."""

    hour: datetime | None
    day: date | None
    agent_id: UUID
    currency: str
    requests: int
    failures: int
    response_ms: int
    input_tokens: int
    output_tokens: int
    cost_micros: int
    histogram: Decimal


def merge(rows: Iterable[SumsRow]) -> Sums:
    """The rows of the currencies as one."""
    found = list(rows)
    return Sums(
        requests=sum(r.requests for r in found),
        failures=sum(r.failures for r in found),
        response_ms=sum(r.response_ms for r in found),
        input_tokens=sum(r.input_tokens for r in found),
        output_tokens=sum(r.output_tokens for r in found),
        histogram=Decimal(sum(int(r.histogram) for r in found)),
        cost_micros={r.currency: r.cost_micros for r in found if r.cost_micros},
    )


def day_range(first_day: date, last_day: date) -> list[date]:
    """Every day from the first to the last, both included."""
    return [first_day + timedelta(days=n) for n in range((last_day - first_day).days + 1)]


def utc_span(day: date) -> tuple[datetime, datetime]:
    """UTC hours between which lies every hour of a local day, in any zone."""
    start = datetime.combine(day, time(), UTC) - _FURTHEST
    return start, start + timedelta(days=1) + 2 * _FURTHEST

"""The usage report out of the statement's rows, for both Python peers: plain Python, as either team would write it."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from itertools import chain, pairwise
from math import ceil, sqrt
from typing import Any, NamedTuple
from uuid import UUID

PERIODS = {"7d": 7, "30d": 30, "90d": 90}
_BUCKET_DIGITS = 12


class UsageRow(NamedTuple):
    """Sums of a day or of an agent in one currency, or of the whole period in all, which are None without usage."""

    last_day: date
    day: date | None
    agent_id: UUID | None
    agent_name: str | None
    currency: str | None
    requests: int | None
    failures: int | None
    response_ms: int | None
    tokens: int | None
    cost_micros: int | None
    histogram: str | None


def usage_report(rows: Iterable[UsageRow], period: str) -> dict[str, Any]:
    """The answer of GET /tenant/usage. There is at least one row; they come in any order."""
    by_day: dict[date, list[UsageRow]] = {}
    by_agent: dict[tuple[str, UUID], list[UsageRow]] = {}
    for row in rows:
        last_day = row.last_day
        if row.day is not None:
            by_day.setdefault(row.day, []).append(row)
        elif row.agent_id is not None:
            by_agent.setdefault((row.agent_name, row.agent_id), []).append(row)
        else:
            whole = row
    days = (last_day - timedelta(days=back) for back in reversed(range(PERIODS[period])))
    return {
        "period": period,
        "summary": {
            **_figures([whole] if whole.requests else []),
            "cost": _cost(chain.from_iterable(by_agent.values())),
        },
        "daily_data": [{"date": day, **_figures(by_day.get(day, ()))} for day in days],
        "by_agent": [
            {"agent_id": agent_id, "agent_name": name, **_figures(by_agent[name, agent_id])}
            for name, agent_id in sorted(by_agent)
        ],
    }


def _figures(group: Sequence[UsageRow]) -> dict[str, Any]:
    requests = failures = response_ms = tokens = 0
    for row in group:
        requests += row.requests
        failures += row.failures
        response_ms += row.response_ms
        tokens += row.tokens
    histogram = group[0].histogram if len(group) == 1 else str(sum(int(row.histogram) for row in group))
    return {
        "total_requests": requests,
        "successful_requests": requests - failures,
        "failed_requests": failures,
        "success_rate": round(100 * (requests - failures) / requests, 2) if requests else None,
        "avg_response_time_ms": round(response_ms / requests, 2) if requests else None,
        "p95_response_time_ms": _p95(histogram, requests),
        "total_tokens": tokens,
        "cost": _cost(group),
    }


def _cost(rows: Iterable[UsageRow]) -> list[dict[str, Any]]:
    cost: dict[str, int] = {}
    for row in rows:
        cost[row.currency] = cost.get(row.currency, 0) + row.cost_micros
    return [{"currency": name, "amount": round(micros / 1_000_000, 2)} for name, micros in sorted(cost.items())]


def _p95(digits: str, requests: int) -> float | None:
    """The 95th percentile. Twelve decimal digits of the histogram are a bucket's count, slow requests come first."""
    if not requests:
        return None
    slower = requests - ceil(requests * 95 / 100)
    size = ceil(len(digits) / _BUCKET_DIGITS)
    digits = digits.zfill(size * _BUCKET_DIGITS)
    for place in range(size):
        slower -= int(digits[place * _BUCKET_DIGITS : (place + 1) * _BUCKET_DIGITS])
        if slower < 0:
            return _MIDDLES[size - 1 - place]
    raise ValueError("The histogram counts fewer requests than there were.")


def _bucket_middles() -> list[float]:
    """Buckets are 20 % wide and at least 1 ms; a request's time is taken as its bucket's geometric mean."""
    edges = [1]
    while edges[-1] < 4_055_271:
        edges.append(max(edges[-1] + 1, edges[-1] * 6 // 5))
    middles = (round(sqrt(low * (above - 1)), 2) for low, above in pairwise(edges))
    return [0.0, *middles, float(edges[-1])]


_MIDDLES = _bucket_middles()

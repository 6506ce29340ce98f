"""Requests counted by route, for Prometheus: plain numbers while serving, samples only when somebody asks."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from typing import Final

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

BUCKETS_S: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0)


class _Latency:
    __slots__ = ("counts", "total_s")

    def __init__(self) -> None:
        self.counts = [0] * (len(BUCKETS_S) + 1)
        self.total_s = 0.0


class Metrics(Collector):
    """What a process has served. Routes are labelled by their pattern, never by the path, which would be unbounded."""

    def __init__(self) -> None:
        self._requests: Counter[tuple[str, int]] = Counter()
        self._latency: dict[str, _Latency] = {}
        self._problems: Counter[str] = Counter()
        self._cache: Counter[tuple[str, str]] = Counter()

    def served(self, route: str, status: int, seconds: float) -> None:
        """Count an answer."""
        self._requests[route, status] += 1
        latency = self._latency.get(route)
        if latency is None:
            latency = self._latency[route] = _Latency()
        latency.counts[bisect_left(BUCKETS_S, seconds)] += 1
        latency.total_s += seconds

    def refused(self, code: str) -> None:
        """Count a problem by its code; foreign_tenant is an attempt to see another company's data."""
        self._problems[code] += 1

    def cached(self, route: str, status: str) -> None:
        """Count a HIT or a MISS."""
        self._cache[route, status] += 1

    def collect(self) -> Iterator[Metric]:
        """The samples."""
        requests = CounterMetricFamily("alquimista_http_requests", "Answers.", labels=["route", "status"])
        for (route, status), count in list(self._requests.items()):
            requests.add_metric([route, str(status)], count)
        yield requests
        latency = HistogramMetricFamily(
            "alquimista_http_request_duration_seconds", "From the request's head to the answer's end.", labels=["route"]
        )
        for route, kept in list(self._latency.items()):
            cumulative, buckets = 0, []
            for bound, count in zip((*BUCKETS_S, float("inf")), kept.counts, strict=True):
                cumulative += count
                buckets.append(("+Inf" if bound == float("inf") else str(bound), float(cumulative)))
            latency.add_metric([route], buckets, kept.total_s)
        yield latency
        refused = CounterMetricFamily("alquimista_http_problems", "Problems answered.", labels=["code"])
        for code, count in list(self._problems.items()):
            refused.add_metric([code], count)
        yield refused
        cached = CounterMetricFamily("alquimista_http_cache", "Cacheable answers.", labels=["route", "result"])
        for (route, result), count in list(self._cache.items()):
            cached.add_metric([route, result], count)
        yield cached

"""Which circuits are open, as a gauge: of what is called outside, by service and host."""

from collections import Counter
from collections.abc import Iterator
from typing import Final
from weakref import WeakKeyDictionary

from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from alquimista.breaker import FAILURES, PAUSE_S, Breakers
from alquimista.observability.metrics import REGISTRY

# Companies write hosts: beyond so many of a service that fail at once, the others are told as one.
_MOST_HOSTS: Final = 50
_OTHER: Final = "other"


class Circuits(Collector):
    """The breakers of this process that somebody still holds."""

    def __init__(self) -> None:
        self._known: WeakKeyDictionary[Breakers, str] = WeakKeyDictionary()

    def watched(self, service: str, *, failures: int = FAILURES, pause_s: float = PAUSE_S) -> Breakers:
        """Breakers of a service, keyed by host, whose open circuits the gauge shows; other keys are told as one."""
        breakers = Breakers(failures, pause_s)
        self._known[breakers] = service
        return breakers

    def collect(self) -> Iterator[Metric]:
        """One sample for each host that is not called, or that one call tries; none for those that answer."""
        found: Counter[tuple[str, str]] = Counter()
        for breakers, service in list(self._known.items()):
            for key in breakers.failing():
                host = key if isinstance(key, str) else ""
                room = (service, host) in found or sum(one == service for one, _ in found) < _MOST_HOSTS
                found[service, host if room else _OTHER] += 1
        gauge = GaugeMetricFamily(
            "alquimista_circuit_open", "Circuits that are not closed, in all processes.", labels=["service", "host"]
        )
        for labels, count in found.items():
            gauge.add_metric(labels, count)
        yield gauge


CIRCUITS: Final = Circuits()
REGISTRY.register(CIRCUITS)

"""/metrics over several processes: each one writes its numbers into a shared folder, whoever is asked adds them up.

`alquimista up` runs N web processes behind one port, and a scrape reaches any of them. prometheus_client's own
multiprocess mode writes every single count into a memory-mapped file and does not take other collectors; here counting
stays a plain addition in memory, and a snapshot is written every two seconds. The snapshot of a process that died
stays, so that counters never go down; the supervisor empties the folder when it starts.

A process that runs alone (`alquimista serve` in a container of its own) has no folder and shows its own numbers.
"""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec
import psycopg
from prometheus_client import CollectorRegistry, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector

from alquimista.errors import Unavailable
from alquimista.observability.metrics import REGISTRY

GaugeSource = Callable[[], Awaitable[list[Metric]]]

CONTENT_TYPE: Final = CONTENT_TYPE_PLAIN_0_0_4
SNAPSHOT_SECONDS: Final = 2
# The supervisor sets it for its children; the name is the one that prometheus_client's users know.
DIRECTORY_VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"


class _Family(msgspec.Struct, frozen=True, array_like=True):
    name: str
    kind: str
    help: str
    samples: list[tuple[str, dict[str, str], float]]


_DECODER: Final = msgspec.msgpack.Decoder(list[_Family])
_ENCODER: Final = msgspec.msgpack.Encoder()


class Exposition:
    """This process's collectors, and the snapshots of its siblings."""

    def __init__(self, directory: Path | None = None) -> None:
        self._collectors: list[Collector] = [REGISTRY]
        self._sources: list[GaugeSource] = []
        self._directory = directory
        self._own = f"{os.getpid()}-{time.time_ns()}.metrics"  # Process ids are used again.
        if directory is not None:
            directory.mkdir(parents=True, exist_ok=True)

    def add(self, collector: Collector) -> None:
        """Show this collector's metrics too. A gauge in it is added up over processes like a counter."""
        self._collectors.append(collector)

    def watch(self, source: GaugeSource) -> None:
        """Ask this whenever somebody scrapes, for what is true of the whole platform just now (queue depth...)."""
        self._sources.append(source)

    def publish(self) -> None:
        """Write this process's numbers for its siblings. Call every SNAPSHOT_SECONDS, and once at the end."""
        if self._directory is None:
            return
        own = self._directory / self._own
        partial = own.with_suffix(".partial")
        partial.write_bytes(_ENCODER.encode(self._families()))
        partial.replace(own)

    async def samples(self, family: str) -> list[tuple[dict[str, str], float]]:
        """What all processes show of one family, added up, with its labels."""
        return await asyncio.to_thread(self._samples, family)

    def _samples(self, name: str) -> list[tuple[dict[str, str], float]]:
        found = [one for families in (self._families(), *self._siblings()) for one in families if one.name == name]
        if not found:
            return []
        total = _Sum(found[0])
        for one in found:
            total.add(one)
        return [(sample.labels, sample.value) for sample in total.metric().samples]

    async def render(self) -> bytes:
        """Everything in Prometheus's text format. What cannot be asked just now is left out: the rest still matters."""
        gauges: list[Metric] = []
        for source in self._sources:
            with suppress(Unavailable, psycopg.Error):
                gauges += await source()
        return await asyncio.to_thread(self._text, gauges)

    def _text(self, gauges: list[Metric]) -> bytes:
        total: dict[str, _Sum] = {}
        for families in (self._families(), *self._siblings()):
            for family in families:
                total.setdefault(family.name, _Sum(family)).add(family)
        registry = CollectorRegistry(auto_describe=False)
        registry.register(_Fixed([*(one.metric() for one in total.values()), *gauges]))
        return generate_latest(registry)

    def _families(self) -> list[_Family]:
        return [
            _Family(
                metric.name,
                metric.type,
                metric.documentation,
                # Creation times differ between processes and cannot be added.
                [(s.name, s.labels, s.value) for s in metric.samples if not s.name.endswith("_created")],
            )
            for collector in self._collectors
            for metric in collector.collect()
        ]

    def _siblings(self) -> Iterable[list[_Family]]:
        if self._directory is None:
            return
        for path in sorted(self._directory.glob("*.metrics")):
            if path.name != self._own:
                yield _DECODER.decode(path.read_bytes())


class _Sum:
    """One family, added up by sample name and labels."""

    def __init__(self, family: _Family) -> None:
        self._family = family
        self._values: dict[tuple[str, frozenset[tuple[str, str]]], tuple[dict[str, str], float]] = {}

    def add(self, family: _Family) -> None:
        for name, labels, value in family.samples:
            key = (name, frozenset(labels.items()))
            _, before = self._values.get(key, (labels, 0.0))
            self._values[key] = (labels, before + value)

    def metric(self) -> Metric:
        metric = Metric(self._family.name, self._family.help, self._family.kind)
        for (name, _), (labels, value) in self._values.items():
            metric.add_sample(name, labels, value)
        return metric


class _Fixed(Collector):
    """Metrics that were collected before."""

    def __init__(self, metrics: list[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> list[Metric]:
        return self._metrics

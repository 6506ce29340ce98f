"""Back-pressure: what becomes of requests, of the process and of the data at twice the capacity, and afterwards."""

import threading
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from benchmarks.cases.ingest_batches import write_keys
from benchmarks.cases.users import histogram, percentile
from benchmarks.data.people import populate
from benchmarks.harness.bench import FOLDER, Bench, Case, Outcome, Plot
from benchmarks.harness.load import Load, wrk
from benchmarks.harness.process import UNCACHED, Serving, serve_ours
from benchmarks.harness.result import THE_BAR, Result

KEPT: Final = 0.8  # Of the capacity, while twice as much is asked.
LIVE_BAR_S: Final = 1.0  # What an orchestrator waits for a sign of life, by default.
TIMES: Final = 2
_BATCH: Final = 500
_LOOK_S: Final = 0.1
_PATIENCE_S: Final = 30  # wrk waits so long for an answer; none may take as long.
_MEMORY_MB: Final = 400.0


@dataclass(frozen=True)
class Work:
    """A kind of request: its script, how much of it is asked at once for the capacity, and in the overload."""

    name: str
    script: str
    connections: int
    crowd: int


READS: Final = Work("reads of usage, not cached", "usage.lua", 32, 2000)
WRITES: Final = Work("batches of 500 events", "ingest_batches.lua", 16, 1000)


@dataclass
class Watch:
    """Looks at the web process again and again: how long /health/live takes, and how much memory there is."""

    ours: Serving
    live_s: list[float] = field(default_factory=list)
    memory_mb: list[float] = field(default_factory=list)

    def during(self, work: Callable[[], Load]) -> Load:
        """Do the work under watch."""
        done = threading.Event()
        watcher = threading.Thread(target=self._look, args=[done])
        watcher.start()
        try:
            return work()
        finally:
            done.set()
            watcher.join()

    def _look(self, done: threading.Event) -> None:
        while not done.wait(_LOOK_S):
            asked = time.monotonic()
            address = f"{self.ours.url}/health/live"
            with urllib.request.urlopen(address, timeout=_PATIENCE_S) as answer:  # noqa: S310 - Our own.
                assert answer.status == 200
            self.live_s.append(time.monotonic() - asked)
            self.memory_mb.append(sum(process.rss_mb() for process in self.ours.web))


@dataclass(frozen=True)
class Found:
    """What one kind of work showed: answers of 200 a second before, under pressure and afterwards."""

    capacity: float
    under: float
    later: float  # Requests a second that were asked to come back.
    afterwards: float
    p99_ms: int
    before_mb: float
    watch: Watch


def run(bench: Bench) -> Outcome:
    """One web process and the worker; first reads that each take a query, then batches of events."""
    reads = _reads(bench)
    writes = _writes(bench)
    found = {READS.name: reads, WRITES.name: writes}
    return Outcome(
        [result for name, one in found.items() for result in _results(name, one)],
        [
            Plot(
                "pressure",
                f"Answers of 200 at {TIMES} times the capacity, beside the capacity",
                "of the capacity",
                {
                    label: [value / one.capacity]
                    for name, one in found.items()
                    for label, value in (
                        (f"{name}: under pressure", one.under),
                        (f"{name}: afterwards", one.afterwards),
                    )
                },
            )
        ],
        [_note(name, one) for name, one in found.items()],
    )


def _reads(bench: Bench) -> Found:
    site = bench.cluster.site("pressure_reads")
    population = populate(site, tenants=10 if bench.quick else 200)
    tokens = bench.scratch / "pressure-tokens"
    tokens.write_text("\n".join(population.tokens))
    with serve_ours(site, bench.scratch / "pressure.log", worker=True, command=UNCACHED) as ours:
        return _measure(bench, READS, ours, {"TOKENS": str(tokens)})[0]


def _writes(bench: Bench) -> Found:
    site = bench.cluster.site("pressure_writes")
    population = populate(site, tenants=5 if bench.quick else 50, users=1, days=0)
    keys = write_keys(bench.scratch / "pressure-keys", population)
    with serve_ours(site, bench.scratch / "pressure.log", worker=True) as ours:
        found, loads = _measure(bench, WRITES, ours, {"KEYS": str(keys), "AGENTS": "8"})
    rows, once = site.admin(
        "SELECT count(*), count(DISTINCT (tenant_id, source, event_id)) FROM alquimista_platform.agent_requests"
    )[0]
    accepted = sum(load.counters["accepted"] for load in loads)
    assert rows == once, f"{rows} rows for {once} events"
    assert rows >= accepted, f"{accepted} events were acknowledged, and {rows} are there"
    return found


def _measure(bench: Bench, work: Work, ours: Serving, env: dict[str, str]) -> tuple[Found, list[Load]]:
    seconds = 2 if bench.quick else 8
    crowd = 100 if bench.quick else work.crowd
    loads: list[Load] = []

    def load(connections: int, seconds: float, rate: float = 0) -> Load:
        parts = [work.script, "outcome.lua", *(["steady.lua"] if rate else [])]
        script = bench.scratch / "pressure.lua"
        script.write_text("".join((FOLDER / "load" / part).read_text() for part in parts))
        own = {**env, "RUN": f"p{len(loads)}", "RATE": str(rate)}
        loads.append(wrk(ours.url, script, connections=connections, seconds=seconds, env=own, timeout_s=_PATIENCE_S))
        assert not histogram(loads[-1], {"wrong"}), loads[-1]
        return loads[-1]

    load(work.connections, 1)
    capacity = _rate(load(work.connections, bench.seconds), "ok")
    watch = Watch(ours)
    before = sum(process.rss_mb() for process in ours.web)
    bench.say(f"{work.name}: {capacity:,.0f} a second; {TIMES} times as many over {crowd:,} connections")
    pressed = watch.during(lambda: load(crowd, seconds, TIMES * capacity))
    time.sleep(1 if bench.quick else 3)
    afterwards = load(work.connections, bench.seconds)
    found = Found(
        capacity,
        _rate(pressed, "ok"),
        _rate(pressed, "later"),
        _rate(afterwards, "ok"),
        percentile(histogram(pressed, {"ok"}), 99),
        before,
        watch,
    )
    return found, loads


def _rate(load: Load, kind: str) -> float:
    return sum(histogram(load, {kind}).values()) / load.seconds


def _results(name: str, found: Found) -> list[Result]:
    at = f"{name}, at {TIMES} times the capacity"
    live = sorted(found.watch.live_s)[int(0.99 * len(found.watch.live_s))]
    peak = max(found.watch.memory_mb)
    own = "its own capacity"
    return [
        Result(f"{at}: answered", found.under, "requests/s", own, found.capacity, KEPT),
        Result(f"{at}: /health/live, 99th percentile", live, "s", THE_BAR, LIVE_BAR_S, 1, better="lower"),
        Result(f"{at}: memory of the web process", peak, "MB", THE_BAR, _MEMORY_MB, 1, better="lower"),
        Result(f"{name}, afterwards: answered", found.afterwards, "requests/s", own, found.capacity, 0.9),
    ]


def _note(name: str, found: Found) -> str:
    return (
        f"{name[0].upper()}{name[1:]}: {found.capacity:,.0f} a second are the capacity. At {TIMES} times as many, "
        f"{found.under:,.0f} a second were answered, the slowest hundredth of them after {found.p99_ms / 1000:.1f} s, "
        f"and {found.later:,.0f} a second were asked to come back (429 or 503 with Retry-After); the web process grew "
        f"from {found.before_mb:.0f} to {max(found.watch.memory_mb):.0f} MB."
    )


CASE = Case("pressure", "Back-pressure at twice the capacity", run)

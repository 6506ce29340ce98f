"""Connections to PostgreSQL while a thousand clients are connected: few, fixed, and queued for."""

import threading
import time
from collections import defaultdict
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Final

import psycopg

from alquimista.config import variable
from benchmarks.cases.ingest_batches import write_keys
from benchmarks.data.people import Population, populate
from benchmarks.harness.bench import FOLDER, Bench, Case, Outcome, Plot
from benchmarks.harness.cluster import Site
from benchmarks.harness.load import Load, wrk
from benchmarks.harness.process import COMMAND, UNCACHED, Process, serve_ours
from benchmarks.harness.result import THE_BAR, Result

CLIENTS: Final = 1_000
_EVERY_S: Final = 0.1
_PATIENCE_S: Final = 30
_WEB, _WORKER, _BUS = "web", "worker", "alquimista bus"
# The worker's queue asks and listens on two connections of its own, beside its pool.
_QUEUE: Final = {(_WORKER, "internal"): 2}
_ACTIVITY: Final = """
    SELECT application_name, replace(usename, 'alquimista_', ''), count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND usename LIKE 'alquimista%%' GROUP BY 1, 2
"""
Owner = tuple[str, str]  # A process and a role.


@dataclass
class Sampler:
    """Counts the server's connections again and again."""

    site: Site
    times: list[float] = field(default_factory=list)
    counts: dict[Owner, list[int]] = field(default_factory=lambda: defaultdict(list))

    def run(self, done: threading.Event) -> None:
        """Until done."""
        began = time.monotonic()
        with psycopg.connect(self.site.url("admin"), autocommit=True) as conn:
            while not done.wait(_EVERY_S):
                found = {(str(name), str(role)): int(count) for name, role, count in conn.execute(_ACTIVITY)}
                for owner in found.keys() | self.counts.keys():
                    own = self.counts[owner]
                    own.extend([0] * (len(self.times) - len(own)) + [found.get(owner, 0)])
                self.times.append(time.monotonic() - began)


def run(bench: Bench) -> Outcome:
    """One web process and the worker; reads that each take a query, and batches of events."""
    site = bench.cluster.site("connections")
    population = populate(site, tenants=10 if bench.quick else 200)
    clients = 50 if bench.quick else CLIENTS
    pool = site.settings.database_pool
    url = variable("database_url")

    def named(name: str) -> dict[str, str]:
        return {**site.env, url: f"{site.settings.database_url}&application_name={name}"}

    log = bench.scratch / "connections.log"
    sampler, done = Sampler(site), threading.Event()
    watcher = threading.Thread(target=sampler.run, args=[done])
    with ExitStack() as stack:
        ours = stack.enter_context(serve_ours(site, log, command=UNCACHED, env=named(_WEB)))
        stack.enter_context(Process(_WORKER, [*COMMAND, "worker"], named(_WORKER), log=log))
        watcher.start()
        try:
            load = _load(bench, ours.url, population, clients)
        finally:
            done.set()
            watcher.join()
    written = site.admin("SELECT count(*) FROM alquimista_platform.agent_requests")[0][0]
    peaks = {owner: max(counts) for owner, counts in sampler.counts.items()}
    assert peaks.pop((_BUS, "app")) <= 2, peaks  # One in each process.
    answered = 100 * (1 - (load.refused + load.errors) / load.requests)
    limit = {owner: pool + _QUEUE.get(owner, 0) for owner in peaks}
    return Outcome(
        [
            *(
                Result(
                    f"connections of the {process} process as {role}, {clients:,} clients",
                    peak,
                    "connections",
                    "the pool",
                    limit[process, role],
                    1,
                    better="lower",
                )
                for (process, role), peak in sorted(peaks.items())
            ),
            Result(f"{clients:,} clients: answered, not refused", answered, "%", THE_BAR, 100, 0.999),
        ],
        [
            Plot(
                "connections",
                f"Connections to PostgreSQL while {clients:,} clients ask",
                "connections",
                {f"{process}, {role}": counts for (process, role), counts in sorted(sampler.counts.items())},
                "lines",
                sampler.times,
                "seconds",
            )
        ],
        [
            f"{clients:,} connections that never rest, {load.per_second:,.0f} requests/s: four fifths reads that each "
            f"take a query, one fifth batches of 100 events ({written:,} written). They wait in line, "
            f"{load.p50_ms / 1000:.1f} s in the median and {load.p99_ms / 1000:.1f} s in the 99th percentile; "
            f"{load.refused} were refused.",
            "A process holds `ALQUIMISTA_DATABASE_POOL` connections of each role at most and opens them when they are "
            "needed; one more listens, and the worker's queue has two.",
        ],
    )


def _load(bench: Bench, url: str, population: Population, clients: int) -> Load:
    tokens = bench.scratch / "connections-tokens"
    tokens.write_text("\n".join(population.tokens))
    keys = write_keys(bench.scratch / "connections-keys", population)
    env = {"TOKENS": str(tokens), "KEYS": str(keys), "AGENT": population.tenants[0].agents[0][1], "RUN": "c"}
    script = FOLDER / "load" / "memory.lua"
    seconds = 2 if bench.quick else 12
    return wrk(url, script, connections=clients, seconds=seconds, env=env, timeout_s=_PATIENCE_S)


CASE = Case("connections", "Connections to PostgreSQL", run)

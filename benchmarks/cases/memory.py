"""The memory of our processes, idle and under as much load as they take."""

import threading
import time
from collections.abc import Callable

from benchmarks.data.people import Population, populate
from benchmarks.harness.bench import FOLDER, Bench, Case, Outcome, Plot
from benchmarks.harness.load import Load, wrk
from benchmarks.harness.process import COMMAND, Process, Serving, free_port, serve_ours
from benchmarks.harness.result import THE_BAR, Result

BAR_MB = 300.0
CONNECTIONS = 200
_EVERY_S = 0.25


def run(bench: Bench) -> Outcome:
    """Web and worker on a populated site: at rest, then while wrk reads and writes with 200 connections."""
    site = bench.cluster.site("memory")
    population = populate(site, tenants=10 if bench.quick else 200)
    with serve_ours(site, bench.scratch / "memory.log", worker=True) as ours:
        time.sleep(1 if bench.quick else 8)
        idle = _megabytes(ours)
        bench.say(f"at rest {idle:.0f} MB; under load")
        samples: list[float] = []
        load = _watched(lambda: _load(bench, ours, population), lambda: samples.append(_megabytes(ours)))
        time.sleep(1 if bench.quick else 5)
        after = _megabytes(ours)
        parts = {process.name: process.pss_mb() for process in ours.processes}
    assert load.refused == 0, load
    assert load.errors == 0, load
    _check_written(bench, site.admin("SELECT count(*) FROM alquimista_platform.agent_requests")[0][0], load)
    peak, supervisor = max(samples), _supervisor(bench)
    times = [_EVERY_S * number for number in range(len(samples))]
    return Outcome(
        [
            Result("memory of web + worker, at rest", idle, "MB", THE_BAR, BAR_MB, 1, better="lower"),
            Result("memory of web + worker, peak under full load", peak, "MB", THE_BAR, BAR_MB, 1, better="lower"),
        ],
        [Plot("memory", "Memory under full load", "MB", {"web + worker": samples}, "lines", times, "seconds")],
        [
            "Proportional set size (pages shared by both processes counted once), without PostgreSQL.",
            f"Full load: {CONNECTIONS} connections of reads of {len(population.tokens):,} people and of batches of 100 "
            f"events; {load.per_second:,.0f} requests/s, none refused. Five seconds later: {after:.0f} MB ("
            + ", ".join(f"{name} {size:.0f}" for name, size in parts.items())
            + f"). `alquimista up`, which only watches them, has {supervisor:.0f} MB of its own.",
        ],
    )


def _supervisor(bench: Bench) -> float:
    """The process of `alquimista up` alone: what it starts is in sessions of its own."""
    port = free_port()
    argv = [*COMMAND, "up", "--port", str(port), "--data-dir", str(bench.scratch / "memory-up")]
    ready = f"http://127.0.0.1:{port}/health/live"
    with Process("up", argv, {}, log=bench.scratch / "memory-up.log", ready=ready) as up:
        time.sleep(1)
        return up.pss_mb()


def _check_written(bench: Bench, rows: int, load: Load) -> None:
    """Every batch that was answered is there; wrk counts the batches that it began, and does not wait for the last."""
    begun = load.counters["events"]
    assert begun - 100 * CONNECTIONS <= rows <= begun, (rows, begun)
    bench.say(f"{rows:,} events written")


def _load(bench: Bench, ours: Serving, population: Population) -> Load:
    tokens, keys = bench.scratch / "memory-tokens", bench.scratch / "memory-keys"
    tokens.write_text("\n".join(population.tokens))
    keys.write_text("\n".join(tenant.api_key for tenant in population.tenants))
    env = {"TOKENS": str(tokens), "KEYS": str(keys), "AGENT": population.tenants[0].agents[0][1], "RUN": "m"}
    script = FOLDER / "load" / "memory.lua"
    return wrk(ours.url, script, connections=CONNECTIONS, seconds=2 if bench.quick else 12, env=env)


def _watched(work: Callable[[], Load], look: Callable[[], None]) -> Load:
    """Do the work, and look again and again meanwhile."""
    done = threading.Event()

    def watch() -> None:
        while not done.wait(_EVERY_S):
            look()

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        return work()
    finally:
        done.set()
        watcher.join()


def _megabytes(ours: Serving) -> float:
    return sum(process.pss_mb() for process in ours.processes)


CASE = Case("memory", "Memory", run)

"""Where the time of one read of the usage report goes: by process, inside the web process, and in PostgreSQL."""

import json
import os
import resource
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any, Final, NamedTuple

from psycopg import ClientCursor, connect

from alquimista import clock
from alquimista.dashboards.queries.usage import TENANT
from alquimista.db.context import begin
from alquimista.db.roles import connection_info
from benchmarks.cases.usage_query import PATH, write_tokens
from benchmarks.data.people import Population, populate
from benchmarks.harness.bench import FOLDER, Bench, Case, Outcome
from benchmarks.harness.cluster import Site
from benchmarks.harness.load import wrk
from benchmarks.harness.peers import fetch
from benchmarks.harness.process import COMMAND, UNCACHED, serve_ours
from benchmarks.ours.profiled import AT_ONCE, Profile, profile

KINDS: Final = {"not cached": UNCACHED, "cached": (*COMMAND, "serve")}
_PEOPLE: Final = 40  # Of the profile inside the process: each has its read remembered before it begins.
_READS: Final = 1_600
_EXPLAINED: Final = 15


class Spent(NamedTuple):
    """Processor time of one read (µs) in each process, and how many were answered a second."""

    web: float
    postgres: float
    wrk: float
    per_second: float


def run(bench: Bench) -> Outcome:
    """Under load with the processes apart, then the application alone under a profiler, then the statement alone."""
    site = bench.cluster.site("profile")
    population = populate(site, tenants=_PEOPLE if bench.quick else 200)
    spent = {kind: _load(bench, site, population, kind) for kind in KINDS}
    tokens = population.tokens[:_PEOPLE]
    reads = 320 if bench.quick else _READS
    profiles = {kind: profile(site, PATH, tokens, reads, cached=kind == "cached") for kind in KINDS}
    assert profiles["not cached"].without_task == 0, "a read that was to be computed was answered from the cache"
    assert profiles["cached"].without_task > 0.9, "cached reads took the way of the others"
    return Outcome(
        notes=[
            f"Processor time, 32 connections, one web process: what the kernel counts for each process while wrk reads "
            f"for {bench.seconds:.0f} s, over the reads. The web process and PostgreSQL include their work in the "
            "kernel, sockets above all.",
            f"Inside the web process: the application in a process without a server, {reads:,} reads, {AT_ONCE} at a "
            "time, under cProfile. Shares are of own time; what is written in C counts to its caller unless its name "
            "tells the package. The profiler makes many small Python functions look dearer than they are, and the HTTP "
            f"parser and the socket are not in it. Of the cached reads {profiles['cached'].without_task:.0%} were "
            "answered at once, without a task, as the server does.",
            "In PostgreSQL: EXPLAIN ANALYZE as app under row security. A connection plans it a few times and "
            "then keeps the plan, so that a read costs the execution only.",
        ],
        tables={
            "Processor time of one read (µs)": _spent(spent),
            "Inside the web process, by part (% of its own work)": _parts(profiles),
            **{f"The dozen functions with most own time, {kind} (%)": _functions(profiles[kind]) for kind in KINDS},
            "The statement in PostgreSQL": _statement(site, population),
        },
    )


def _load(bench: Bench, site: Site, population: Population, kind: str) -> Spent:
    tokens = write_tokens(bench.scratch / "profile-tokens", population)
    script, env = FOLDER / "load" / "usage.lua", {"TOKENS": str(tokens)}
    with serve_ours(site, bench.scratch / "profile.log", command=KINDS[kind]) as ours:
        status, mine = fetch(ours.url + PATH, population.tenants[0].users[0].token)
        assert status == 200
        assert mine != fetch(ours.url + PATH, population.tenants[1].users[0].token)[1], "two companies, same figures"
        bench.say(f"{kind}, under load")
        wrk(ours.url, script, seconds=1, env=env)
        before = ours.web[0].cpu_seconds(), _postgres_seconds(bench.cluster.pid), _wrk_seconds()
        load = wrk(ours.url, script, seconds=bench.seconds, env=env)
        after = ours.web[0].cpu_seconds(), _postgres_seconds(bench.cluster.pid), _wrk_seconds()
    assert (load.refused, load.errors) == (0, 0), load
    web, postgres, tool = (1e6 * (end - start) / load.requests for start, end in zip(before, after, strict=True))
    return Spent(web, postgres, tool, load.per_second)


def _postgres_seconds(postmaster: int) -> float:
    """Processor time of the server's processes, those that ended included."""
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(stat.parent.name) == postmaster:
            ticks += sum(map(int, fields[11:15]))  # The last two are of its children that ended.
        elif int(fields[1]) == postmaster:
            ticks += sum(map(int, fields[11:13]))
    return ticks / os.sysconf("SC_CLK_TCK")


def _wrk_seconds() -> float:
    """Processor time of the processes that this one started and that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _spent(spent: dict[str, Spent]) -> list[list[str]]:
    rows = [["", *spent]]
    for name in ("web", "postgres", "wrk"):
        label = {"web": "web process", "postgres": "PostgreSQL", "wrk": "wrk"}[name]
        rows.append([label, *(f"{getattr(one, name):.0f}" for one in spent.values())])
    rows.append(["all three", *(f"{one.web + one.postgres + one.wrk:.0f}" for one in spent.values())])
    rows.append(["reads a second meanwhile", *(f"{one.per_second:,.0f}" for one in spent.values())])
    return rows


def _parts(profiles: dict[str, Profile]) -> list[list[str]]:
    names = dict.fromkeys(name for one in profiles.values() for name, share in one.parts.items() if share >= 0.005)
    shares = ([name, *(f"{100 * one.parts.get(name, 0):.1f}" for one in profiles.values())] for name in names)
    return [["", *profiles], *shares]


def _functions(found: Profile) -> list[list[str]]:
    return [["", "share"], *([name, f"{100 * share:.1f}"] for name, share in found.functions.items())]


def _statement(site: Site, population: Population) -> list[list[str]]:
    """Medians over several companies."""
    wanted = "EXPLAIN (ANALYZE, TIMING OFF, BUFFERS OFF, FORMAT JSON) "
    found: list[dict[str, Any]] = []
    with connect(connection_info(site.settings, "app"), autocommit=True) as conn:
        for tenant in population.tenants[:_EXPLAINED]:
            conn.execute(begin(tenant.id).encode())
            params = {"tenant_id": tenant.id, "agent_id": None, "days": 30, "back": 0, "now": clock.now()}
            row = ClientCursor(conn).execute((wanted + TENANT.sql).encode(), params).fetchone()
            conn.execute("ROLLBACK")
            assert row is not None
            found.append(row[0][0] if not isinstance(row[0], str) else json.loads(row[0])[0])
    table = "tenant_usage_daily"
    figures = {
        "planning, once for a connection (ms)": [one["Planning Time"] for one in found],
        "execution (ms)": [one["Execution Time"] for one in found],
        "rows of daily sums read": [_rows(one["Plan"], table) for one in found],
        "rows answered": [one["Plan"]["Actual Rows"] for one in found],
    }
    return [["", "median"], *([name, f"{median(values):.3g}"] for name, values in figures.items())]


def _rows(plan: dict[str, Any], table: str) -> float:
    """Rows that the plan's nodes took from the table, those that a filter threw away included."""
    found = (node for node in _nodes(plan) if node.get("Relation Name") == table)
    return sum(
        float((node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]) for node in found
    )


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    parts: Sequence[dict[str, Any]] = plan.get("Plans", ())
    for part in parts:
        yield from _nodes(part)


CASE = Case("profile", "Where the time of one read goes", run)

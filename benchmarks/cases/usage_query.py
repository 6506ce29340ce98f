"""GET /tenant/usage?period=30d, not cached: ours beside the peers, a bare ASGI app and pgbench."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from statistics import median

from benchmarks.data.people import Population, populate
from benchmarks.harness.bench import FOLDER, Bench, Case, Outcome, Plot
from benchmarks.harness.load import Load, wrk
from benchmarks.harness.peers import Peer, fetch, peer
from benchmarks.harness.process import UNCACHED, serve_ours
from benchmarks.harness.result import Result
from benchmarks.harness.rounds import Contestant, in_turn
from benchmarks.limits.pgbench import Pgbench, Way
from benchmarks.peers import commands
from benchmarks.peers.same_answers import assert_same

WORK = "GET /tenant/usage?period=30d, not cached"
PATH = "/tenant/usage?period=30d"
OURS = "Alquimista"
PGBENCH = "pgbench, the same statements in one transaction"
PIPELINED = "pgbench, pipelined"
BARS = {
    "FastAPI + SQLAlchemy + asyncpg": 3.0,
    "Fastify + pg, transaction": 1.8,
    "Fastify + pg, one function": 1.2,
    "Django + DRF": 4.0,
    "bare ASGI, same query": 0.8,
}
_PEERS: dict[str, Callable[[int], Sequence[str]]] = {
    "FastAPI + SQLAlchemy + asyncpg": commands.fastapi,
    "Fastify + pg, transaction": partial(commands.fastify, mode="transaction"),
    "Fastify + pg, one function": partial(commands.fastify, mode="function"),
    "Django + DRF": commands.django,
    "bare ASGI, same query": partial(commands.bare, mode="query"),
}


def run(bench: Bench) -> Outcome:
    """One worker process each, 32 connections, 1,000 people of 200 companies with 90 days of 8 agents."""
    site = bench.cluster.site("usage_query")
    population = populate(site, tenants=10 if bench.quick else 200)
    tokens = write_tokens(bench.scratch / "usage-tokens", population)
    site.admin(commands.fastify_function())
    pgbench = Pgbench(site, population, bench.scratch)
    with ExitStack() as stack:
        ours = stack.enter_context(serve_ours(site, bench.scratch / "usage.log", command=UNCACHED))
        peers = {name: stack.enter_context(peer(bench, site, name, argv)) for name, argv in _PEERS.items()}
        check(ours.url, peers, population)
        contestants = [
            Contestant(OURS, partial(read, bench, ours.url, tokens), ours.processes),
            *(Contestant(name, partial(read, bench, one.url, tokens), [one.process]) for name, one in peers.items()),
            Contestant(PGBENCH, partial(pgbench.best, Way.TRANSACTION, bench.seconds)),
            Contestant(PIPELINED, partial(pgbench.best, Way.PIPELINED, bench.seconds)),
        ]
        samples = in_turn(bench, contestants)
    rates = {
        name: [one.per_second if isinstance(one, Load) else one for one in found] for name, found in samples.items()
    }
    results = [against(rates, name, bar, WORK) for name, bar in {**BARS, PGBENCH: 0.42, PIPELINED: None}.items()]
    return Outcome(
        results,
        [Plot("usage_query", "GET /tenant/usage?period=30d, not cached", "requests/s", rates)],
        [
            "One worker process each, 32 connections, 1,000 people of 200 companies, 90 days of 8 agents; the answer "
            "has figures for 30 days and 8 agents, each with its 95th percentile out of a histogram.",
            "Ours does everything that a first read does, keeping the answer included; only finding it is prevented.",
            "The goal beside pgbench is 0.6×. Pipelined, pgbench sends as our executor does.",
            "What stands in the way of more beside Fastify: the statement, the same for both, takes PostgreSQL about "
            "as long as all the rest of our read takes Python, so that even a read without any Python would stay near "
            "twice Fastify's rate. Ours saves three of its four round trips and a quarter of PostgreSQL's time; V8 "
            "composes 39 groups of figures faster than Python does. Tried, and too little: sums by aggregates of our "
            "own (6 %), results in binary (a few percent), histograms read several buckets at a time (2 %), the whole "
            "period added up in Python (nothing in all), a web server in Rust (decision 16).",
        ],
        {"Latency of the answers (ms, medians of the rounds)": latencies(samples)},
    )


def write_tokens(path: Path, population: Population) -> Path:
    """A file with everybody's access token."""
    path.write_text("\n".join(population.tokens))
    return path


def check(ours: str, peers: dict[str, Peer], population: Population) -> None:
    """Every peer gives ours' figures to people of several companies, and nothing without a good token."""
    people = [tenant.users[0].token for tenant in population.tenants[:3]]
    answers = [fetch(ours + PATH, token) for token in people]
    assert [status for status, _ in answers] == [200, 200, 200]
    assert answers[0] != answers[1], "two companies see the same figures"
    for url in [ours, *(one.url for one in peers.values())]:
        assert fetch(url + PATH)[0] in {401, 403}, f"{url} asks for no token"
        assert fetch(url + PATH, people[0][:-4] + "AAAA")[0] in {401, 403}, f"{url} takes a forged token"
    for one in peers.values():
        for token, (_, expected) in zip(people, answers, strict=True):
            status, found = fetch(one.url + PATH, token)
            assert status == 200, one.url
            assert_same(expected, found)


def read(bench: Bench, url: str, tokens: Path) -> Load:
    """One round of reads; every answer must be a 200.

    Two seconds go ahead of it: what a server remembers of a session or of a limit, for thirty seconds or a minute, has
    been forgotten while the others were measured, and in life it is not all asked anew in the same second. A quick run
    does without: its few companies would reach their limit of reads a minute on a fast machine.
    """
    script, env = FOLDER / "load" / "usage.lua", {"TOKENS": str(tokens)}
    if not bench.quick:
        wrk(url, script, seconds=2, env=env)
    load = wrk(url, script, seconds=bench.seconds, env=env)
    assert load.refused == 0, f"{url}: {load}"
    assert load.errors == 0, f"{url}: {load}"
    return load


def against(rates: dict[str, list[float]], peer_name: str, bar: float | None, work: str) -> Result:
    """Ours beside one of the others."""
    ours, theirs = rates[OURS], rates[peer_name]
    return Result(
        work, median(ours), "requests/s", peer_name, median(theirs), bar, ours_rounds=ours, peer_rounds=theirs
    )


def latencies(samples: dict[str, list[object]]) -> list[list[str]]:
    """A table of what wrk measured."""
    rows = [["", "median", "95th percentile", "99th percentile"]]
    for name, found in samples.items():
        loads = [one for one in found if isinstance(one, Load)]
        if loads:
            parts = (median(getattr(one, field) for one in loads) for field in ("p50_ms", "p95_ms", "p99_ms"))
            rows.append([name, *(f"{part:.1f}" for part in parts)])
    return rows


CASE = Case("usage_query", "The usage report, not cached", run)

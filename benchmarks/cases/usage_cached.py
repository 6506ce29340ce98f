"""GET /tenant/usage?period=30d, cached: ours beside Fastify with a cache and a bare app that returns the same bytes."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial

from benchmarks.cases.usage_query import OURS, against, check, latencies, read, write_tokens
from benchmarks.data.people import populate
from benchmarks.harness.bench import Bench, Case, Outcome, Plot
from benchmarks.harness.peers import peer
from benchmarks.harness.process import serve_ours
from benchmarks.harness.rounds import Contestant, in_turn
from benchmarks.peers import commands

WORK = "GET /tenant/usage?period=30d, cached"
BARS = {"Fastify, cached": 0.95, "bare ASGI, same bytes": 0.8}
_PEERS: dict[str, Callable[[int], Sequence[str]]] = {
    "Fastify, cached": partial(commands.fastify, mode="cached"),
    "bare ASGI, same bytes": partial(commands.bare, mode="cached"),
}


def run(bench: Bench) -> Outcome:
    """One worker process each, 32 connections, 1,000 people of 200 companies."""
    site = bench.cluster.site("usage_cached")
    population = populate(site, tenants=40 if bench.quick else 200)
    tokens = write_tokens(bench.scratch / "cached-tokens", population)
    site.admin(commands.fastify_function())
    with ExitStack() as stack:
        ours = stack.enter_context(serve_ours(site, bench.scratch / "cached.log"))
        peers = {name: stack.enter_context(peer(bench, site, name, argv)) for name, argv in _PEERS.items()}
        check(ours.url, peers, population)
        contestants = [
            Contestant(OURS, partial(read, bench, ours.url, tokens), ours.processes),
            *(Contestant(name, partial(read, bench, one.url, tokens), [one.process]) for name, one in peers.items()),
        ]
        samples = in_turn(bench, contestants)
    rates = {name: [load.per_second for load in found] for name, found in samples.items()}
    return Outcome(
        [against(rates, name, bar, WORK) for name, bar in BARS.items()],
        [Plot("usage_cached", "GET /tenant/usage?period=30d, cached", "requests/s", rates)],
        [
            "Ours checks the remembered session, both rate limits (per company and per person, kept in PostgreSQL and "
            "lent in blocks) and the version of the company's usage: a cached answer is never older than the figures.",
            "A read that is repeated word for word is answered before it is parsed (decision 35); each person's first "
            "two are not.",
            "Fastify keeps the serialized body by company and period; the bare app keeps it by token.",
        ],
        {"Latency of the answers (ms, medians of the rounds)": latencies(samples)},
    )


CASE = Case("usage_cached", "The usage report, cached", run)

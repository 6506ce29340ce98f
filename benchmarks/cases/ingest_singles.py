"""Ingest of single CloudEvents over 64 connections: ours beside FastAPI, which does one INSERT for each."""

from contextlib import ExitStack
from pathlib import Path
from statistics import median

from benchmarks.cases.ingest_batches import OURS, event, post, write_keys
from benchmarks.data.people import populate
from benchmarks.harness.bench import FOLDER, Bench, Case, Outcome, Plot
from benchmarks.harness.load import Load, wrk
from benchmarks.harness.peers import peer
from benchmarks.harness.process import serve_ours
from benchmarks.harness.result import THE_BAR, Result
from benchmarks.harness.rounds import Contestant, in_turn
from benchmarks.peers import commands

WORK = "ingest over HTTP, single events, 64 connections"
BAR = 5_000.0
FASTAPI = "FastAPI + SQLAlchemy + asyncpg, one INSERT each"
CONNECTIONS = 64
_TABLE = "alquimista_platform.agent_requests"


def run(bench: Bench) -> Outcome:
    """One web process each, 50 companies; ours with its worker. FastAPI writes to a database of its own."""
    tenants = 5 if bench.quick else 50
    site, theirs = bench.cluster.site("singles"), bench.cluster.site("singles_fastapi")
    population, others = (populate(one, tenants=tenants, users=1, days=0) for one in (site, theirs))
    keys = write_keys(bench.scratch / "singles-keys", population)
    tokens = bench.scratch / "singles-tokens"
    tokens.write_text("\n".join(others.tokens))
    runs = iter(range(1_000_000))
    loads: dict[str, list[Load]] = {OURS: [], FASTAPI: []}
    with ExitStack() as stack:
        ours = stack.enter_context(serve_ours(site, bench.scratch / "singles.log", worker=True))
        fastapi = stack.enter_context(peer(bench, theirs, "fastapi", commands.fastapi))
        once = [event("check")]
        assert post(ours.url, population.tenants[0].api_key, once)["accepted"] == 1
        assert post(ours.url, population.tenants[0].api_key, once)["duplicates"] == 1

        def measured(name: str, url: str, credentials: Path) -> Load:
            loads[name].append(_send(bench, url, credentials, next(runs)))
            return loads[name][-1]

        samples = in_turn(
            bench,
            [
                Contestant(OURS, lambda: measured(OURS, ours.url, keys), ours.processes),
                Contestant(FASTAPI, lambda: measured(FASTAPI, fastapi.url, tokens), [fastapi.process]),
            ],
        )
        for one, name, besides in ((site, OURS, 1), (theirs, FASTAPI, 0)):
            [(rows,)] = one.admin(f"SELECT count(*) FROM {_TABLE}")  # noqa: S608 - A constant.
            accepted = sum(load.counters["accepted"] for load in loads[name]) + besides
            assert accepted <= rows <= accepted + len(loads[name]) * CONNECTIONS, (name, accepted, rows)
    rates = {name: [load.rate("accepted") for load in found] for name, found in samples.items()}
    mine, his = rates[OURS], rates[FASTAPI]
    unit = "events/s"
    return Outcome(
        [
            Result(WORK, median(mine), unit, THE_BAR, BAR, 1, ours_rounds=mine, peer_rounds=[BAR] * len(mine)),
            Result(WORK, median(mine), unit, FASTAPI, median(his), 3, ours_rounds=mine, peer_rounds=his),
        ],
        [Plot("ingest_singles", "Single events over 64 connections", unit, rates)],
        [
            f"One web process each, {tenants} companies. Ours gathers what arrives at the same moment into one "
            "statement for each company, deduplicates, and answers after the commit; its worker folds the sums "
            "meanwhile. FastAPI checks a token (it has no keys), writes one row by INSERT … ON CONFLICT DO NOTHING, "
            "and folds nothing.",
            "What stands in the way of more: each company's events are a transaction under its own row security, "
            "and 64 connections of 50 companies bring 1.3 events to one. It takes PostgreSQL some 300 µs, for "
            "rows in three tables with an index each, and the web process as long. A statement for many companies"
            " would take a tenth of that for each event, as the batches show, and would set row security aside "
            "where everybody writes. Tried: without the tables' checks and foreign key PostgreSQL takes a fifth "
            "less; they stayed, as the second lock. And were writing free, one web process would still end near "
            "4,500/s: with nothing written, the application alone took 220 µs of processor time for an event, server "
            "and socket not counted (on a busy machine). A collector in the sender's own process, which sends "
            "batches, is the way to more.",
        ],
    )


def _send(bench: Bench, url: str, credentials: Path, number: int) -> Load:
    env = {"KEYS": str(credentials), "RUN": str(number), "AGENTS": "8"}
    script = FOLDER / "load" / "ingest_singles.lua"
    load = wrk(url, script, connections=CONNECTIONS, seconds=bench.seconds, env=env)
    assert load.refused == 0, load
    assert load.errors == 0, load
    return load


CASE = Case("ingest_singles", "Ingest of single events", run)

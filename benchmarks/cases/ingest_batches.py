"""Ingest over HTTP in batches of 500 CloudEvents: beside plain inserts and COPY into the same table."""

import json
import urllib.request
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.data.people import Population, populate
from benchmarks.harness.bench import FOLDER, Bench, Case, Outcome, Plot
from benchmarks.harness.cluster import Site
from benchmarks.harness.load import Load, wrk
from benchmarks.harness.process import serve_ours
from benchmarks.harness.result import THE_BAR, Result
from benchmarks.harness.rounds import Contestant, in_turn
from benchmarks.limits.raw_insert import TENANTS, RawInsert

WORK = "ingest over HTTP, batches of 500 CloudEvents"
BAR = 30_000.0
OURS = "Alquimista"
RAW = "raw unnest insert, no deduplication"
COPY = "COPY as superuser"
CONNECTIONS = 16
WEB_PROCESSES = 2
_RAW_CONNECTIONS = 4
_BATCH = 500


def run(bench: Bench) -> Outcome:
    """Two web processes and the worker, 50 companies, fsync on; the raw inserts go to a database of their own."""
    site, plain = bench.cluster.site("ingest"), bench.cluster.site("ingest_raw")
    tenants = 5 if bench.quick else TENANTS
    population = populate(site, tenants=tenants, users=1, days=0)
    raw = RawInsert(plain, populate(plain, tenants=tenants, users=1, days=0), 20_000 if bench.quick else 300_000)
    keys = write_keys(bench.scratch / "ingest-keys", population)
    runs = iter(range(1_000_000))
    loads: list[Load] = []
    with serve_ours(site, bench.scratch / "ingest.log", workers=WEB_PROCESSES, worker=True) as ours:
        check(ours.url, population)

        def ingest() -> Load:
            loads.append(send(bench, ours.url, keys, next(runs)))
            return loads[-1]

        contestants = [
            Contestant(OURS, ingest, ours.processes),
            Contestant(RAW, partial(raw.unnest, "app", _RAW_CONNECTIONS)),
            Contestant(COPY, partial(raw.copy, _RAW_CONNECTIONS)),
        ]
        samples = in_turn(bench, contestants)
        count(site, loads)
    mine = [load.rate("accepted") for load in samples[OURS]]
    rates = {OURS: mine, RAW: samples[RAW], COPY: samples[COPY]}
    unit = "events/s"
    return Outcome(
        [
            Result(WORK, median(mine), unit, THE_BAR, BAR, 1, ours_rounds=mine, peer_rounds=[BAR] * len(mine)),
            *(
                Result(
                    WORK, median(mine), unit, peer, median(rates[peer]), bar, ours_rounds=mine, peer_rounds=rates[peer]
                )
                for peer, bar in ((RAW, 0.25), (COPY, None))
            ),
        ],
        [Plot("ingest_batches", "Ingest in batches of 500 events", unit, rates)],
        [
            f"{WEB_PROCESSES} web processes and the worker, {CONNECTIONS} connections, {tenants} companies mixed; each "
            "event is deduplicated, committed with fsync before its answer, and folded by the worker meanwhile.",
            "Afterwards the database is counted: what was accepted is there, once.",
            "The goal is 100,000 events/s; Lago publishes 10,000 for one PostgreSQL.",
        ],
    )


def write_keys(path: Path, population: Population) -> Path:
    """A file with each company's API key."""
    path.write_text("\n".join(tenant.api_key for tenant in population.tenants))
    return path


def send(bench: Bench, url: str, keys: Path, number: int) -> Load:
    """One round of new events; nothing may be refused, and none may be a duplicate."""
    env = {"KEYS": str(keys), "RUN": str(number), "AGENTS": "8"}
    script = FOLDER / "load" / "ingest_batches.lua"
    load = wrk(url, script, connections=CONNECTIONS, seconds=bench.seconds, env=env)
    assert load.refused == 0, load
    assert load.errors == 0, load
    assert load.counters["duplicates"] == 0, load
    return load


def check(url: str, population: Population) -> None:
    """A batch counts once, however often it is sent, and only for who sent it."""
    events = [event(f"check-{place}") for place in range(_BATCH)]
    first, other = population.tenants[0].api_key, population.tenants[1].api_key
    assert post(url, first, events) == {"accepted": _BATCH, "duplicates": 0, "refused": []}
    assert post(url, first, events) == {"accepted": 0, "duplicates": _BATCH, "refused": []}
    assert post(url, other, events) == {"accepted": _BATCH, "duplicates": 0, "refused": []}


def event(event_id: str) -> dict[str, Any]:
    """A CloudEvent of this moment."""
    data = {"agent": "agente-1", "status": "success", "response_time_ms": 840, "input_tokens": 412, "output_tokens": 96}
    return {"specversion": "1.0", "type": "agent.request", "source": "urn:agente", "id": event_id, "data": data}


def post(url: str, key: str, events: list[dict[str, Any]]) -> dict[str, Any]:
    """Send a batch; the answer."""
    headers = {"authorization": f"Bearer {key}", "content-type": "application/cloudevents-batch+json"}
    request = urllib.request.Request(f"{url}/v1/events", json.dumps(events).encode(), headers)  # noqa: S310 - Our own.
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - As above.
        found: dict[str, Any] = json.loads(answer.read())
        return found


def count(site: Site, loads: list[Load]) -> None:
    """Every accepted event is a row, once. A batch whose answer wrk did not wait for may be there besides."""
    rows, once = site.admin(
        "SELECT count(*), count(DISTINCT (tenant_id, source, event_id)) FROM alquimista_platform.agent_requests"
    )[0]
    accepted = sum(load.counters["accepted"] for load in loads) + 2 * _BATCH
    assert rows == once, (rows, once)
    assert accepted <= rows <= accepted + len(loads) * CONNECTIONS * _BATCH, (accepted, rows)


CASE = Case("ingest_batches", "Ingest in batches", run)

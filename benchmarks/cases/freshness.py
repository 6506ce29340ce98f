"""How long an accepted event takes to show in the usage report, while many others come in."""

import json
import random
import time
import urllib.request
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from statistics import median, quantiles
from typing import Final

from benchmarks.cases.ingest_batches import event, write_keys
from benchmarks.data.people import Population, Tenant, populate
from benchmarks.harness.bench import FOLDER, Bench, Case, Outcome, Plot
from benchmarks.harness.load import Load, wrk
from benchmarks.harness.process import serve_ours
from benchmarks.harness.result import THE_BAR, Result

BAR_S: Final = 2.0
RATE: Final = 20_000  # Events a second.
_BATCH: Final = 500
_SENDING: Final = 50  # Companies.
_PROBES: Final = 10  # Companies besides, each with one event on its way at a time.
_WARM_S: Final = 4
_LOOK_S: Final = 0.1  # Between looks; what is measured is late by as much at most.
_LOST_S: Final = 20.0


def run(bench: Bench) -> Outcome:
    """One web process and the worker, as `alquimista up` runs them."""
    site = bench.cluster.site("freshness")
    sending, probing = (5, 2) if bench.quick else (_SENDING, _PROBES)
    rate, seconds = (2_000, 3) if bench.quick else (RATE, 30)
    population = populate(site, tenants=sending + probing, users=1, days=0)
    senders, probes = population.tenants[:sending], population.tenants[sending:]
    with (
        serve_ours(site, bench.scratch / "freshness.log", worker=True) as ours,
        ThreadPoolExecutor(probing + 1) as pool,
    ):
        check(ours.url, probes)
        bench.say(f"{rate:,} events/s for {seconds} s, after {_WARM_S} s")
        load = pool.submit(send, bench, ours.url, senders, rate, _WARM_S + seconds)
        time.sleep(_WARM_S)
        until = time.monotonic() + seconds
        waits = [wait for found in pool.map(partial(probe, ours.url, until), probes) for wait in found]
        sent = load.result()
    rows = site.admin("SELECT count(*), count(DISTINCT (tenant_id, event_id)) FROM alquimista_platform.agent_requests")
    assert rows[0][0] == rows[0][1] >= sent.counters["accepted"], (rows, sent)
    accepted = sent.rate("accepted")
    cuts = quantiles(waits, n=100, method="inclusive")
    return Outcome(
        [
            Result(
                "event accepted → visible in /tenant/usage, 95th percentile",
                cuts[94],
                "s",
                THE_BAR,
                BAR_S,
                1,
                better="lower",
                note=f"{accepted:,.0f} events/s accepted meanwhile, of {rate:,} sent",
            ),
            Result("the same: events accepted meanwhile", accepted, "events/s", THE_BAR, rate, 0.98),
        ],
        [
            Plot(
                "freshness",
                f"From accepted to visible, at {accepted:,.0f} events/s",
                "seconds",
                {"Alquimista": cuts},
                kind="lines",
                x=list(range(1, 100)),
                x_title="percentile",
            )
        ],
        [
            f"{len(waits)} single events of {probing} companies, each awaited by its own reader, which looks every "
            f"{_LOOK_S * 1000:.0f} ms, while {sending} others send batches of {_BATCH} at an even {rate:,} events/s. "
            f"Median {median(waits):.2f} s, 99th percentile {cuts[98]:.2f} s, longest {max(waits):.2f} s.",
            f"The batches took {sent.p50_ms:.0f} ms in the median and {sent.p99_ms:.0f} ms in the 99th percentile.",
        ],
    )


def send(bench: Bench, url: str, senders: Sequence[Tenant], rate: int, seconds: float) -> Load:
    """Batches of new events at an even rate."""
    script = bench.scratch / "freshness.lua"
    parts = (FOLDER / "load" / name for name in ("ingest_batches.lua", "steady.lua"))
    script.write_text("".join(part.read_text() for part in parts))
    keys = write_keys(bench.scratch / "freshness-keys", Population(list(senders)))
    env = {"KEYS": str(keys), "RUN": "f", "AGENTS": "8", "RATE": str(rate / _BATCH)}
    # A second's worth of connections: each sends once a second, and wrk counts one that is silent as an error.
    load = wrk(url, script, connections=rate // _BATCH, seconds=seconds, env=env)
    assert load.refused == 0, load
    assert load.errors == 0, load
    assert load.counters["duplicates"] == 0, load
    return load


def check(url: str, probes: Sequence[Tenant]) -> None:
    """An event shows to its own company, and to no other."""
    assert [count(url, tenant) for tenant in probes] == [0] * len(probes)
    once(url, probes[0])
    assert [count(url, tenant) for tenant in probes] == [1] + [0] * (len(probes) - 1)


def probe(url: str, until: float, tenant: Tenant) -> list[float]:
    """Send one event after another until then, and wait for each; how long each one took, in seconds."""
    waits = []
    while time.monotonic() < until:
        waits.append(once(url, tenant))
        time.sleep(random.random() * 0.5)  # noqa: S311 - So that no rhythm of the platform's is followed.
    return waits


def once(url: str, tenant: Tenant) -> float:
    """Send one event and look until it is counted."""
    seen = count(url, tenant)
    body = json.dumps(event(f"probe-{seen}")).encode()
    headers = {"authorization": f"Bearer {tenant.api_key}", "content-type": "application/cloudevents+json"}
    request = urllib.request.Request(f"{url}/v1/events", body, headers)  # noqa: S310 - Our own.
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - As above.
        assert json.loads(answer.read())["accepted"] == 1
    accepted = time.monotonic()
    while (now := count(url, tenant)) == seen:
        assert time.monotonic() - accepted < _LOST_S, "an event was accepted and never shown"
        time.sleep(_LOOK_S)
    assert now == seen + 1, (seen, now)
    return time.monotonic() - accepted


def count(url: str, tenant: Tenant) -> int:
    """The requests that a company sees of the last week."""
    headers = {"authorization": f"Bearer {tenant.users[0].token}"}
    request = urllib.request.Request(f"{url}/tenant/usage?period=7d", headers=headers)  # noqa: S310 - Our own.
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - As above.
        found: int = json.loads(answer.read())["summary"]["total_requests"]
        return found


CASE = Case("freshness", "From accepted to visible", run)

"""OTLP over HTTP in protobuf: exports of 512 spans, as SDKs send them, plain and in gzip."""

import gzip
import json
import time
import urllib.request
from collections.abc import Callable
from statistics import median

from benchmarks.cases.ingest_batches import write_keys
from benchmarks.data import spans
from benchmarks.data.people import Population, Tenant, populate
from benchmarks.harness.bench import FOLDER, Bench, Case, Outcome, Plot
from benchmarks.harness.cluster import Site
from benchmarks.harness.load import Load, wrk
from benchmarks.harness.process import serve_ours
from benchmarks.harness.result import THE_BAR, Result
from benchmarks.harness.rounds import Contestant, in_turn

BAR = 15_000.0
PLAIN, GZIP = "Alquimista, plain", "Alquimista, gzip"
CONNECTIONS = 16
WEB_PROCESSES = 2
_TENANTS = 50
_BODIES = 100  # Compressed exports; each is sent to every company, and once.
_VISIBLE_S = 20
_SEED = 1_000_000  # Of the checks' exports, beyond the load's.


def run(bench: Bench) -> Outcome:
    """Two web processes and the worker, 50 companies, fsync on."""
    site = bench.cluster.site("otlp")
    tenants = 5 if bench.quick else _TENANTS
    population = populate(site, tenants=tenants, users=1, days=0)
    with serve_ours(site, bench.scratch / "otlp.log", workers=WEB_PROCESSES, worker=True) as ours:
        checked = check(ours.url, population)
        sender = Sender(bench, ours.url, population)
        samples = in_turn(
            bench,
            [Contestant(PLAIN, sender.plain, ours.processes), Contestant(GZIP, sender.compressed, ours.processes)],
        )
        count(site, sender.loads, checked)
    rates = {name: [load.rate("exports") * spans.SPANS for load in samples[name]] for name in (PLAIN, GZIP)}
    works = {PLAIN: "OTLP protobuf ingest", GZIP: "OTLP protobuf ingest, gzip"}
    return Outcome(
        [
            Result(
                work,
                median(rates[name]),
                "spans/s",
                THE_BAR,
                BAR,
                1,
                ours_rounds=rates[name],
                peer_rounds=[BAR] * len(rates[name]),
            )
            for name, work in works.items()
        ],
        [Plot("otlp", "OTLP ingest, exports of 512 spans", "spans/s", rates)],
        [
            f"Each export holds {spans.SPANS} spans of {spans.TRACES} conversations, {sender.size / spans.SPANS:.0f} "
            "bytes each: of eight, one is an agent's invocation, three are model calls, one is a tool call, and three "
            f"come from other instrumentation. {WEB_PROCESSES} web processes and the worker, {CONNECTIONS} "
            f"connections, {tenants} companies mixed.",
            "Each export is stored with fsync before its answer: its spans, the work that they tell of and, once, the "
            "requests and tokens. Afterwards the database is counted.",
            "What stands in the way of more: a span takes PostgreSQL some 50 µs of processor time and the web process "
            "40 µs besides HTTP, and load tool and worker share the two cores; quicker hours of the machine gave "
            "16,000 to 18,000 a second. Of PostgreSQL's share a sixth checks foreign keys, row by row, an eighth reads "
            "0.8 kB of JSON, as much goes into indexes, and a thirteenth into the tables' own checks. Of the web "
            "process's, a good third reads protobuf; the rest is spread over settling and packing. A CloudEvent has "
            "no such document, two rows instead of up to four, and no trace to settle. Tried: plain inserts, without "
            "ON CONFLICT (no less time, in one pair of rounds). Reckoned and left: keeping a resource's attributes "
            "once instead of with each span (7 µs), not checking a document's size in the database (2 µs), and the "
            "foreign keys (8 to 12 µs), "
            "which are the second lock.",
        ],
    )


class Sender:
    """Sends rounds of new exports, and remembers what came back."""

    def __init__(self, bench: Bench, url: str, population: Population) -> None:
        self._bench, self._url = bench, f"{url}/v1/traces"
        self._keys = write_keys(bench.scratch / "otlp-keys", population)
        self._folder = bench.scratch / "otlp-exports"
        self._folder.mkdir()
        self._tenants = len(population.tenants)
        self._bodies = 30 if bench.quick else _BODIES
        self._taken = 0
        self.loads: list[Load] = []
        slugs = [slug for _, slug in population.tenants[0].agents]
        template = spans.export(slugs, 0)
        self.size = len(template.body)
        spans.write(template, self._folder / "template", self._folder / "places")
        for number in range(self._bodies):
            (self._folder / str(number)).write_bytes(gzip.compress(spans.export(slugs, number + 1).body, 6))

    def plain(self) -> Load:
        """A round of exports with new ids, not compressed."""
        env = {"BODY": str(self._folder / "template"), "PLACES": str(self._folder / "places")}
        return self._send("otlp.lua", {**env, "RUN": str(len(self.loads))})

    def compressed(self) -> Load:
        """A round of exports that were compressed beforehand."""
        env = {"EXPORTS": str(self._folder), "BODIES": str(self._bodies), "FROM": str(self._taken)}
        load = self._send("otlp_gzip.lua", env)
        self._taken += round(load.counters["taken"]) + 1
        assert self._taken <= self._bodies * self._tenants, "too few exports were made for so fast a platform"
        return load

    def _send(self, script: str, env: dict[str, str]) -> Load:
        load = wrk(
            self._url,
            FOLDER / "load" / script,
            connections=CONNECTIONS,
            seconds=self._bench.seconds,
            env={"KEYS": str(self._keys), **env},
        )
        assert load.refused == 0, load
        assert load.errors == 0, load
        assert "wrong" not in load.counters, load
        self.loads.append(load)
        return load


def check(url: str, population: Population) -> int:
    """An export counts once, in both encodings, and only for who sent it; how many spans are stored afterwards."""
    first, second = population.tenants[:2]
    slugs = [slug for _, slug in first.agents]
    one, other = spans.export(slugs, _SEED).body, spans.export(slugs, _SEED + 1).body
    for body in (one, one, gzip.compress(one), gzip.compress(other)):
        assert post(url, first, body) == b""
    strange = post(url, first, spans.export(["nobody"], _SEED + 2).body)
    assert b"nobody" in strange, strange
    requests = 2 * spans.REQUESTS
    until((requests, 3 * requests * sum(spans.TOKENS)), lambda: usage(url, first))
    assert usage(url, second) == (0, 0)
    return 2 * spans.SPANS + spans.SPANS // 2  # Of strangers' spans, those that tell of no agent are kept.


def post(url: str, tenant: Tenant, body: bytes) -> bytes:
    """Send an export; the answer, which is empty when all was taken."""
    headers = {"authorization": f"Bearer {tenant.api_key}", "content-type": "application/x-protobuf"}
    if body.startswith(b"\x1f\x8b"):
        headers["content-encoding"] = "gzip"
    request = urllib.request.Request(f"{url}/v1/traces", body, headers)  # noqa: S310 - Our own.
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - As above.
        found: bytes = answer.read()
        return found


def usage(url: str, tenant: Tenant) -> tuple[int, int]:
    """A company's requests and tokens of the last week, as it sees them."""
    headers = {"authorization": f"Bearer {tenant.users[0].token}"}
    request = urllib.request.Request(f"{url}/tenant/usage?period=7d", headers=headers)  # noqa: S310 - Our own.
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - As above.
        summary = json.loads(answer.read())["summary"]
        return summary["total_requests"], summary["total_tokens"]


def until(expected: object, look: Callable[[], object]) -> None:
    """Wait until a look shows what is expected: the worker folds every second."""
    deadline = time.monotonic() + _VISIBLE_S
    while (found := look()) != expected:
        assert time.monotonic() < deadline, (found, expected)
        time.sleep(0.1)


def count(site: Site, loads: list[Load], checked: int) -> None:
    """Every span is stored once, with its request and tokens. An export that wrk did not wait for may be there too."""
    stored, requests, tokens = site.admin(
        """
        SELECT (SELECT count(*) FROM fibonacci_core.traces), sum(requests), sum(input_tokens + output_tokens)
        FROM alquimista_platform.agent_requests
        """
    )[0]
    sent = sum(round(load.counters["exports"]) for load in loads) * spans.SPANS
    assert sent <= stored - checked <= sent + len(loads) * CONNECTIONS * spans.SPANS, (sent, stored, checked)
    exports = (stored - checked) // spans.SPANS + 2
    assert requests == exports * spans.REQUESTS, (requests, exports)
    assert tokens == 3 * requests * sum(spans.TOKENS), (tokens, requests)


CASE = Case("otlp", "OTLP ingest", run)

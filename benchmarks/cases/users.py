"""A thousand people at their dashboards at once, each with a stream, while events come in and some people sign in."""

from collections.abc import Collection, Mapping
from pathlib import Path

from alquimista.identity.models.sessions import SessionKind
from benchmarks.data.people import PASSWORD, Population, populate
from benchmarks.data.sessions import open_for_everyone
from benchmarks.harness.bench import FOLDER, Bench, Case, Outcome, Plot
from benchmarks.harness.cluster import Site
from benchmarks.harness.load import Load, wrk
from benchmarks.harness.process import Serving, serve_ours
from benchmarks.harness.result import THE_BAR, Result
from benchmarks.harness.streams import Seen, held

BAR_MS = 200.0
BAR_ANSWERED = 99.9
SENDERS = 20
EVENTS = 25  # In each of their requests, as the script has it.
LOGINS_PER_S = 1.0
WORDS = {
    "page": "the dashboard, a whole page",
    "live": "its changing part, when the stream told of a change",
    "usage": "GET /tenant/usage",
    "agents": "GET /tenant/agents",
    "incidents": "GET /tenant/incidents",
    "ingest": f"POST /v1/events, {EVENTS} events",
    "login": "GET /login",
    "form": "POST /login, with the password",
}
_SIGN_IN = ("login", "form")
Histogram = Mapping[int, int]  # Whole milliseconds, and how many answers took as long.


def run(bench: Bench) -> Outcome:
    """Web and worker as `alquimista up` runs them, on the machine that also runs PostgreSQL and the load."""
    site = bench.cluster.site("users")
    population = populate(site, tenants=10 if bench.quick else 200)
    warm, measured = (2, 4) if bench.quick else (15, 60)
    env = {**_files(bench.scratch, site, population), "WARM_S": str(warm), "LOGINS_PER_S": str(LOGINS_PER_S)}
    people = sum(len(tenant.users) for tenant in population.tenants)
    with serve_ours(
        site, bench.scratch / "users.log", worker=True, env={"ALQUIMISTA_TRUSTED_PROXIES": "127.0.0.0/8"}
    ) as ours:
        before = _cpu(ours)
        bench.say(f"{people:,} people for {measured} s, after {warm} s to arrive")
        script, board = FOLDER / "load" / "users.lua", bench.scratch / "users-board"
        with held(ours.url, Path(env["USERS"]), people, board) as streams:
            load = wrk(
                ours.url,
                script,
                connections=people + SENDERS,
                seconds=warm + measured,
                env={**env, "BOARD": str(board)},
            )
            memory = sum(process.pss_mb() for process in ours.processes)
        spent = [after - start for after, start in zip(_cpu(ours), before, strict=True)]
    [told] = streams
    _check(site, load, told)
    return _outcome(load, told, people, warm, measured, spent, memory)


def _files(scratch: Path, site: Site, population: Population) -> dict[str, str]:
    """What the script reads: everybody's open session, as from this morning, and the agents' keys."""
    cookies = open_for_everyone(site, population, SessionKind.BROWSER)
    ranks = zip(*(_people_of(number, population) for number in range(len(population.tenants))), strict=True)
    people = [person for rank in ranks for person in rank]
    users, keys = scratch / "users", scratch / "users-keys"
    users.write_text(
        "".join(
            f"{cookie}\t10.1.{place // 250}.{place % 250 + 1}\tEmpresa {number}\t{email}\n"
            for place, (cookie, (number, email)) in enumerate(zip(cookies, people, strict=True))
        )
    )
    keys.write_text("".join(f"{tenant.api_key}\n" for tenant in population.tenants[:SENDERS]))
    agent = population.tenants[0].agents[0][1]
    return {"USERS": str(users), "KEYS": str(keys), "PASSWORD": PASSWORD, "AGENT": agent, "RUN": "u"}


def _people_of(number: int, population: Population) -> list[tuple[int, str]]:
    """A company's number, and the address of each of its people."""
    return [(number, user.email) for user in population.tenants[number].users]


def _check(site: Site, load: Load, streams: Seen) -> None:
    """Every page was the reader's own company's, every answer what it should be; each event taken is there once.

    Of new usage those have heard whose company sent events, and nobody else.
    """
    assert 0 < len(streams.usage) <= SENDERS, streams.usage
    assert {int(company.removeprefix("Empresa ")) for company in streams.usage} <= set(range(SENDERS)), streams.usage
    wrong = {name: number for name, number in load.counters.items() if name.startswith("wrong")}
    assert not wrong, wrong
    rows = site.admin("SELECT count(*), count(DISTINCT (tenant_id, event_id)) FROM alquimista_platform.agent_requests")
    total, different = rows[0]
    assert total == different, rows
    # wrk does not wait for the answers to its last requests.
    assert load.counters["events"] <= total <= load.counters["begun"], (rows, load.counters["events"])


def _outcome(
    load: Load, streams: Seen, people: int, warm: int, measured: int, spent: list[float], memory: float
) -> Outcome:
    times = {kind: histogram(load, {kind}) for kind in WORDS}
    mix = histogram(load, WORDS.keys() - set(_SIGN_IN))
    everything = histogram(load, WORDS.keys())
    answers = sum(everything.values())
    failed = load.counters.get("refused", 0) + load.errors + streams.refused + streams.lost
    errors = failed / (answers + streams.opened)
    rows = [["", "a second", "median", "95th percentile", "99th percentile"]]
    rows += [
        [
            words,
            f"{sum(times[kind].values()) / measured:.1f}",
            *(f"{percentile(times[kind], p)}" for p in (50, 95, 99)),
        ]
        for kind, words in WORDS.items()
    ]
    name = f"{people:,} concurrent users, 1 to 3 s of thought, a stream for each"
    seconds = warm + measured
    web, worker = (used / seconds for used in spent)
    return Outcome(
        [
            Result(f"{name}: 95th percentile", percentile(mix, 95), "ms", THE_BAR, BAR_MS, 1, better="lower"),
            Result(f"{name}: answered without an error", (1 - errors) * 100, "%", THE_BAR, BAR_ANSWERED, 1),
        ],
        [
            Plot(
                "users",
                f"{people:,} concurrent users: 95th percentile",
                "milliseconds",
                {words: [percentile(times[kind], 95)] for kind, words in WORDS.items()},
            )
        ],
        [
            f"{people:,} people hold sessions, opened by identity's own service as if this morning. Each opens the "
            "dashboard, or reads usage, agents or incidents in equal parts, then thinks for 1 to 3 s. Each open page "
            "holds the browser's stream, and asks for its changing part as its scripts do: when the stream tells of a "
            f"change, and else every half minute. {SENDERS} agents of as many companies send "
            f"{EVENTS} events each every 1 to 3 s. {LOGINS_PER_S:g} person a second signs in anew by form and "
            "password, as if all thousand did so within seventeen minutes: hashing takes a quarter of a core.",
            f"{streams.most:,} streams at once; {streams.opened / seconds:.0f} a second opened, with each page anew, "
            f"and {streams.changes / seconds:.0f} a second were told of a change, none of another company's; "
            f"{streams.refused} refused, {streams.lost} ended by the server. They are held by a small process beside "
            f"wrk, which took {streams.cpu_seconds / seconds:.2f} cores; what is timed is wrk's.",
            f"{answers / measured:,.0f} answers/s for {measured} s, after {warm} s to arrive; latency counts from the "
            "moment a thing was due. One web process and one worker, PostgreSQL and wrk on the same two cores: web "
            f"used {web:.2f} cores with hashing and streams, the worker {worker:.2f}. Both together had "
            f"{memory:.0f} MB at the end, streams open.",
            "Found with it and mended: answers that were kept in the same second ended in the same second, so that a "
            "minute after a start all pages were made anew at once (two runs of three had a stall of seconds); now "
            "each key ends at a time of its own. And a read no longer waits on its connection behind a write whose "
            "fsync takes a second.",
            f"Sign-ins are measured apart, since a hash alone takes a quarter of a second; the 95th percentile with "
            f"them included is {percentile(everything, 95)} ms.",
            "Likely in the way, and not measured apart: with each page its stream is opened anew, which authenticates, "
            "subscribes and asks for the changing part, on the core that makes the pages. When pages asked every three "
            "seconds and held no stream, the same thousand had their answers within 49 and 113 ms in two runs.",
        ],
        {"Latency by kind (ms)": rows},
    )


def histogram(load: Load, kinds: Collection[str]) -> Histogram:
    """How long the answers of these kinds took."""
    found: dict[int, int] = {}
    for name, count in load.counters.items():
        kind, _, milliseconds = name.partition(":")
        if milliseconds and kind in kinds:
            found[int(milliseconds)] = found.get(int(milliseconds), 0) + int(count)
    return found


def percentile(histogram: Histogram, share: float) -> int:
    """The time within which that share of the answers came, rounded up to a whole millisecond."""
    left = sum(histogram.values()) * share / 100
    for milliseconds in sorted(histogram):
        left -= histogram[milliseconds]
        if left <= 0:
            return milliseconds + 1
    return 0


def _cpu(ours: Serving) -> list[float]:
    return [process.cpu_seconds() for process in ours.processes]


CASE = Case("users", "A thousand concurrent users", run)

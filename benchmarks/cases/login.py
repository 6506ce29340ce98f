"""Sign-ins with a password, beside bcrypt by itself, and what everybody else feels meanwhile."""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import count
from statistics import median

import httpx

from alquimista.identity.models.sessions import SessionKind
from benchmarks.cases.users import Histogram, histogram, percentile
from benchmarks.data.people import PASSWORD, Population, populate
from benchmarks.data.sessions import open_for_everyone
from benchmarks.harness.bench import FOLDER, Bench, Case, Outcome, Plot
from benchmarks.harness.load import Load, wrk
from benchmarks.harness.process import Serving, serve_ours
from benchmarks.harness.result import THE_BAR, Result
from benchmarks.harness.rounds import Contestant, in_turn
from benchmarks.limits.bcrypt_alone import hashes_per_second

BAR = 0.9
BAR_MS = 100.0
CONNECTIONS = 8  # Enough that hashing never waits for work, and that nobody is sent away.
CROWD = 96
OURS, ALONE = "Alquimista", "bcrypt alone"
WORDS = {
    "cached": "GET /tenant/usage, cached",
    "fresh": "GET /tenant/usage, not cached",
    "agents": "GET /tenant/agents",
    "page": "the dashboard, a whole page",
    "live": "its part that asks for itself",
}


@dataclass(frozen=True)
class Sample:
    """One round: sign-ins, and what others felt."""

    logins: Load
    others: Load

    @property
    def per_second(self) -> float:
        """Sign-ins a second, from the first answer to the last."""
        counters = self.logins.counters
        return (counters["done"] - 1) / (counters["last"] - counters["first"])

    def times(self, *kinds: str) -> Histogram:
        """How long others waited."""
        return histogram(self.others, kinds or WORDS)


def run(bench: Bench) -> Outcome:
    """One web process and the worker; hashing has all cores but one."""
    threads = max(1, (os.cpu_count() or 2) - 1)
    site = bench.cluster.site("login")
    population = populate(site, tenants=60 if bench.quick else 200)
    emails, tokens, cookies = (bench.scratch / f"login-{name}" for name in ("emails", "tokens", "cookies"))
    emails.write_text("".join(f"{user.email}\n" for tenant in population.tenants for user in tenant.users))
    tokens.write_text("\n".join(population.tokens))
    cookies.write_text("\n".join(open_for_everyone(site, population, SessionKind.BROWSER)[:50]))
    files = {"EMAILS": str(emails), "TOKENS": str(tokens), "COOKIES": str(cookies), "PASSWORD": PASSWORD}
    settings = {"ALQUIMISTA_TRUSTED_PROXIES": "127.0.0.0/8"}
    with serve_ours(site, bench.scratch / "login.log", worker=True, env=settings) as ours:
        _check(ours.url, population)
        seconds = 3 if bench.quick else 4
        last = population.tenants[-1].users[-1].email
        measure = partial(_round, ours, files, seconds, count(), last)
        found = in_turn(
            bench,
            [
                Contestant(OURS, measure, ours.processes),
                Contestant(ALONE, partial(hashes_per_second, threads, seconds)),
            ],
        )
        bench.say(f"{CROWD} connections: more than may wait")
        crowd = _crowd(ours, files, seconds, bench.rounds + 1)
    return _outcome(found[OURS], found[ALONE], threads, crowd)


def _round(ours: Serving, files: dict[str, str], seconds: int, numbers: "count[int]", last: str) -> Sample:
    """Sign-ins without a pause, and a few readers beside them."""
    number = next(numbers)
    sample = _both(ours, {**files, "FROM": str(number * 16 * seconds)}, seconds, CONNECTIONS)
    assert sample.logins.counters.get("sent_away", 0) == 0, sample
    # wrk leaves without its last answers: who comes after them waits until they are made.
    body = {"email": last, "password": PASSWORD}
    assert httpx.post(f"{ours.url}/auth/login", json=body, timeout=30).status_code == 200
    return sample


def _crowd(ours: Serving, files: dict[str, str], seconds: int, rounds: int) -> Sample:
    """More at once than may wait for a hash: some are told to come back, and everybody else is served as before."""
    sample = _both(ours, {**files, "FROM": str(rounds * 16 * seconds)}, seconds, CROWD)
    assert sample.logins.counters.get("sent_away", 0) > 0, sample
    return sample


def _both(ours: Serving, env: dict[str, str], seconds: int, connections: int) -> Sample:
    load = FOLDER / "load"
    with ThreadPoolExecutor(2) as pool:
        logins = pool.submit(
            wrk, ours.url, load / "login.lua", connections=connections, seconds=seconds, env=env, timeout_s=60
        )
        others = pool.submit(wrk, ours.url, load / "probe.lua", connections=4, seconds=seconds, env=env)
        sample = Sample(logins.result(), others.result())
    assert sample.logins.counters.get("wrong", 0) == sample.others.counters.get("wrong", 0) == 0, sample
    return sample


def _check(url: str, population: Population) -> None:
    """The right password opens the person's own company; a wrong one and an unknown person get the same answer."""
    with httpx.Client(base_url=url, timeout=30) as client:

        def sign_in(email: str, password: str) -> httpx.Response:
            return client.post("/auth/login", json={"email": email, "password": password})

        for tenant in population.tenants[:2]:
            token = sign_in(tenant.users[0].email, PASSWORD).json()["access_token"]
            seen = client.get("/tenant/me", headers={"authorization": f"Bearer {token}"}).json()
            assert seen["id"] == str(tenant.id)
        email = population.tenants[0].users[1].email
        wrong, unknown = sign_in(email, PASSWORD + "x"), sign_in("nobody@example.com", PASSWORD)
        assert wrong.status_code == unknown.status_code == 401
        assert wrong.json()["detail"] == unknown.json()["detail"]


def _outcome(ours: list[Sample], alone: list[float], threads: int, crowd: Sample) -> Outcome:
    rates = [sample.per_second for sample in ours]
    felt = [float(percentile(sample.times(), 95)) for sample in ours]
    rows = [["", "median", "95th percentile", "99th percentile", "95th percentile in a crowd"]]
    for kind, words in WORDS.items():
        every = _sum([sample.times(kind) for sample in ours])
        figures = [*(percentile(every, share) for share in (50, 95, 99)), percentile(crowd.times(kind), 95)]
        rows.append([words, *(str(figure) for figure in figures)])
    worst = max(percentile(_sum([sample.times(kind) for sample in ours]), 95) for kind in WORDS)
    sent_away = crowd.logins.rate("sent_away")
    return Outcome(
        [
            Result(
                f"sign-in with a password, {threads} hashing thread{'s' if threads > 1 else ''}",
                median(rates), "sign-ins/s", ALONE, median(alone), BAR, ours_rounds=rates, peer_rounds=alone,
            ),
            Result(
                "other requests while sign-ins saturate: 95th percentile of the slowest kind",
                worst, "ms", THE_BAR, BAR_MS, 1, better="lower",
            ),
        ],
        [
            Plot("login", "Sign-ins with a password", "sign-ins/s", {OURS: rates, ALONE: alone}),
            Plot("login_others", "Others while sign-ins saturate: 95th percentile", "ms", {"all": felt}),
        ],
        [
            f"bcrypt at cost 12 in {threads} thread{'s' if threads > 1 else ''}, one fewer than there are cores; "
            f"{CONNECTIONS} connections sign in without a pause, each time another person from another address, and "
            "the limits are on. Readers ask some 60 times a second meanwhile.",
            f"With {CROWD} connections that come back at once, more than may wait, {sent_away:,.0f} a second are sent "
            f"away with 503 and Retry-After, and {crowd.per_second:.1f} a second sign in.",
        ],
        {"Latency of others while sign-ins saturate (ms)": rows},
    )  # fmt: skip


def _sum(parts: list[Histogram]) -> Histogram:
    whole: dict[int, int] = {}
    for part in parts:
        for milliseconds, number in part.items():
            whole[milliseconds] = whole.get(milliseconds, 0) + number
    return whole


CASE = Case("login", "Signing in", run)

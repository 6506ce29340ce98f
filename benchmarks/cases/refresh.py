"""Exchanging refresh tokens: how many a second one web process does, and what each costs."""

from dataclasses import dataclass
from functools import partial
from itertools import count
from statistics import median

import httpx

from benchmarks.data.people import Population, populate
from benchmarks.harness.bench import FOLDER, Bench, Case, Outcome, Plot
from benchmarks.harness.load import Load, wrk
from benchmarks.harness.process import Serving, serve_ours
from benchmarks.harness.result import THE_BAR, Result
from benchmarks.harness.rounds import Contestant, in_turn

BAR = 500.0
KEYCLOAK = 120.0  # Refreshes a second for each core, says its guide to sizing.
CONNECTIONS = 32


@dataclass(frozen=True)
class Sample:
    """One round: the load, and the processor seconds that it cost."""

    load: Load
    web_s: float
    postgres_s: float

    @property
    def per_web_core(self) -> float:
        """Refreshes for each second of a core that the web process used."""
        return self.load.counters["done"] / self.web_s

    @property
    def per_core(self) -> float:
        """The same, with PostgreSQL's time."""
        return self.load.counters["done"] / (self.web_s + self.postgres_s)


def run(bench: Bench) -> Outcome:
    """One web process, 32 connections; 1,000 people whose sessions are each refreshed again and again."""
    site = bench.cluster.site("refresh")
    population = populate(site, tenants=10 if bench.quick else 200)
    chains = [user.refresh_token for tenant in population.tenants for user in tenant.users]
    with serve_ours(site, bench.scratch / "refresh.log", env={"ALQUIMISTA_TRUSTED_PROXIES": "127.0.0.0/8"}) as ours:
        _check(ours.url, population, chains.pop(), chains.pop())
        parts = bench.rounds + 1
        measure = partial(_round, bench, ours, [chains[part::parts] for part in range(parts)], count())
        samples: list[Sample] = in_turn(bench, [Contestant("Alquimista", measure, ours.processes)])["Alquimista"]
    reused = site.admin("SELECT count(*) FROM alquimista_platform.audit_logs WHERE action = 'auth.refresh_reused'")
    assert reused[0][0] == 1, "a session was ended that nobody abused"
    rates = [sample.load.rate("done") for sample in samples]
    cores = [sample.per_core for sample in samples]
    web = median(sample.per_web_core for sample in samples)
    milliseconds = [1000 * sample.postgres_s / sample.load.counters["done"] for sample in samples]
    return Outcome(
        [
            Result(
                "token refresh, one web process", median(rates), "refreshes/s", THE_BAR, BAR, 1,
                ours_rounds=rates, peer_rounds=[BAR] * len(rates),
            ),
            Result(
                "token refresh, for each core that web and PostgreSQL use together", median(cores), "refreshes/s",
                THE_BAR, BAR, 1, ours_rounds=cores, peer_rounds=[BAR] * len(cores),
            ),
        ],
        [Plot("refresh", "Token refresh, one web process", "refreshes/s", {"Alquimista": rates, "bar": [BAR]})],
        [
            f"Each answer's token is used next. Of a core of the web process alone, {web:,.0f} a second, where "
            f"Keycloak's guide to sizing says {KEYCLOAK:.0f}; PostgreSQL adds {median(milliseconds):.2f} ms of "
            "processor time to each.",
            f"{CONNECTIONS} connections, every request from an address of its own, so that each asks the database for "
            "its share of the limit; rotation, the detection of reuse, and a signed access token in each answer.",
        ],
    )  # fmt: skip


def _round(bench: Bench, ours: Serving, parts: list[list[str]], numbers: "count[int]") -> Sample:
    number = next(numbers)
    chains = bench.scratch / "refresh-chains"
    chains.write_text("".join(f"{token}\n" for token in parts[number]))
    env = {"CHAINS": str(chains), "FROM": str(number * 1_000_000)}
    web, postgres = ours.web[0].cpu_seconds(), bench.cluster.cpu_seconds()
    script = FOLDER / "load" / "refresh.lua"
    connections = min(CONNECTIONS, len(parts[number]) - 1)  # wrk tries the script once, and sends nothing.
    load = wrk(ours.url, script, connections=connections, seconds=bench.seconds, env=env)
    assert load.counters.get("wrong", 0) == load.errors == 0, load
    return Sample(load, ours.web[0].cpu_seconds() - web, bench.cluster.cpu_seconds() - postgres)


def _check(url: str, population: Population, token: str, other: str) -> None:
    """A successor works, the access token reads its own company, and an old token ends the session."""
    names = {str(tenant.id) for tenant in population.tenants}
    with httpx.Client(base_url=url) as client:

        def exchange(presented: str) -> httpx.Response:
            return client.post("/auth/refresh", json={"refresh_token": presented})

        first = exchange(token).json()
        second = exchange(first["refresh_token"]).json()
        seen = client.get("/tenant/me", headers={"authorization": f"Bearer {second['access_token']}"}).json()
        assert seen["id"] in names
        assert exchange(token).status_code == 401, "a token was used twice"
        assert exchange(second["refresh_token"]).status_code == 401, "the session went on after the abuse"
        assert exchange(other).status_code == 200, "another session ended with it"
        assert exchange("x" * 43).status_code == 401


CASE = Case("refresh", "Token refresh", run)

"""Commands the size of a health check: how soon they are accepted, and how soon they are done."""

import asyncio
import json
import time
import urllib.request
from dataclasses import dataclass
from functools import partial
from statistics import median
from typing import Any, Final

from alquimista import clock
from alquimista.access import PLATFORM_TENANT, Role
from alquimista.db.tenancy import login_transaction
from alquimista.identity.models.sessions import Client, SessionKind
from alquimista.identity.models.users import User, UserStatus
from alquimista.identity.queries import members, users
from alquimista.identity.service import sessions
from benchmarks.data.people import services_of
from benchmarks.harness.bench import FOLDER, Bench, Case, Outcome
from benchmarks.harness.cluster import Site
from benchmarks.harness.load import wrk
from benchmarks.harness.process import Serving, serve_ours
from benchmarks.harness.result import THE_BAR, Result
from benchmarks.harness.rounds import Contestant, in_turn

RATE: Final = 200  # Commands a second.
ACCEPTED_MS: Final = 10.0
FINISHED_MS: Final = 50.0
_CONNECTIONS: Final = 16
_DRAIN_S: Final = 120.0
_CLIENT: Final = Client(ip="127.0.0.1", user_agent="benchmark")


@dataclass(frozen=True)
class Sample:
    """One round: milliseconds of the 95th percentile, how many were given a second, and what each one cost."""

    accepted_ms: float
    finished_ms: float
    rate: float
    web_ms: float
    worker_ms: float
    postgres_ms: float


def run(bench: Bench) -> Outcome:
    """One web process and one worker, as `alquimista up` runs them; an even rate from one of the staff."""
    site = bench.cluster.site("commands")
    token = asyncio.run(_staff(site))
    with serve_ours(site, bench.scratch / "commands.log", worker=True) as ours:
        _check(ours.url, token)
        _fill(bench, site, ours, token)
        samples: list[Sample] = in_turn(
            bench, [Contestant("Alquimista", partial(_round, bench, site, ours, token), ours.processes)]
        )["Alquimista"]
    rates = [sample.rate for sample in samples]
    accepted = [sample.accepted_ms for sample in samples]
    finished = [sample.finished_ms for sample in samples]
    costs = ", ".join(
        f"{part} {median(getattr(sample, name) for sample in samples):.1f} ms"
        for part, name in (("web", "web_ms"), ("worker", "worker_ms"), ("PostgreSQL", "postgres_ms"))
    )
    return Outcome(
        [
            Result(
                f"a command is accepted, 95th percentile, {RATE} a second wanted", median(accepted), "ms", THE_BAR,
                ACCEPTED_MS, 1, better="lower", ours_rounds=accepted, peer_rounds=[ACCEPTED_MS] * len(accepted),
            ),
            Result(
                "the same: it is done, counted from its arrival", median(finished), "ms", THE_BAR,
                FINISHED_MS, 1, better="lower", ours_rounds=finished, peer_rounds=[FINISHED_MS] * len(finished),
            ),
            Result(
                "the same: commands given meanwhile", median(rates), "commands/s", THE_BAR, RATE, 0.95,
                ours_rounds=rates, peer_rounds=[RATE] * len(rates),
            ),
        ],
        notes=[
            "Each is a HEALTH_CHECK of the platform: a row, its audit row and its job in one transaction, then a "
            "claim, five probes (which those of the same quarter of a second share) and a result. "
            f"The processor time that one cost, with fsync on: {costs}.",
            "What stands in the way of less: at this rate web, worker, PostgreSQL and wrk fill most of two cores, and "
            "the slowest twentieth waits for one of them. Giving was five round trips and is one (17 to 18 ms before); "
            "looking only for names that have something waiting nearly halved what PostgreSQL takes for a backlog's "
            "job. "
            "Tried and dropped: no CHECKs (3 %), fewer indexes, no trigger.",
        ],
    )  # fmt: skip


def _fill(bench: Bench, site: Site, ours: Serving, token: str) -> None:
    """Some seconds of commands, and the statistics of their tables, as autovacuum makes them within a minute.

    Over empty tables PostgreSQL plans the check of a seal's entry by an index that reads the company's whole audit.
    """
    _round(bench, site, ours, token)
    site.admin("VACUUM ANALYZE")


def _round(bench: Bench, site: Site, ours: Serving, token: str) -> Sample:
    script = bench.scratch / "commands.lua"
    parts = (FOLDER / "load" / name for name in ("commands.lua", "steady.lua"))
    script.write_text("".join(part.read_text() for part in parts))
    since = clock.now()
    before = _processor(site, ours)
    load = wrk(
        ours.url, script, connections=_CONNECTIONS, seconds=max(2, 2 * bench.seconds),
        env={"TOKEN": token, "RATE": str(RATE)},
    )  # fmt: skip
    assert load.refused == 0, load
    assert load.errors == 0, load
    _drain(site)
    spent = [after - start for after, start in zip(_processor(site, ours), before, strict=True)]
    ((count, failed, finished),) = site.admin(
        """
        SELECT count(*), count(*) FILTER (WHERE status <> 'SUCCESS' OR attempts <> 1),
          percentile_cont(0.95) WITHIN GROUP (ORDER BY extract(epoch FROM completed_at - created_at)) * 1000
        FROM alquimista_platform.operational_commands WHERE created_at >= %(since)s
        """,
        {"since": since},
    )
    assert failed == 0, f"{failed} of {count} commands did not succeed at once"
    given = load.counters["given"]
    assert given <= count <= given + _CONNECTIONS, (given, count)
    web, worker, postgres = (1000 * seconds / count for seconds in spent)
    return Sample(load.p95_ms, float(finished), given / load.seconds, web, worker, postgres)


def _processor(site: Site, ours: Serving) -> list[float]:
    """Seconds that the web process, the worker and PostgreSQL have used."""
    web, worker = (process.cpu_seconds() for process in ours.processes)
    return [web, worker, site.cluster.cpu_seconds()]


def _drain(site: Site) -> None:
    """Wait until every command has ended. wrk leaves without its last answers, whose commands are still to come."""
    time.sleep(0.5)
    until = time.monotonic() + _DRAIN_S
    while site.admin("SELECT 1 FROM alquimista_platform.operational_commands WHERE completed_at IS NULL LIMIT 1"):
        assert time.monotonic() < until, "commands were given faster than they were done, and did not end"
        time.sleep(0.1)


def _check(url: str, token: str) -> None:
    """A command succeeds, and its probes tell something."""
    made = _call(url, token, "POST", '{"command_type":"HEALTH_CHECK"}')
    until = time.monotonic() + 20
    while (found := _call(url, token, "GET", None, f"/{made['command_id']}"))["status"] != "SUCCESS":
        assert time.monotonic() < until, found
        time.sleep(0.05)
    assert found["output"]["probes"]["database"]["status"] == "healthy", found


def _call(url: str, token: str, method: str, body: str | None, more: str = "") -> dict[str, Any]:
    request = urllib.request.Request(  # noqa: S310 - Our own.
        f"{url}/internal/operations/commands{more}",
        body.encode() if body else None,
        {"authorization": f"Bearer {token}", "content-type": "application/json"},
        method=method,
    )
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - As above.
        found: dict[str, Any] = json.loads(answer.read())
        return found


async def _staff(site: Site) -> str:
    """One of the staff, signed in."""
    now = clock.now()
    person = User(clock.new_id(), "suporte@alquimista.example", "Suporte", "pt-BR", UserStatus.ACTIVE)
    async with services_of(site) as services:
        async with login_transaction(services.db) as conn:
            await users.insert(conn, person, now)
            await members.insert(conn, PLATFORM_TENANT, person.id, Role.INTERNAL_SUPPORT, None, now)
            opened = await sessions.open_session(conn, person.id, PLATFORM_TENANT, SessionKind.API, _CLIENT, now)
        return (await sessions.tokens_of(services, opened)).access_token


CASE = Case("commands", "Commands, from given to done", run)

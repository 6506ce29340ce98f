"""Every process is killed with -9 under ingest load: what was acknowledged is kept, once, and the sums are right."""

import os
import random
import signal
from collections.abc import Callable, Iterator
from datetime import timedelta

import psycopg
import pytest

from alquimista.clock import now
from support.installation import Installation, poll, span_of
from support.traffic import Traffic

OPTIONS = ("--workers", "2")  # Two web processes behind one port, of which either may die.
RECOVERS_IN_S = 60  # Far beyond what a recovery takes, even on a machine that is busy with other things.
STORED = """
SELECT event_id, count(*) FROM alquimista_platform.agent_requests
 WHERE tenant_id = %s AND event_id LIKE %s GROUP BY 1
"""
UNFOLDED = "SELECT count(*) FROM alquimista_platform.usage_deltas"
SLUGS = """
SELECT DISTINCT ON (t.tenant_id) t.tenant_id::text, a.slug
  FROM alquimista_platform.tenant_agents t JOIN alquimista_platform.agents a ON a.id = t.agent_id
"""


Start = Callable[[], Traffic]


@pytest.fixture
def traffic(home: Installation) -> Iterator[Start]:
    """Starts the load."""
    running: list[Traffic] = []

    def start() -> Traffic:
        assert home.up.get("/health/live").status_code == 200
        running.append(Traffic(home.demo, dict(home.sql(SLUGS)), lambda: home.address))
        return running[-1]

    yield start
    for one in running:
        one.abandon()


def ready(home: Installation) -> bool:
    """Whether everything works, the worker included."""
    checks = home.up.get("/health/ready").json()["checks"]
    return all(checks.values())


def replaced(home: Installation, child: str, died: int) -> bool:
    """Whether the supervisor starts the child again."""
    return poll(lambda: home.up.children().get(child) not in {None, died}, RECOVERS_IN_S)


def folds(home: Installation) -> bool:
    """Whether a worker moves what arrived into the rollups."""
    return poll(lambda: _quiet_sql(home, UNFOLDED) == 0, RECOVERS_IN_S)


def _quiet_sql(home: Installation, query: str) -> int | None:
    try:
        return int(home.sql(query)[0][0])
    except psycopg.OperationalError:
        return None


def check_the_books(home: Installation, traffic: Traffic) -> None:
    """The ledger, the raw rows, the rollups and the answers agree."""
    for tenant, acknowledged in traffic.acknowledged.items():
        stored = dict(home.sql(STORED, tenant, f"{traffic.name}-%"))
        assert acknowledged <= set(stored), f"{len(acknowledged - set(stored))} acknowledged events are lost"
        assert set(stored.values()) == {1}
        assert set(stored) <= traffic.sent[tenant]
    assert home.twice() == []
    first, last = (now() - timedelta(days=33)).date(), (now() + timedelta(days=1)).date()
    reconciled = home.command("usage", "reconcile", "--from", str(first), "--to", str(last))
    assert reconciled.returncode == 0, reconciled.stdout + reconciled.stderr
    assert reconciled.stdout.count("right") == len(reconciled.stdout.splitlines()) >= len(traffic.sent)
    assert folds(home)
    for number, key in enumerate(home.demo.api_keys):
        with home.demo.api(number) as api:
            usage = api.get("/tenant/usage", params={"period": "7d"}).json()
        counted = home.recount(key["tenant_id"], *span_of(usage))
        assert (usage["summary"]["total_requests"], usage["summary"]["failed_requests"]) == counted[:2]


def strike(home: Installation, load: Traffic, victim: str, more: int) -> None:
    """Kill the victim under load, and see the platform recover by itself."""
    if victim == "everything":
        home.kill_everything()
        assert home.up.get("/health/live").status_code == 200
    else:
        died = home.up.children()[victim]
        os.kill(died, signal.SIGKILL)
        assert replaced(home, victim, died)
    assert load.flows(more), f"No traffic after {victim} was killed"
    assert poll(lambda: ready(home), RECOVERS_IN_S)


@pytest.mark.crash
@pytest.mark.timeout(300)
def test_what_was_acknowledged_is_kept_once_whatever_is_killed(home: Installation, traffic: Start) -> None:
    load = traffic()
    assert load.flows(200)
    for victim in ("serve", "worker", "postgres", "everything"):
        strike(home, load, victim, more=200)
    load.finish()
    check_the_books(home, load)


@pytest.mark.load
@pytest.mark.timeout(1200)
def test_it_stays_so_over_many_rounds(home: Installation, traffic: Start) -> None:
    load, rng = traffic(), random.Random(5)
    for _ in range(16):
        strike(home, load, rng.choice(["serve", "worker", "postgres", "everything"]), more=rng.randrange(100, 2000))
    load.finish()
    check_the_books(home, load)

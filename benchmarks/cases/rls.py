"""Row-level security and the tenant context: the usage statement under both, against the same one without."""

from functools import partial
from statistics import median
from typing import Final, NamedTuple

from psycopg.conninfo import conninfo_to_dict

from alquimista.db.roles import connection_info
from benchmarks.data.people import populate
from benchmarks.harness.bench import Bench, Case, Outcome, Plot
from benchmarks.harness.result import Result
from benchmarks.harness.rounds import Contestant, in_turn
from benchmarks.limits import server_time
from benchmarks.limits.pgbench import Pgbench, Way

BAR: Final = 0.9


class Pair(NamedTuple):
    """One way to send the statement, under row security and without it, by as many clients."""

    work: str
    under: Way
    without: Way
    clients: int


PAIRS: Final = (
    Pair(
        "the usage statement under row security, pipelined",
        Way.PIPELINED,
        Way.PIPELINED_WITHOUT_RLS,
        16,
    ),
    Pair(
        "the usage statement under row security, in a transaction",
        Way.TRANSACTION,
        Way.TRANSACTION_WITHOUT_RLS,
        8,
    ),
)
NOTES: Final = (
    "pgbench sends the usage statement, prepared, for 200 companies with 90 days of 8 agents. Under row security it is "
    "the app role, which names its tenant by set_config first; without, it is a superuser, who is past every policy "
    "and names none. The statement is the same to the letter: its own `tenant_id = …` stands in both, as the product "
    "never leaves it to the policy alone. Before, both are seen to read the same rows, and the app role none of "
    "another company's.",
    "Both roles have the session settings with which the product connects as app (`db/roles.py`).",
    "Processor time of PostgreSQL is what to go by: one connection each, pipelined, the two in turn every few "
    "milliseconds, by the kernel's count for the backend. Rates of pgbench on two shared cores drift more than row "
    "security costs.",
    "A pipelined ratio above 1 is no gain: a policy cannot make a statement faster, both roles keep generic plans of "
    "one shape, and the reason was not found. A cost of some percent may hide in it.",
    "Pipelined (16 clients) is how the product sends a single read: set_config and the statement travel together, so "
    "that the difference is their work and the policy's.",
    "In a transaction (8 clients), set_config is a message of its own that is sent, awaited and answered: four round "
    "trips beside three (BEGIN, the statement, COMMIT). That is part of the ratio.",
)


def run(bench: Bench) -> Outcome:
    """All four in turn on one database."""
    site = bench.cluster.site("rls")
    session = str(conninfo_to_dict(connection_info(site.settings, "app"))["options"])
    population = populate(site, tenants=10 if bench.quick else 200)
    pgbench = Pgbench(site, population, bench.scratch, session)
    rates = in_turn(
        bench,
        [
            Contestant(way.name, partial(pgbench.per_second, way, pair.clients, bench.seconds))
            for pair in PAIRS
            for way in (pair.under, pair.without)
        ],
    )
    server = server_time.both(site, population, session, 10 if bench.quick else 400)
    return Outcome(
        [
            _server(*server),
            *(_result(pair, rates[pair.under.name], rates[pair.without.name]) for pair in PAIRS),
        ],
        [Plot("rls", "The usage statement under row security and without", "transactions/s", _labelled(rates))],
        NOTES,
    )


def _server(under: list[float], without: list[float]) -> Result:
    """Of each tenth of the rounds the least counts: whatever else runs on the machine only ever adds to it."""
    tenth = max(1, len(under) // 10)
    least_under, least_without = (
        [min(figures[start : start + tenth]) for start in range(0, len(figures), tenth)] for figures in (under, without)
    )
    return Result(
        "processor time of PostgreSQL for the usage statement under row security",
        median(least_under),
        "µs",
        "the same without",
        median(least_without),
        BAR,
        better="lower",
        ours_rounds=least_under,
        peer_rounds=least_without,
    )


def _result(pair: Pair, under: list[float], without: list[float]) -> Result:
    return Result(
        pair.work,
        median(under),
        "transactions/s",
        "the same without",
        median(without),
        BAR,
        ours_rounds=under,
        peer_rounds=without,
    )


def _labelled(rates: dict[str, list[float]]) -> dict[str, list[float]]:
    return {name.lower().replace("_", " ").replace("rls", "RLS"): found for name, found in rates.items()}


CASE = Case("rls", "Row security and the tenant context", run)

"""The ordinary close of a day that was rolled up as it came."""

from datetime import date, datetime, timedelta
from statistics import median
from typing import Final
from uuid import UUID

from alquimista import clock
from benchmarks.data.people import populate
from benchmarks.data.raw import day_start, make_day
from benchmarks.harness.bench import Bench, Case, Outcome, Plot
from benchmarks.harness.cluster import Site
from benchmarks.harness.result import THE_BAR, Result
from benchmarks.harness.rounds import Contestant, in_turn
from benchmarks.ours.rollups import CLOSES_AT_ONCE, Closing, recounted

TENANTS: Final = 50
EVENTS: Final = 1_000_000
BAR_S: Final = 1.0
OPEN_AGAIN: Final = "TRUNCATE alquimista_platform.usage_closed_days"
CLOSED: Final = "SELECT count(*), sum(requests) FROM alquimista_platform.usage_closed_days WHERE day = %(day)s"
TAMPER: Final = """
UPDATE alquimista_platform.tenant_usage_daily SET requests = requests + 1 WHERE tenant_id = %(tenant)s AND day = %(day)s
"""
INCIDENTS: Final = """
SELECT tenant_id FROM alquimista_platform.incidents WHERE source = 'usage' AND resolved_at IS NULL
"""
METHOD: Final = f"""
As the hourly job does it, without the queue around it: the tenants that have a day to close are found, and each of
the {TENANTS}, {CLOSES_AT_ONCE} side by side, folds what waits, compares the day's sums and histograms with its raw
events in one snapshot, and notes the day as closed. The sums are complete before, as they are when events were folded
as they came. A tenant whose sums had been tampered with got its incident, and no other did.
"""


def run(bench: Bench) -> Outcome:
    """Both layouts of a day (see recompute). The later one first: it is not over yet when the earlier one closes."""
    site = bench.cluster.site("close")
    population = populate(site, tenants=TENANTS, users=1, agents=8, days=0)
    tenants = [tenant.id for tenant in population.tenants]
    events = 20_000 if bench.quick else EVENTS

    def measure(layout: str, run_of: int, day: date, bar: float | None) -> tuple[Result, Plot]:
        make_day(site, population, events=events, hours=24, run=run_of).copy_to(day_start(day))
        recounted(site, tenants, day)
        site.admin("VACUUM ANALYZE")  # As autovacuum has done hours later.

        with Closing(site) as worker:

            def ours() -> float:
                site.admin(OPEN_AGAIN)
                return worker.close(_over(day))

            times = in_turn(bench, [Contestant("ours", ours)])["ours"]
        assert site.admin(CLOSED, {"day": day}) == [(TENANTS, events)]
        bars = [BAR_S] * len(times)
        return (
            Result(
                f"closing a day of {events:,} events that was rolled up as it came, {layout}",
                median(times),
                "s",
                THE_BAR,
                BAR_S,
                bar,
                better="lower",
                ours_rounds=times,
                peer_rounds=bars,
            ),
            Plot(f"close-{run_of}", f"Closing a day, {layout}", "seconds", {"Alquimista": times, "bar": bars}),
        )

    today = clock.now().date()
    batches = measure("batches of 500", 50 if bench.quick else 500, today - timedelta(days=4), 1)
    singles = measure("single events", 1, today - timedelta(days=6), None)
    _check_tampering(site, tenants[7], today - timedelta(days=6))
    return Outcome([batches[0], singles[0]], [batches[1], singles[1]], [" ".join(METHOD.split())])


def _over(day: date) -> datetime:
    """Four hours after the day's end: three are waited for."""
    return day_start(day) + timedelta(days=1, hours=4)


def _check_tampering(site: Site, tenant: UUID, day: date) -> None:
    assert site.admin(INCIDENTS) == []
    site.admin(OPEN_AGAIN)
    site.admin(TAMPER, {"tenant": tenant, "day": day})
    with Closing(site) as worker:
        worker.close(_over(day))
    assert site.admin(INCIDENTS) == [(tenant,)]


CASE = Case("close", "Closing a day", run)

"""Counting a day again from its raw events, beside the plainest statement that sums the same rows."""

import time
from datetime import date, datetime, timedelta
from statistics import median
from typing import Final

from alquimista import clock
from benchmarks.data.people import populate
from benchmarks.data.raw import day_start, make_day
from benchmarks.harness.bench import Bench, Case, Outcome, Plot
from benchmarks.harness.cluster import Site
from benchmarks.harness.result import Result
from benchmarks.harness.rounds import Contestant, in_turn
from benchmarks.ours.rollups import RECOUNTS_AT_ONCE, recounted

TENANTS: Final = 50
EVENTS: Final = 1_000_000
BAR: Final = 0.25
# As anybody would write it: no histogram, no tenant's own days, no comparison, past row security.
TABLE: Final = """
CREATE TABLE plain_hourly (
  tenant_id uuid, hour timestamptz, agent_id uuid, currency text, requests bigint NOT NULL, failures bigint NOT NULL,
  response_ms bigint NOT NULL, input_tokens bigint NOT NULL, output_tokens bigint NOT NULL, cost_micros bigint NOT NULL,
  PRIMARY KEY (tenant_id, hour, agent_id, currency))
"""
PLAIN: Final = """
INSERT INTO plain_hourly
SELECT tenant_id, date_trunc('hour', occurred_at), agent_id, currency, sum(requests),
  count(*) FILTER (WHERE status = 'error'), sum(response_time_ms), sum(input_tokens), sum(output_tokens),
  sum(cost_micros)
FROM alquimista_platform.agent_requests
WHERE occurred_at >= %(start)s AND occurred_at < %(stop)s
GROUP BY 1, 2, 3, 4
"""
FORGET: Final = "TRUNCATE alquimista_platform.usage_hourly, alquimista_platform.tenant_usage_daily"
COLUMNS: Final = (
    "tenant_id, hour, agent_id, currency, requests, failures, response_ms, input_tokens, output_tokens, cost_micros"
)
DIFFERING: Final = f"""
WITH plain AS (SELECT {COLUMNS} FROM plain_hourly), ours AS (SELECT {COLUMNS} FROM alquimista_platform.usage_hourly)
SELECT count(*) FROM ((TABLE plain EXCEPT TABLE ours) UNION ALL (TABLE ours EXCEPT TABLE plain)) AS differing
"""  # noqa: S608 - Our own column names.
# The packed histogram of the whole day, from both rollups and from the raw events.
HISTOGRAMS: Final = """
SELECT (SELECT sum(histogram) FROM alquimista_platform.usage_hourly),
  (SELECT sum(histogram) FROM alquimista_platform.tenant_usage_daily WHERE day = %(day)s),
  (SELECT sum(('1e' || 12 * alquimista_platform.response_time_bucket(response_time_ms))::numeric)
   FROM alquimista_platform.agent_requests WHERE occurred_at >= %(start)s AND occurred_at < %(stop)s)
"""
METHOD: Final = f"""
Ours counts {TENANTS} tenants one by one under row security, {RECOUNTS_AT_ONCE} side by side, as `alquimista usage
aggregate` does: sums and histogram by hour and by the tenant's own day, compared with what is stored and what waits,
and what lacks is added. Both rollups are empty before each round. Plain is one `INSERT … SELECT … GROUP BY` of hour,
agent and currency as superuser, without histogram, into an empty table with a primary key. Batches of a tenant lie
together on disk; single events of many tenants lie mixed, so that each tenant's own reading touches most pages of the
day.
"""


def run(bench: Bench) -> Outcome:
    """Both layouts: as batches leave a day behind, and as single events do."""
    site = bench.cluster.site("recompute")
    population = populate(site, tenants=TENANTS, users=1, agents=8, days=0)
    tenants = [tenant.id for tenant in population.tenants]
    events = 20_000 if bench.quick else EVENTS
    site.admin(TABLE)

    def measure(layout: str, run_of: int, day: date, bar: float | None) -> tuple[Result, Plot, str]:
        make_day(site, population, events=events, hours=24, run=run_of).copy_to(day_start(day))
        site.admin("VACUUM ANALYZE alquimista_platform.agent_requests")  # As autovacuum has done a day later.

        def ours() -> float:
            site.admin(FORGET)
            return recounted(site, tenants, day)

        sampled = in_turn(bench, [Contestant("ours", ours), Contestant("plain", lambda: _plain(site, day))])
        _check(site, day, events)
        again = recounted(site, tenants, day)
        return (
            Result(
                f"recomputing a day of {events:,} raw events, {layout}",
                median(sampled["ours"]),
                "s",
                "plain INSERT … SELECT … GROUP BY",
                median(sampled["plain"]),
                bar,
                better="lower",
                ours_rounds=sampled["ours"],
                peer_rounds=sampled["plain"],
            ),
            Plot(f"recompute-{run_of}", f"A day counted again, {layout}", "seconds", sampled),
            f"Counting it again when the sums are right, {layout}: {again:.2f} s.",
        )

    today = clock.now().date()
    batches = measure("batches of 500", 50 if bench.quick else 500, today - timedelta(days=4), BAR)
    singles = measure("single events", 1, today - timedelta(days=6), None)
    return Outcome(
        [batches[0], singles[0]], [batches[1], singles[1]], [" ".join(METHOD.split()), batches[2], singles[2]]
    )


def _plain(site: Site, day: date) -> float:
    site.admin("TRUNCATE plain_hourly")
    started = time.perf_counter()
    site.admin(PLAIN, _span(day))
    return time.perf_counter() - started


def _span(day: date) -> dict[str, datetime]:
    return {"start": day_start(day), "stop": day_start(day + timedelta(days=1))}


def _check(site: Site, day: date, events: int) -> None:
    """Both counts are the same, and the histograms hold every request in its bucket."""
    assert site.admin("SELECT sum(requests) FROM plain_hourly") == [(events,)]
    assert site.admin(DIFFERING) == [(0,)]
    hourly, daily, raw = site.admin(HISTOGRAMS, {"day": day, **_span(day)})[0]
    assert hourly == daily == raw


CASE = Case("recompute", "Counting a day again", run)

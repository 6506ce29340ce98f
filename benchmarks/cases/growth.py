"""The usage report with more and more history behind it: the period that is read stays the same."""

import asyncio
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import timedelta
from functools import partial
from pathlib import Path
from statistics import median
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from alquimista import clock
from benchmarks.cases.usage_query import PATH, write_tokens
from benchmarks.data import history
from benchmarks.data.people import Population, populate
from benchmarks.data.raw import make_day
from benchmarks.harness.bench import FOLDER, Bench, Case, Outcome, Plot
from benchmarks.harness.cluster import Site
from benchmarks.harness.load import Load, wrk
from benchmarks.harness.peers import fetch
from benchmarks.harness.process import UNCACHED, serve_ours
from benchmarks.harness.result import Result
from benchmarks.harness.rounds import Contestant, each, in_turn

CONNECTIONS: Final = 8  # Below what saturates one worker: the percentile is of answers, not of a queue.
BAR: Final = 1 / 1.15
HOURS: Final = 8
RUN_OF: Final = 20  # Events of a tenant that follow each other.
KEYS: Final = 100_000  # Written only to be weighed.


class Stage(NamedTuple):
    """Raw events so far, and the days that they lie on, up to today."""

    label: str
    events: int
    days: int


STAGES: Final = (Stage("1 M", 1_000_000, 30), Stage("20 M", 20_000_000, 90), Stage("100 M", 100_000_000, 400))
QUICK: Final = (Stage("1,200", 1_200, 30), Stage("20,000", 20_000, 38), Stage("100,000", 100_000, 46))
METHOD: Final = f"""
Three databases of one server, 50 tenants of 8 agents: 1 M raw events on the last 30 days, 20 M on 90 days, 100 M on
400 days. Each holds the one before it as it was, so that a report of 30 days has the same figures in all three
(checked); what grows is the history behind it. Every raw day of the larger two was there as rows, was counted by the
product's recount, and was then dropped by its retention; a raw day is moved on to the next date rather than written
anew. One web process each, measured in turn, not cached, {CONNECTIONS} connections, which do not saturate it.
"""


def run(bench: Bench) -> Outcome:
    """Make the history stage by stage, cloning the database before each, then read from all three in turn."""
    stages = QUICK if bench.quick else STAGES
    site = bench.cluster.site("growth_0")
    population = populate(site, tenants=3 if bench.quick else 50, users=20, agents=8, days=0)
    sites, sizes = _grow(bench, site, population, stages)
    weights = _weigh(sites[0], stages[0].events)
    tokens = write_tokens(bench.scratch / "growth-tokens", population)
    with ExitStack() as stack:
        served = [stack.enter_context(serve_ours(one, bench.scratch / "growth.log", command=UNCACHED)) for one in sites]
        _check([one.url for one in served], population)
        samples = in_turn(
            bench,
            [
                Contestant(stage.label, partial(_read, bench, one.url, tokens), one.processes)
                for stage, one in zip(stages, served, strict=True)
            ],
        )
    p95 = {label: each(loads, "p95_ms") for label, loads in samples.items()}
    first = stages[0].label
    return Outcome(
        [
            Result(
                f"GET /tenant/usage p95 with {stage.label} raw events",
                median(p95[stage.label]),
                "ms",
                f"the same with {first}",
                median(p95[first]),
                BAR,
                better="lower",
                ours_rounds=p95[stage.label],
                peer_rounds=p95[first],
            )
            for stage in stages[1:]
        ],
        [Plot("growth", "GET /tenant/usage p95, by raw events behind it", "ms", p95)],
        [" ".join(METHOD.split())],
        {"What a history weighs (MB)": sizes, "What an event weighs (bytes)": weights},
    )


def _grow(
    bench: Bench, site: Site, population: Population, stages: Sequence[Stage]
) -> tuple[list[Site], list[list[str]]]:
    """A site for each stage, and what they weigh."""
    today = clock.now().astimezone(ZoneInfo("America/Sao_Paulo")).date()
    tenants = [tenant.id for tenant in population.tenants]
    sites: list[Site] = []
    sizes = [["raw events", "daily sums", "hourly sums", "rows of daily sums", "days"]]
    events = days = 0
    for stage in stages:
        if sites:
            site = site.copy(f"growth_{len(sites)}")
        bench.say(f"{stage.label} raw events on {stage.days} days")
        each_day = (stage.events - events) // (stage.days - days)
        template = make_day(site, population, events=each_day, hours=HOURS, run=RUN_OF)
        span = [today - timedelta(days=back) for back in range(days, stage.days)]
        asyncio.run((history.pass_by if sites else history.keep)(site, tenants, template, span))
        events, days = events + each_day * len(span), stage.days
        assert site.admin("SELECT sum(requests) FROM alquimista_platform.tenant_usage_daily") == [(events,)]
        site.admin("VACUUM ANALYZE")
        sites.append(site)
        sizes.append([stage.label, *_sizes(site), str(days)])
    return sites, sizes


def _sizes(site: Site) -> list[str]:
    daily, hourly, rows = site.admin(
        """
        SELECT pg_total_relation_size('alquimista_platform.tenant_usage_daily') / 1e6,
          pg_total_relation_size('alquimista_platform.usage_hourly') / 1e6,
          (SELECT count(*) FROM alquimista_platform.tenant_usage_daily)
        """
    )[0]
    return [f"{daily:.1f}", f"{hourly:.1f}", f"{rows:,}"]


def _weigh(site: Site, events: int) -> list[list[str]]:
    """What an event leaves behind for as long as it is kept: its row, and for 40 days its key."""
    site.admin(
        """
        INSERT INTO alquimista_platform.event_keys (tenant_id, key, seen_on)
        SELECT t.id, gen_random_uuid(), current_date FROM alquimista_platform.tenants AS t, generate_series(1, %(each)s)
        """,
        {"each": KEYS // 50},
    )
    (keys,) = site.admin("SELECT count(*) FROM alquimista_platform.event_keys")[0]
    rows = [["", "heap", "indexes"]]
    for name, table, count in (("raw event", "agent_requests", events), ("key", "event_keys", keys)):
        heap, indexes = site.admin(
            """
            SELECT sum(pg_table_size(relid)), sum(pg_indexes_size(relid)) FROM (
              SELECT relid FROM pg_partition_tree(%(table)s::regclass) UNION SELECT %(table)s::regclass
            ) AS parts
            """,
            {"table": f"alquimista_platform.{table}"},
        )[0]
        rows.append([name, f"{heap / count:.0f}", f"{indexes / count:.0f}"])
    site.admin("TRUNCATE alquimista_platform.event_keys")
    return rows


def _check(urls: Sequence[str], population: Population) -> None:
    """All three give a company the same figures, another company others, and a stranger none."""
    people = [tenant.users[0].token for tenant in population.tenants[:3]]
    answers = [fetch(urls[0] + PATH, token) for token in people]
    assert [status for status, _ in answers] == [200, 200, 200]
    assert answers[0] != answers[1], "two companies see the same figures"
    for url in urls:
        assert [fetch(url + PATH, token) for token in people] == answers, url
        assert fetch(url + PATH)[0] == 401


def _read(bench: Bench, url: str, tokens: Path) -> Load:
    script, env = FOLDER / "load" / "usage.lua", {"TOKENS": str(tokens)}
    if not bench.quick:
        wrk(url, script, connections=CONNECTIONS, seconds=1, env=env)  # What is remembered for a minute is asked again.
    load = wrk(url, script, connections=CONNECTIONS, seconds=bench.seconds, env=env)
    assert load.refused == 0, load
    assert load.errors == 0, load
    return load


CASE = Case("growth", "The usage report as history grows", run)

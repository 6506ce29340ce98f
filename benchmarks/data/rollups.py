"""A history of daily sums, as a busy tenant leaves it: written in bulk, consistent, and the same in every run."""

import random
from bisect import bisect_right
from collections import Counter
from typing import Final
from uuid import UUID

import psycopg

from alquimista.usage.models.histogram import DIGITS, EDGES
from benchmarks.harness.cluster import Site

_SHAPES: Final = 64
_SEED: Final = 2026
_COLUMNS: Final = "requests, failures, response_ms, input_tokens, output_tokens, cost_micros, histogram"


def fill(site: Site, tenants: list[UUID], agents: list[UUID], days: int) -> None:
    """A row for each tenant, agent and day of the last `days` days, today included, in the order of the days."""
    with psycopg.connect(site.url("admin")) as conn:
        conn.execute(
            "CREATE TEMP TABLE shapes (n int, requests bigint, failures bigint, response_ms bigint, "
            "input_tokens bigint, output_tokens bigint, cost_micros bigint, histogram numeric) ON COMMIT DROP"
        )
        with conn.cursor().copy("COPY shapes FROM STDIN") as copy:
            for row in shapes():
                copy.write_row(row)
        conn.execute(
            f"""
            INSERT INTO alquimista_platform.tenant_usage_daily (tenant_id, day, agent_id, currency, {_COLUMNS})
            SELECT t, (now() AT TIME ZONE 'America/Sao_Paulo')::date - back, a, 'BRL', {_COLUMNS}
            FROM unnest(%s::uuid[]) WITH ORDINALITY AS tenant (t, i)
            CROSS JOIN generate_series(0, %s - 1) AS back
            CROSS JOIN unnest(%s::uuid[]) WITH ORDINALITY AS agent (a, j)
            JOIN shapes ON n = (i * 31 + back * 17 + j * 7) %% {_SHAPES}
            ORDER BY back DESC, i, j
            """,  # noqa: S608 - Our own column names.
            [tenants, days, agents],
        )


def shapes() -> list[tuple[int, ...]]:
    """Days of an agent: from 200 to 900 requests, most answered in about a second, a few much later."""
    dice = random.Random(_SEED)  # noqa: S311 - The same history in every run.
    return [(number, *_day(dice)) for number in range(_SHAPES)]


def _day(dice: random.Random) -> tuple[int, ...]:
    count = dice.randint(200, 900)
    times = [min(int(dice.lognormvariate(6.6, 0.7)), 600_000) for _ in range(count)]
    buckets = Counter(bisect_right(EDGES, ms) for ms in times)
    histogram = sum(many * 10 ** (DIGITS * bucket) for bucket, many in buckets.items())
    tokens = count * dice.randint(300, 500)
    return count, count // 80, sum(times), tokens, tokens // 4, count * 1_900, histogram

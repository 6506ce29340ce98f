"""Raw events in bulk, written past the ways in (which have benchmarks of their own), as superuser.

A day is made once, as a template; every day that is wanted is a copy of it.
"""

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

import psycopg
from psycopg import sql

from benchmarks.data.people import Population
from benchmarks.harness.cluster import Site

_SEED: Final = 0.2026
# Event number n of the day. Response times are like those of a language model: about a second, some of them much later.
_MAKE: Final = """
    CREATE UNLOGGED TABLE {template} AS
    SELECT {tenants}[1 + abs(hashint8(n / {run})::bigint) % {many}] AS tenant_id,
      n * (interval '1 hour' * {hours} / {events}) AS after, gen_random_uuid() AS id,
      {agents}[1 + n % cardinality({agents})] AS agent_id,
      CASE WHEN random() < 0.02 THEN 'error' ELSE 'success' END AS status,
      least(600000, exp(6.6 + 0.7 * random_normal()))::int AS response_time_ms, 200 + n % 800 AS input_tokens,
      50 + n % 300 AS output_tokens, 900 + n % 3000 AS cost_micros, md5(n::text) AS trace_id, 'evt-' || n AS event_id
    FROM generate_series(0, {events} - 1) AS n
"""
_COPY: Final = """
    INSERT INTO alquimista_platform.agent_requests (tenant_id, occurred_at, id, agent_id, requests, status,
      response_time_ms, input_tokens, output_tokens, cost_micros, currency, model, trace_id, span_id, source, event_id,
      received_at)
    SELECT tenant_id, %(start)s + after, id, agent_id, 1, status, response_time_ms, input_tokens, output_tokens,
      cost_micros, 'BRL', 'gpt-4o-mini', trace_id, '', 'https://agents.example/suporte', event_id, %(start)s + after
    FROM {template}
"""


@dataclass(frozen=True)
class DayOfEvents:
    """A table of the site that holds a day's events, to be copied."""

    site: Site
    table: str
    events: int

    def copy_to(self, start: datetime) -> None:
        """Write the day, its first event at `start`. Its partitions must be there."""
        with psycopg.connect(self.site.admin_url) as conn:
            conn.execute(sql.SQL(_COPY).format(template=sql.Identifier(self.table)), {"start": start})

    def on(self, site: Site) -> "DayOfEvents":
        """The same day on a clone of its site."""
        return DayOfEvents(site, self.table, self.events)


def day_start(day: date) -> datetime:
    """When a day of the tenants begins: they are in São Paulo."""
    return datetime.combine(day, time(), ZoneInfo("America/Sao_Paulo"))


def make_day(site: Site, population: Population, *, events: int, hours: int, run: int) -> DayOfEvents:
    """A day of `events` over `hours` hours, in the order in which they arrived: `run` of a tenant, `run` of another.

    A run of 500 is what batches leave behind, a run of 1 what single events of many tenants do.
    """
    made = DayOfEvents(site, f"day_{events}_{run}", events)
    statement = sql.SQL(_MAKE).format(
        template=sql.Identifier(made.table),
        tenants=sql.SQL("({}::uuid[])").format([str(tenant.id) for tenant in population.tenants]),
        agents=sql.SQL("({}::uuid[])").format([str(agent_id) for agent_id, _ in population.tenants[0].agents]),
        many=len(population.tenants),
        events=events,
        hours=hours,
        run=run,
    )
    with psycopg.connect(site.admin_url) as conn:
        conn.execute("SELECT setseed(%s)", [_SEED])
        conn.execute(statement)
    return made

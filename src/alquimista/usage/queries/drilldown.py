"""What lies under the rollups: days by agent, events of a day, and both counted in one snapshot."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import msgspec

from alquimista.db.statement import Conn, Statement
from alquimista.usage.models.drilldown import AgentDay, Place, UsageEvent
from alquimista.usage.models.reports import utc_span
from alquimista.usage.queries.rollups import IN_ORDER, local_span

DAYS = Statement(
    """
    SELECT u.day, u.agent_id, a.name AS agent, sum(u.requests)::bigint AS requests, sum(u.failures)::bigint AS failures,
      sum(u.input_tokens)::bigint AS input_tokens, sum(u.output_tokens)::bigint AS output_tokens
    FROM alquimista_platform.tenant_usage_daily AS u JOIN alquimista_platform.agents AS a ON a.id = u.agent_id
    WHERE u.tenant_id = %(tenant_id)s AND u.day BETWEEN %(first_day)s AND %(last_day)s
    GROUP BY u.day, u.agent_id, a.name ORDER BY u.day, a.name, u.agent_id
    """,
    AgentDay,
)

# The hours of a local day are usually one stretch; where its zone changed they need not be, so that each is looked up.
_OF_DAYS = """
    r.tenant_id = %(tenant_id)s AND r.occurred_at >= %(start)s::timestamptz AND r.occurred_at < %(stop)s::timestamptz
    AND date_bin('1 hour', r.occurred_at, '2000-01-01T00:00:00Z') = ANY (ARRAY(
      SELECT hour FROM alquimista_platform.local_hours(%(tenant_id)s, %(start)s::timestamptz, %(stop)s::timestamptz)
      WHERE day BETWEEN %(first_day)s AND %(last_day)s))
"""
_RECEIVED = """
    AND r.received_at > coalesce(%(after)s::timestamptz, '-infinity')
    AND r.received_at <= coalesce(%(until)s::timestamptz, 'infinity')
"""

# By the key, from where the last page ended: a day of many events costs a page as much as one of few.
EVENTS = Statement(
    f"""
    SELECT r.id, r.occurred_at, r.received_at, r.agent_id, a.name AS agent, r.requests, r.status, r.model,
      r.response_time_ms, r.input_tokens, r.output_tokens
    FROM alquimista_platform.agent_requests AS r JOIN alquimista_platform.agents AS a ON a.id = r.agent_id
    WHERE {_OF_DAYS} {_RECEIVED}
      AND (r.occurred_at, r.id) > (%(place_at)s::timestamptz, %(place_id)s::uuid)
    ORDER BY r.occurred_at, r.id LIMIT %(limit)s
    """,  # noqa: S608 - The interpolations are constants.
    UsageEvent,
)

RECEIVED_DAYS = Statement(
    f"""
    WITH hours AS MATERIALIZED (
      SELECT hour, day
      FROM alquimista_platform.local_hours(%(tenant_id)s, %(start)s::timestamptz, %(stop)s::timestamptz)
      WHERE day BETWEEN %(first_day)s AND %(last_day)s
    )
    SELECT h.day, r.agent_id, a.name AS agent, sum(r.requests)::bigint AS requests,
      coalesce(sum(r.requests) FILTER (WHERE r.status = 'error'), 0)::bigint AS failures,
      sum(r.input_tokens)::bigint AS input_tokens, sum(r.output_tokens)::bigint AS output_tokens
    FROM alquimista_platform.agent_requests AS r
    JOIN hours AS h ON h.hour = date_bin('1 hour', r.occurred_at, '2000-01-01T00:00:00Z')
    JOIN alquimista_platform.agents AS a ON a.id = r.agent_id
    WHERE r.tenant_id = %(tenant_id)s
      AND r.occurred_at >= %(start)s::timestamptz AND r.occurred_at < %(stop)s::timestamptz {_RECEIVED}
    GROUP BY h.day, r.agent_id, a.name ORDER BY h.day, a.name, r.agent_id
    """,  # noqa: S608 - As above.
    AgentDay,
)


class Counted(msgspec.Struct, frozen=True):
    """A day by its events, by its rollup, and of the events those received after each moment."""

    raw: int
    rollup: int
    after: list[int]


# One snapshot: a fold moves sums from the deltas to the rollup between two of them, never within one.
COUNT = Statement(
    f"""
    SELECT coalesce(events.raw, 0) AS raw,
      (coalesce((SELECT sum(u.requests) FROM alquimista_platform.tenant_usage_daily AS u
         WHERE u.tenant_id = %(tenant_id)s AND u.day BETWEEN %(first_day)s AND %(last_day)s), 0)
       + coalesce((SELECT sum(d.requests) FROM alquimista_platform.usage_deltas AS d
         JOIN alquimista_platform.local_hours(%(tenant_id)s, %(start)s::timestamptz, %(stop)s::timestamptz) AS h
           USING (hour)
         WHERE d.tenant_id = %(tenant_id)s AND h.day BETWEEN %(first_day)s AND %(last_day)s), 0))::bigint AS rollup,
      ARRAY[coalesce(events.earlier, 0), coalesce(events.later, 0)] AS after
    FROM (
      SELECT sum(r.requests)::bigint AS raw,
        sum(r.requests) FILTER (WHERE r.received_at > %(earlier)s::timestamptz)::bigint AS earlier,
        sum(r.requests) FILTER (WHERE r.received_at > %(later)s::timestamptz)::bigint AS later
      FROM alquimista_platform.agent_requests AS r WHERE {_OF_DAYS}
    ) AS events
    """,  # noqa: S608 - As above.
    Counted,
)


async def days(conn: Conn, tenant_id: UUID, first_day: date, last_day: date) -> list[AgentDay]:
    """The rollup's local days, by agent."""
    return await conn.fetch(DAYS, tenant_id=tenant_id, first_day=first_day, last_day=last_day)


async def received_days(
    conn: Conn, tenant_id: UUID, first_day: date, last_day: date, after: datetime | None, until: datetime | None
) -> list[AgentDay]:
    """The same of the events alone that were received in some time."""
    span = await _span(conn, tenant_id, first_day, last_day)
    if span["start"] is None:
        return []
    return await conn.fetch(RECEIVED_DAYS, tenant_id=tenant_id, after=after, until=until, **span)


async def events(
    conn: Conn,
    tenant_id: UUID,
    day: date,
    place: Place,
    limit: int,
    after: datetime | None,
    until: datetime | None,
) -> list[UsageEvent]:
    """Events of a local day that come after a place, in order."""
    span = await _span(conn, tenant_id, day, day)
    if span["start"] is None:
        return []
    return await conn.fetch(
        EVENTS,
        tenant_id=tenant_id,
        after=after,
        until=until,
        place_at=place.occurred_at,
        place_id=place.id,
        limit=limit,
        **span,
    )


async def count(conn: Conn, tenant_id: UUID, day: date, moments: Sequence[datetime]) -> Counted:
    """A local day counted both ways; of two moments, what was received after each."""
    await conn.execute(IN_ORDER)
    span = await _span(conn, tenant_id, day, day)
    if span["start"] is None:  # A day that a change of zone left out.
        return Counted(0, 0, [0, 0])
    found = await conn.fetch_one(COUNT, tenant_id=tenant_id, earlier=moments[0], later=moments[1], **span)
    assert found is not None
    return found


async def _span(conn: Conn, tenant_id: UUID, first_day: date, last_day: date) -> dict[str, date | datetime | None]:
    """The days, and the UTC hours between which theirs lie: so no partition beyond them is looked at."""
    (start, _), (_, stop) = utc_span(first_day), utc_span(last_day)
    return await local_span(conn, tenant_id, first_day, last_day, start, stop)

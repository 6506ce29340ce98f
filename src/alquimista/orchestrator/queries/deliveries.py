"""What becomes of an event at each consumer."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from alquimista.db.statement import Conn, NoRow, Statement
from alquimista.orchestrator.models.events import LEASE, MOST_TRIES, SLACK, DeliverEvent, EventDelivery


class _Step(msgspec.Struct, frozen=True):
    attempts: int
    step: int


class _Count(msgspec.Struct, frozen=True):
    count: int


class _Name(msgspec.Struct, frozen=True):
    consumer: str


ADD = Statement(
    """
    INSERT INTO fibonacci_core.event_deliveries (tenant_id, event_id, consumer, next_attempt_at, created_at, updated_at)
    SELECT %(tenant_id)s, %(event_id)s, consumer, %(now)s, %(now)s, %(now)s
    FROM unnest(%(consumers)s::text[]) AS c (consumer)
    ON CONFLICT (tenant_id, event_id, consumer) DO NOTHING
    """,
    NoRow,
)

PENDING = Statement(
    """
    SELECT consumer FROM fibonacci_core.event_deliveries
    WHERE tenant_id = %(tenant_id)s AND event_id = %(event_id)s AND state = 'pending' ORDER BY consumer
    """,
    _Name,
)

# Of two workers that were woken up for the same delivery, the second finds it due much later.
CLAIM = Statement(
    """
    UPDATE fibonacci_core.event_deliveries
    SET attempts = attempts + 1, step = step + 1, next_attempt_at = %(lease)s, updated_at = %(now)s
    WHERE tenant_id = %(tenant_id)s AND event_id = %(event_id)s AND consumer = %(consumer)s AND state = 'pending'
      AND next_attempt_at <= %(due)s AND step < %(most)s
    RETURNING attempts, step
    """,
    _Step,
)

# The worker of its last try died.
ABANDON = Statement(
    """
    UPDATE fibonacci_core.event_deliveries
    SET state = 'dead', next_attempt_at = NULL, last_error = 'The workers that tried it died', updated_at = %(now)s
    WHERE tenant_id = %(tenant_id)s AND event_id = %(event_id)s AND consumer = %(consumer)s AND state = 'pending'
      AND next_attempt_at <= %(due)s AND step >= %(most)s
    """,
    NoRow,
)

DELIVERED = Statement(
    """
    UPDATE fibonacci_core.event_deliveries
    SET state = 'delivered', delivered_at = %(now)s, next_attempt_at = NULL, last_error = NULL, updated_at = %(now)s
    WHERE tenant_id = %(tenant_id)s AND event_id = %(event_id)s AND consumer = %(consumer)s AND state <> 'delivered'
    """,
    NoRow,
)

# A worker that comes back after its time was up says nothing about the try that another has begun.
FAILED = Statement(
    """
    UPDATE fibonacci_core.event_deliveries
    SET state = CASE WHEN %(next)s::timestamptz IS NULL THEN 'dead' ELSE 'pending' END, next_attempt_at = %(next)s,
        last_error = %(error)s, updated_at = %(now)s
    WHERE tenant_id = %(tenant_id)s AND event_id = %(event_id)s AND consumer = %(consumer)s AND state = 'pending'
      AND attempts = %(attempts)s
    """,
    NoRow,
)

REOPEN = Statement(
    """
    UPDATE fibonacci_core.event_deliveries
    SET state = 'pending', step = 0, next_attempt_at = %(now)s, delivered_at = NULL, updated_at = %(now)s
    WHERE tenant_id = %(tenant_id)s AND event_id = %(event_id)s
      AND (state = 'dead' OR %(all)s AND state = 'delivered')
    RETURNING consumer
    """,
    _Name,
)

_GIVEN_UP = """
    FROM fibonacci_core.event_deliveries
    WHERE tenant_id = %(tenant_id)s AND state = 'dead'
      AND (%(ids)s::uuid[] IS NULL OR event_id = ANY (%(ids)s::uuid[]))
"""
COUNT_GIVEN_UP = Statement(f"SELECT count(*) AS count {_GIVEN_UP}", _Count)
# The rows are picked once: as a plain subquery the planner may ask for them again, and move more than the limit.
REQUEUE = Statement(
    f"""
    WITH picked AS MATERIALIZED (
      SELECT event_id, consumer {_GIVEN_UP} ORDER BY created_at LIMIT %(limit)s FOR UPDATE)
    UPDATE fibonacci_core.event_deliveries
    SET state = 'pending', step = 0, next_attempt_at = %(now)s, updated_at = %(now)s
    WHERE tenant_id = %(tenant_id)s AND state = 'dead'
      AND (event_id, consumer) IN (SELECT event_id, consumer FROM picked)
    RETURNING event_id, consumer
    """,  # noqa: S608 - A constant condition.
    DeliverEvent,
)

COUNT_DEAD = Statement("SELECT count(*) AS count FROM fibonacci_core.event_deliveries WHERE state = 'dead'", _Count)

DELIVERIES = Statement(
    """
    SELECT consumer, state, attempts, next_attempt_at, last_error, delivered_at FROM fibonacci_core.event_deliveries
    WHERE tenant_id = %(tenant_id)s AND event_id = %(event_id)s ORDER BY consumer
    """,
    EventDelivery,
)

DUE = Statement(
    """
    SELECT event_id, consumer FROM fibonacci_core.event_deliveries
    WHERE tenant_id = %(tenant_id)s AND state = 'pending' AND next_attempt_at <= %(before)s
    ORDER BY next_attempt_at LIMIT %(limit)s
    """,
    DeliverEvent,
)


async def add(conn: Conn, tenant_id: UUID, event_id: UUID, consumers: Sequence[str], now: datetime) -> list[str]:
    """Let these have it, unless they do; who waits for it."""
    await conn.execute(ADD, tenant_id=tenant_id, event_id=event_id, consumers=list(consumers), now=now)
    return [one.consumer for one in await conn.fetch(PENDING, tenant_id=tenant_id, event_id=event_id)]


async def claim(conn: Conn, tenant_id: UUID, wanted: DeliverEvent, now: datetime) -> tuple[int, int] | None:
    """Begin a try, if it is due: its number, and its place in the schedule."""
    found = await conn.fetch_one(
        CLAIM,
        tenant_id=tenant_id,
        event_id=wanted.event_id,
        consumer=wanted.consumer,
        now=now,
        due=now + SLACK,
        lease=now + LEASE,
        most=MOST_TRIES,
    )
    return (found.attempts, found.step) if found else None


async def abandon(conn: Conn, tenant_id: UUID, wanted: DeliverEvent, now: datetime) -> bool:
    """Give it up, if it is due and has no tries left; whether it was so."""
    changed = await conn.execute(
        ABANDON,
        tenant_id=tenant_id,
        event_id=wanted.event_id,
        consumer=wanted.consumer,
        now=now,
        due=now + SLACK,
        most=MOST_TRIES,
    )
    return bool(changed)


async def delivered(conn: Conn, tenant_id: UUID, wanted: DeliverEvent, now: datetime) -> None:
    """The consumer is done with it, whoever says so."""
    await conn.execute(DELIVERED, tenant_id=tenant_id, event_id=wanted.event_id, consumer=wanted.consumer, now=now)


async def failed(
    conn: Conn,
    tenant_id: UUID,
    wanted: DeliverEvent,
    attempt: int,
    error: str,
    retry_at: datetime | None,
    now: datetime,
) -> bool:
    """A try failed; whether it still was the one that counts."""
    changed = await conn.execute(
        FAILED,
        tenant_id=tenant_id,
        event_id=wanted.event_id,
        consumer=wanted.consumer,
        attempts=attempt,
        error=error[:2000],
        next=retry_at,
        now=now,
    )
    return bool(changed)


async def reopen(conn: Conn, tenant_id: UUID, event_id: UUID, *, everybody: bool, now: datetime) -> list[str]:
    """Let those that failed have it again, or everybody who had it; who they are."""
    rows = await conn.fetch(REOPEN, tenant_id=tenant_id, event_id=event_id, all=everybody, now=now)
    return [one.consumer for one in rows]


async def count_given_up(conn: Conn, tenant_id: UUID, ids: Sequence[UUID] | None) -> int:
    """How many deliveries, or of these events, were given up."""
    found = await conn.fetch_one(COUNT_GIVEN_UP, tenant_id=tenant_id, ids=None if ids is None else list(ids))
    return found.count if found else 0


async def requeue(
    conn: Conn, tenant_id: UUID, ids: Sequence[UUID] | None, limit: int, now: datetime
) -> list[DeliverEvent]:
    """Let deliveries that were given up, or those of these events, wait again; which ones."""
    wanted = None if ids is None else list(ids)
    return await conn.fetch(REQUEUE, tenant_id=tenant_id, ids=wanted, limit=limit, now=now)


async def deliveries(conn: Conn, tenant_id: UUID, event_id: UUID) -> list[EventDelivery]:
    """What became of an event at each consumer."""
    return await conn.fetch(DELIVERIES, tenant_id=tenant_id, event_id=event_id)


async def due(conn: Conn, tenant_id: UUID, before: datetime, limit: int) -> list[DeliverEvent]:
    """Deliveries that should have been tried by then."""
    return await conn.fetch(DUE, tenant_id=tenant_id, before=before, limit=limit)


async def count_dead(conn: Conn) -> int:
    """How many deliveries of all tenants were given up; takes a connection of the internal role."""
    found = await conn.fetch_one(COUNT_DEAD)
    return found.count if found else 0

"""Deliveries and their tries."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from alquimista.db.statement import Conn, NoRow, Statement
from alquimista.webhooks.models.deliveries import (
    LEASE,
    MOST_TRIES,
    SLACK,
    Claimed,
    DeliveryState,
    Health,
    Outcome,
    SendDelivery,
    Told,
    WebhookAttempt,
    WebhookDelivery,
)


class _Count(msgspec.Struct, frozen=True):
    count: int


class _Tenant(msgspec.Struct, frozen=True):
    tenant_id: UUID


class _Payload(msgspec.Struct, frozen=True):
    payload: dict[str, Any]


INSERT = Statement(
    """
    INSERT INTO alquimista_platform.webhook_deliveries (tenant_id, id, endpoint_id, event_id, event_type, payload,
      occurred_at, next_attempt_at, created_at, updated_at)
    SELECT %(tenant_id)s, d.id, d.endpoint_id, %(event_id)s, %(type)s, %(payload)s::jsonb, %(occurred_at)s, %(now)s,
      %(now)s, %(now)s
    FROM unnest(%(ids)s::uuid[], %(endpoint_ids)s::uuid[]) AS d (id, endpoint_id)
    ON CONFLICT (tenant_id, endpoint_id, event_id) DO NOTHING
    RETURNING id AS delivery_id, endpoint_id
    """,
    SendDelivery,
)

PAGE = Statement(
    """
    SELECT id, event_id, event_type, state, attempts, next_attempt_at, last_status, last_failure, occurred_at,
      created_at, delivered_at
    FROM alquimista_platform.webhook_deliveries
    WHERE tenant_id = %(tenant_id)s AND endpoint_id = %(endpoint_id)s
      AND (%(state)s::text IS NULL OR state = %(state)s)
    ORDER BY created_at DESC, id DESC LIMIT %(limit)s OFFSET %(offset)s
    """,
    WebhookDelivery,
)

TOTAL = Statement(
    """
    SELECT count(*) AS count FROM alquimista_platform.webhook_deliveries
    WHERE tenant_id = %(tenant_id)s AND endpoint_id = %(endpoint_id)s
      AND (%(state)s::text IS NULL OR state = %(state)s)
    """,
    _Count,
)

FIND = Statement(
    """
    SELECT id, event_id, event_type, state, attempts, next_attempt_at, last_status, last_failure, occurred_at,
      created_at, delivered_at
    FROM alquimista_platform.webhook_deliveries
    WHERE tenant_id = %(tenant_id)s AND endpoint_id = %(endpoint_id)s AND id = %(id)s
    """,
    WebhookDelivery,
)

PAYLOAD = Statement(
    """
    SELECT payload FROM alquimista_platform.webhook_deliveries
    WHERE tenant_id = %(tenant_id)s AND endpoint_id = %(endpoint_id)s AND id = %(id)s
    """,
    _Payload,
)

ATTEMPTS = Statement(
    """
    SELECT number, started_at, duration_ms, status_code, failure, response FROM alquimista_platform.webhook_attempts
    WHERE tenant_id = %(tenant_id)s AND delivery_id = %(delivery_id)s ORDER BY number DESC LIMIT %(limit)s
    """,
    WebhookAttempt,
)

TOLD = Statement(
    """
    SELECT a.tenant_id, d.event_id, a.delivery_id, d.endpoint_id, a.number, a.started_at, a.duration_ms, a.status_code,
      a.failure
    FROM unnest(%(tenant_ids)s::uuid[], %(event_ids)s::uuid[]) AS wanted (tenant_id, event_id)
    JOIN alquimista_platform.webhook_deliveries d USING (tenant_id, event_id)
    JOIN alquimista_platform.webhook_attempts a ON a.tenant_id = d.tenant_id AND a.delivery_id = d.id
    ORDER BY a.started_at, a.delivery_id LIMIT %(limit)s
    """,
    Told,
)

# Of two workers that were woken up for the same delivery, the second finds it due much later.
CLAIM = Statement(
    """
    UPDATE alquimista_platform.webhook_deliveries d
    SET attempts = d.attempts + 1, step = d.step + 1, next_attempt_at = %(lease)s, sending_until = %(lease)s,
        updated_at = %(now)s
    FROM alquimista_platform.webhook_endpoints e
    WHERE d.tenant_id = %(tenant_id)s AND d.id = %(id)s AND d.state = 'pending' AND d.next_attempt_at <= %(due)s
      AND d.step < %(most)s AND e.tenant_id = d.tenant_id AND e.id = d.endpoint_id AND e.status = 'enabled'
    RETURNING d.id, d.endpoint_id, d.event_id, d.event_type, d.payload, d.occurred_at, d.attempts, d.step, e.url,
      e.secret_key_id, e.secret_ciphertext, e.previous_key_id, e.previous_ciphertext, e.previous_until
    """,
    Claimed,
)

# What will not be sent any more: its endpoint was disabled meanwhile, or the worker of its last try died.
ABANDON = Statement(
    """
    UPDATE alquimista_platform.webhook_deliveries d
    SET state = 'failed', next_attempt_at = NULL, sending_until = NULL, updated_at = %(now)s,
        last_failure = CASE WHEN e.status = 'disabled' THEN 'disabled' ELSE 'lost' END
    FROM alquimista_platform.webhook_endpoints e
    WHERE d.tenant_id = %(tenant_id)s AND d.id = %(id)s AND d.state = 'pending' AND d.next_attempt_at <= %(due)s
      AND e.tenant_id = d.tenant_id AND e.id = d.endpoint_id AND (e.status = 'disabled' OR d.step >= %(most)s)
    """,
    NoRow,
)

POSTPONE = Statement(
    """
    UPDATE alquimista_platform.webhook_deliveries
    SET next_attempt_at = %(until)s, sending_until = NULL, updated_at = %(now)s
    WHERE tenant_id = %(tenant_id)s AND endpoint_id = %(endpoint_id)s AND state = 'pending'
      AND next_attempt_at <= %(due)s
    """,
    NoRow,
)

# Those who want to begin at the same moment do so one after the other, and the second one counts the first.
LOCK = Statement(
    """
    SELECT pg_advisory_xact_lock(hashtextextended('alquimista.webhooks/' || %(tenant_id)s::uuid, 0))::text AS locked
    """,
    NoRow,
)
SENDING = Statement(
    """
    SELECT count(*) AS count FROM alquimista_platform.webhook_deliveries
    WHERE tenant_id = %(tenant_id)s AND sending_until > %(now)s
    """,
    _Count,
)
# No further than somebody wants to know.
WAITING = Statement(
    """
    SELECT count(*) AS count FROM (
      SELECT FROM alquimista_platform.webhook_deliveries
      WHERE tenant_id = %(tenant_id)s AND state = 'pending' AND next_attempt_at <= %(now)s LIMIT %(most)s) waiting
    """,
    _Count,
)

DELIVERED = Statement(
    """
    UPDATE alquimista_platform.webhook_deliveries
    SET state = 'delivered', delivered_at = %(now)s, next_attempt_at = NULL, sending_until = NULL,
        last_status = %(status)s, last_failure = NULL, updated_at = %(now)s
    WHERE tenant_id = %(tenant_id)s AND id = %(id)s AND state <> 'delivered'
    """,
    NoRow,
)

# A worker that comes back after its time was up says nothing about the try that another has begun.
FAILED = Statement(
    """
    UPDATE alquimista_platform.webhook_deliveries
    SET state = CASE WHEN %(next)s::timestamptz IS NULL THEN 'failed' ELSE 'pending' END, next_attempt_at = %(next)s,
        sending_until = NULL, last_status = %(status)s, last_failure = %(failure)s, updated_at = %(now)s
    WHERE tenant_id = %(tenant_id)s AND id = %(id)s AND state = 'pending' AND attempts = %(attempts)s
    """,
    NoRow,
)

LOG = Statement(
    """
    INSERT INTO alquimista_platform.webhook_attempts (tenant_id, delivery_id, number, started_at, duration_ms,
      status_code, failure, response)
    SELECT tenant_id, id, %(number)s::integer, %(started_at)s::timestamptz, %(duration_ms)s::integer,
      %(status)s::smallint, %(failure)s::text, %(response)s::text
    FROM alquimista_platform.webhook_deliveries WHERE tenant_id = %(tenant_id)s AND id = %(id)s
    FOR KEY SHARE
    """,
    NoRow,
)

DUE = Statement(
    """
    SELECT id AS delivery_id, endpoint_id FROM alquimista_platform.webhook_deliveries
    WHERE tenant_id = %(tenant_id)s AND state = 'pending' AND next_attempt_at <= %(before)s
    ORDER BY next_attempt_at, id LIMIT %(limit)s
    """,
    SendDelivery,
)

TENANTS_DUE = Statement(
    """
    SELECT tenant_id FROM alquimista_platform.webhook_deliveries
    WHERE state = 'pending' AND next_attempt_at <= %(before)s
    UNION SELECT tenant_id FROM alquimista_platform.webhook_endpoints WHERE previous_until <= %(now)s
    UNION SELECT tenant_id FROM alquimista_platform.webhook_deliveries WHERE created_at < %(old)s AND state <> 'pending'
    """,
    _Tenant,
)

HEALTH = Statement(
    """
    SELECT count(*) AS tries, count(failure) AS failures,
      count(DISTINCT tenant_id) FILTER (WHERE failure IS NOT NULL) AS companies
    FROM alquimista_platform.webhook_attempts WHERE started_at >= %(since)s
    """,
    Health,
)

PURGE = Statement(
    """
    DELETE FROM alquimista_platform.webhook_deliveries
    WHERE tenant_id = %(tenant_id)s AND id IN (
      SELECT id FROM alquimista_platform.webhook_deliveries
      WHERE tenant_id = %(tenant_id)s AND created_at < %(before)s AND state <> 'pending' LIMIT %(limit)s)
    """,
    NoRow,
)


async def insert(
    conn: Conn,
    tenant_id: UUID,
    wanted: Sequence[SendDelivery],
    *,
    event_id: UUID,
    event_type: str,
    payload: dict[str, Any],
    occurred_at: datetime,
    now: datetime,
) -> list[SendDelivery]:
    """Store one message to several endpoints; those that did not have it yet."""
    return await conn.fetch(
        INSERT,
        tenant_id=tenant_id,
        ids=[one.delivery_id for one in wanted],
        endpoint_ids=[one.endpoint_id for one in wanted],
        event_id=event_id,
        type=event_type,
        payload=payload,
        occurred_at=occurred_at,
        now=now,
    )


async def page(
    conn: Conn, tenant_id: UUID, endpoint_id: UUID, state: DeliveryState | None, limit: int, offset: int
) -> tuple[list[WebhookDelivery], int]:
    """A page of an endpoint's deliveries, the newest first, and how many there are."""
    wanted = {"tenant_id": tenant_id, "endpoint_id": endpoint_id, "state": state.value if state else None}
    total = await conn.fetch_one(TOTAL, **wanted)
    return await conn.fetch(PAGE, **wanted, limit=limit, offset=offset), total.count if total else 0


async def find(conn: Conn, tenant_id: UUID, endpoint_id: UUID, delivery_id: UUID) -> WebhookDelivery | None:
    """One of them."""
    return await conn.fetch_one(FIND, tenant_id=tenant_id, endpoint_id=endpoint_id, id=delivery_id)


async def payload(conn: Conn, tenant_id: UUID, endpoint_id: UUID, delivery_id: UUID) -> dict[str, Any]:
    """What one tells."""
    found = await conn.fetch_one(PAYLOAD, tenant_id=tenant_id, endpoint_id=endpoint_id, id=delivery_id)
    return found.payload if found else {}


async def attempts(conn: Conn, tenant_id: UUID, delivery_id: UUID, limit: int) -> list[WebhookAttempt]:
    """Its latest tries, the last one first."""
    return await conn.fetch(ATTEMPTS, tenant_id=tenant_id, delivery_id=delivery_id, limit=limit)


async def told(conn: Conn, events: Sequence[tuple[UUID, UUID]], limit: int) -> list[Told]:
    """The tries to tell some events, each given by tenant and id; takes a connection of the internal role."""
    return await conn.fetch(
        TOLD, tenant_ids=[one for one, _ in events], event_ids=[one for _, one in events], limit=limit
    )


async def claim(conn: Conn, tenant_id: UUID, delivery_id: UUID, now: datetime) -> Claimed | None:
    """Begin a try, if it is due and its endpoint takes any; nobody else does until the lease is over."""
    return await conn.fetch_one(
        CLAIM, tenant_id=tenant_id, id=delivery_id, now=now, due=now + SLACK, lease=now + LEASE, most=MOST_TRIES
    )


async def abandon(conn: Conn, tenant_id: UUID, delivery_id: UUID, now: datetime) -> bool:
    """Give it up, if it is due and will never be sent; whether it was so."""
    return bool(
        await conn.execute(ABANDON, tenant_id=tenant_id, id=delivery_id, now=now, due=now + SLACK, most=MOST_TRIES)
    )


async def health(conn: Conn, since: datetime) -> Health:
    """How the tries since then went, of all tenants; takes a connection of the internal role."""
    found = await conn.fetch_one(HEALTH, since=since)
    assert found is not None
    return found


async def postpone(conn: Conn, tenant_id: UUID, endpoint_id: UUID, until: datetime, now: datetime) -> bool:
    """Try what is due for an endpoint later; whether anything was."""
    return bool(
        await conn.execute(
            POSTPONE, tenant_id=tenant_id, endpoint_id=endpoint_id, until=until, due=now + SLACK, now=now
        )
    )


async def sending(conn: Conn, tenant_id: UUID, now: datetime) -> int:
    """How many of a company's deliveries are on their way; nobody else begins one until the transaction ends."""
    await conn.execute(LOCK, tenant_id=tenant_id)
    found = await conn.fetch_one(SENDING, tenant_id=tenant_id, now=now)
    return found.count if found else 0


async def waiting(conn: Conn, tenant_id: UUID, now: datetime, most: int) -> int:
    """How many of a company's deliveries are due and wait, up to `most`."""
    found = await conn.fetch_one(WAITING, tenant_id=tenant_id, now=now, most=most)
    return found.count if found else 0


async def delivered(conn: Conn, tenant_id: UUID, delivery: Claimed, outcome: Outcome, now: datetime) -> None:
    """It was taken, whoever says so."""
    await conn.execute(DELIVERED, tenant_id=tenant_id, id=delivery.id, status=outcome.status, now=now)


async def failed(
    conn: Conn, tenant_id: UUID, delivery: Claimed, outcome: Outcome, retry_at: datetime | None, now: datetime
) -> bool:
    """This try failed; whether it still was the one that counts."""
    assert outcome.failure is not None
    changed = await conn.execute(
        FAILED,
        tenant_id=tenant_id,
        id=delivery.id,
        attempts=delivery.attempts,
        next=retry_at,
        status=outcome.status,
        failure=outcome.failure.value,
        now=now,
    )
    return bool(changed)


async def log(conn: Conn, tenant_id: UUID, delivery: Claimed, outcome: Outcome, now: datetime) -> None:
    """Keep what became of a try, unless its delivery is gone."""
    await conn.execute(
        LOG,
        tenant_id=tenant_id,
        id=delivery.id,
        number=delivery.attempts,
        started_at=now - timedelta(milliseconds=outcome.duration_ms),
        duration_ms=outcome.duration_ms,
        status=outcome.status,
        failure=outcome.failure.value if outcome.failure else None,
        response=outcome.response,
    )


async def due(conn: Conn, tenant_id: UUID, before: datetime, limit: int) -> list[SendDelivery]:
    """Deliveries that should have been tried by then."""
    return await conn.fetch(DUE, tenant_id=tenant_id, before=before, limit=limit)


async def tenants_due(conn: Conn, before: datetime, old: datetime, now: datetime) -> list[UUID]:
    """Whose deliveries or secrets ask for attention; takes a connection of the internal role."""
    return [one.tenant_id for one in await conn.fetch(TENANTS_DUE, before=before, old=old, now=now)]


async def purge(conn: Conn, tenant_id: UUID, before: datetime, limit: int) -> int:
    """Forget finished deliveries of before then; how many."""
    return await conn.execute(PURGE, tenant_id=tenant_id, before=before, limit=limit)

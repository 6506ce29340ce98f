"""Sending deliveries again: one, those of a time, and those that were given up."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from alquimista.db.statement import Conn, NoRow, Statement
from alquimista.webhooks.models.deliveries import SendDelivery


class _Count(msgspec.Struct, frozen=True):
    count: int


REPLAY = Statement(
    """
    UPDATE alquimista_platform.webhook_deliveries
    SET state = 'pending', delivered_at = NULL, next_attempt_at = %(now)s, sending_until = NULL, step = 0,
        updated_at = %(now)s
    WHERE tenant_id = %(tenant_id)s AND endpoint_id = %(endpoint_id)s AND id = %(id)s
      AND (sending_until IS NULL OR sending_until <= %(now)s)
    """,
    NoRow,
)

# What is on its way is left alone. The rows are picked once, as below.
REPLAY_RANGE = Statement(
    """
    WITH picked AS MATERIALIZED (
      SELECT id FROM alquimista_platform.webhook_deliveries
      WHERE tenant_id = %(tenant_id)s AND endpoint_id = %(endpoint_id)s
        AND created_at >= %(since)s AND created_at < %(until)s
        AND (state = 'failed' OR (%(delivered)s AND state = 'delivered'))
      ORDER BY created_at, id LIMIT %(limit)s FOR UPDATE
    )
    UPDATE alquimista_platform.webhook_deliveries
    SET state = 'pending', delivered_at = NULL, next_attempt_at = %(now)s, sending_until = NULL, step = 0,
        updated_at = %(now)s
    WHERE tenant_id = %(tenant_id)s AND id IN (SELECT id FROM picked)
    RETURNING id AS delivery_id, endpoint_id
    """,
    SendDelivery,
)

# To an endpoint that is disabled nothing is sent, so that nothing is counted or moved either.
_GIVEN_UP = """
    FROM alquimista_platform.webhook_deliveries d
    JOIN alquimista_platform.webhook_endpoints e ON e.tenant_id = d.tenant_id AND e.id = d.endpoint_id
    WHERE d.tenant_id = %(tenant_id)s AND d.state = 'failed' AND e.status = 'enabled'
      AND (%(ids)s::uuid[] IS NULL OR d.id = ANY (%(ids)s::uuid[]))
"""
COUNT_GIVEN_UP = Statement(f"SELECT count(*) AS count {_GIVEN_UP}", _Count)
# The rows are picked once: as a plain subquery the planner may ask for them again, and move more than the limit.
REQUEUE = Statement(
    f"""
    WITH picked AS MATERIALIZED (SELECT d.id {_GIVEN_UP} ORDER BY d.created_at LIMIT %(limit)s FOR UPDATE OF d)
    UPDATE alquimista_platform.webhook_deliveries
    SET state = 'pending', next_attempt_at = %(now)s, step = 0, updated_at = %(now)s
    WHERE tenant_id = %(tenant_id)s AND state = 'failed' AND id IN (SELECT id FROM picked)
    RETURNING id AS delivery_id, endpoint_id
    """,  # noqa: S608 - A constant condition.
    SendDelivery,
)


async def replay(conn: Conn, tenant_id: UUID, endpoint_id: UUID, delivery_id: UUID, now: datetime) -> bool:
    """Let it be sent again from the beginning of its schedule, unless it is being sent."""
    return bool(await conn.execute(REPLAY, tenant_id=tenant_id, endpoint_id=endpoint_id, id=delivery_id, now=now))


async def replay_range(
    conn: Conn,
    tenant_id: UUID,
    endpoint_id: UUID,
    since: datetime,
    until: datetime,
    limit: int,
    now: datetime,
    *,
    delivered: bool,
) -> list[SendDelivery]:
    """Let an endpoint's deliveries of a time that were given up, or taken too, be sent again; which ones."""
    return await conn.fetch(
        REPLAY_RANGE,
        tenant_id=tenant_id,
        endpoint_id=endpoint_id,
        since=since,
        until=until,
        limit=limit,
        now=now,
        delivered=delivered,
    )


async def count_given_up(conn: Conn, tenant_id: UUID, ids: Sequence[UUID] | None) -> int:
    """How many deliveries, or of these, were given up and can be sent."""
    found = await conn.fetch_one(COUNT_GIVEN_UP, tenant_id=tenant_id, ids=None if ids is None else list(ids))
    return found.count if found else 0


async def requeue(
    conn: Conn, tenant_id: UUID, ids: Sequence[UUID] | None, limit: int, now: datetime
) -> list[SendDelivery]:
    """Let deliveries that were given up, or these, wait again; which ones."""
    wanted = None if ids is None else list(ids)
    return await conn.fetch(REQUEUE, tenant_id=tenant_id, ids=wanted, limit=limit, now=now)

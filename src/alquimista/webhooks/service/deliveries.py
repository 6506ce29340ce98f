"""Messages: how they come to be, and how people look at them and send them again."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from alquimista.access import Actor
from alquimista.audit import service as audit
from alquimista.clock import new_id
from alquimista.clock import now as present
from alquimista.db.statement import Conn
from alquimista.events import EventType
from alquimista.jobs.queue import enqueue
from alquimista.webhooks.models.deliveries import (
    MOST_REPLAYED,
    DeliveryInFlight,
    DeliveryState,
    Health,
    SendDelivery,
    Told,
    UnknownDelivery,
    WebhookAttempt,
    WebhookDelivery,
)
from alquimista.webhooks.models.endpoints import EndpointDisabled, EndpointStatus, WebhookEndpoint
from alquimista.webhooks.queries import deliveries as queries
from alquimista.webhooks.queries import endpoints as endpoint_queries
from alquimista.webhooks.queries import replays
from alquimista.webhooks.service.endpoints import get
from alquimista.webhooks.service.sending import DELIVER

_MOST_ATTEMPTS: Final = 100
_BACKLOG: Final = 100  # Beyond it, those that send have more to do than a job that comes could add.


async def emit(
    conn: Conn, tenant_id: UUID, event_id: UUID, event_type: str, data: Mapping[str, Any], occurred_at: datetime
) -> int:
    """Tell the company's endpoints that ask for this type; to how many that is sent. In the caller's transaction.

    An event is told to an endpoint once, however often this is called for it.
    """
    endpoints = await endpoint_queries.matching(conn, tenant_id, event_type)
    return await _insert(conn, tenant_id, endpoints, event_id, event_type, data, occurred_at) if endpoints else 0


async def send_test(conn: Conn, actor: Actor, tenant_id: UUID, endpoint_id: UUID, now: datetime) -> WebhookDelivery:
    """Send a message of the type `webhook.test`, whatever the endpoint asks for. Takes a transaction.

    Raises:
        UnknownEndpoint: the company has none with this id.
        EndpointDisabled: it takes nothing.
    """
    await _enabled(conn, tenant_id, endpoint_id)
    event_id = new_id()
    data = {"webhook_id": str(endpoint_id)}
    await _insert(conn, tenant_id, [endpoint_id], event_id, EventType.WEBHOOK_TEST, data, now)
    await _record(conn, actor, tenant_id, endpoint_id, "tested", {})
    found, _ = await queries.page(conn, tenant_id, endpoint_id, DeliveryState.PENDING, 1, 0)
    return found[0]


async def list_deliveries(
    conn: Conn, tenant_id: UUID, endpoint_id: UUID, state: DeliveryState | None, limit: int, offset: int
) -> tuple[list[WebhookDelivery], int]:
    """A page of an endpoint's messages, the newest first, and how many there are.

    Raises:
        UnknownEndpoint: the company has none with this id.
    """
    _, found, total = await log(conn, tenant_id, endpoint_id, state, limit, offset)
    return found, total


async def log(
    conn: Conn, tenant_id: UUID, endpoint_id: UUID, state: DeliveryState | None, limit: int, offset: int
) -> tuple[WebhookEndpoint, list[WebhookDelivery], int]:
    """The same with the endpoint itself. Raises UnknownEndpoint."""
    endpoint = await get(conn, tenant_id, endpoint_id)
    return endpoint, *await queries.page(conn, tenant_id, endpoint_id, state, limit, offset)


async def get_delivery(
    conn: Conn, tenant_id: UUID, endpoint_id: UUID, delivery_id: UUID
) -> tuple[WebhookDelivery, dict[str, Any]]:
    """One of them, and what it tells.

    Raises:
        UnknownDelivery: the endpoint has none with this id.
    """
    found = await queries.find(conn, tenant_id, endpoint_id, delivery_id)
    if found is None:
        raise UnknownDelivery
    return found, await queries.payload(conn, tenant_id, endpoint_id, delivery_id)


async def attempts(conn: Conn, tenant_id: UUID, delivery_id: UUID) -> list[WebhookAttempt]:
    """Its latest hundred tries, the last one first."""
    return await queries.attempts(conn, tenant_id, delivery_id, _MOST_ATTEMPTS)


async def told(conn: Conn, events: Sequence[tuple[UUID, UUID]], limit: int) -> list[Told]:
    """The tries to tell some events, each given by tenant and id. Takes a connection of the internal role."""
    return await queries.told(conn, events, limit) if events else []


async def health(conn: Conn, since: datetime) -> Health:
    """How the tries since then went, of all companies. Takes a connection of the internal role."""
    return await queries.health(conn, since)


async def replay(
    conn: Conn, actor: Actor, tenant_id: UUID, endpoint_id: UUID, delivery_id: UUID, now: datetime
) -> WebhookDelivery:
    """Send a message again, with its own id, from the beginning of the schedule. Takes a transaction.

    Raises:
        UnknownEndpoint, UnknownDelivery: there is no such.
        EndpointDisabled: the endpoint takes nothing.
        DeliveryInFlight: it is being sent just now.
    """
    await _enabled(conn, tenant_id, endpoint_id)
    await get_delivery(conn, tenant_id, endpoint_id, delivery_id)
    if not await replays.replay(conn, tenant_id, endpoint_id, delivery_id, now):
        raise DeliveryInFlight
    await enqueue(conn, DELIVER, SendDelivery(delivery_id, endpoint_id), tenant_id=tenant_id)
    await _record(conn, actor, tenant_id, endpoint_id, "replayed", {"delivery_id": str(delivery_id)})
    found, _ = await get_delivery(conn, tenant_id, endpoint_id, delivery_id)
    return found


async def replay_range(
    conn: Conn,
    actor: Actor,
    tenant_id: UUID,
    endpoint_id: UUID,
    since: datetime,
    until: datetime,
    now: datetime,
    *,
    delivered: bool = False,
) -> int:
    """Send an endpoint's messages of a time that were given up again, each with its own id; how many.

    At most MOST_REPLAYED of them, the oldest first: what is left over is found by asking again. Takes a transaction.

    Args:
        conn: the transaction.
        actor: who wants it.
        tenant_id: whose endpoint.
        endpoint_id: which one.
        since: when the first of them was made.
        until: when the time is over; it is not part of it.
        now: this moment.
        delivered: those that were taken, too.

    Raises:
        UnknownEndpoint: there is no such.
        EndpointDisabled: the endpoint takes nothing.
    """
    await _enabled(conn, tenant_id, endpoint_id)
    moved = await replays.replay_range(
        conn, tenant_id, endpoint_id, since, until, MOST_REPLAYED, now, delivered=delivered
    )
    for one in moved:
        await enqueue(conn, DELIVER, one, tenant_id=tenant_id)
    details = {"since": since.isoformat(), "until": until.isoformat(), "delivered": delivered, "count": len(moved)}
    await _record(conn, actor, tenant_id, endpoint_id, "range_replayed", details)
    return len(moved)


async def count_given_up(conn: Conn, tenant_id: UUID, ids: Sequence[UUID] | None = None) -> int:
    """How many of the tenant's messages, or of these, were given up and can be sent again."""
    return await replays.count_given_up(conn, tenant_id, ids)


async def requeue(conn: Conn, tenant_id: UUID, ids: Sequence[UUID] | None, limit: int, now: datetime) -> int:
    """Send the tenant's messages that were given up, or these, again, each once; how many. Takes a transaction."""
    moved = await replays.requeue(conn, tenant_id, ids, limit, now)
    for one in moved:
        await enqueue(conn, DELIVER, one, tenant_id=tenant_id)
    return len(moved)


async def _enabled(conn: Conn, tenant_id: UUID, endpoint_id: UUID) -> None:
    if (await get(conn, tenant_id, endpoint_id)).status is EndpointStatus.DISABLED:
        raise EndpointDisabled


async def _insert(
    conn: Conn,
    tenant_id: UUID,
    endpoints: list[UUID],
    event_id: UUID,
    event_type: str,
    data: Mapping[str, Any],
    occurred_at: datetime,
) -> int:
    now = present()
    wanted = [SendDelivery(new_id(), endpoint_id) for endpoint_id in endpoints]
    backlog = await queries.waiting(conn, tenant_id, now, _BACKLOG)
    stored = await queries.insert(
        conn,
        tenant_id,
        wanted,
        event_id=event_id,
        event_type=event_type,
        payload=dict(data),
        occurred_at=occurred_at,
        now=now,
    )
    for one in stored if backlog < _BACKLOG else ():
        await enqueue(conn, DELIVER, one, tenant_id=tenant_id)
    return len(stored)


async def _record(
    conn: Conn, actor: Actor, tenant_id: UUID, endpoint_id: UUID, verb: str, details: Mapping[str, Any]
) -> None:
    await audit.record(
        conn,
        actor,
        f"webhook.{verb}",
        category="integration",
        resource_type="webhook",
        resource_id=str(endpoint_id),
        details=details,
        tenant_id=tenant_id,
    )

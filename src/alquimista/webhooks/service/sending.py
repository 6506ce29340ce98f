"""Sending: claim in one transaction, ask without any, and write down what became of it in another.

A company has a few seats, counted in the database: so many of its messages are on their way at once, whatever its
receivers do. Who has a seat sends what else of the company is due, one after the other; who finds none free goes away,
since each holder looks again once its message is settled. A backlog therefore has no more jobs than seats, and after a
while a holder gives its place to who waits behind it.
"""

import random
import time
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

import structlog

from alquimista import clock
from alquimista.audit import service as audit
from alquimista.breaker import Breakers, CircuitOpen
from alquimista.db.crypto import Sealed, Sealer
from alquimista.db.statement import Conn
from alquimista.db.tenancy import tenant_transaction
from alquimista.identity import service as identity
from alquimista.jobs.queue import enqueue
from alquimista.notifications import service as notifications
from alquimista.notifications.models import Recipient
from alquimista.observability.circuits import CIRCUITS
from alquimista.observability.metrics import WEBHOOK_MILLISECONDS, WEBHOOKS
from alquimista.tenants import service as tenants
from alquimista.webhooks.gateway import Poster
from alquimista.webhooks.models import signing
from alquimista.webhooks.models.deliveries import (
    KEPT,
    Claimed,
    Failure,
    Outcome,
    SendDelivery,
    message,
    next_attempt,
)
from alquimista.webhooks.models.endpoints import FAILING_FOR, DisabledReason, WebhookEndpoint, seal_context
from alquimista.webhooks.queries import deliveries as queries
from alquimista.webhooks.queries import endpoints as endpoint_queries
from alquimista.wiring import Services

DELIVER: Final = "webhooks.deliver"
# What is so much later than it should be has lost the job that would have woken a worker up.
_OVERDUE: Final = timedelta(seconds=30)
_BATCH: Final = 1000
_SEATS: Final = 4  # Of a company: its slow receivers keep nobody else waiting.
_WAKES: Final = 8  # Jobs for a company's messages that lost theirs; who has a seat finds the others.
_FOR_S: Final = 10.0  # Then whatever else waits has its turn, which may be somebody else's.
_PAGE: Final = "/app/dashboard/settings/webhooks"
_dice = random.Random()  # noqa: S311 - It spreads retries, and keeps no secret.
_log = structlog.get_logger("alquimista.webhooks")


class Sending:
    """What a worker process holds: the way out, and which endpoints it leaves alone for a while."""

    def __init__(self, poster: Poster, breakers: Breakers) -> None:
        self.poster = poster
        self.breakers = breakers

    async def close(self) -> None:
        """Close the connections."""
        await self.poster.close()


class EndpointFailing(Exception):  # noqa: N818 - As CircuitOpen.
    """The endpoint cannot be reached, or says that it is broken: what opens its circuit."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.failure)
        self.outcome = outcome


class NotDue(Exception):  # noqa: N818 - As CircuitOpen.
    """Another worker has it, it is done, or its time has not come: what says nothing about the endpoint."""


class NoSeat(NotDue):
    """As many of the company's messages as may be are on their way."""


def install(services: Services) -> Sending:
    """Wire sending into a worker process; close it before the database."""
    sending = Sending(Poster(services.settings), CIRCUITS.watched("webhooks"))
    services.add(sending)
    return sending


async def deliver(services: Services, tenant_id: UUID, wanted: SendDelivery) -> None:
    """Make one try of a delivery, if it is due, and then of the company's others that are, one after the other."""
    began, sending, conn = time.monotonic(), services.get(Sending), services.db.tenant(tenant_id)
    due = [wanted]
    while due and await _try(services, sending, tenant_id, due[0]):
        due = await queries.due(conn, tenant_id, clock.now(), 1)
        if due and time.monotonic() - began > _FOR_S:
            await enqueue(conn, DELIVER, due[0], tenant_id=tenant_id)
            return


async def _try(services: Services, sending: Sending, tenant_id: UUID, wanted: SendDelivery) -> bool:
    """Make one try, if it is due; whether there was a seat."""
    try:
        with sending.breakers.of((tenant_id, wanted.endpoint_id)).call(EndpointFailing):
            claimed = await _claim(services, tenant_id, wanted.delivery_id)
            outcome = await _send(sending.poster, Sealer(services.settings), tenant_id, claimed)
            if _broken(outcome):
                raise EndpointFailing(outcome)  # noqa: TRY301 - To the breaker.
    except NoSeat:
        return False
    except NotDue:
        return True
    except CircuitOpen as circuit:
        await _postpone(services, tenant_id, wanted, circuit.retry_after)
        return True
    except EndpointFailing as failing:
        outcome = failing.outcome
    async with tenant_transaction(services.db, tenant_id) as conn:
        await _settle(conn, services, tenant_id, claimed, outcome)
    return True


async def sweep(services: Services, tenant_id: UUID) -> None:
    """Wake up what was lost, destroy secrets whose time is over, and forget what is old."""
    now = clock.now()
    async with tenant_transaction(services.db, tenant_id) as conn:
        await endpoint_queries.forget_previous(conn, tenant_id, now)
        for one in await queries.due(conn, tenant_id, now - _OVERDUE, _WAKES):
            await enqueue(conn, DELIVER, one, tenant_id=tenant_id, dedupe=f"{DELIVER}:{tenant_id}:{one.delivery_id}")
        await queries.purge(conn, tenant_id, now - KEPT, _BATCH)


async def tenants_due(conn: Conn, now: datetime) -> list[UUID]:
    """Whom `sweep` has something to do for. Takes a connection of the internal role."""
    return await queries.tenants_due(conn, now - _OVERDUE, now - KEPT, now)


async def _claim(services: Services, tenant_id: UUID, delivery_id: UUID) -> Claimed:
    """Begin a try.

    Raises:
        NoSeat: the company has none left.
        NotDue: it is not this worker's to make.
    """
    now = clock.now()
    async with tenant_transaction(services.db, tenant_id) as conn:
        if await queries.sending(conn, tenant_id, now) >= _SEATS:
            raise NoSeat
        claimed = await queries.claim(conn, tenant_id, delivery_id, now)
        if claimed is None:
            await queries.abandon(conn, tenant_id, delivery_id, now)
    if claimed is None:
        raise NotDue
    return claimed


async def _send(poster: Poster, sealer: Sealer, tenant_id: UUID, delivery: Claimed) -> Outcome:
    body, now = message(delivery), clock.now()
    headers = signing.headers(str(delivery.event_id), now, body, _secrets(sealer, tenant_id, delivery, now))
    outcome = await poster.post(delivery.url, headers, body)
    WEBHOOKS.labels(outcome.failure.value if outcome.failure else "delivered").inc()
    WEBHOOK_MILLISECONDS.observe(outcome.duration_ms)
    return outcome


def _secrets(sealer: Sealer, tenant_id: UUID, delivery: Claimed, now: datetime) -> list[str]:
    """The secrets that sign: the present one, and the one before while both are good."""
    context = seal_context(tenant_id, delivery.endpoint_id)
    sealed = [Sealed(delivery.secret_key_id, delivery.secret_ciphertext)]
    if (
        delivery.previous_key_id is not None
        and delivery.previous_ciphertext is not None
        and delivery.previous_until is not None
        and delivery.previous_until > now
    ):
        sealed.append(Sealed(delivery.previous_key_id, delivery.previous_ciphertext))
    return [sealer.open(one, context).decode("ascii") for one in sealed]


def _broken(outcome: Outcome) -> bool:
    """Whether the endpoint is broken, rather than of another opinion about this message."""
    if outcome.failure is None or outcome.failure is Failure.REDIRECT:
        return False
    return outcome.status is None or outcome.status >= 500 or outcome.status == 429


async def _settle(conn: Conn, services: Services, tenant_id: UUID, delivery: Claimed, outcome: Outcome) -> None:
    """Write down what became of a try. The endpoint first: who removes one locks in this order, too."""
    now = clock.now()
    if outcome.failure is None:
        await endpoint_queries.works(conn, tenant_id, delivery.endpoint_id, now)
        await queries.delivered(conn, tenant_id, delivery, outcome, now)
        await queries.log(conn, tenant_id, delivery, outcome, now)
        return
    await endpoint_queries.fails(conn, tenant_id, delivery.endpoint_id, now)
    reason = DisabledReason.GONE if outcome.gone else DisabledReason.FAILING
    given_up = await endpoint_queries.give_up(conn, tenant_id, delivery.endpoint_id, reason, now - FAILING_FOR, now)
    retry_at = None if outcome.gone or given_up else next_attempt(delivery.step, now, _dice.random())
    counts = await queries.failed(conn, tenant_id, delivery, outcome, retry_at, now)
    await queries.log(conn, tenant_id, delivery, outcome, now)
    if counts and retry_at is not None:
        again = SendDelivery(delivery.id, delivery.endpoint_id)
        await enqueue(conn, DELIVER, again, tenant_id=tenant_id, run_at=retry_at)
    if given_up is not None:
        await _tell(conn, services, tenant_id, given_up)


async def _postpone(services: Services, tenant_id: UUID, wanted: SendDelivery, seconds: float) -> None:
    """Leave the endpoint alone: all that is due for it waits, and keeps its place in the schedule."""
    now = clock.now()
    until = now + timedelta(seconds=seconds * (1 + _dice.random()))
    async with tenant_transaction(services.db, tenant_id) as conn:
        if await queries.postpone(conn, tenant_id, wanted.endpoint_id, until, now):
            await enqueue(conn, DELIVER, wanted, tenant_id=tenant_id, run_at=until)


async def _tell(conn: Conn, services: Services, tenant_id: UUID, endpoint: WebhookEndpoint) -> None:
    """Tell the company's administrators that nothing is sent there any more."""
    _log.info("webhook.disabled", endpoint_id=str(endpoint.id), reason=endpoint.disabled_reason)
    await audit.record(
        conn,
        None,
        "webhook.disabled",
        category="integration",
        resource_type="webhook",
        resource_id=str(endpoint.id),
        details={"reason": endpoint.disabled_reason.value if endpoint.disabled_reason else ""},
        tenant_id=tenant_id,
    )
    tenant = await tenants.get(conn, tenant_id)
    # Without its path, which may hold a receiver's own key.
    host = urlsplit(endpoint.url).netloc
    for member in await identity.administrators(conn, tenant_id):
        await notifications.tell(
            conn,
            tenant_id,
            Recipient(member.id, member.email, member.full_name),
            "webhook_disabled",
            tenant.locale,
            f"{services.settings.public_url}{_PAGE}/{endpoint.id}",
            url=host,
            description=endpoint.description or host,
        )

"""Use cases of payments: opening charges, keeping what providers say, and learning from it.

What a payment does to a subscription is billing's, which stands above this room.
"""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from alquimista import clock
from alquimista.access import PLATFORM_TENANT
from alquimista.config import Settings
from alquimista.db.pool import Database
from alquimista.db.statement import Conn
from alquimista.db.tenancy import tenant_transaction
from alquimista.jobs.queue import enqueue
from alquimista.payments import queries
from alquimista.payments.gateway import Provider, provider
from alquimista.payments.models import (
    Busy,
    Changed,
    Charge,
    EventRef,
    Notice,
    Opened,
    Order,
    Outcome,
    ProviderRefused,
    ProviderUnavailable,
    StoredEvent,
    UnknownCharge,
    UnknownEvent,
    learn,
)

SETTLE: Final = "billing.settle"
_CALL_S: Final = 100  # For all that is said to a provider about a charge, its tries included.
_CLAIM: Final = timedelta(seconds=150)  # Longer than that, so that a claim never ends under who has it.
RAW_KEPT: Final = timedelta(days=400)  # What providers sent holds names and addresses of payers.
_LOOKED_AFTER: Final = timedelta(days=35)  # Longer than any boleto of ours can be paid.
_SOON: Final = timedelta(minutes=15)  # Webhooks usually come within it.
_CLOSED: Final = frozenset({Outcome.EXPIRED, Outcome.PAID, Outcome.REFUNDED})


class Providers:
    """The providers that a process speaks to, connected when they are first needed."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._open: dict[str, Provider] = {}

    def get(self, name: str) -> Provider:
        """A provider by its name. Raises NotFound and NotConfigured."""
        if name not in self._open:
            self._open[name] = provider(self._settings, name)
        return self._open[name]

    async def close(self) -> None:
        """Close their connections."""
        for one in self._open.values():
            await one.close()
        self._open.clear()


async def begin(
    conn: Conn, tenant_id: UUID, invoice_id: UUID, provider_name: str, amount_cents: int, currency: str, now: datetime
) -> Charge:
    """The attempt to collect an invoice: the last one while it may still succeed, or a new one.

    Takes the tenant's lock, so that two do not begin at once.
    """
    last = await queries.newest(conn, tenant_id, invoice_id, provider_name)
    if last is not None and last.status not in _CLOSED and last.amount_cents == amount_cents:
        return last
    return await queries.add(conn, tenant_id, invoice_id, provider_name, amount_cents, currency, now)


async def open_charge(db: Database, at: Provider, tenant_id: UUID, order: Order, *, present: bool) -> Opened | Notice:
    """Speak to the provider about a charge, alone, and outside of any transaction; a way to pay is kept.

    Args:
        db: the database.
        at: the provider.
        tenant_id: whose charge it is.
        order: the charge; its row is there.
        present: whether the payer is there; otherwise a stored method is tried.

    Raises:
        Busy: somebody else does so right now.
        ProviderRefused, ProviderUnavailable, NotConfigured, AlreadyPaid: as the provider has it.
    """
    conn, now = db.tenant(tenant_id), clock.now()
    until = now + _CLAIM
    if not await queries.claim(conn, tenant_id, order.charge_id, now, until):
        raise Busy(retry_after=5)
    try:
        async with asyncio.timeout(_CALL_S):
            answer = await (at.open(order) if present else at.charge(order))
    except TimeoutError:
        await queries.release(conn, tenant_id, order.charge_id, until, "", clock.now())
        raise ProviderUnavailable(provider=at.name, retry_after=30) from None
    except BaseException as error:
        reason = str(error)[:500] if isinstance(error, ProviderRefused) else ""
        await queries.release(conn, tenant_id, order.charge_id, until, reason, clock.now())
        raise
    if isinstance(answer, Opened):
        await queries.opened(conn, tenant_id, order.charge_id, answer, clock.now())
    else:
        await queries.release(conn, tenant_id, order.charge_id, until, answer.reason[:500], clock.now())
    return answer


async def receive(db: Database, at: Provider, headers: Mapping[str, str], body: bytes, now: datetime) -> UUID | None:
    """Keep what a provider sent, and enqueue the work that follows, in one transaction; None for a repetition.

    Raises:
        SignatureInvalid: it is not genuine, or too old.
    """
    return await keep(db, at.read(headers, body, now), body.decode("utf-8", "replace").replace("\x00", ""), now)


async def keep(db: Database, notice: Notice, raw: str, now: datetime) -> UUID | None:
    """Keep some news under the tenant that it names, or the platform's when there is no such tenant.

    The news' id, None when it was here already.
    """
    named = notice.tenant_id
    tenant_id = named if named is not None and await queries.is_tenant(db.staff(), named) else PLATFORM_TENANT
    event_id = clock.new_id()
    async with tenant_transaction(db, tenant_id) as conn:
        if not await queries.add_event(conn, tenant_id, event_id, notice, raw, now):
            return None
        await enqueue(conn, SETTLE, EventRef(event_id), tenant_id=tenant_id)
    return event_id


async def tenants_waiting(conn: Conn, now: datetime) -> list[UUID]:
    """Tenants with payments that may have been made without our hearing of it; takes the internal role's connection."""
    return await queries.tenants_waiting(conn, now - _LOOKED_AFTER, now - _SOON)


async def look_after(db: Database, providers: Providers, tenant_id: UUID, now: datetime) -> None:
    """Ask providers what became of a tenant's open payments: a webhook may have been lost.

    Raises:
        Problem: a provider does not answer; to be tried again.
    """
    for charge in await queries.waiting(db.tenant(tenant_id), tenant_id, now - _LOOKED_AFTER, now - _SOON):
        notice = await providers.get(charge.provider).look(charge.provider_ref or "")
        if notice is not None and notice.charge_id == charge.id and notice.outcome is not Outcome.PENDING:
            await keep(db, notice, "", now)


async def replay(conn: Conn, tenant_id: UUID, event_id: UUID) -> None:
    """Work through kept news once more; what it did already is not done twice.

    Raises:
        UnknownEvent: there is none with this id.
    """
    if await queries.event(conn, tenant_id, event_id) is None:
        raise UnknownEvent
    await enqueue(conn, SETTLE, EventRef(event_id), tenant_id=tenant_id)


async def event(conn: Conn, tenant_id: UUID, event_id: UUID) -> StoredEvent:
    """What a provider sent. Raises UnknownEvent."""
    found = await queries.event(conn, tenant_id, event_id)
    if found is None:
        raise UnknownEvent
    return found


async def events(conn: Conn, tenant_id: UUID, status: str | None, limit: int, offset: int) -> list[StoredEvent]:
    """What providers sent about a tenant, the newest first."""
    return await queries.list_events(conn, tenant_id, status, limit, offset)


async def finish(conn: Conn, tenant_id: UUID, event_id: UUID, status: str, error: str | None, now: datetime) -> None:
    """Write what was done about kept news: processed, ignored or failed."""
    await queries.set_event(conn, tenant_id, event_id, status, error, now)


async def apply(conn: Conn, tenant_id: UUID, notice: Notice, now: datetime) -> Changed | None:
    """Learn from some news what became of a charge; None when it is none of the tenant's."""
    charge = await queries.lock(conn, tenant_id, notice.charge_id) if notice.charge_id else None
    if charge is None or charge.provider != notice.provider:
        return None
    outcome, refunded, changed = learn(charge, notice)
    # A page where a payment failed may still be paid on: its name is kept until money came by another one.
    came = outcome in {Outcome.PAID, Outcome.REFUNDED} or charge.provider_ref is None
    reference = notice.provider_ref if came else None
    await queries.save(conn, tenant_id, charge, outcome, refunded, reference, notice.reason[:500], now)
    return changed


async def credited(conn: Conn, tenant_id: UUID, charge_id: UUID, cents: int, now: datetime) -> None:
    """Note that so much of a payment became credit, or (below zero) was taken back from it."""
    await queries.credited(conn, tenant_id, charge_id, cents, now)


async def forget_raw(conn: Conn, tenant_id: UUID, now: datetime) -> int:
    """Empty what providers sent more than thirteen months ago; how many."""
    return await queries.forget_raw(conn, tenant_id, now - RAW_KEPT)


async def get(conn: Conn, tenant_id: UUID, charge_id: UUID) -> Charge:
    """One attempt. Raises UnknownCharge."""
    found = await queries.get(conn, tenant_id, charge_id)
    if found is None:
        raise UnknownCharge
    return found


async def of_invoice(conn: Conn, tenant_id: UUID, invoice_id: UUID) -> list[Charge]:
    """All attempts to collect an invoice, the newest first."""
    return await queries.of_invoice(conn, tenant_id, invoice_id)

"""The only SQL on charges and on what providers sent."""

from datetime import datetime
from uuid import UUID

import msgspec

from alquimista.clock import new_id
from alquimista.db.statement import Conn, NoRow, Statement
from alquimista.payments.models import Charge, Notice, Opened, Outcome, StoredEvent

_CHARGE = """id, invoice_id, provider, provider_ref, status, amount_cents, refunded_cents, credited_cents, currency,
  checkout_url, pix_code, expires_at, reason, created_at"""

NEWEST = Statement(
    f"""
    SELECT {_CHARGE} FROM alquimista_platform.charges
    WHERE tenant_id = %(tenant_id)s AND invoice_id = %(invoice_id)s AND provider = %(provider)s
    ORDER BY created_at DESC, id DESC LIMIT 1
    """,  # noqa: S608 - The only interpolation is the constant column list above.
    Charge,
)

OF_INVOICE = Statement(
    f"""
    SELECT {_CHARGE} FROM alquimista_platform.charges WHERE tenant_id = %(tenant_id)s AND invoice_id = %(invoice_id)s
    ORDER BY created_at DESC, id DESC
    """,  # noqa: S608 - As above.
    Charge,
)

GET = Statement(
    f"SELECT {_CHARGE} FROM alquimista_platform.charges WHERE tenant_id = %(tenant_id)s AND id = %(id)s",  # noqa: S608 - As above.
    Charge,
)

LOCK = Statement(
    f"SELECT {_CHARGE} FROM alquimista_platform.charges WHERE tenant_id = %(tenant_id)s AND id = %(id)s FOR UPDATE",  # noqa: S608 - As above.
    Charge,
)

ADD = Statement(
    f"""
    INSERT INTO alquimista_platform.charges
      (tenant_id, id, invoice_id, provider, status, amount_cents, currency, created_at,
      updated_at)
    VALUES (%(tenant_id)s, %(id)s, %(invoice_id)s, %(provider)s, 'pending', %(amount_cents)s, %(currency)s, %(now)s,
      %(now)s)
    RETURNING {_CHARGE}
    """,  # noqa: S608 - As above.
    Charge,
)

CLAIM = Statement(
    """
    UPDATE alquimista_platform.charges SET claimed_until = %(until)s, updated_at = %(now)s
    WHERE tenant_id = %(tenant_id)s AND id = %(id)s AND (claimed_until IS NULL OR claimed_until < %(now)s)
    """,
    NoRow,
)

OPENED = Statement(
    """
    UPDATE alquimista_platform.charges
    SET claimed_until = NULL, provider_ref = %(provider_ref)s, checkout_url = %(checkout_url)s,
      pix_code = %(pix_code)s, expires_at = %(expires_at)s, updated_at = %(now)s,
      status = CASE WHEN status IN ('failed', 'expired') THEN 'pending' ELSE status END, reason = ''
    WHERE tenant_id = %(tenant_id)s AND id = %(id)s
    """,
    NoRow,
)

CREDITED = Statement(
    """
    UPDATE alquimista_platform.charges SET credited_cents = credited_cents + %(cents)s, updated_at = %(now)s
    WHERE tenant_id = %(tenant_id)s AND id = %(id)s
    """,
    NoRow,
)

FORGET_RAW = Statement(
    """
    UPDATE public.payment_events SET raw = '' WHERE tenant_id = %(tenant_id)s AND received_at < %(before)s AND raw <> ''
    """,
    NoRow,
)

RELEASE = Statement(
    """
    UPDATE alquimista_platform.charges SET claimed_until = NULL, reason = %(reason)s, updated_at = %(now)s
    WHERE tenant_id = %(tenant_id)s AND id = %(id)s AND claimed_until = %(until)s
    """,
    NoRow,
)

SET = Statement(
    """
    UPDATE alquimista_platform.charges SET status = %(status)s, refunded_cents = %(refunded_cents)s,
      provider_ref = coalesce(%(provider_ref)s, provider_ref), reason = %(reason)s, updated_at = %(now)s
    WHERE tenant_id = %(tenant_id)s AND id = %(id)s
    """,
    NoRow,
)

ADD_EVENT = Statement(
    """
    INSERT INTO public.payment_events (tenant_id, id, provider, provider_event_id, event_type, amount_cents, currency,
      status, metadata, raw, charge_id, occurred_at, received_at)
    VALUES (%(tenant_id)s, %(id)s, %(provider)s, %(event_id)s, %(kind)s, %(amount_cents)s, %(currency)s, 'received',
      %(notice)s, %(raw)s, %(charge_id)s, %(occurred_at)s, %(now)s)
    ON CONFLICT (tenant_id, provider, provider_event_id) DO NOTHING
    """,
    NoRow,
)

_EVENT = """id, provider, provider_event_id, event_type, charge_id, status, metadata, error, occurred_at, received_at,
  processed_at"""

EVENT = Statement(
    f"SELECT {_EVENT} FROM public.payment_events WHERE tenant_id = %(tenant_id)s AND id = %(id)s",  # noqa: S608 - As above.
    StoredEvent,
)

LIST_EVENTS = Statement(
    f"""
    SELECT {_EVENT} FROM public.payment_events
    WHERE tenant_id = %(tenant_id)s AND (%(status)s::text IS NULL OR status = %(status)s::text)
    ORDER BY received_at DESC, id DESC LIMIT %(limit)s OFFSET %(offset)s
    """,  # noqa: S608 - As above.
    StoredEvent,
)

SET_EVENT = Statement(
    """
    UPDATE public.payment_events SET status = %(status)s, error = %(error)s, processed_at = %(now)s
    WHERE tenant_id = %(tenant_id)s AND id = %(id)s
    """,
    NoRow,
)


class Waiting(msgspec.Struct, frozen=True):
    """A tenant with a payment that may have been made without our having heard of it."""

    tenant_id: UUID


TENANTS_WAITING = Statement(
    """
    SELECT DISTINCT tenant_id FROM alquimista_platform.charges
    WHERE status IN ('pending', 'failed') AND created_at BETWEEN %(since)s AND %(until)s AND provider_ref IS NOT NULL
      AND provider <> 'manual'
    ORDER BY tenant_id
    """,
    Waiting,
)

WAITING = Statement(
    f"""
    SELECT {_CHARGE} FROM alquimista_platform.charges
    WHERE tenant_id = %(tenant_id)s AND status IN ('pending', 'failed') AND created_at BETWEEN %(since)s AND %(until)s
      AND provider_ref IS NOT NULL AND provider <> 'manual'
    ORDER BY created_at
    """,  # noqa: S608 - As above.
    Charge,
)


class Known(msgspec.Struct, frozen=True):
    """Whether there is such a tenant."""

    known: bool


# Through the internal role: a webhook names a tenant before any context is set.
IS_TENANT = Statement(
    "SELECT EXISTS (SELECT 1 FROM alquimista_platform.tenants WHERE id = %(tenant_id)s) AS known", Known
)


async def newest(conn: Conn, tenant_id: UUID, invoice_id: UUID, provider: str) -> Charge | None:
    """The last attempt to collect an invoice through a provider."""
    return await conn.fetch_one(NEWEST, tenant_id=tenant_id, invoice_id=invoice_id, provider=provider)


async def of_invoice(conn: Conn, tenant_id: UUID, invoice_id: UUID) -> list[Charge]:
    """All attempts to collect an invoice, the newest first."""
    return await conn.fetch(OF_INVOICE, tenant_id=tenant_id, invoice_id=invoice_id)


async def get(conn: Conn, tenant_id: UUID, charge_id: UUID) -> Charge | None:
    """One attempt."""
    return await conn.fetch_one(GET, tenant_id=tenant_id, id=charge_id)


async def lock(conn: Conn, tenant_id: UUID, charge_id: UUID) -> Charge | None:
    """One attempt, which nobody else changes until the transaction ends."""
    return await conn.fetch_one(LOCK, tenant_id=tenant_id, id=charge_id)


async def add(
    conn: Conn, tenant_id: UUID, invoice_id: UUID, provider: str, amount_cents: int, currency: str, now: datetime
) -> Charge:
    """Begin an attempt."""
    stored = await conn.fetch_one(
        ADD,
        tenant_id=tenant_id,
        id=new_id(),
        invoice_id=invoice_id,
        provider=provider,
        amount_cents=amount_cents,
        currency=currency,
        now=now,
    )
    assert stored is not None
    return stored


async def claim(conn: Conn, tenant_id: UUID, charge_id: UUID, now: datetime, until: datetime) -> bool:
    """Whether we alone may speak to the provider about it, until then."""
    return bool(await conn.execute(CLAIM, tenant_id=tenant_id, id=charge_id, now=now, until=until))


async def opened(conn: Conn, tenant_id: UUID, charge_id: UUID, way: Opened, now: datetime) -> None:
    """Write how it can be paid."""
    await conn.execute(
        OPENED,
        tenant_id=tenant_id,
        id=charge_id,
        provider_ref=way.provider_ref,
        checkout_url=way.checkout_url,
        pix_code=way.pix_code,
        expires_at=way.expires_at,
        now=now,
    )


async def release(conn: Conn, tenant_id: UUID, charge_id: UUID, until: datetime, reason: str, now: datetime) -> None:
    """Let others speak about it again, if the claim is still ours; `reason` says what went wrong."""
    await conn.execute(RELEASE, tenant_id=tenant_id, id=charge_id, until=until, reason=reason, now=now)


async def credited(conn: Conn, tenant_id: UUID, charge_id: UUID, cents: int, now: datetime) -> None:
    """Note that so much of it became credit, or (below zero) was taken back from it."""
    await conn.execute(CREDITED, tenant_id=tenant_id, id=charge_id, cents=cents, now=now)


async def forget_raw(conn: Conn, tenant_id: UUID, before: datetime) -> int:
    """Empty what providers sent before a moment; what it said in our words stays."""
    return await conn.execute(FORGET_RAW, tenant_id=tenant_id, before=before)


async def save(
    conn: Conn,
    tenant_id: UUID,
    charge: Charge,
    outcome: Outcome,
    refunded_cents: int,
    provider_ref: str | None,
    reason: str,
    now: datetime,
) -> None:
    """Write what became of it."""
    await conn.execute(
        SET,
        tenant_id=tenant_id,
        id=charge.id,
        status=outcome.value,
        refunded_cents=refunded_cents,
        provider_ref=provider_ref,
        reason=reason,
        now=now,
    )


async def add_event(conn: Conn, tenant_id: UUID, event_id: UUID, notice: Notice, raw: str, now: datetime) -> bool:
    """Keep what a provider sent; False when it was here already."""
    added = await conn.execute(
        ADD_EVENT,
        tenant_id=tenant_id,
        id=event_id,
        provider=notice.provider,
        event_id=notice.event_id,
        kind=notice.kind[:100],
        amount_cents=notice.amount_cents if notice.currency is not None else None,
        currency=notice.currency if notice.amount_cents is not None else None,
        notice=msgspec.to_builtins(notice),
        raw=raw,
        charge_id=notice.charge_id,
        occurred_at=notice.occurred_at,
        now=now,
    )
    return bool(added)


async def event(conn: Conn, tenant_id: UUID, event_id: UUID) -> StoredEvent | None:
    """What a provider sent."""
    return await conn.fetch_one(EVENT, tenant_id=tenant_id, id=event_id)


async def list_events(conn: Conn, tenant_id: UUID, status: str | None, limit: int, offset: int) -> list[StoredEvent]:
    """What providers sent about a tenant, the newest first."""
    return await conn.fetch(LIST_EVENTS, tenant_id=tenant_id, status=status, limit=limit, offset=offset)


async def set_event(conn: Conn, tenant_id: UUID, event_id: UUID, status: str, error: str | None, now: datetime) -> None:
    """Write what was done about it."""
    await conn.execute(SET_EVENT, tenant_id=tenant_id, id=event_id, status=status, error=error, now=now)


async def is_tenant(conn: Conn, tenant_id: UUID) -> bool:
    """Whether there is such a tenant; takes a connection of the internal role."""
    found = await conn.fetch_one(IS_TENANT, tenant_id=tenant_id)
    return found is not None and found.known


async def tenants_waiting(conn: Conn, since: datetime, until: datetime) -> list[UUID]:
    """Tenants with open payments begun in that time; takes a connection of the internal role."""
    return [row.tenant_id for row in await conn.fetch(TENANTS_WAITING, since=since, until=until)]


async def waiting(conn: Conn, tenant_id: UUID, since: datetime, until: datetime) -> list[Charge]:
    """A tenant's open payments begun in that time, the oldest first."""
    return await conn.fetch(WAITING, tenant_id=tenant_id, since=since, until=until)

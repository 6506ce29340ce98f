"""The only SQL on invoices, their lines, and credit."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from alquimista.billing.models.invoices import Invoice, InvoiceStatus, Issued, Kind, Line, LineKind
from alquimista.clock import new_id
from alquimista.db.statement import Conn, NoRow, Statement

COLUMNS = """id, number, subscription_id, kind, status, currency, subtotal_cents, tax_cents, credit_cents, total_cents,
  refunded_cents, customer_name, customer_cnpj, issued_at, due_on, paid_at, voided_at"""

# Numbers have no gaps: the tenant is locked, no invoice is ever deleted, and what is rolled back took none.
ADD = Statement(
    f"""
    INSERT INTO alquimista_platform.invoices (tenant_id, {COLUMNS}, updated_at)
    SELECT %(tenant_id)s, %(id)s, coalesce(max(number), 0) + 1, %(subscription_id)s, %(kind)s, 'open', %(currency)s,
      %(subtotal_cents)s, %(tax_cents)s, %(credit_cents)s, %(total_cents)s, 0, %(customer_name)s, %(customer_cnpj)s,
      %(now)s, %(due_on)s, NULL, NULL, %(now)s
    FROM alquimista_platform.invoices WHERE tenant_id = %(tenant_id)s
    RETURNING {COLUMNS}
    """,  # noqa: S608 - The only interpolation is the constant column list above.
    Invoice,
)

ADD_LINES = Statement(
    """
    INSERT INTO alquimista_platform.invoice_lines
      (tenant_id, invoice_id, position, kind, description, quantity, amount_cents,
      currency, usage_period_id)
    SELECT %(tenant_id)s, %(invoice_id)s, l.position, l.kind, l.description, l.quantity, l.amount_cents, %(currency)s,
      l.usage_period_id
    FROM unnest(%(kinds)s::text[], %(descriptions)s::text[], %(quantities)s::bigint[], %(amounts)s::bigint[],
      %(periods)s::uuid[])
      WITH ORDINALITY AS l (kind, description, quantity, amount_cents, usage_period_id, position)
    """,
    NoRow,
)

GET = Statement(
    f"SELECT {COLUMNS} FROM alquimista_platform.invoices WHERE tenant_id = %(tenant_id)s AND id = %(id)s",  # noqa: S608 - As above.
    Invoice,
)

LIST = Statement(
    f"""
    SELECT {COLUMNS} FROM alquimista_platform.invoices WHERE tenant_id = %(tenant_id)s
    ORDER BY number DESC LIMIT %(limit)s OFFSET %(offset)s
    """,  # noqa: S608 - As above.
    Invoice,
)


class Page(msgspec.Struct, frozen=True):
    """A page of invoices, and how many there are in all."""

    total: int
    items: tuple[Invoice, ...]


PAGE = Statement(
    f"""
    SELECT counted.total, coalesce(page.items, '[]') AS items
    FROM (SELECT count(*) AS total FROM alquimista_platform.invoices WHERE tenant_id = %(tenant_id)s) counted
    CROSS JOIN (
      SELECT jsonb_agg(to_jsonb(one) ORDER BY one.number DESC) AS items FROM (
        SELECT {COLUMNS} FROM alquimista_platform.invoices WHERE tenant_id = %(tenant_id)s
        ORDER BY number DESC LIMIT %(limit)s OFFSET %(offset)s
      ) one
    ) page
    """,  # noqa: S608 - As above.
    Page,
)

ISSUED = Statement(
    f"""
    SELECT to_jsonb(one) AS invoice, (
      SELECT coalesce(jsonb_agg(to_jsonb(l) ORDER BY l.position), '[]') FROM (
        SELECT position, kind, description, quantity, amount_cents, usage_period_id
        FROM alquimista_platform.invoice_lines WHERE tenant_id = %(tenant_id)s AND invoice_id = %(id)s
      ) l
    ) AS lines
    FROM (SELECT {COLUMNS} FROM alquimista_platform.invoices WHERE tenant_id = %(tenant_id)s AND id = %(id)s) one
    """,  # noqa: S608 - As above.
    Issued,
)

LINES = Statement(
    """
    SELECT kind, description, quantity, amount_cents, usage_period_id
    FROM alquimista_platform.invoice_lines
    WHERE tenant_id = %(tenant_id)s AND invoice_id = %(invoice_id)s ORDER BY position
    """,
    Line,
)

OPEN = Statement(
    f"""
    SELECT {COLUMNS} FROM alquimista_platform.invoices
    WHERE tenant_id = %(tenant_id)s AND status = 'open'
    ORDER BY due_on, number
    """,  # noqa: S608 - As above.
    Invoice,
)

SET = Statement(
    f"""
    UPDATE alquimista_platform.invoices
    SET status = %(status)s, refunded_cents = %(refunded_cents)s, paid_at = %(paid_at)s,
      voided_at = %(voided_at)s, updated_at = %(now)s
    WHERE tenant_id = %(tenant_id)s AND id = %(id)s
    RETURNING {COLUMNS}
    """,  # noqa: S608 - As above.
    Invoice,
)


class Total(msgspec.Struct, frozen=True):
    """A count or a sum."""

    total: int


PAID_BEFORE = Statement(
    """
    SELECT count(*) AS total FROM alquimista_platform.invoices
    WHERE tenant_id = %(tenant_id)s AND kind = 'first' AND paid_at IS NOT NULL
      AND subscription_id <> %(subscription_id)s
    """,
    Total,
)
BALANCE = Statement(
    """
    SELECT coalesce(sum(amount_cents), 0)::bigint AS total
    FROM alquimista_platform.credits WHERE tenant_id = %(tenant_id)s
    """,
    Total,
)
ADD_CREDIT = Statement(
    """
    INSERT INTO alquimista_platform.credits
      (tenant_id, id, occurred_at, amount_cents, currency, reason, invoice_id, actor_id)
    VALUES (%(tenant_id)s, %(id)s, %(now)s, %(amount_cents)s, %(currency)s, %(reason)s, %(invoice_id)s, %(actor_id)s)
    """,
    NoRow,
)


class Credit(msgspec.Struct, frozen=True):
    """An entry of a tenant's credit, in cents of `currency`."""

    id: UUID
    occurred_at: datetime
    amount_cents: int
    currency: str
    reason: str
    invoice_id: UUID | None


CREDITS = Statement(
    """
    SELECT id, occurred_at, amount_cents, currency, reason, invoice_id
    FROM alquimista_platform.credits WHERE tenant_id = %(tenant_id)s ORDER BY occurred_at DESC, id DESC
    LIMIT %(limit)s OFFSET %(offset)s
    """,
    Credit,
)
CREDIT_COUNT = Statement(
    "SELECT count(*) AS total FROM alquimista_platform.credits WHERE tenant_id = %(tenant_id)s", Total
)


async def add(conn: Conn, tenant_id: UUID, now: datetime, **values: object) -> Invoice:
    """Write an invoice with the next number, under the tenant's lock; the stored one."""
    stored = await conn.fetch_one(ADD, tenant_id=tenant_id, id=new_id(), now=now, **values)
    assert stored is not None
    return stored


async def add_lines(conn: Conn, tenant_id: UUID, invoice: Invoice, lines: Sequence[Line]) -> None:
    """Write an invoice's lines, in their order."""
    await conn.execute(
        ADD_LINES,
        tenant_id=tenant_id,
        invoice_id=invoice.id,
        currency=invoice.currency,
        kinds=[line.kind.value for line in lines],
        descriptions=[line.description for line in lines],
        quantities=[line.quantity for line in lines],
        amounts=[line.amount_cents for line in lines],
        periods=[line.usage_period_id for line in lines],
    )


async def get(conn: Conn, tenant_id: UUID, invoice_id: UUID) -> Invoice | None:
    """One invoice."""
    return await conn.fetch_one(GET, tenant_id=tenant_id, id=invoice_id)


async def list_page(conn: Conn, tenant_id: UUID, limit: int, offset: int) -> list[Invoice]:
    """The tenant's invoices, the newest first."""
    return await conn.fetch(LIST, tenant_id=tenant_id, limit=limit, offset=offset)


async def page(conn: Conn, tenant_id: UUID, limit: int, offset: int) -> tuple[list[Invoice], int]:
    """A page of the tenant's invoices, the newest first, and how many there are."""
    found = await conn.fetch_one(PAGE, tenant_id=tenant_id, limit=limit, offset=offset)
    assert found is not None
    return list(found.items), found.total


async def issued(conn: Conn, tenant_id: UUID, invoice_id: UUID) -> Issued | None:
    """One invoice with its lines."""
    return await conn.fetch_one(ISSUED, tenant_id=tenant_id, id=invoice_id)


async def lines(conn: Conn, tenant_id: UUID, invoice_id: UUID) -> list[Line]:
    """An invoice's lines."""
    return await conn.fetch(LINES, tenant_id=tenant_id, invoice_id=invoice_id)


async def open_of(conn: Conn, tenant_id: UUID) -> list[Invoice]:
    """The tenant's open invoices, those of earlier subscriptions too; the one that is due first before the others."""
    return await conn.fetch(OPEN, tenant_id=tenant_id)


async def open_first(conn: Conn, tenant_id: UUID, subscription_id: UUID) -> list[Invoice]:
    """A subscription's open first invoices: they ask for what was never given."""
    found = await open_of(conn, tenant_id)
    return [one for one in found if one.kind is Kind.FIRST and one.subscription_id == subscription_id]


async def paid_before(conn: Conn, tenant_id: UUID, subscription_id: UUID) -> bool:
    """Whether the tenant ever paid for another subscription to begin."""
    found = await conn.fetch_one(PAID_BEFORE, tenant_id=tenant_id, subscription_id=subscription_id)
    return found is not None and found.total > 0


async def carried(conn: Conn, tenant_id: UUID, invoice_id: UUID) -> int:
    """What an invoice carried to the tenant's credit, in cents."""
    return sum(line.amount_cents for line in await lines(conn, tenant_id, invoice_id) if line.kind is LineKind.CARRIED)


async def settle(
    conn: Conn,
    tenant_id: UUID,
    invoice: Invoice,
    status: InvoiceStatus,
    now: datetime,
    refunded_cents: int | None = None,
) -> Invoice:
    """Write what became of an invoice."""
    stored = await conn.fetch_one(
        SET,
        tenant_id=tenant_id,
        id=invoice.id,
        status=status.value,
        refunded_cents=invoice.refunded_cents if refunded_cents is None else refunded_cents,
        paid_at=invoice.paid_at or (now if status is InvoiceStatus.PAID else None),
        voided_at=now if status is InvoiceStatus.VOID else None,
        now=now,
    )
    assert stored is not None
    return stored


async def balance(conn: Conn, tenant_id: UUID) -> int:
    """The tenant's credit in cents; final while the tenant is locked."""
    found = await conn.fetch_one(BALANCE, tenant_id=tenant_id)
    assert found is not None
    return found.total


async def add_credit(
    conn: Conn,
    tenant_id: UUID,
    amount_cents: int,
    currency: str,
    reason: str,
    invoice_id: UUID | None,
    actor_id: UUID | None,
    now: datetime,
) -> None:
    """Give credit, or use it."""
    await conn.execute(
        ADD_CREDIT,
        tenant_id=tenant_id,
        id=new_id(),
        now=now,
        amount_cents=amount_cents,
        currency=currency,
        reason=reason,
        invoice_id=invoice_id,
        actor_id=actor_id,
    )


async def credit_entries(conn: Conn, tenant_id: UUID, limit: int, offset: int = 0) -> list[Credit]:
    """The entries of a tenant's credit, the newest first."""
    return await conn.fetch(CREDITS, tenant_id=tenant_id, limit=limit, offset=offset)


async def credit_count(conn: Conn, tenant_id: UUID) -> int:
    """How many entries the tenant's credit has."""
    found = await conn.fetch_one(CREDIT_COUNT, tenant_id=tenant_id)
    assert found is not None
    return found.total

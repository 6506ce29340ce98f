"""What the endpoints of invoices answer. Money is in cents of `currency`, days are the tenant's."""

from datetime import UTC, date, datetime
from typing import Final, Self
from uuid import UUID

import msgspec

from alquimista.billing.models.invoices import Invoice, InvoiceStatus, Issued, Kind, Line, LineKind
from alquimista.billing.queries.invoices import Credit
from alquimista.billing.service.previewing import Preview


class InvoiceLine(msgspec.Struct, frozen=True, rename="camel"):
    """A line. What `usagePeriodId` is set of leads to its requests, under `…/lines/{position}/usage`."""

    position: int
    kind: LineKind
    description: str
    quantity: int
    amount_cents: int
    usage_period_id: UUID | None


class InvoiceHead(msgspec.Struct, frozen=True, rename="camel"):
    """An invoice without its lines. Numbers count each customer's invoices from 1."""

    id: UUID
    number: int
    kind: Kind
    status: InvoiceStatus
    currency: str
    subtotal_cents: int
    tax_cents: int
    credit_cents: int
    total_cents: int
    refunded_cents: int
    customer_name: str
    customer_cnpj: str
    issued_at: datetime
    due_on: date
    paid_at: datetime | None
    voided_at: datetime | None

    @classmethod
    def of(cls, invoice: Invoice) -> Self:
        """An invoice."""
        return cls(**{name: getattr(invoice, name) for name in InvoiceHead.__struct_fields__})


class WholeInvoice(InvoiceHead, frozen=True, rename="camel"):
    """An invoice with its lines."""

    lines: list[InvoiceLine]

    @classmethod
    def whole(cls, issued: Issued) -> Self:
        """An invoice with its lines."""
        head = {name: getattr(issued.invoice, name) for name in InvoiceHead.__struct_fields__}
        return cls(**head, lines=numbered(issued.lines))


class InvoicePage(msgspec.Struct, frozen=True, rename="camel"):
    """A page of invoices, the newest first, and how many there are."""

    invoices: list[InvoiceHead]
    total: int


class NextInvoice(msgspec.Struct, frozen=True, rename="camel"):
    """The next invoice as it would be with what is known now."""

    kind: Kind
    issued_at: datetime
    due_on: date
    currency: str
    subtotal_cents: int
    tax_cents: int
    credit_cents: int
    total_cents: int
    lines: list[InvoiceLine]

    @classmethod
    def of(cls, preview: Preview) -> Self:
        """A preview."""
        sums = preview.sums
        return cls(
            preview.kind,
            preview.issued_at,
            preview.due_on,
            preview.currency,
            sums.subtotal_cents,
            sums.tax_cents,
            sums.credit_cents,
            sums.total_cents,
            numbered(sums.lines),
        )


class PreviewAnswer(msgspec.Struct, frozen=True, rename="camel"):
    """`next` is null when no invoice comes by itself: before the first payment, and after the end."""

    next: NextInvoice | None


class CreditEntry(msgspec.Struct, frozen=True, rename="camel"):
    """Credit that was given, or (below zero) used."""

    id: UUID
    occurred_at: datetime
    amount_cents: int
    currency: str
    reason: str
    invoice_id: UUID | None

    @classmethod
    def of(cls, credit: Credit) -> Self:
        """An entry."""
        return cls(**msgspec.structs.asdict(credit))


class CreditAnswer(msgspec.Struct, frozen=True, rename="camel"):
    """The credit that is left, a page of its entries, the newest first, and how many there are."""

    balance_cents: int
    currency: str
    entries: list[CreditEntry]
    total: int


def numbered(lines: tuple[Line, ...]) -> list[InvoiceLine]:
    """Lines with their places, which count from 1."""
    return [InvoiceLine(position, *msgspec.structs.astuple(line)) for position, line in enumerate(lines, 1)]


EXAMPLE_ID: Final = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
EXAMPLE_MOMENT: Final = datetime(2026, 3, 15, 6, tzinfo=UTC)
_LINES: Final = (
    Line(LineKind.PLAN, "Plano Starter, 15/03/2026 a 14/04/2026", 1, 29_700),
    Line(LineKind.USAGE, "Uso de 15/02/2026 a 14/03/2026: 12.000 requisições", 12_000, 5_000, EXAMPLE_ID),
)
EXAMPLE: Final = Issued(
    Invoice(
        id=EXAMPLE_ID,
        number=3,
        subscription_id=EXAMPLE_ID,
        kind=Kind.RENEWAL,
        status=InvoiceStatus.OPEN,
        currency="BRL",
        subtotal_cents=34_700,
        tax_cents=0,
        credit_cents=0,
        total_cents=34_700,
        refunded_cents=0,
        customer_name="Clínica Aurora",
        customer_cnpj="12ABC34501DE35",
        issued_at=EXAMPLE_MOMENT,
        due_on=date(2026, 3, 20),
        paid_at=None,
        voided_at=None,
    ),
    _LINES,
)
EXAMPLE_NEXT: Final = NextInvoice(
    Kind.RENEWAL, EXAMPLE_MOMENT, date(2026, 3, 20), "BRL", 34_700, 0, 0, 34_700, numbered(_LINES)
)

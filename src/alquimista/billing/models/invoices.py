"""Invoices: what stands on them, and how their sums come about."""

from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

import msgspec

from alquimista.billing.models.money import percentage
from alquimista.errors import Conflict, NotFound
from alquimista.i18n import N_


class Kind(StrEnum):
    """Why an invoice was made."""

    FIRST = "first"
    RENEWAL = "renewal"
    CHANGE = "change"
    USAGE = "usage"


class InvoiceStatus(StrEnum):
    """What became of it."""

    OPEN = "open"
    PAID = "paid"
    VOID = "void"
    REFUNDED = "refunded"


class LineKind(StrEnum):
    """What a line is about. `carried` moves what an invoice would owe the tenant to its credit."""

    PLAN = "plan"
    ADDON = "addon"
    PRORATION = "proration"
    USAGE = "usage"
    ADJUSTMENT = "adjustment"
    CARRIED = "carried"
    TAX = "tax"
    CREDIT = "credit"


class Line(msgspec.Struct, frozen=True):
    """A line, in cents; negative ones take off."""

    kind: LineKind
    description: str
    quantity: int
    amount_cents: int
    usage_period_id: UUID | None = None


class Tax(NamedTuple):
    """A tax that the installation configures: its name, and its rate in hundredths of a percent."""

    name: str
    rate: int


class Sums(msgspec.Struct, frozen=True):
    """An invoice's lines with what follows from them. `balance` is how the tenant's credit changes."""

    lines: tuple[Line, ...]
    subtotal_cents: int
    tax_cents: int
    credit_cents: int
    total_cents: int
    balance: int


def add_up(lines: Sequence[Line], taxes: Sequence[Tax], credit_cents: int, carried: str, used: str) -> Sums:
    """Add up an invoice: taxes on what the lines come to, then as much of the tenant's credit as is needed.

    Lines that come to less than nothing are levelled, and the rest becomes credit: an invoice never owes.

    Args:
        lines: what is billed.
        taxes: those that are configured.
        credit_cents: what the tenant has, at least 0.
        carried: the text of the line that levels.
        used: the text of the line that uses credit.
    """
    billed = sum(line.amount_cents for line in lines)
    owed = [
        Line(LineKind.TAX, f"{tax.name} ({tax.rate // 100},{tax.rate % 100:02} %)", 1, percentage(billed, tax.rate))
        for tax in taxes
    ]
    tax = sum(line.amount_cents for line in owed)
    done = [*lines, *owed]
    if billed < 0:  # The taxes of what is given back were paid with it, and go back with it.
        back = -(billed + tax)
        return Sums((*done, Line(LineKind.CARRIED, carried, 1, back)), 0, 0, 0, 0, back)
    subtotal = billed
    credit = max(0, min(credit_cents, subtotal + tax))
    if credit:
        done.append(Line(LineKind.CREDIT, used, 1, -credit))
    return Sums(tuple(done), subtotal, tax, credit, subtotal + tax - credit, -credit)


class Invoice(msgspec.Struct, frozen=True):
    """A row of invoices, amounts in cents of `currency`."""

    id: UUID
    number: int
    subscription_id: UUID
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


class Issued(msgspec.Struct, frozen=True):
    """An invoice with its lines."""

    invoice: Invoice
    lines: tuple[Line, ...]


class OwedInvoice(msgspec.Struct, frozen=True):
    """An open invoice of some tenant. `overdue`: the tenant's own day is past the one it was due on."""

    tenant_id: UUID
    tenant_name: str
    demo: bool
    id: UUID
    number: int
    kind: Kind
    currency: str
    total_cents: int
    issued_at: datetime
    due_on: date
    overdue: bool


class Owed(msgspec.Struct, frozen=True):
    """What all tenants have not paid yet, in cents of one currency, and the part of it that is overdue."""

    currency: str
    invoices: int
    total_cents: int
    overdue: int
    overdue_cents: int


class UnknownInvoice(NotFound):
    code = "invoice_not_found"
    message = N_("There is no invoice with this id.")


class UnknownLine(NotFound):
    code = "invoice_line_not_found"
    message = N_("The invoice has no line with this position.")


class NoUsageLine(Conflict):
    code = "no_usage_line"
    message = N_("This line is not about use: only lines of kind usage and adjustment lead to requests.")


class InvoiceClosed(Conflict):
    code = "invoice_closed"
    message = N_("The invoice is {status}: there is nothing to pay.")


class RefundWaits(Conflict):
    code = "refund_waits"
    message = N_("A refund of this invoice is on its way. Wait until it is done.")


class NotRefundable(Conflict):
    code = "not_refundable"
    message = N_("Of this invoice at most {amount} can be paid back.")

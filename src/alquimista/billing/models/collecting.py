"""What the jobs that collect invoices are about."""

from uuid import UUID

import msgspec


class InvoiceRef(msgspec.Struct, frozen=True):
    """Which invoice to collect."""

    invoice_id: UUID


class RefundOf(msgspec.Struct, frozen=True):
    """Until how much of an invoice, in cents, went back in all: so that a repetition pays nothing twice."""

    invoice_id: UUID
    total_cents: int

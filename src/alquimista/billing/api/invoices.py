"""A company's invoices: as data, printed, as a spreadsheet, the next one, and its credit."""

import asyncio
from typing import Any, Final

from alquimista.access import Permission
from alquimista.audit.guards import reader, seen
from alquimista.billing.api.invoice_shapes import (
    EXAMPLE,
    EXAMPLE_ID,
    EXAMPLE_MOMENT,
    EXAMPLE_NEXT,
    CreditAnswer,
    CreditEntry,
    InvoiceHead,
    InvoicePage,
    NextInvoice,
    PreviewAnswer,
    WholeInvoice,
)
from alquimista.billing.models.agenda import Rules
from alquimista.billing.models.invoices import UnknownInvoice
from alquimista.billing.models.subscriptions import NoSubscription
from alquimista.billing.service import documents, invoices, previewing, printing
from alquimista.billing.service.book import read_book
from alquimista.db.tenancy import tenant_snapshot
from alquimista.http.context import Context
from alquimista.http.pagination import Page
from alquimista.http.responses import Answer
from alquimista.http.routes import Limit, Route, TenantScope
from alquimista.tenants import service as tenants

_READS: Final = (Limit(count=600, seconds=60, per=("tenant",)), Limit(count=300, seconds=60, per=("user",)))
# Printing is work for the processor, some ten milliseconds and more with many lines.
_PRINTS: Final = (Limit(count=60, seconds=60, per=("tenant",)), Limit(count=30, seconds=60, per=("user",)))


async def list_invoices(context: Context) -> InvoicePage:
    """A page of invoices."""
    conn = await reader(context)
    found, total = await invoices.page(conn, context.tenant, context.query.limit, context.query.offset)
    return InvoicePage([InvoiceHead.of(one) for one in found], total)


async def get_invoice(context: Context) -> WholeInvoice:
    """One invoice with its lines."""
    conn = await reader(context)
    return WholeInvoice.whole(await invoices.get(conn, context.tenant, context.uuid("invoice_id")))


async def get_pdf(context: Context) -> Answer:
    """The invoice as it is printed, in the language of the company."""
    conn = await reader(context)
    issued = await invoices.get(conn, context.tenant, context.uuid("invoice_id"))
    body = await asyncio.to_thread(printing.as_pdf, issued, await tenants.get(conn, context.tenant))
    return _file(body, "application/pdf", f"invoice-{issued.invoice.number:05}.pdf")


async def get_csv(context: Context) -> Answer:
    """The invoice as a spreadsheet reads it."""
    conn = await reader(context)
    issued = await invoices.get(conn, context.tenant, context.uuid("invoice_id"))
    return _file(documents.as_csv(issued), "text/csv; charset=utf-8", f"invoice-{issued.invoice.number:05}.csv")


async def get_preview(context: Context) -> PreviewAnswer:
    """The next invoice, with what is known now; the database refuses to write meanwhile."""
    await seen(context, context.tenant)
    async with tenant_snapshot(context.db, context.tenant) as conn:
        book = await read_book(conn, context.tenant, Rules.of(context.services.settings), context.now)
        preview = await previewing.preview(book)
    return PreviewAnswer(NextInvoice.of(preview) if preview is not None else None)


async def get_credit(context: Context) -> CreditAnswer:
    """The credit that is left, and where it came from."""
    conn = await reader(context)
    page: Page = context.query
    balance, entries, total = await invoices.credit(conn, context.tenant, page.limit, page.offset)
    currency = (await tenants.get(conn, context.tenant)).currency
    return CreditAnswer(balance, currency, [CreditEntry.of(one) for one in entries], total)


def _file(body: bytes, media_type: str, name: str) -> Answer:
    # The name is made of our own letters and a number: nothing that a customer wrote gets into a header.
    return Answer(200, body, media_type, {"content-disposition": f'attachment; filename="{name}"'})


OWN: Final[dict[str, Any]] = {
    "method": "GET",
    "tag": "billing",
    "permission": Permission.BILLING_READ,
    "scope": TenantScope.OWN,
    "limits": _READS,
}
_ONE: Final = "/api/billing/invoices/{invoice_id:uuid}"
ROUTES: Final = (
    Route(
        path="/api/billing/invoices",
        handler=list_invoices,
        summary="Your invoices, the newest first",
        query=Page,
        response=InvoicePage,
        example=InvoicePage([InvoiceHead.of(EXAMPLE.invoice)], 1),
        **OWN,
    ),
    Route(
        path=_ONE,
        handler=get_invoice,
        summary="An invoice with its lines",
        response=WholeInvoice,
        problems=(UnknownInvoice,),
        example=WholeInvoice.whole(EXAMPLE),
        **OWN,
    ),
    Route(
        path=f"{_ONE}/pdf",
        handler=get_pdf,
        summary="An invoice as a PDF",
        response=bytes,
        answers=("application/pdf",),
        problems=(UnknownInvoice,),
        **(OWN | {"limits": _PRINTS}),
    ),
    Route(
        path=f"{_ONE}/csv",
        handler=get_csv,
        summary="An invoice as CSV, one row for each line",
        response=bytes,
        answers=("text/csv",),
        problems=(UnknownInvoice,),
        **OWN,
    ),
    Route(
        path="/api/billing/preview",
        handler=get_preview,
        summary="What the next invoice would say with what is known now",
        response=PreviewAnswer,
        problems=(NoSubscription,),
        example=PreviewAnswer(EXAMPLE_NEXT),
        **OWN,
    ),
    Route(
        path="/api/billing/credits",
        handler=get_credit,
        summary="Your credit and where it came from",
        query=Page,
        response=CreditAnswer,
        example=CreditAnswer(
            1_500, "BRL", [CreditEntry(EXAMPLE_ID, EXAMPLE_MOMENT, 1_500, "BRL", "Fatura 2", EXAMPLE_ID)], 1
        ),
        **OWN,
    ),
)

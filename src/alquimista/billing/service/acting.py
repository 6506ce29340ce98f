"""The vendor's own acts on a tenant's billing, each under the tenant's lock and in its audit."""

from datetime import datetime
from uuid import UUID

from alquimista.access import Actor
from alquimista.billing.models.agenda import Rules
from alquimista.billing.models.invoices import Invoice
from alquimista.billing.service import collecting, invoicing, subscribing
from alquimista.billing.service.book import open_book
from alquimista.billing.service.subscribing import Wanted
from alquimista.db.pool import Database
from alquimista.db.tenancy import tenant_transaction
from alquimista.payments import service as payments


async def refund(
    db: Database,
    rules: Rules,
    actor: Actor,
    tenant_id: UUID,
    invoice_id: UUID,
    cents: int | None,
    reason: str,
    now: datetime,
) -> Invoice:
    """Pay an invoice back, in part or (None) all that is left of it; a job sees to the provider.

    Raises:
        UnknownTenant, UnknownInvoice: there is none. NotRefundable: it is not paid, or less is left of it.
    """
    async with tenant_transaction(db, tenant_id) as conn:
        return await collecting.ask_refund(
            await open_book(conn, tenant_id, rules, now, actor), invoice_id, cents, reason
        )


async def credit(
    db: Database, rules: Rules, actor: Actor, tenant_id: UUID, cents: int, reason: str, now: datetime
) -> int:
    """Give a tenant credit, which its next invoices use; what it has then, in cents.

    Raises:
        UnknownTenant: there is none.
    """
    async with tenant_transaction(db, tenant_id) as conn:
        book = await open_book(conn, tenant_id, rules, now, actor)
        await invoicing.give(book, cents, book.tenant.currency, reason, None)
        await book.note("credit.given", amount_cents=cents, reason=reason)
        return await invoicing.balance(book)


async def trial(
    db: Database, rules: Rules, actor: Actor, tenant_id: UUID, wanted: Wanted, days: int, now: datetime
) -> None:
    """Let a tenant use a plan for some days before it pays.

    Raises:
        As `subscribing.grant_trial`; UnknownTenant: there is none.
    """
    async with tenant_transaction(db, tenant_id) as conn:
        await subscribing.grant_trial(await open_book(conn, tenant_id, rules, now, actor), wanted, days)


async def replay(db: Database, rules: Rules, actor: Actor, tenant_id: UUID, event_id: UUID, now: datetime) -> None:
    """Work through a provider's news once more; nothing happens twice.

    Raises:
        UnknownTenant, UnknownEvent: there is none.
    """
    async with tenant_transaction(db, tenant_id) as conn:
        book = await open_book(conn, tenant_id, rules, now, actor)
        await payments.replay(conn, tenant_id, event_id)
        await book.note("payment_event.replayed", event_id=str(event_id))

"""The jobs of billing: what time does, collecting, providers' news, refunds, use told of, and the daily proof."""

from typing import Final
from uuid import UUID

from alquimista import clock
from alquimista.billing.models.agenda import Rules
from alquimista.billing.models.collecting import InvoiceRef, RefundOf
from alquimista.billing.queries import subscriptions, usage
from alquimista.billing.service import collecting, reconciling
from alquimista.billing.service.advance import advance as take_steps
from alquimista.billing.service.book import open_book
from alquimista.billing.service.limits import tell_of_use
from alquimista.db.tenancy import tenant_transaction
from alquimista.jobs.models import Job, Periodic
from alquimista.jobs.queue import enqueue, enqueue_for_each
from alquimista.observability.masking import mask
from alquimista.payments import service as payments
from alquimista.payments.models import EventRef
from alquimista.payments.service import Providers
from alquimista.wiring import Services

_ADVANCE: Final = "billing.advance"
_COLLECT: Final = "billing.collect"
_TELL: Final = "billing.tell_of_use"
_LOOK: Final = "billing.look_after"
_RECONCILE: Final = "billing.reconcile"
_RETRIES: Final = 12  # Over about seven hours: a provider may be away for long.


async def hourly(services: Services, _tenant_id: UUID | None, _payload: object) -> None:
    """Have every tenant looked at whose subscription is due, those told whose use has grown, lost payments found."""
    staff = services.db.staff()
    await enqueue_for_each(staff, _ADVANCE, await subscriptions.due(staff, clock.now()))
    await enqueue_for_each(staff, _TELL, await usage.tenants(staff))
    await enqueue_for_each(staff, _LOOK, await payments.tenants_waiting(staff, clock.now()))


async def advance(services: Services, tenant_id: UUID | None, _payload: object) -> None:
    """Take the steps that are due for one tenant, and have its new invoices collected."""
    assert tenant_id is not None
    async with tenant_transaction(services.db, tenant_id) as conn:
        book = await open_book(conn, tenant_id, Rules.of(services.settings), clock.now())
        for invoice in await take_steps(book):
            dedupe = f"{_COLLECT}:{tenant_id}:{invoice.id}"
            await enqueue(conn, _COLLECT, InvoiceRef(invoice.id), tenant_id=tenant_id, dedupe=dedupe)


async def collect(services: Services, tenant_id: UUID | None, payload: InvoiceRef) -> None:
    """Collect one invoice without the payer."""
    assert tenant_id is not None
    rules = Rules.of(services.settings)
    await collecting.collect(services.db, services.get(Providers), rules, tenant_id, payload.invoice_id)


async def settle(services: Services, tenant_id: UUID | None, payload: EventRef) -> None:
    """Work through what a provider told."""
    assert tenant_id is not None
    rules = Rules.of(services.settings)
    try:
        await collecting.work_through(services.db, services.get(Providers), rules, tenant_id, payload.event_id)
    except Exception as error:
        conn, reason = services.db.tenant(tenant_id), mask(f"{type(error).__name__}: {error}")
        await payments.finish(conn, tenant_id, payload.event_id, "failed", reason[:2000], clock.now())
        raise


async def refund(services: Services, tenant_id: UUID | None, payload: RefundOf) -> None:
    """Pay an invoice back."""
    assert tenant_id is not None
    await collecting.refund(services.db, services.get(Providers), Rules.of(services.settings), tenant_id, payload)


async def tell(services: Services, tenant_id: UUID | None, _payload: object) -> None:
    """Tell one tenant how much of its month's requests is used."""
    assert tenant_id is not None
    async with tenant_transaction(services.db, tenant_id) as conn:
        await tell_of_use(await open_book(conn, tenant_id, Rules.of(services.settings), clock.now()))


async def look_after(services: Services, tenant_id: UUID | None, _payload: object) -> None:
    """Ask what became of one tenant's open payments, and forget what providers sent long ago."""
    assert tenant_id is not None
    await payments.forget_raw(services.db.tenant(tenant_id), tenant_id, clock.now())
    await payments.look_after(services.db, services.get(Providers), tenant_id, clock.now())


async def reconcile_all(services: Services, _tenant_id: UUID | None, _payload: object) -> None:
    """Have every tenant's periods of use compared, one job each."""
    staff = services.db.staff()
    await enqueue_for_each(staff, _RECONCILE, await reconciling.tenants_to_compare(staff, clock.now()))


async def reconcile(services: Services, tenant_id: UUID | None, _payload: object) -> None:
    """Compare one tenant's periods with its events, rollups and invoices."""
    assert tenant_id is not None
    await reconciling.reconcile(services.db, tenant_id, clock.now())


JOBS: Final = (
    Job(name=_ADVANCE, handler=advance, timeout_s=120, concurrency=2),
    Job(name=_COLLECT, handler=collect, payload=InvoiceRef, retries=_RETRIES, timeout_s=120),
    Job(name=payments.SETTLE, handler=settle, payload=EventRef, retries=_RETRIES, timeout_s=120),
    Job(name=collecting.REFUND, handler=refund, payload=RefundOf, retries=_RETRIES, timeout_s=120),
    Job(name=_LOOK, handler=look_after, timeout_s=300, concurrency=2),
    Job(name=_TELL, handler=tell, timeout_s=120, concurrency=2),
    Job(name=_RECONCILE, handler=reconcile, timeout_s=1800, concurrency=1),
)
PERIODIC: Final = (
    Periodic(name="billing.hourly", cron="20 * * * *", handler=hourly),
    # After usage's own full pass at 02:00 UTC, so that what it finds wrong is told as such first.
    Periodic(name="billing.reconcile_all", cron="30 4 * * *", handler=reconcile_all),
)

"""The jobs of billing: the daily proof that events, rollups and invoices agree."""

from typing import Final
from uuid import UUID

from alquimista import clock
from alquimista.billing.service import reconciling
from alquimista.jobs.models import Job, Periodic
from alquimista.jobs.queue import enqueue_for_each
from alquimista.wiring import Services

_RECONCILE: Final = "billing.reconcile"


async def reconcile_all(services: Services, _tenant_id: UUID | None, _payload: object) -> None:
    """Have every tenant's periods of use compared, one job each."""
    conn = services.db.staff()
    await enqueue_for_each(conn, _RECONCILE, await reconciling.tenants_to_compare(conn, clock.now()))


async def reconcile(services: Services, tenant_id: UUID | None, _payload: object) -> None:
    """Compare one tenant's periods."""
    assert tenant_id is not None
    await reconciling.reconcile(services.db, tenant_id, clock.now())


JOBS: Final = (Job(name=_RECONCILE, handler=reconcile, timeout_s=1800, concurrency=1),)
# After usage's own full pass at 02:00 UTC, so that what it finds wrong is told as such first.
PERIODIC: Final = (Periodic(name="billing.reconcile_all", cron="30 4 * * *", handler=reconcile_all),)

"""The jobs of webhooks: sending, and finding what was lost."""

from typing import Final
from uuid import UUID

from alquimista import clock
from alquimista.jobs.models import Job, Periodic
from alquimista.jobs.queue import enqueue_for_each
from alquimista.webhooks import service
from alquimista.webhooks.models.deliveries import SendDelivery
from alquimista.wiring import Services

_SWEEP: Final = "webhooks.sweep"


async def deliver(services: Services, tenant_id: UUID | None, payload: SendDelivery) -> None:
    """Make one try of a delivery."""
    assert tenant_id is not None
    await service.deliver(services, tenant_id, payload)


async def due(services: Services, _tenant_id: UUID | None, _payload: object) -> None:
    """Have a company's webhooks looked at where there is something to do, one job each."""
    conn = services.db.staff()
    await enqueue_for_each(conn, _SWEEP, await service.tenants_due(conn, clock.now()))


async def sweep(services: Services, tenant_id: UUID | None, _payload: object) -> None:
    """Look at one company's webhooks."""
    assert tenant_id is not None
    await service.sweep(services, tenant_id)


JOBS: Final = (
    # Slow receivers get half of a worker's places and no more.
    Job(name=service.DELIVER, handler=deliver, payload=SendDelivery, retries=3, timeout_s=60, concurrency=20),
    Job(name=_SWEEP, handler=sweep, timeout_s=60),
)
PERIODIC: Final = (Periodic(name="webhooks.due", cron="* * * * *", handler=due),)

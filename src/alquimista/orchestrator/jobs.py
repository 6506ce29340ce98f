"""The jobs of events: routing, delivering, and finding what was lost."""

from typing import Final
from uuid import UUID

from alquimista import clock
from alquimista.jobs.models import Job, Periodic
from alquimista.jobs.queue import enqueue_for_each
from alquimista.orchestrator import service
from alquimista.orchestrator.models.events import DeliverEvent, RouteEvent
from alquimista.wiring import Services

_SWEEP: Final = "orchestrator.sweep"


async def route(services: Services, tenant_id: UUID | None, payload: RouteEvent) -> None:
    """Give an event to its consumers."""
    assert tenant_id is not None
    await service.route(services, tenant_id, payload.event_id)


async def deliver(services: Services, tenant_id: UUID | None, payload: DeliverEvent) -> None:
    """Make one try of a delivery."""
    assert tenant_id is not None
    await service.deliver(services, tenant_id, payload)


async def due(services: Services, _tenant_id: UUID | None, _payload: object) -> None:
    """Have a tenant's events looked at where there is something to do, one job each."""
    conn = services.db.staff()
    await enqueue_for_each(conn, _SWEEP, await service.tenants_due(conn, clock.now()))


async def sweep(services: Services, tenant_id: UUID | None, _payload: object) -> None:
    """Look at one tenant's events."""
    assert tenant_id is not None
    await service.sweep(services, tenant_id)


JOBS: Final = (
    Job(name=service.ROUTE, handler=route, payload=RouteEvent, timeout_s=60),
    Job(name=service.DELIVER, handler=deliver, payload=DeliverEvent, timeout_s=100),
    Job(name=_SWEEP, handler=sweep, timeout_s=60),
)
PERIODIC: Final = (Periodic(name="orchestrator.due", cron="* * * * *", handler=due),)

"""The jobs of integrations: telling dead connections from living ones."""

from typing import Final
from uuid import UUID

from alquimista import clock
from alquimista.integrations import service
from alquimista.jobs.models import Job, Periodic
from alquimista.jobs.queue import enqueue_for_each
from alquimista.wiring import Services

_PROBE: Final = "integrations.probe"


async def due(services: Services, _tenant_id: UUID | None, _payload: object) -> None:
    """Have integrations tested where some are due, one job for each tenant."""
    found = await service.tenants_due(services.db.staff(), clock.now())
    await enqueue_for_each(services.db.staff(), _PROBE, found)


async def probe(services: Services, tenant_id: UUID | None, _payload: object) -> None:
    """Test one tenant's integrations that are due."""
    assert tenant_id is not None
    await service.probe(services, tenant_id)


JOBS: Final = (
    # Half a minute at most for each of fifty, four at once.
    Job(name=_PROBE, handler=probe, timeout_s=400, concurrency=8),
)
PERIODIC: Final = (Periodic(name="integrations.due", cron="* * * * *", handler=due),)

"""The jobs of trials: metering what was answered, and ending what is over."""

from typing import Final
from uuid import UUID

from alquimista import clock
from alquimista.db.tenancy import tenant_transaction
from alquimista.jobs.models import Job, Periodic
from alquimista.jobs.queue import enqueue_for_each
from alquimista.trials import service
from alquimista.trials.models.chat import Served
from alquimista.wiring import Services

_FINISH: Final = "trials.finish"


async def meter(services: Services, tenant_id: UUID | None, payload: Served) -> None:
    """Count one question to the model."""
    assert tenant_id is not None
    await service.meter(services, tenant_id, payload)


async def due(services: Services, _tenant_id: UUID | None, _payload: object) -> None:
    """Have trials ended where there may be some to end, one job for each tenant."""
    await enqueue_for_each(services.db.staff(), _FINISH, await service.tenants_due(services.db.staff(), clock.now()))


async def finish(services: Services, tenant_id: UUID | None, _payload: object) -> None:
    """End one tenant's trials that are over."""
    assert tenant_id is not None
    async with tenant_transaction(services.db, tenant_id) as conn:
        await service.finish(conn, tenant_id, clock.now())


JOBS: Final = (
    # Tried again for a day: what was answered is owed to the books, however long they are closed.
    Job(name=service.METER, handler=meter, payload=Served, retries=30, timeout_s=60),
    Job(name=_FINISH, handler=finish, timeout_s=60),
)
PERIODIC: Final = (Periodic(name="trials.due", cron="*/5 * * * *", handler=due),)

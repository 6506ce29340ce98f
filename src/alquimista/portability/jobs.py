"""Deleting those whose waiting period is over."""

from typing import Final
from uuid import UUID

from alquimista.jobs.models import Job, Periodic
from alquimista.jobs.queue import enqueue_for_each
from alquimista.portability.service import offboard
from alquimista.wiring import Services

_DELETE: Final = "portability.delete"


async def look(services: Services, _tenant_id: UUID | None, _payload: object) -> None:
    """Have each deleted by a job of its own."""
    await enqueue_for_each(services.db.staff(), _DELETE, await offboard.due(services.db))


async def delete(services: Services, tenant_id: UUID | None, _payload: object) -> None:
    """Delete one tenant's data."""
    assert tenant_id is not None
    await offboard.delete(services.db, tenant_id)


JOBS: Final = (Job(name=_DELETE, handler=delete, timeout_s=7200, concurrency=1),)
PERIODIC: Final = (Periodic(name="portability.look", cron="20 4 * * *", handler=look),)

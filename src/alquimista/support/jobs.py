"""The jobs of tickets: telling the other side, and saying in tickets that their incident is over."""

from typing import Final
from uuid import UUID

from alquimista import clock
from alquimista.db.tenancy import tenant_transaction
from alquimista.incidents import service as incidents
from alquimista.incidents.models import Reported
from alquimista.incidents.service.steps import ENDED
from alquimista.jobs.models import Job
from alquimista.support import service
from alquimista.support.models import Written
from alquimista.support.service.writing import TELL
from alquimista.wiring import Services


async def tell(services: Services, _tenant_id: UUID | None, payload: Written) -> None:
    """Tell whom a message is for."""
    await service.tell(services.db, services.settings, payload.ticket_id, payload.message_id)


async def incident_resolved(services: Services, tenant_id: UUID | None, payload: Reported) -> None:
    """Say in the tenant's tickets that their incident is over."""
    assert tenant_id is not None
    incident = await incidents.find(services.db.staff(), payload.incident_id)
    async with tenant_transaction(services.db, tenant_id) as conn:
        await service.incident_resolved(conn, tenant_id, incident, clock.now())


JOBS: Final = (
    Job(name=TELL, handler=tell, payload=Written, timeout_s=60),
    Job(name=ENDED, handler=incident_resolved, payload=Reported, timeout_s=60),
)

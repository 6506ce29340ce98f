"""The jobs of approvals: telling people, and ending what nobody decided in time."""

from typing import Final
from uuid import UUID

from alquimista import clock
from alquimista.approvals import service
from alquimista.approvals.models import Told
from alquimista.db.tenancy import tenant_transaction
from alquimista.jobs.models import Job, Periodic
from alquimista.jobs.queue import enqueue_for_each
from alquimista.wiring import Services

_EXPIRE: Final = "approvals.expire"


async def tell(services: Services, tenant_id: UUID | None, payload: Told) -> None:
    """Tell those whom a state of a request concerns."""
    assert tenant_id is not None
    await service.tell(services.db, services.get(service.Reactions), tenant_id, payload, clock.now())


async def due(services: Services, _tenant_id: UUID | None, _payload: object) -> None:
    """Have requests ended where some wait beyond their time, one job for each tenant."""
    conn = services.db.staff()
    await enqueue_for_each(conn, _EXPIRE, await service.tenants_due(conn, clock.now()))


async def expire(services: Services, tenant_id: UUID | None, _payload: object) -> None:
    """End one tenant's requests whose time is over, each with what waits for it, in a transaction of its own."""
    assert tenant_id is not None
    reactions, now = services.get(service.Reactions), clock.now()
    for approval_id in await service.due(services.db.tenant(tenant_id), tenant_id, now):
        async with tenant_transaction(services.db, tenant_id) as conn:
            expired = await service.expire(conn, tenant_id, approval_id, now)
            if expired is not None:
                await reactions.closed(conn, None, expired, now)


JOBS: Final = (
    Job(name=service.TELL, handler=tell, payload=Told, timeout_s=60),
    Job(name=_EXPIRE, handler=expire),
)
PERIODIC: Final = (Periodic(name="approvals.due", cron="* * * * *", handler=due),)

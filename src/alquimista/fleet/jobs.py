"""The jobs of running agents: missing those that are silent, forgetting what is old, and acting upon events."""

from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from alquimista import clock
from alquimista.db.tenancy import tenant_transaction
from alquimista.events import EventType
from alquimista.fleet import service
from alquimista.jobs.models import Job, Periodic
from alquimista.jobs.queue import enqueue_for_each
from alquimista.orchestrator.models.consumers import Consumer
from alquimista.wiring import Services

_SETTLE: Final = "fleet.settle"
_FORGET: Final = "fleet.forget"


class Settle(msgspec.Struct, frozen=True):
    """Agents last seen before this moment are missed; nobody is when it is None."""

    missed_before: datetime | None


async def watch(services: Services, _tenant_id: UUID | None, _payload: object) -> None:
    """Look who is missed or back, one job for each tenant that has such."""
    verdict, tenants = await service.watch(services.db, clock.now())
    for before in {verdict.before(one) for one in tenants}:
        due = sorted(one for one in tenants if verdict.before(one) == before)
        await enqueue_for_each(services.db.staff(), _SETTLE, due, Settle(before))


async def settle(services: Services, tenant_id: UUID | None, payload: Settle) -> None:
    """Begin and end one tenant's incidents."""
    assert tenant_id is not None
    async with tenant_transaction(services.db, tenant_id) as conn:
        await service.settle(conn, tenant_id, payload.missed_before, clock.now())


async def due(services: Services, _tenant_id: UUID | None, _payload: object) -> None:
    """Have old things forgotten, one job for each tenant."""
    await enqueue_for_each(services.db.staff(), _FORGET, await service.tenants_with_fleet(services.db.staff()))


async def forget(services: Services, tenant_id: UUID | None, _payload: object) -> None:
    """Forget one tenant's old processes and messages."""
    assert tenant_id is not None
    async with tenant_transaction(services.db, tenant_id) as conn:
        await service.forget(conn, tenant_id, clock.now())


JOBS: Final = (
    Job(name=_SETTLE, handler=settle, payload=Settle, timeout_s=60),
    Job(name=_FORGET, handler=forget, timeout_s=300),
)
CONSUMERS: Final = (Consumer("fleet.people", frozenset(map(EventType, service.TOLD)), service.tell),)
PERIODIC: Final = (
    Periodic(name="fleet.watch", cron="* * * * *", handler=watch, retries=0, timeout_s=50),
    Periodic(name="fleet.due", cron="25 4 * * *", handler=due),
)

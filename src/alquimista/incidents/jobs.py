"""The jobs of incidents: telling people, showing the platform's to tenants, and watching the platform itself."""

from typing import Final
from uuid import UUID

from alquimista import clock
from alquimista.db.tenancy import tenant_transaction
from alquimista.incidents import service
from alquimista.incidents.models import Alert, Reported
from alquimista.incidents.service.steps import ALERT, ESCALATE, MIRROR, TELL
from alquimista.jobs.models import Job, Periodic, Runs
from alquimista.wiring import Services


async def tell(services: Services, tenant_id: UUID | None, payload: Reported) -> None:
    """Tell the administrators of one incident."""
    assert tenant_id is not None
    async with tenant_transaction(services.db, tenant_id) as conn:
        await service.tell(conn, tenant_id, payload.incident_id, services.settings.public_url, clock.now())


async def alert(services: Services, tenant_id: UUID | None, payload: Alert) -> None:
    """Tell staff of one incident of a customer."""
    assert tenant_id is not None
    await service.alert(services.db, tenant_id, payload, clock.now())


async def escalate(services: Services, tenant_id: UUID | None, payload: Reported) -> None:
    """Tell staff's administrators that nobody takes one incident up."""
    assert tenant_id is not None
    await service.escalate(services.db, tenant_id, payload.incident_id, clock.now())


async def mirror(services: Services, tenant_id: UUID | None, payload: Reported) -> None:
    """Show one incident of the platform to one tenant."""
    assert tenant_id is not None
    await service.mirror(services.db, tenant_id, payload.incident_id, clock.now())


async def look_for_unheard(services: Services, _tenant_id: UUID | None, _payload: object) -> None:
    """Find critical incidents that nobody takes up."""
    await service.look_for_unheard(services.db, clock.now())


async def watch_queue(services: Services, _tenant_id: UUID | None, _payload: object) -> None:
    """Judge how long jobs wait."""
    await service.watch_queue(services.db, services.settings.queue_lag_minutes, clock.now())


async def watch(services: Services, _tenant_id: UUID | None, _payload: object) -> None:
    """Judge whether runs come, webhooks are taken, what was given up, and whether the platform is attacked."""
    now = clock.now()
    await service.watch_runs(services.db, services.get(Runs), now)
    await service.watch_jobs(services.db, now)
    await service.watch_mails(services.db, now)
    await service.watch_events(services.db, now)
    await service.watch_webhooks(services.db, now)
    await service.watch_attacks(services.db, now)


JOBS: Final = (
    Job(name=TELL, handler=tell, payload=Reported, timeout_s=60),
    Job(name=ALERT, handler=alert, payload=Alert, timeout_s=60),
    Job(name=ESCALATE, handler=escalate, payload=Reported, timeout_s=60),
    Job(name=MIRROR, handler=mirror, payload=Reported, timeout_s=60),
)
PERIODIC: Final = (
    Periodic(name="incidents.unheard", cron="* * * * *", handler=look_for_unheard, timeout_s=60),
    Periodic(name="incidents.watch_queue", cron="*/2 * * * *", handler=watch_queue, timeout_s=60),
    Periodic(name="incidents.watch", cron="1-59/2 * * * *", handler=watch, timeout_s=60),
)

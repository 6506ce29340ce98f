"""Delivering mails, and forgetting old ones."""

from typing import Final
from uuid import UUID

from alquimista import clock
from alquimista.access import PLATFORM_TENANT
from alquimista.jobs.models import Job, Periodic
from alquimista.notifications import service
from alquimista.notifications.models import Delivery
from alquimista.wiring import Services


async def deliver(services: Services, tenant_id: UUID | None, payload: Delivery) -> None:
    """Deliver one mail."""
    await service.deliver(services.db, tenant_id or PLATFORM_TENANT, payload.mail_id)


async def purge(services: Services, _tenant_id: UUID | None, _payload: object) -> None:
    """Delete old mails."""
    await service.purge(services.db.login(), clock.now())


JOBS: Final = (
    Job(name=service.DELIVER, handler=deliver, payload=Delivery, retries=service.RETRIES, timeout_s=60, own_queue=True),
)
PERIODIC: Final = (Periodic(name="notifications.purge", cron="30 3 * * *", handler=purge),)

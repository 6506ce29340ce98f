"""Delivering mails, writing digests, and forgetting what is old."""

from typing import Final
from uuid import UUID

from alquimista import clock
from alquimista.access import PLATFORM_TENANT
from alquimista.jobs.models import Job, Periodic
from alquimista.notifications import service
from alquimista.notifications.models import Delivery, Digest, Owner
from alquimista.notifications.service import digests, inbox
from alquimista.wiring import Services


async def deliver(services: Services, tenant_id: UUID | None, payload: Delivery) -> None:
    """Deliver one mail."""
    await service.deliver(services.db, tenant_id or PLATFORM_TENANT, payload.mail_id)


async def write_digest(services: Services, tenant_id: UUID | None, payload: Digest) -> None:
    """Write one person's digest."""
    assert tenant_id is not None
    await digests.write(services.db, Owner(tenant_id, payload.user_id), clock.now())


async def forget(services: Services, tenant_id: UUID | None, _payload: object) -> None:
    """Delete a tenant's old notifications."""
    assert tenant_id is not None
    await inbox.forget(services.db, tenant_id, clock.now())


async def look_for_digests(services: Services, _tenant_id: UUID | None, _payload: object) -> None:
    """Have the digests written that are due."""
    await digests.look(services.db, clock.now())


async def purge(services: Services, _tenant_id: UUID | None, _payload: object) -> None:
    """Delete old mails, and have old notifications deleted."""
    await service.purge(services.db.login(), clock.now())
    await inbox.sweep(services.db, clock.now())


JOBS: Final = (
    Job(name=service.DELIVER, handler=deliver, payload=Delivery, retries=service.RETRIES, timeout_s=60, own_queue=True),
    Job(name=digests.DIGEST, handler=write_digest, payload=Digest, timeout_s=60),
    Job(name=inbox.FORGET, handler=forget),
)
PERIODIC: Final = (
    Periodic(name="notifications.purge", cron="30 3 * * *", handler=purge),
    # At the hour, and again for what a clock that is a little behind left out.
    Periodic(name="notifications.look_for_digests", cron="*/15 * * * *", handler=look_for_digests),
)

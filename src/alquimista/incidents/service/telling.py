"""Telling administrators that an incident opened and that it is over, without flooding them."""

from datetime import UTC, datetime
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from babel.dates import format_datetime

from alquimista.access import PLATFORM_TENANT, Permission, Role
from alquimista.db.statement import Conn
from alquimista.identity import service as identity
from alquimista.identity.models.users import Member
from alquimista.incidents.models import EventKind, Incident, Reported, texts
from alquimista.incidents.queries import changes
from alquimista.incidents.service import steps
from alquimista.jobs.queue import enqueue
from alquimista.notifications import service as notifications
from alquimista.notifications.models import Recipient
from alquimista.tenants import service as tenants

EXCERPT: Final = 2000


async def tell(conn: Conn, tenant_id: UUID, incident_id: UUID, public_url: str, now: datetime) -> None:
    """Tell what there is to tell of an incident now. Safe to repeat. Takes a transaction of the tenant.

    A condition is told at most once in QUIET. One that returned sooner waits for the rest of it: if it is over by then,
    nobody hears of it; the end is told to those who were told of the beginning.
    """
    incident = await changes.lock(conn, tenant_id, incident_id)
    if incident is None:
        return
    if incident.told_at is None:
        if incident.resolved_at is not None:
            return
        last = await changes.last_told(conn, tenant_id, incident.dedupe_key)
        if last is not None and now - last < steps.QUIET:
            # By the database server's clock, which a demonstration does not move.
            run_at = datetime.now(UTC) + (last + steps.QUIET - now)
            await enqueue(conn, steps.TELL, Reported(incident_id), tenant_id=tenant_id, run_at=run_at)
            return
        await _tell(conn, incident, "incident_opened", public_url, now)
    elif incident.resolved_at is not None and incident.told_over_at is None:
        await _tell(conn, incident, "incident_resolved", public_url, now)


async def _tell(conn: Conn, incident: Incident, template: str, public_url: str, now: datetime) -> None:
    tenant = await tenants.get(conn, incident.tenant_id)
    title, description = texts(incident, tenant.locale)
    page = "company/incidents" if tenant.id == PLATFORM_TENANT else "dashboard/support/incidents"
    zone = ZoneInfo(tenant.time_zone)
    babel = tenant.locale.replace("-", "_")
    people = await _people(conn, tenant.id)
    for member in people:
        await notifications.tell(
            conn,
            tenant.id,
            Recipient(member.id, member.email, member.full_name),
            template,
            tenant.locale,
            f"{public_url}/app/{page}/{incident.id}",
            company=tenant.name,
            title=title,
            description=description[:EXCERPT],
            began=format_datetime(incident.created_at, "short", tzinfo=zone, locale=babel),
            ended=format_datetime(incident.resolved_at or now, "short", tzinfo=zone, locale=babel),
        )
    await changes.told(conn, tenant.id, incident.id, now, over=incident.resolved_at is not None)
    await steps.step(conn, incident, EventKind.NOTIFIED, now, details={"recipients": len(people)})


async def _people(conn: Conn, tenant_id: UUID) -> list[Member]:
    if tenant_id != PLATFORM_TENANT:
        return await identity.administrators(conn, tenant_id)
    staff = await identity.holders(conn, tenant_id, Permission.INCIDENT_MANAGE)
    return [one for one in staff if one.role is Role.INTERNAL_ADMIN]

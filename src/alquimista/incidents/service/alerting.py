"""Telling staff of customers' grave incidents, each in their language and once for each incident.

People are told in a transaction of the platform, and what they were told is noted in one of the incident's tenant. When
the second fails the first is tried again: who was told under the incident's key is not told twice.
"""

from collections.abc import Collection
from datetime import UTC, datetime
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from babel.dates import format_datetime

from alquimista.access import PLATFORM_TENANT, Permission
from alquimista.db.pool import Database
from alquimista.db.tenancy import tenant_transaction
from alquimista.identity import service as identity
from alquimista.identity.models.users import Member
from alquimista.incidents.models import Alert, EventKind, Incident, texts
from alquimista.incidents.queries import alerts, changes
from alquimista.incidents.service import steps
from alquimista.incidents.service.telling import EXCERPT
from alquimista.jobs.queue import enqueue
from alquimista.notifications import service as notifications
from alquimista.notifications.models import Recipient
from alquimista.tenants import service as tenants


async def alert(db: Database, tenant_id: UUID, asked: Alert, now: datetime) -> None:
    """Tell those who work on incidents of a customer's, while it is grave and nobody was told. Safe to repeat.

    A condition that flaps is told once in QUIET, as its administrators are told of it.
    """
    async with tenant_transaction(db, tenant_id) as conn:
        incident = await changes.lock(conn, tenant_id, asked.incident_id)
        if incident is None or incident.staff_told_at is not None or incident.resolved_at is not None:
            return
        if not steps.alerts(tenant_id, incident.severity):
            return
        last = await alerts.last_told(conn, tenant_id, incident.dedupe_key)
        if last is not None and now - last < steps.QUIET:
            # By the database server's clock, which a demonstration does not move.
            run_at = datetime.now(UTC) + (last + steps.QUIET - now)
            await enqueue(conn, steps.ALERT, asked, tenant_id=tenant_id, run_at=run_at)
            return
        company = (await tenants.get(conn, tenant_id)).name
    people = await identity.holders(db.tenant(PLATFORM_TENANT), PLATFORM_TENANT, Permission.INCIDENT_MANAGE)
    told = [one for one in people if one.id != asked.besides]
    await tell_staff(db, incident, company, told, "incident_of_customer")
    async with tenant_transaction(db, tenant_id) as conn:
        if await alerts.told(conn, tenant_id, incident.id, now):
            details = {"recipients": len(told), "to": "staff"}
            await changes.note(conn, tenant_id, incident.id, EventKind.NOTIFIED, now, public=False, details=details)
            await steps.refresh(conn, tenant_id)


async def tell_staff(
    db: Database, incident: Incident, company: str, people: Collection[Member], template: str, **facts: object
) -> None:
    """Tell members of the staff of an incident, once each under this template."""
    key = uuid5(incident.id, template)
    async with tenant_transaction(db, PLATFORM_TENANT) as conn:
        platform = await tenants.get(conn, PLATFORM_TENANT)
        zone = ZoneInfo(platform.time_zone)
        for member in people:
            locale = member.locale or platform.locale
            title, description = texts(incident, locale)
            await notifications.tell(
                conn,
                PLATFORM_TENANT,
                Recipient(member.id, member.email, member.full_name),
                template,
                locale,
                f"{db.settings.public_url}/app/company/incidents/{incident.id}",
                key,
                company=company,
                title=title,
                description=description[:EXCERPT],
                began=format_datetime(incident.created_at, "short", tzinfo=zone, locale=locale.replace("-", "_")),
                **facts,
            )

"""Keeping a company out and letting it in again, of which its administrators are told."""

from datetime import datetime
from uuid import UUID

from alquimista.access import Actor
from alquimista.db.statement import Conn
from alquimista.identity.service.members import administrators
from alquimista.notifications import service as notifications
from alquimista.notifications.models import Recipient
from alquimista.tenants import service as tenants
from alquimista.tenants.models import Tenant


async def suspend(conn: Conn, actor: Actor, tenant_id: UUID, reason: str, public_url: str, now: datetime) -> Tenant:
    """Keep everybody of a company out, at once. Takes a transaction of the company.

    Raises:
        UnknownTenant, AlreadyBlocked: as tenants.block.
    """
    tenant = await tenants.block(conn, actor, tenant_id, reason, now)
    await _tell(conn, tenant, "company_suspended", public_url)
    return tenant


async def resume(conn: Conn, actor: Actor, tenant_id: UUID, public_url: str, now: datetime) -> Tenant:
    """Let a company in again. Takes a transaction of the company.

    Raises:
        UnknownTenant, NotBlocked: as tenants.unblock.
    """
    tenant = await tenants.unblock(conn, actor, tenant_id, now)
    await _tell(conn, tenant, "company_resumed", public_url)
    return tenant


async def _tell(conn: Conn, tenant: Tenant, template: str, public_url: str) -> None:
    for one in await administrators(conn, tenant.id):
        person = Recipient(one.id, one.email, one.full_name)
        await notifications.tell(
            conn, tenant.id, person, template, tenant.locale, f"{public_url}/app", company=tenant.name
        )

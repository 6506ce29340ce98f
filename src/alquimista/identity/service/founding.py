"""Making a company together with the invitation of its first administrator."""

from alquimista import clock
from alquimista.access import Actor, Role
from alquimista.db.tenancy import tenant_transaction
from alquimista.identity.models.invitations import Invitation
from alquimista.identity.service.invitations import invite_within
from alquimista.tenants import service as tenants
from alquimista.tenants.models import NewTenant, Tenant
from alquimista.wiring import Services


async def found_tenant(services: Services, actor: Actor, new: NewTenant, admin_email: str) -> tuple[Tenant, Invitation]:
    """Register a company and mail its first administrator, both or neither (requirements 1.1, onboarding).

    Raises:
        Invalid: a field breaks a rule.
        CnpjTaken: a company with this CNPJ is registered.
    """
    tenant = tenants.prepare(new, clock.new_id(), clock.now())
    async with tenant_transaction(services.db, tenant.id) as conn:
        await tenants.create(conn, actor, tenant)
        invitation = await invite_within(
            conn, services, actor, tenant.id, admin_email, Role.TENANT_ADMIN, tenant.locale
        )
    return tenant, invitation

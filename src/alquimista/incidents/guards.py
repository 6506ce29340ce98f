"""What staff read of companies is written down: in the company's own audit, or for a list in the platform's."""

from uuid import UUID

from alquimista.access import PLATFORM_TENANT
from alquimista.audit import service as audit
from alquimista.http.context import Context


async def seen(context: Context, tenant_id: UUID, action: str, resource_type: str, resource_id: str = "") -> None:
    """Record a read in a tenant's audit; of nobody but staff."""
    if not context.who.internal:
        return
    await audit.record(
        context.db.tenant(tenant_id),
        context.who,
        action,
        category="system" if tenant_id == PLATFORM_TENANT else "tenant",
        resource_type=resource_type,
        resource_id=resource_id,
        ip=context.client_ip,
        user_agent=context.request.headers.get("user-agent", ""),
        trace_id=context.trace_id,
        tenant_id=tenant_id,
    )

"""How often approvals are read and acted on, and the trace of staff who read about a company."""

from typing import Final
from uuid import UUID

from alquimista.access import PLATFORM_TENANT
from alquimista.audit import service as audit
from alquimista.http.context import Context
from alquimista.http.routes import Limit

READING: Final = (Limit(count=600, seconds=60, per=("user",), name="approvals.read"),)
ACTING: Final = (Limit(count=60, seconds=60, per=("user",), name="approvals.act"),)


async def leave_a_trace(context: Context, tenant_id: UUID) -> None:
    """A row in the tenant's own audit, or in the platform's for all tenants at once, when it is staff who read."""
    if not context.who.internal:
        return
    await audit.record(
        context.db.tenant(tenant_id),
        context.who,
        "platform.read" if tenant_id == PLATFORM_TENANT else "tenant.read",
        category="tenant",
        resource_type="endpoint",
        resource_id=context.request.scope["path"],
        ip=context.client_ip,
        user_agent=context.request.headers.get("user-agent", ""),
        trace_id=context.trace_id,
        tenant_id=tenant_id,
    )

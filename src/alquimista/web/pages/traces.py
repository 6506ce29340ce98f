"""Rows that staff leave in the audit when they open pages about others."""

from typing import Final
from uuid import UUID

from alquimista.access import PLATFORM_TENANT
from alquimista.audit import service as audit
from alquimista.http.context import Context

_ACTIONS: Final = {True: "platform.read", False: "tenant.read"}


async def leave_a_trace(context: Context, tenant_id: UUID, path: str) -> None:
    """A row about the page in the audit of the tenant, or in the platform's own for a read across tenants."""
    await audit.record(
        context.db.tenant(tenant_id),
        context.who,
        _ACTIONS[tenant_id == PLATFORM_TENANT],
        category="tenant",
        resource_type="page",
        resource_id=path,
        ip=context.client_ip,
        user_agent=context.request.headers.get("user-agent", ""),
        trace_id=context.trace_id,
        tenant_id=tenant_id,
    )

"""Staff who read about a company's billing."""

from uuid import UUID

from alquimista.access import PLATFORM_TENANT
from alquimista.audit import service as audit
from alquimista.db.statement import Conn
from alquimista.http.context import Context


async def reader(context: Context) -> Conn:
    """The tenant's connection; staff who read through it leave a row in the tenant's own audit."""
    conn = context.db.tenant(context.tenant)
    await leave_a_trace(conn, context)
    return conn


async def leave_a_trace(conn: Conn, context: Context) -> None:
    """A row in the tenant's own audit when it is staff who read."""
    if context.who.internal:
        await _record(conn, context, "tenant.read", context.tenant)


async def leave_a_platform_trace(context: Context) -> None:
    """A row in the platform's audit: staff read about all tenants at once."""
    await _record(context.db.tenant(PLATFORM_TENANT), context, "platform.read", PLATFORM_TENANT)


async def _record(conn: Conn, context: Context, action: str, tenant_id: UUID) -> None:
    await audit.record(
        conn,
        context.who,
        action,
        category="tenant",
        resource_type="endpoint",
        resource_id=context.request.scope["path"],
        ip=context.client_ip,
        user_agent=context.request.headers.get("user-agent", ""),
        trace_id=context.trace_id,
        tenant_id=tenant_id,
    )

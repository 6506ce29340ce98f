"""Staff who read about a company's billing."""

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
    if not context.who.internal:
        return
    await audit.record(
        conn,
        context.who,
        "tenant.read",
        category="tenant",
        resource_type="endpoint",
        resource_id=context.request.scope["path"],
        ip=context.client_ip,
        user_agent=context.request.headers.get("user-agent", ""),
        trace_id=context.trace_id,
        tenant_id=context.tenant,
    )

"""Staff who read about a company's people and keys."""

from alquimista.audit import service as audit
from alquimista.db.statement import Conn
from alquimista.http.context import Context


async def leave_a_trace(conn: Conn, context: Context) -> None:
    """A row in the company's own audit when it is staff who read, within the transaction of the read."""
    if context.tenant_id is None or not context.who.internal:
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
        tenant_id=context.tenant_id,
    )

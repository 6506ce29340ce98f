"""Staff who look at a tenant leave a row in the tenant's own audit."""

from alquimista.audit import service as audit
from alquimista.http.context import Context


async def leave_a_trace(context: Context, page: str) -> None:
    """Write that staff have read a tenant's page; its own people leave none."""
    if not context.who.internal:
        return
    await audit.record(
        context.db.tenant(context.tenant),
        context.who,
        "tenant.read",
        category="tenant",
        resource_type="page",
        resource_id=page,
        ip=context.client_ip,
        user_agent=context.request.headers.get("user-agent", ""),
        trace_id=context.trace_id,
        tenant_id=context.tenant,
    )

"""What staff read of companies is written down: in the company's own audit, or for all of them in the platform's."""

from typing import Final
from uuid import UUID

from alquimista.access import PLATFORM_TENANT
from alquimista.audit import service
from alquimista.audit.models import Category
from alquimista.db.statement import Conn
from alquimista.http.context import Context
from alquimista.http.limits import Limiter
from alquimista.http.routes import Limit

# Recomputing takes seconds of the processor: so often by the API and the page together.
VERIFYING: Final = (Limit(count=12, seconds=60, per=("user",), name="audit.verify"),)


async def seen(
    context: Context,
    tenant_id: UUID,
    *,
    conn: Conn | None = None,
    action: str = "",
    category: Category = "tenant",
    resource_type: str = "endpoint",
    resource_id: str = "",
) -> None:
    """Write that staff have read about a tenant; its own people leave no row.

    Args:
        context: the request.
        tenant_id: whom it was about; the platform's for a read across companies.
        conn: the read's own transaction, where it has one.
        action: `tenant.read`, or `platform.read` for the platform's, unless told.
        category: what the read was about.
        resource_type: what kind of thing was read.
        resource_id: which one; the address that was asked, unless told.
    """
    if not context.who.internal:
        return
    await service.record(
        conn or context.db.tenant(tenant_id),
        context.who,
        action or ("platform.read" if tenant_id == PLATFORM_TENANT else "tenant.read"),
        category=category,
        resource_type=resource_type,
        resource_id=resource_id or context.request.scope["path"],
        ip=context.client_ip,
        user_agent=context.request.headers.get("user-agent", ""),
        trace_id=context.trace_id,
        tenant_id=tenant_id,
    )


async def seen_within(conn: Conn, context: Context) -> None:
    """As `seen`, of the tenant that the request acts on, in the read's transaction; nothing when it acts on none."""
    if context.tenant_id is not None:
        await seen(context, context.tenant_id, conn=conn)


async def listed(
    context: Context, tenant_id: UUID | None, *, found: bool, action: str, category: Category = "tenant"
) -> None:
    """Write that staff have read a list that may be narrowed to one company.

    The row is in that company's audit when something of it was found: one that there is not has no audit.
    """
    subject = tenant_id if tenant_id is not None and found else PLATFORM_TENANT
    told = str(tenant_id or "")
    await seen(context, subject, action=action, category=category, resource_type="tenant", resource_id=told)


async def seen_by_all(context: Context) -> None:
    """Write that staff have read across companies."""
    await seen(context, PLATFORM_TENANT)


async def reader(context: Context) -> Conn:
    """The tenant's connection; staff who read through it leave a row in the tenant's own audit."""
    await seen(context, context.tenant)
    return context.db.tenant(context.tenant)


async def reached_out(context: Context, place: str) -> None:
    """Write that a route, the `place`, was refused to somebody who named a tenant that is not theirs."""
    if context.actor is not None:
        await service.reached_out(
            context.db,
            context.services.get(Limiter),
            context.actor,
            place,
            ip=context.client_ip,
            user_agent=context.request.headers.get("user-agent", ""),
            trace_id=context.trace_id,
        )

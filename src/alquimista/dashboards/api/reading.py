"""What the reads have in common: limits, how fresh an answer is, and the rows that staff leave in an audit."""

from typing import Final
from uuid import UUID

import msgspec

from alquimista.access import PLATFORM_TENANT
from alquimista.audit import service as audit
from alquimista.dashboards.models.figures import Period
from alquimista.db.statement import Conn
from alquimista.http.context import Context
from alquimista.http.routes import Limit

# Per tenant and per user (requirements 1.5).
READS: Final = (Limit(count=6_000, seconds=60, per=("tenant",)), Limit(count=1_200, seconds=60, per=("user",)))


class PeriodQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How far back, today included."""

    period: Period = Period.MONTH


def includes_today(_context: Context) -> bool:
    """Answers that count requests up to this moment: a browser must ask again each time."""
    return True


async def reader(context: Context) -> Conn:
    """The tenant's connection; staff who read through it leave a row in the tenant's own audit."""
    if context.who.internal:
        await leave_a_trace(context, context.tenant)
    return context.db.tenant(context.tenant)


async def leave_a_trace(context: Context, tenant_id: UUID) -> None:
    """A row in the audit of the tenant that staff read about."""
    await _record(context, "tenant.read", tenant_id)


async def leave_a_platform_trace(context: Context) -> None:
    """A row in the platform's audit: staff read about all tenants at once."""
    await _record(context, "platform.read", PLATFORM_TENANT)


async def _record(context: Context, action: str, tenant_id: UUID) -> None:
    await audit.record(
        context.db.tenant(tenant_id),
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

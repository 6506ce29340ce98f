"""One company as staff work on it, and what a list of them is filtered by; for connections of the internal role."""

import asyncio
from datetime import datetime
from uuid import UUID

import msgspec

from alquimista.access import PLATFORM_TENANT
from alquimista.dashboards.models.figures import Period
from alquimista.dashboards.models.tenant import RunningAgent, TenantChoices, TenantHead
from alquimista.dashboards.queries import overview, tenants
from alquimista.dashboards.service.client import me_of
from alquimista.dashboards.service.staff import installed
from alquimista.db.statement import Conn
from alquimista.fleet import service as fleet
from alquimista.tenants.models import UnknownTenant


async def tenant_choices(conn: Conn) -> TenantChoices:
    """The plans and segments of all companies."""
    found = await tenants.choices(conn)
    return TenantChoices(found.plans, sorted(found.segments, key=str.casefold))


async def tenant_head(conn: Conn, tenant_id: UUID, now: datetime) -> TenantHead:
    """A company and its use of the plan. The platform's own tenant is none. Raises UnknownTenant."""
    row = await overview.me(conn, tenant_id, now) if tenant_id != PLATFORM_TENANT else None
    if row is None:
        raise UnknownTenant
    return TenantHead(
        **msgspec.structs.asdict(me_of(row)),
        standing=row.standing,
        blocked_reason=row.blocked_reason,
        currency=row.currency,
    )


async def running_agents(conn: Conn, tenant_id: UUID, period: Period, now: datetime) -> list[RunningAgent]:
    """The agents of a company that is known to be one: how each stands, and its requests of the period."""
    agents, stands = await asyncio.gather(
        installed(conn, tenant_id, period, now),
        fleet.every(conn, tenant_id, now),
    )
    by_agent = {one.agent_id: one for one in stands}
    lines = []
    for agent in agents:
        stand = by_agent.get(agent.id)
        lines.append(
            RunningAgent(
                **msgspec.structs.asdict(agent),
                state=stand.state.value if stand and stand.state else None,
                seen_at=stand.seen_at if stand else None,
            )
        )
    return lines

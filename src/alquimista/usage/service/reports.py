"""Reading usage: sums of a tenant, and across tenants for staff. Each is one statement, so one round trip."""

from datetime import date, timedelta
from uuid import UUID

from alquimista.db.statement import Conn
from alquimista.usage.models.overview import Overview, build_overview
from alquimista.usage.models.reports import AgentSums, UsageReport, build_report, group_by_agent
from alquimista.usage.queries import reports as queries


async def report(
    conn: Conn, tenant_id: UUID, first_day: date, last_day: date, agent_id: UUID | None = None
) -> UsageReport:
    """A tenant's usage of its local days, both included: in all, by day and by agent; of one agent when given."""
    rows = await queries.report(conn, tenant_id, first_day, last_day, agent_id)
    return build_report(rows, first_day, last_day)


async def last_30_days(conn: Conn, tenant_id: UUID, today: date) -> dict[UUID, AgentSums]:
    """The sums of each agent that had requests in the 30 local days that end with `today`."""
    rows = await queries.by_agent(conn, tenant_id, today - timedelta(days=29), today)
    return {agent.agent_id: agent for agent in group_by_agent(rows)}


async def requests_this_month(conn: Conn, tenant_id: UUID, today: date) -> int:
    """Requests from the first local day of `today`'s month to `today`."""
    return await queries.requests(conn, tenant_id, today.replace(day=1), today)


async def version(conn: Conn, tenant_id: UUID) -> int:
    """A number that grows whenever the tenant's rollups change; 0 before the first event."""
    return await queries.version(conn, tenant_id)


async def overview(conn: Conn, first_day: date, last_day: date, top: int = 10) -> Overview:
    """Usage across tenants, each by its own local days; takes a connection of the internal role.

    The platform's own tenant is in no figure.
    """
    return build_overview(await queries.overview(conn, first_day, last_day), first_day, last_day, top)

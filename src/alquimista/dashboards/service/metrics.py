"""How one agent of a tenant did: the sums of /tenant/usage, with the percentiles that its histograms give."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from alquimista.agents import service as agents
from alquimista.agents.models.agents import TenantAgent
from alquimista.dashboards.models.figures import PERIOD_DAYS, Period
from alquimista.dashboards.models.metrics import AgentDay, AgentMetrics, AgentPerformance
from alquimista.dashboards.queries import usage
from alquimista.dashboards.queries.usage import UsageRow
from alquimista.dashboards.service.client import figures, merged_histogram
from alquimista.db.statement import Conn
from alquimista.tenants.models import UnknownTenant
from alquimista.usage.models.histogram import percentile

_RANKS: Final = {
    "min_response_time_ms": 0,
    "p50_response_time_ms": 50,
    "p99_response_time_ms": 99,
    "max_response_time_ms": 100,
}


async def agent_metrics(conn: Conn, tenant_id: UUID, agent_id: UUID, period: Period, now: datetime) -> AgentMetrics:
    """One agent's figures of the period that ends today in the tenant's zone.

    Raises:
        UnknownTenant: no such tenant.
        UnknownAgent: the tenant never had this agent.
    """
    return await metrics_of(conn, tenant_id, await agents.get(conn, tenant_id, agent_id), period, now)


async def metrics_of(conn: Conn, tenant_id: UUID, agent: TenantAgent, period: Period, now: datetime) -> AgentMetrics:
    """The same of an agent that the caller has read.

    Raises:
        UnknownTenant: no such tenant.
    """
    days = PERIOD_DAYS[period]
    rows = await usage.tenant(conn, tenant_id, days, agent.agent_id, now)
    by_day: dict[date, list[UsageRow]] = {}
    for row in rows:
        if row.day is not None:
            by_day.setdefault(row.day, []).append(row)
    last_day = rows[0].last_day
    if last_day is None:
        raise UnknownTenant
    return AgentMetrics(
        agent_id=agent.agent_id,
        agent_name=agent.name,
        status=agent.status.value,
        period=period,
        summary=AgentPerformance(**_performance([row for row in rows if row.agent_id is not None])),
        daily_data=[
            AgentDay(date=day, **_performance(by_day.get(day, ())))
            for day in (last_day - timedelta(days=back) for back in range(days - 1, -1, -1))
        ],
    )


def _performance(rows: Sequence[UsageRow]) -> dict[str, Any]:
    """The fields of AgentPerformance, from a group's row in each currency."""
    found = figures(rows)
    histogram = merged_histogram(rows)
    return found | {name: percentile(histogram, found["total_requests"], rank) for name, rank in _RANKS.items()}

"""How one agent does, for its company; staff name the company."""

from datetime import date
from typing import Any, Final
from uuid import UUID

from alquimista.access import Permission
from alquimista.agents.models.agents import UnknownAgent
from alquimista.audit.guards import reader
from alquimista.dashboards import service
from alquimista.dashboards.api.reading import READS, PeriodQuery, includes_today
from alquimista.dashboards.models.figures import Money, Period
from alquimista.dashboards.models.metrics import AgentDay, AgentMetrics, AgentPerformance
from alquimista.http.context import Context
from alquimista.http.routes import ALL_KINDS, Cache, Route, TenantScope


async def agent_metrics(context: Context) -> AgentMetrics:
    """One agent's figures of a period that ends today, in the company's own days."""
    conn = await reader(context)
    agent_id = context.uuid("agent_id")
    return await service.agent_metrics(conn, context.tenant, agent_id, context.query.period, context.now)


_FIGURES: Final[dict[str, Any]] = {
    "total_requests": 840,
    "successful_requests": 832,
    "failed_requests": 8,
    "success_rate": 99.05,
    "avg_response_time_ms": 612.5,
    "min_response_time_ms": 96.12,
    "p50_response_time_ms": 587.75,
    "p95_response_time_ms": 1480.0,
    "p99_response_time_ms": 2100.18,
    "max_response_time_ms": 2520.24,
    "total_tokens": 426_720,
    "cost": [Money("BRL", 1.6)],
}
ROUTES: Final = (
    Route(
        method="GET",
        path="/api/agents/{agent_id:uuid}/metrics",
        handler=agent_metrics,
        summary="How one of your agents did: success, response times, tokens, cost",
        tag="agents",
        permission=Permission.USAGE_READ,
        kinds=ALL_KINDS,
        scope=TenantScope.OWN,
        query=PeriodQuery,
        response=AgentMetrics,
        cache=Cache(ttl=600, max_age=300, topics=("usage", "agents", "tenant"), live=includes_today),
        limits=READS,
        problems=(UnknownAgent,),
        example=AgentMetrics(
            UUID("01890a5d-ac96-774b-bcce-b302099a8057"),
            "Vendas Ativas",
            "active",
            Period.WEEK,
            AgentPerformance(**_FIGURES),
            [AgentDay(date=date(2026, 3, 1), **_FIGURES)],
        ),
    ),
)

"""The five client endpoints, exactly as requirements 1.3, with the caching of 1.5."""

from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import msgspec

from alquimista.access import Permission
from alquimista.agents.models.agents import UnknownAgent
from alquimista.audit.guards import reader
from alquimista.dashboards import service
from alquimista.dashboards.api.reading import READS, includes_today
from alquimista.dashboards.models.client import (
    AgentFigures,
    AgentLine,
    AgentUsage,
    DayFigures,
    IncidentLine,
    IntegrationLine,
    Limits,
    PlanUse,
    TenantAgents,
    TenantIncidents,
    TenantIntegrations,
    TenantMe,
    TenantUsage,
)
from alquimista.dashboards.models.figures import Figures, Money, Period
from alquimista.http.context import Context
from alquimista.http.pagination import MAX_LIMIT, Page
from alquimista.http.routes import ALL_KINDS, Cache, Limit, Route, TenantScope
from alquimista.tenants.models import UnknownTenant

# Only /tenant/me had a limit in the founding system.
_LIMITS: Final = (Limit(count=100, seconds=60, per=("ip", "tenant")),)


class AgentsQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which of the tenant's agents."""

    status: Literal["active", "trial", "inactive", "all"] = "active"


class UsageQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How far back, and of which agent."""

    period: Period = Period.MONTH
    agent_id: UUID | None = None


class IncidentsQuery(Page, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A page of incidents."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=MAX_LIMIT, description="How many items to answer.")] = 20


async def tenant_me(context: Context) -> TenantMe:
    """The tenant, its limits and its use of them."""
    return await service.tenant_me(await reader(context), context.tenant, context.now)


async def tenant_agents(context: Context) -> TenantAgents:
    """The tenant's agents with their last 30 days."""
    conn = await reader(context)
    return await service.tenant_agents(conn, context.tenant, context.query.status, context.now)


async def tenant_integrations(context: Context) -> TenantIntegrations:
    """The tenant's integrations, never their credentials."""
    return await service.tenant_integrations(await reader(context), context.who, context.tenant)


async def tenant_usage(context: Context) -> TenantUsage:
    """The tenant's usage of a period that ends today, in its own days."""
    conn = await reader(context)
    query = context.query
    return await service.tenant_usage(conn, context.tenant, query.period, query.agent_id, context.now)


async def tenant_incidents(context: Context) -> TenantIncidents:
    """A page of the tenant's incidents, newest first."""
    conn = await reader(context)
    query = context.query
    return await service.tenant_incidents(conn, context.tenant, query.limit, query.offset, context.locale)


_ID: Final = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
_MOMENT: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)
_FIGURES: Final[dict[str, Any]] = {
    "total_requests": 840,
    "successful_requests": 832,
    "failed_requests": 8,
    "success_rate": 99.05,
    "avg_response_time_ms": 612.5,
    "p95_response_time_ms": 1480.0,
    "total_tokens": 426_720,
    "cost": [Money("BRL", 1.6)],
}

ROUTES: Final = (
    Route(
        method="GET",
        path="/tenant/me",
        handler=tenant_me,
        summary="Your company: plan, limits and use of them",
        tag="tenant",
        permission=Permission.TENANT_READ,
        kinds=ALL_KINDS,
        scope=TenantScope.OWN,
        response=TenantMe,
        cache=Cache(ttl=300, max_age=300, topics=("tenant", "agents", "users"), live=includes_today),
        limits=_LIMITS,
        problems=(UnknownTenant,),
        example=TenantMe(
            id=_ID,
            name="Clínica Aurora",
            cnpj="12ABC34501DE35",
            segment="saude",
            plan="starter",
            status="active",
            mrr_estimate=490.0,
            created_at=_MOMENT,
            time_zone="America/Sao_Paulo",
            demo=False,
            limits=Limits(max_agents=3, max_users=3, max_requests_per_month=10_000),
            usage=PlanUse(active_agents=1, active_users=2, requests_this_month=840),
        ),
    ),
    Route(
        method="GET",
        path="/tenant/agents",
        handler=tenant_agents,
        summary="Your agents with their last 30 days",
        tag="tenant",
        permission=Permission.AGENT_READ,
        kinds=ALL_KINDS,
        scope=TenantScope.OWN,
        query=AgentsQuery,
        response=TenantAgents,
        cache=Cache(ttl=300, max_age=300, topics=("agents",), live=includes_today),
        limits=READS,
        example=TenantAgents(
            [AgentLine(_ID, "Vendas Ativas", "vendas", "active", _MOMENT, AgentUsage(840, 99.05, 612.5))]
        ),
    ),
    Route(
        method="GET",
        path="/tenant/integrations",
        handler=tenant_integrations,
        summary="Your integrations and their state",
        tag="tenant",
        permission=Permission.INTEGRATION_READ,
        kinds=ALL_KINDS,
        scope=TenantScope.OWN,
        response=TenantIntegrations,
        cache=Cache(ttl=300, max_age=300, topics=("integrations",)),
        limits=READS,
        example=TenantIntegrations([IntegrationLine(_ID, "whatsapp", "WhatsApp", "active", _MOMENT, None)]),
    ),
    Route(
        method="GET",
        path="/tenant/usage",
        handler=tenant_usage,
        summary="Your usage of the last 7, 30 or 90 days",
        tag="tenant",
        permission=Permission.USAGE_READ,
        kinds=ALL_KINDS,
        scope=TenantScope.OWN,
        query=UsageQuery,
        response=TenantUsage,
        cache=Cache(ttl=600, max_age=300, topics=("usage", "agents", "tenant"), live=includes_today),
        limits=READS,
        problems=(UnknownTenant, UnknownAgent),
        example=TenantUsage(
            Period.WEEK,
            Figures(**_FIGURES),
            [DayFigures(date=_MOMENT.date(), **_FIGURES)],
            [AgentFigures(agent_id=_ID, agent_name="Vendas Ativas", **_FIGURES)],
        ),
    ),
    Route(
        method="GET",
        path="/tenant/incidents",
        handler=tenant_incidents,
        summary="Your incidents, newest first",
        tag="tenant",
        permission=Permission.INCIDENT_READ,
        kinds=ALL_KINDS,
        scope=TenantScope.OWN,
        query=IncidentsQuery,
        response=TenantIncidents,
        cache=Cache(ttl=180, max_age=60, topics=("incidents",)),
        limits=READS,
        example=TenantIncidents(
            [
                IncidentLine(
                    _ID, "warning", "Integração sem resposta", "WhatsApp não responde há 10 minutos.", _MOMENT, None
                )
            ],
            1,
        ),
    ),
)

"""What staff read of all companies and of one (requirements 1.4). People of a company get 403."""

from datetime import UTC, datetime
from typing import Annotated, Any, Final
from uuid import UUID

from msgspec import Meta

from alquimista.access import Permission
from alquimista.audit.guards import seen, seen_by_all
from alquimista.cache.store import of_any_tenant
from alquimista.dashboards import service
from alquimista.dashboards.api.reading import READS, READS_OF_ALL, PeriodQuery, includes_today
from alquimista.dashboards.models.client import AgentLine, AgentUsage, IncidentLine, IntegrationLine, Limits
from alquimista.dashboards.models.figures import Period
from alquimista.dashboards.models.staff import (
    AgentStats,
    GlobalStats,
    InstalledAgent,
    InstalledAgents,
    PlatformTrend,
    PlatformUsage,
    TenantCard,
    TenantDetail,
    TenantFilter,
    TenantList,
    TenantPerson,
    TenantRow,
    TopAgentUsage,
    TopTenantUsage,
    UsageSummary,
)
from alquimista.http.context import Context
from alquimista.http.pagination import DEFAULT_LIMIT, MAX_LIMIT, MAX_OFFSET
from alquimista.http.routes import Cache, Route, TenantScope
from alquimista.tenants.models import UnknownTenant


class TenantsQuery(TenantFilter, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A page of the companies for which every given field holds. Its own two fields are those of Page."""

    limit: Annotated[int, Meta(ge=1, le=MAX_LIMIT, description="How many items to answer.")] = DEFAULT_LIMIT
    offset: Annotated[int, Meta(ge=0, le=MAX_OFFSET, description="How many items to skip.")] = 0


async def tenant_list(context: Context) -> TenantList:
    """A page of the companies."""
    query: TenantsQuery = context.query
    return await service.tenant_list(context.db.staff(), query, query.limit, query.offset, context.now)


async def tenant_detail(context: Context) -> TenantDetail:
    """One company. Nothing is told before the read stands in the company's own audit."""
    tenant_id = context.uuid("tenant_id")
    found = await service.tenant_detail(context.db.staff(), tenant_id, context.now)
    await seen(context, tenant_id)
    return found


async def installed_agents(context: Context) -> InstalledAgents:
    """The agents of one company, audited likewise."""
    tenant_id = context.uuid("tenant_id")
    found = await service.installed_agents(context.db.staff(), tenant_id, context.query.period, context.now)
    await seen(context, tenant_id)
    return found


async def platform_usage(context: Context) -> PlatformUsage:
    """The usage of all companies."""
    return await service.platform_usage(context.db.staff(), context.query.period, context.now)


def _kept(*topics: str) -> Cache:
    """How long an answer about all companies is kept: decision 45."""
    every = tuple(of_any_tenant(topic) for topic in topics)
    return Cache(ttl=5, max_age=0, topics=every, live=includes_today, seen=seen_by_all)


_ID: Final = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
_MOMENT: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)
_TENANT: Final[dict[str, Any]] = {
    "id": _ID,
    "name": "Clínica Aurora",
    "cnpj": "12ABC34501DE35",
    "segment": "saude",
    "plan": "starter",
    "status": "active",
    "mrr_estimate": 297.0,
    "created_at": _MOMENT,
}
_STAFF: Final[dict[str, Any]] = {
    "method": "GET",
    "tag": "platform",
    "permission": Permission.PLATFORM_READ,
    "scope": TenantScope.PLATFORM,
    "limits": READS,
}
_OF_ALL: Final = {**_STAFF, "limits": READS_OF_ALL}
ROUTES: Final = (
    Route(
        path="/internal/tenants",
        handler=tenant_list,
        summary="The companies: filtered, searched, sorted, in pages",
        query=TenantsQuery,
        response=TenantList,
        cache=_kept("tenant", "agents", "users"),
        example=TenantList(
            [TenantRow(**_TENANT, active_agents=2, active_users=3, requests_last_30_days=840)], 1, 50, 0
        ),
        **_OF_ALL,
    ),
    Route(
        path="/internal/tenants/{tenant_id:uuid}",
        handler=tenant_detail,
        summary="One company: people, agents, integrations, usage, latest incidents",
        response=TenantDetail,
        problems=(UnknownTenant,),
        example=TenantDetail(
            tenant=TenantCard(
                **_TENANT,
                updated_at=_MOMENT,
                time_zone="America/Sao_Paulo",
                demo=False,
                limits=Limits(max_agents=8, max_users=3, max_requests_per_month=10_000),
            ),
            users=[TenantPerson(_ID, "maria@example.com", "Maria da Silva", "TENANT_ADMIN", "active", _MOMENT)],
            users_total=1,
            agents=[AgentLine(_ID, "Vendas Ativas", "vendas", "active", _MOMENT, AgentUsage(840, 99.05, 612.5))],
            integrations=[IntegrationLine(_ID, "whatsapp", "WhatsApp", "active", _MOMENT, None)],
            usage_summary=UsageSummary(210, 840, 99.05),
            recent_incidents=[IncidentLine(_ID, "warning", "Integração sem resposta", "", _MOMENT, None)],
        ),
        **_STAFF,
    ),
    Route(
        path="/internal/tenants/{tenant_id:uuid}/agents",
        handler=installed_agents,
        summary="One company's agents: settings and requests of the period",
        query=PeriodQuery,
        response=InstalledAgents,
        problems=(UnknownTenant,),
        example=InstalledAgents(
            Period.MONTH,
            [
                InstalledAgent(
                    id=_ID,
                    slug="retencao",
                    name="Retenção",
                    segment="Relacionamento",
                    status="active",
                    config={"assinatura": "Equipe Aurora"},
                    activated_at=_MOMENT,
                    deactivated_at=None,
                    usage_stats=AgentStats(840, 99.05, 612.5, _MOMENT),
                )
            ],
        ),
        **_STAFF,
    ),
    Route(
        path="/internal/usage/overview",
        handler=platform_usage,
        summary="The usage of all companies: totals, top tenants and agents, days",
        query=PeriodQuery,
        response=PlatformUsage,
        cache=_kept("tenant", "agents"),
        example=PlatformUsage(
            Period.WEEK,
            GlobalStats(12, 11, 40, 9_840, 99.05, 612.5),
            [TopTenantUsage(_ID, "Clínica Aurora", 840, 99.05)],
            [TopAgentUsage(_ID, "Retenção", 840, 99.05, 7)],
            [PlatformTrend(_MOMENT.date(), 1_405, 99.05, 11)],
        ),
        **_OF_ALL,
    ),
)

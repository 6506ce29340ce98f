"""What staff read of all companies and of one; every function takes a connection of the internal role."""

import asyncio
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from alquimista.access import PLATFORM_TENANT, PLATFORM_ZONE
from alquimista.billing.models.periods import local_day
from alquimista.dashboards.models.client import IncidentLine, IntegrationLine, Limits
from alquimista.dashboards.models.figures import PERIOD_DAYS, Period, mean, percent
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
    part_of_cnpj,
)
from alquimista.dashboards.queries import overview, tenants, usage
from alquimista.dashboards.service.client import tenant_agents
from alquimista.db.statement import Conn
from alquimista.http.pagination import MAX_LIMIT
from alquimista.identity.service import members
from alquimista.incidents import service as incidents
from alquimista.integrations import service as integrations
from alquimista.tenants import service as tenants_service
from alquimista.tenants.models import Tenant, UnknownTenant

RECENT_INCIDENTS = 5
TOP = 10


async def tenant_list(conn: Conn, wanted: TenantFilter, limit: int, offset: int, now: datetime) -> TenantList:
    """A page of the companies; the platform's own tenant is none of them."""
    search = " ".join(wanted.search.split())
    rows, total = await tenants.listed(
        conn,
        status=wanted.status,
        plan=wanted.plan,
        segment=wanted.segment,
        search=search,
        cnpj=part_of_cnpj(search),
        sort_by=wanted.sort_by,
        sort_order=wanted.sort_order,
        limit=limit,
        offset=offset,
        now=now,
    )
    listed = [
        msgspec.convert(
            {
                **msgspec.structs.asdict(row),
                "mrr_estimate": (row.mrr_cents or 0) / 100,
                "requests_last_30_days": row.requests,
            },
            TenantRow,
        )
        for row in rows
    ]
    return TenantList(listed, total, limit, offset)


async def tenant_detail(conn: Conn, tenant_id: UUID, now: datetime) -> TenantDetail:
    """One company with its people, agents, integrations, usage and latest incidents. Raises UnknownTenant."""
    tenant = await _tenant(conn, tenant_id)
    (people, users_total), agents, connected, used, (recent, _) = await asyncio.gather(
        members.list_members(conn, tenant_id, MAX_LIMIT, 0),
        tenant_agents(conn, tenant_id, "all", now),
        integrations.list_integrations(conn, tenant_id),
        tenants.used_lately(conn, tenant_id, now),
        incidents.page(conn, tenant_id, RECENT_INCIDENTS, 0),
    )
    return TenantDetail(
        tenant=_card(tenant),
        users=[msgspec.convert(one, TenantPerson, from_attributes=True) for one in people],
        users_total=users_total,
        agents=agents.agents,
        integrations=[msgspec.convert(one, IntegrationLine, from_attributes=True) for one in connected],
        usage_summary=UsageSummary(used.week, used.month, percent(used.month - used.month_failures, used.month)),
        recent_incidents=[msgspec.convert(one, IncidentLine, from_attributes=True) for one in recent],
    )


async def installed_agents(conn: Conn, tenant_id: UUID, period: Period, now: datetime) -> InstalledAgents:
    """A company's agents with its settings of them and their requests of the period. Raises UnknownTenant."""
    await _tenant(conn, tenant_id)
    return InstalledAgents(period, await installed(conn, tenant_id, period, now))


async def installed(conn: Conn, tenant_id: UUID, period: Period, now: datetime) -> list[InstalledAgent]:
    """The same of a company that is known to be one."""
    return [
        InstalledAgent(
            id=row.id,
            slug=row.slug,
            name=row.name,
            segment=row.segment,
            status=row.status,
            config=row.config,
            activated_at=row.activated_at,
            deactivated_at=row.deactivated_at,
            usage_stats=AgentStats(
                total_requests=row.requests,
                success_rate=percent(row.requests - row.failures, row.requests),
                avg_response_time_ms=mean(row.response_ms, row.requests),
                last_request_at=row.last_request_at,
            ),
        )
        for row in await tenants.installed(conn, tenant_id, PERIOD_DAYS[period], now)
    ]


async def platform_usage(conn: Conn, period: Period, now: datetime) -> PlatformUsage:
    """The whole platform. The period ends with the platform's day, and each company's days are its own."""
    last = local_day(now, PLATFORM_ZONE)
    first = last - timedelta(days=PERIOD_DAYS[period] - 1)
    counts, trend, top_tenants, top_agents = await asyncio.gather(
        overview.platform(conn, PLATFORM_TENANT),
        usage.trend(conn, first, last),
        usage.top_tenants(conn, first, last, TOP),
        usage.top_agents(conn, first, last, TOP),
    )
    days = {row.day: row for row in trend}
    every_day = [first + timedelta(days=step) for step in range(PERIOD_DAYS[period])]
    requests = sum(row.requests for row in trend)
    return PlatformUsage(
        period=period,
        global_stats=GlobalStats(
            total_tenants=counts.total_tenants,
            active_tenants=counts.active_tenants,
            total_agents_deployed=counts.agents_deployed,
            total_requests=requests,
            global_success_rate=percent(requests - sum(row.failures for row in trend), requests),
            avg_response_time_ms=mean(sum(row.response_ms for row in trend), requests),
        ),
        top_tenants_by_usage=[
            TopTenantUsage(
                row.tenant_id, row.tenant_name, row.requests, percent(row.requests - row.failures, row.requests)
            )
            for row in top_tenants
        ],
        top_agents_by_usage=[
            TopAgentUsage(
                row.agent_id,
                row.agent_name,
                row.requests,
                percent(row.requests - row.failures, row.requests),
                row.deployed,
            )
            for row in top_agents
        ],
        daily_trends=[
            PlatformTrend(day, row.requests, percent(row.requests - row.failures, row.requests), row.active_tenants)
            if (row := days.get(day)) is not None
            else PlatformTrend(day, 0, None, 0)
            for day in every_day
        ],
    )


async def _tenant(conn: Conn, tenant_id: UUID) -> Tenant:
    """One company. The platform's own tenant is none."""
    if tenant_id == PLATFORM_TENANT:
        raise UnknownTenant
    return await tenants_service.get(conn, tenant_id)


def _card(tenant: Tenant) -> TenantCard:
    return TenantCard(
        id=tenant.id,
        name=tenant.name,
        cnpj=tenant.cnpj,
        segment=tenant.segment,
        plan=tenant.plan,
        status=tenant.status,
        mrr_estimate=tenant.mrr_cents / 100,
        created_at=tenant.created_at,
        updated_at=tenant.updated_at,
        time_zone=tenant.time_zone,
        demo=tenant.demo,
        limits=Limits(tenant.max_agents, tenant.max_users, tenant.max_requests_per_month),
    )

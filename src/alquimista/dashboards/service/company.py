"""The staff's overview page, composed from sums."""

from datetime import datetime, timedelta

import msgspec

from alquimista.access import PLATFORM_TENANT
from alquimista.dashboards.models.company import CompanyOverview, OpenIncident, PlatformCounts, PlatformDay, TenantLine
from alquimista.dashboards.models.figures import PERIOD_DAYS, Period, mean, percent
from alquimista.dashboards.queries import overview, usage
from alquimista.db.statement import Conn
from alquimista.incidents.models import texts


async def company_overview(conn: Conn, period: Period, now: datetime, locale: str) -> CompanyOverview:
    """The whole platform, for staff: takes a connection of the internal role. The period ends on today's UTC date."""
    last = now.date()
    first = last - timedelta(days=PERIOD_DAYS[period] - 1)
    counts = await overview.platform(conn, PLATFORM_TENANT)
    trend = {row.day: row for row in await usage.trend(conn, first, last)}
    requests = sum(row.requests for row in trend.values())
    failures = sum(row.failures for row in trend.values())
    every_day = (first + timedelta(days=step) for step in range(PERIOD_DAYS[period]))
    return CompanyOverview(
        period=period,
        counts=msgspec.convert(counts, PlatformCounts, from_attributes=True),
        total_requests=requests,
        success_rate=percent(requests - failures, requests),
        avg_response_time_ms=mean(sum(row.response_ms for row in trend.values()), requests),
        daily=[
            PlatformDay(
                date=day,
                total_requests=trend[day].requests if day in trend else 0,
                failed_requests=trend[day].failures if day in trend else 0,
                active_tenants=trend[day].active_tenants if day in trend else 0,
            )
            for day in every_day
        ],
        top_tenants=[
            TenantLine(
                tenant_id=row.tenant_id,
                tenant_name=row.tenant_name,
                plan=row.plan,
                status=row.status,
                demo=row.demo,
                total_requests=row.requests,
                success_rate=percent(row.requests - row.failures, row.requests),
                avg_response_time_ms=mean(row.response_ms, row.requests),
            )
            for row in await usage.top_tenants(conn, first, last, 10)
        ],
        incidents=[
            OpenIncident(row.id, row.tenant_id, row.tenant_name, row.severity, texts(row, locale)[0], row.created_at)
            for row in await overview.open_incidents(conn, PLATFORM_TENANT, 5)
        ],
    )

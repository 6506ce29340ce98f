"""The staff's overview page, composed from sums."""

from datetime import datetime, timedelta
from typing import Final

import msgspec

from alquimista.access import PLATFORM_ZONE
from alquimista.billing.models.periods import local_day
from alquimista.dashboards.models.company import (
    CompanyOverview,
    FeedCommand,
    OpenIncident,
    PeriodBefore,
    PlatformCounts,
    PlatformDay,
    TenantLine,
)
from alquimista.dashboards.models.figures import PERIOD_DAYS, Period, mean, percent
from alquimista.dashboards.models.staff import TopAgentUsage
from alquimista.dashboards.queries import company as queries
from alquimista.db.statement import Conn
from alquimista.incidents.models import texts

TOP: Final = 10
_SHOWN_INCIDENTS: Final = 5
_SHOWN_COMMANDS: Final = 6
_SHOWN_AGENTS: Final = 6


async def company_overview(conn: Conn, period: Period, now: datetime, locale: str) -> CompanyOverview:
    """The whole platform, whose day ends the period, for staff: takes a connection of the internal role."""
    days = PERIOD_DAYS[period]
    last = local_day(now, PLATFORM_ZONE)
    first = last - timedelta(days=days - 1)
    read = await queries.company(conn, first - timedelta(days=days), first, last, TOP)
    trend = {row.day: row for row in read.trend}
    requests = sum(row.requests for row in read.trend)
    failures = sum(row.failures for row in read.trend)
    requests_before, failures_before = read.before.requests or 0, read.before.failures or 0
    every_day = (first + timedelta(days=step) for step in range(days))
    return CompanyOverview(
        period=period,
        counts=msgspec.convert(read.counts, PlatformCounts, from_attributes=True),
        total_requests=requests,
        success_rate=percent(requests - failures, requests),
        avg_response_time_ms=mean(sum(row.response_ms for row in read.trend), requests),
        daily=[
            PlatformDay(
                date=day,
                total_requests=trend[day].requests if day in trend else 0,
                failed_requests=trend[day].failures if day in trend else 0,
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
            for row in read.top_tenants
        ],
        incidents=[
            OpenIncident(row.id, row.tenant_id, row.tenant_name, row.severity, texts(row, locale)[0], row.created_at)
            for row in read.incidents[:_SHOWN_INCIDENTS]
        ],
        before=PeriodBefore(
            requests_before,
            percent(requests_before - failures_before, requests_before),
            mean(read.before.response_ms or 0, requests_before),
        ),
        top_agents=[
            TopAgentUsage(
                row.agent_id,
                row.agent_name,
                row.requests,
                percent(row.requests - row.failures, row.requests),
                row.deployed,
            )
            for row in read.top_agents[:_SHOWN_AGENTS]
        ],
        commands=[msgspec.convert(one, FeedCommand, from_attributes=True) for one in read.commands[:_SHOWN_COMMANDS]],
    )

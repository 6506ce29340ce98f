"""What a tenant reads of itself: each answer is composed from sums."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from alquimista.access import Actor, Role
from alquimista.agents.models.agents import UnknownAgent
from alquimista.dashboards.models.client import (
    AgentFigures,
    AgentLine,
    AgentUsage,
    DayFigures,
    IncidentLine,
    IntegrationLine,
    Limits,
    OwnAgent,
    PlanUse,
    TenantAgents,
    TenantHome,
    TenantIncidents,
    TenantIntegrations,
    TenantMe,
    TenantSetup,
    TenantUsage,
    UsageReport,
)
from alquimista.dashboards.models.figures import PERIOD_DAYS, Figures, Money, Period, mean, percent
from alquimista.dashboards.queries import overview, usage
from alquimista.dashboards.queries.overview import MeRow
from alquimista.dashboards.queries.usage import UsageRow
from alquimista.db.statement import Conn
from alquimista.incidents import service as incidents
from alquimista.integrations import service as integrations
from alquimista.tenants.models import UnknownTenant
from alquimista.usage.models.histogram import percentile


async def tenant_home(conn: Conn, tenant_id: UUID, now: datetime) -> TenantHome:
    """The tenant as `tenant_me` tells it, its agents, and what is left of its first steps. Raises UnknownTenant."""
    row = await overview.home(conn, tenant_id, now)
    if row is None:
        raise UnknownTenant
    done = TenantSetup(
        agent=row.active_agents > 0, key=row.has_key, event=row.has_usage, colleague=row.active_users > 1
    )
    finished = done.agent and done.key and done.event and done.colleague
    agents = msgspec.convert(row.agents, list[OwnAgent])
    return TenantHome(me_of(row), agents, done if row.reminded and not finished else None)


async def tenant_me(conn: Conn, tenant_id: UUID, now: datetime) -> TenantMe:
    """The tenant, its limits, and what it uses of them this month. Raises UnknownTenant."""
    row = await overview.me(conn, tenant_id, now)
    if row is None:
        raise UnknownTenant
    return me_of(row)


def me_of(row: MeRow) -> TenantMe:
    """The tenant that a row tells of."""
    return TenantMe(
        id=row.id,
        name=row.name,
        cnpj=row.cnpj,
        segment=row.segment,
        plan=row.plan,
        status=row.status,
        mrr_estimate=row.mrr_cents / 100,
        created_at=row.created_at,
        time_zone=row.time_zone,
        demo=row.demo,
        limits=Limits(row.max_agents, row.max_users, row.max_requests_per_month),
        usage=PlanUse(row.active_agents, row.active_users, row.requests_this_month),
    )


async def tenant_agents(conn: Conn, tenant_id: UUID, status: str, now: datetime) -> TenantAgents:
    """The tenant's agents of a status (or `all`) with their last 30 days."""
    rows = await overview.agents(conn, tenant_id, status, now)
    return TenantAgents(
        [
            AgentLine(
                id=row.id,
                name=row.name,
                segment=row.segment,
                status=row.status,
                activated_at=row.activated_at,
                usage_last_30_days=AgentUsage(
                    total_requests=row.requests,
                    success_rate=percent(row.requests - row.failures, row.requests),
                    avg_response_time_ms=mean(row.response_ms, row.requests),
                ),
            )
            for row in rows
        ]
    )


async def tenant_integrations(conn: Conn, actor: Actor, tenant_id: UUID) -> TenantIntegrations:
    """The tenant's integrations. Their errors, which may quote a provider, are for administrators and staff."""
    rows = await integrations.list_integrations(conn, tenant_id)
    shows_errors = actor.internal or actor.role is Role.TENANT_ADMIN
    return TenantIntegrations(
        [
            IntegrationLine(
                id=row.id,
                type=row.type,
                name=row.name,
                status=row.status,
                last_sync_at=row.last_sync_at,
                last_error=row.last_error if shows_errors else msgspec.UNSET,
            )
            for row in rows
        ]
    )


async def tenant_incidents(conn: Conn, tenant_id: UUID, limit: int, offset: int, locale: str) -> TenantIncidents:
    """A page of what the tenant sees of its incidents, newest first, in the reader's language."""
    page, total = await incidents.page(conn, tenant_id, limit, offset, locale)
    return TenantIncidents([msgspec.convert(row, IncidentLine, from_attributes=True) for row in page], total)


class _Groups(NamedTuple):
    """The rows of a period: the whole's, each day's, and each agent's by name."""

    whole: list[UsageRow]
    days: list[tuple[date, Sequence[UsageRow]]]
    agents: list[tuple[str, UUID, list[UsageRow]]]


async def tenant_usage(
    conn: Conn, tenant_id: UUID, period: Period, agent_id: UUID | None, now: datetime, *, before: bool = False
) -> TenantUsage:
    """The figures of the period that ends today in the tenant's zone, or of the one before it.

    Raises:
        UnknownTenant: no such tenant.
        UnknownAgent: the tenant never had this agent.
    """
    return _usage(await _grouped(conn, tenant_id, period, agent_id, now, before=before), period, agent_id)


async def usage_report(
    conn: Conn, tenant_id: UUID, period: Period, agent_id: UUID | None, now: datetime, *, before: bool = False
) -> UsageReport:
    """The same with medians. Raises as `tenant_usage`."""
    found = await _grouped(conn, tenant_id, period, agent_id, now, before=before)
    return UsageReport(
        usage=_usage(found, period, agent_id),
        p50_response_time_ms=_median(found.whole),
        p50_by_day=[_median(rows) for _, rows in found.days],
        p50_by_agent={key: _median(rows) for _, key, rows in found.agents},
    )


async def _grouped(
    conn: Conn, tenant_id: UUID, period: Period, agent_id: UUID | None, now: datetime, *, before: bool
) -> _Groups:
    days = PERIOD_DAYS[period]
    rows = await usage.tenant(conn, tenant_id, days, agent_id, now, back=days if before else 0)
    groups: dict[date | UUID | None, list[UsageRow]] = {}
    for row in rows:
        groups.setdefault(row.day or row.agent_id, []).append(row)
    whole = groups.pop(None)
    last_day = whole[0].last_day
    if last_day is None:
        raise UnknownTenant
    if agent_id is not None and not groups:
        known = await overview.agents(conn, tenant_id, "all", now)
        if agent_id not in {row.id for row in known}:
            raise UnknownAgent
    every_day = [last_day - timedelta(days=back) for back in range(days - 1, -1, -1)]
    agents = [(group[0].agent_name or "", key, group) for key, group in groups.items() if isinstance(key, UUID)]
    agents.sort(key=lambda agent: agent[:2])
    return _Groups(whole, [(day, groups.get(day, ())) for day in every_day], agents)


def _usage(found: _Groups, period: Period, agent_id: UUID | None) -> TenantUsage:
    return TenantUsage(
        period=period,
        summary=Figures(*_sums(found.whole), _cost([row for *_, group in found.agents for row in group])),
        daily_data=[DayFigures(*_sums(rows), _cost(rows), day) for day, rows in found.days],
        by_agent=msgspec.UNSET
        if agent_id
        else [AgentFigures(*_sums(group), _cost(group), key, name) for name, key, group in found.agents],
    )


def _median(rows: Sequence[UsageRow]) -> float | None:
    histogram = (rows[0].histogram or "") if len(rows) == 1 else merged_histogram(rows)
    return percentile(histogram, sum(row.requests or 0 for row in rows), 50)


Sums = tuple[int, int, int, float | None, float | None, float | None, int]


def _sums(rows: Sequence[UsageRow]) -> Sums:
    """The figures of one group but its cost, from its row in each currency: the fields of Figures, in their order."""
    if len(rows) == 1:
        row = rows[0]
        requests, failures, response_ms = row.requests or 0, row.failures or 0, row.response_ms or 0
        tokens, histogram = row.tokens or 0, row.histogram or ""
    else:
        requests = sum(row.requests or 0 for row in rows)
        failures = sum(row.failures or 0 for row in rows)
        response_ms = sum(row.response_ms or 0 for row in rows)
        tokens = sum(row.tokens or 0 for row in rows)
        histogram = merged_histogram(rows)
    good = requests - failures
    return (
        requests,
        good,
        failures,
        percent(good, requests),
        mean(response_ms, requests),
        percentile(histogram, requests, 95),
        tokens,
    )


def merged_histogram(rows: Sequence[UsageRow]) -> str:
    """The packed histogram of some groups together, as digits."""
    return str(sum(int(row.histogram or 0) for row in rows))


def figures(rows: Sequence[UsageRow]) -> dict[str, Any]:
    """The fields of Figures by name, for shapes that have more of them."""
    return msgspec.structs.asdict(Figures(*_sums(rows), _cost(rows)))


def _cost(rows: Sequence[UsageRow]) -> list[Money]:
    """The cost of some groups in each currency."""
    if len(rows) == 1:
        return [Money(rows[0].currency or "", round((rows[0].cost_micros or 0) / 1_000_000, 2))]
    cost: dict[str, int] = {}
    for row in rows:
        currency = row.currency or ""
        cost[currency] = cost.get(currency, 0) + (row.cost_micros or 0)
    return [Money(currency, round(micros / 1_000_000, 2)) for currency, micros in sorted(cost.items())]

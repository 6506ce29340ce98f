"""Usage across tenants, for staff."""

from collections.abc import Iterable
from datetime import date
from uuid import UUID

import msgspec

from alquimista.usage.models.reports import Sums, SumsRow, day_range, merge


class OverviewRow(SumsRow, frozen=True):
    """Sums of one currency across tenants for a day, an agent, a tenant, or the whole (all of them None).

    `tenants` counts those with usage.
    """

    tenant_id: UUID | None
    tenant_name: str | None
    tenants: int


class OverviewDay(msgspec.Struct, frozen=True):
    day: date
    active_tenants: int
    sums: Sums


class OverviewAgent(msgspec.Struct, frozen=True):
    agent_id: UUID
    agent_name: str
    tenants: int
    sums: Sums


class OverviewTenant(msgspec.Struct, frozen=True):
    tenant_id: UUID
    tenant_name: str
    sums: Sums


class Overview(msgspec.Struct, frozen=True):
    """Usage of all tenants: in all, for every day of the range, and the busiest tenants and agents."""

    active_tenants: int
    total: Sums
    daily: list[OverviewDay]
    top_tenants: list[OverviewTenant]
    top_agents: list[OverviewAgent]


def build_overview(rows: Iterable[OverviewRow], first_day: date, last_day: date, top: int) -> Overview:
    """The overview of rows grouped by day, by agent, by tenant and in all.

    A count of tenants is the largest of its currencies' counts: exact while a tenant has one currency.
    """
    total: list[OverviewRow] = []
    days: dict[date, list[OverviewRow]] = {}
    agents: dict[UUID, list[OverviewRow]] = {}
    tenants: dict[UUID, list[OverviewRow]] = {}
    for row in rows:
        if row.day is not None:
            days.setdefault(row.day, []).append(row)
        elif row.agent_id is not None:
            agents.setdefault(row.agent_id, []).append(row)
        elif row.tenant_id is not None:
            tenants.setdefault(row.tenant_id, []).append(row)
        else:
            total.append(row)
    by_tenant = [OverviewTenant(key, found[0].tenant_name or "", merge(found)) for key, found in tenants.items()]
    by_agent = [
        OverviewAgent(key, found[0].agent_name or "", _tenants(found), merge(found)) for key, found in agents.items()
    ]
    by_tenant.sort(key=lambda tenant: (-tenant.sums.requests, tenant.tenant_name))
    by_agent.sort(key=lambda agent: (-agent.sums.requests, agent.agent_name))
    daily = []
    for day in day_range(first_day, last_day):
        found = days.get(day, [])
        daily.append(OverviewDay(day, _tenants(found), merge(found)))
    return Overview(len(by_tenant), merge(total), daily, by_tenant[:top], by_agent[:top])


def _tenants(rows: list[OverviewRow]) -> int:
    return max((row.tenants for row in rows), default=0)

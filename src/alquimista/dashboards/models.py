"""The shapes of the client endpoints (requirements 1.3), and the arithmetic of their figures."""

from datetime import date, datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

import msgspec

PERIOD_DAYS: Final = {"7d": 7, "30d": 30, "90d": 90}


class Period(StrEnum):
    """How far back a report goes, today included."""

    WEEK = "7d"
    MONTH = "30d"
    QUARTER = "90d"


class Limits(msgspec.Struct, frozen=True):
    max_agents: int
    max_users: int
    max_requests_per_month: int


class PlanUse(msgspec.Struct, frozen=True):
    active_agents: int
    active_users: int
    requests_this_month: int


class TenantMe(msgspec.Struct, frozen=True):
    """`GET /tenant/me`. `mrr_estimate` in reais."""

    id: UUID
    name: str
    cnpj: str
    segment: str
    plan: str
    status: str
    mrr_estimate: float
    created_at: datetime
    time_zone: str
    demo: bool
    limits: Limits
    usage: PlanUse


class AgentUsage(msgspec.Struct, frozen=True):
    """Rates in percent with two decimals; times in milliseconds. No requests, no rate: both are null."""

    total_requests: int
    success_rate: float | None
    avg_response_time_ms: float | None


class AgentLine(msgspec.Struct, frozen=True):
    id: UUID
    name: str
    segment: str
    status: str
    activated_at: datetime
    usage_last_30_days: AgentUsage


class TenantAgents(msgspec.Struct, frozen=True):
    """`GET /tenant/agents`."""

    agents: list[AgentLine]


class IntegrationLine(msgspec.Struct, frozen=True, omit_defaults=True):
    """`last_error` is there for administrators and staff only."""

    id: UUID
    type: str
    name: str
    status: str
    last_sync_at: datetime | None
    last_error: str | msgspec.UnsetType | None = msgspec.UNSET


class TenantIntegrations(msgspec.Struct, frozen=True):
    """`GET /tenant/integrations`. Credentials never leave their room."""

    integrations: list[IntegrationLine]


class IncidentLine(msgspec.Struct, frozen=True):
    id: UUID
    severity: str
    title: str
    description: str
    created_at: datetime
    resolved_at: datetime | None


class TenantIncidents(msgspec.Struct, frozen=True):
    """`GET /tenant/incidents`, newest first."""

    incidents: list[IncidentLine]
    total: int


class Money(msgspec.Struct, frozen=True):
    """An amount in the currency's main unit, two decimals."""

    currency: str
    amount: float


class Figures(msgspec.Struct, frozen=True):
    """The figures of a period, a day or an agent. Rates in percent, times in milliseconds."""

    total_requests: int
    successful_requests: int
    failed_requests: int
    success_rate: float | None
    avg_response_time_ms: float | None
    p95_response_time_ms: float | None
    total_tokens: int
    cost: list[Money]


class DayFigures(Figures, frozen=True):
    date: date


class AgentFigures(Figures, frozen=True):
    agent_id: UUID
    agent_name: str


class TenantUsage(msgspec.Struct, frozen=True, omit_defaults=True):
    """`GET /tenant/usage`. `by_agent` is left out when one agent was asked for."""

    period: Period
    summary: Figures
    daily_data: list[DayFigures]
    by_agent: list[AgentFigures] | msgspec.UnsetType = msgspec.UNSET


class PlatformCounts(msgspec.Struct, frozen=True):
    """The platform at this moment; `mrr_cents` of active tenants."""

    total_tenants: int
    active_tenants: int
    agents_deployed: int
    active_users: int
    open_incidents: int
    mrr_cents: int


class PlatformDay(msgspec.Struct, frozen=True):
    date: date
    total_requests: int
    failed_requests: int
    active_tenants: int


class TenantLine(msgspec.Struct, frozen=True):
    """A tenant and its figures of a period."""

    tenant_id: UUID
    tenant_name: str
    plan: str
    status: str
    demo: bool
    total_requests: int
    success_rate: float | None
    avg_response_time_ms: float | None


class OpenIncident(msgspec.Struct, frozen=True):
    """An incident that is not resolved; `tenant_name` is None for the platform's own."""

    id: UUID
    tenant_id: UUID
    tenant_name: str | None
    severity: str
    title: str
    created_at: datetime


class CompanyOverview(msgspec.Struct, frozen=True):
    """What staff see first."""

    period: Period
    counts: PlatformCounts
    total_requests: int
    success_rate: float | None
    avg_response_time_ms: float | None
    daily: list[PlatformDay]
    top_tenants: list[TenantLine]
    incidents: list[OpenIncident]


def percent(part: int, whole: int) -> float | None:
    """`part` of `whole` as a percentage with two decimals; None of nothing."""
    return round(100 * part / whole, 2) if whole else None


def mean(total: int, count: int) -> float | None:
    """A weighted mean from its sum, two decimals; None of nothing."""
    return round(total / count, 2) if count else None

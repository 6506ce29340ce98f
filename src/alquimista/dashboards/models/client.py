"""The shapes of the client endpoints (requirements 1.3)."""

from datetime import date, datetime
from uuid import UUID

import msgspec

from alquimista.dashboards.models.figures import Figures, Period


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


class UsageReport(msgspec.Struct, frozen=True):
    """A period's usage and its medians in milliseconds: of the whole, of each day in order, and by agent."""

    usage: TenantUsage
    p50_response_time_ms: float | None
    p50_by_day: list[float | None]
    p50_by_agent: dict[UUID, float | None]


class OwnAgent(msgspec.Struct, frozen=True):
    """An agent that the tenant has, or had."""

    id: UUID
    name: str
    segment: str
    status: str


class TenantSetup(msgspec.Struct, frozen=True, kw_only=True):
    """Which of the first steps are done: an agent is active, a key made, a request counted, a colleague there."""

    agent: bool
    key: bool
    event: bool
    colleague: bool


class TenantHome(msgspec.Struct, frozen=True):
    """A tenant, its agents by name, and its first steps: None once all are done, or nobody wants to hear of them."""

    tenant: TenantMe
    agents: list[OwnAgent]
    setup: TenantSetup | None

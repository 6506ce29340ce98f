"""The shape of `GET /api/agents/{id}/metrics`."""

from datetime import date
from uuid import UUID

import msgspec

from alquimista.dashboards.models.figures import Figures, Period


class AgentPerformance(Figures, frozen=True, kw_only=True):
    """The figures of one agent. Percentiles, shortest and longest are within 10 % of the exact times."""

    min_response_time_ms: float | None
    p50_response_time_ms: float | None
    p99_response_time_ms: float | None
    max_response_time_ms: float | None


class AgentDay(AgentPerformance, frozen=True, kw_only=True):
    date: date


class AgentMetrics(msgspec.Struct, frozen=True):
    """One agent of the company. Days are the company's own, and each of the period is there."""

    agent_id: UUID
    agent_name: str
    status: str
    period: Period
    summary: AgentPerformance
    daily_data: list[AgentDay]

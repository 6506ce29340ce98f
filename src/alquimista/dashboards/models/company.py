"""The shapes of the staff's overview page."""

from datetime import date, datetime
from uuid import UUID

import msgspec

from alquimista.dashboards.models.figures import Period
from alquimista.dashboards.models.staff import TopAgentUsage


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


class PeriodBefore(msgspec.Struct, frozen=True):
    """The same number of days before the period, to compare with."""

    total_requests: int
    success_rate: float | None
    avg_response_time_ms: float | None


class FeedCommand(msgspec.Struct, frozen=True):
    """One of the last commands; `tenant_name` is None when it is about no company, `created_by` when a rule gave it."""

    command_id: UUID
    command_type: str
    tenant_id: UUID | None
    tenant_name: str | None
    status: str
    created_by: str | None
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
    before: PeriodBefore
    top_agents: list[TopAgentUsage]
    commands: list[FeedCommand]

"""The shapes of the staff's endpoints (requirements 1.4), and how a search is understood."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from alquimista.dashboards.models.client import AgentLine, IncidentLine, IntegrationLine, Limits
from alquimista.dashboards.models.figures import Period

_CNPJ_MARKS: Final = str.maketrans("", "", " ./-")
_Word = Annotated[str, Meta(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$(?!\n)")]


class SortBy(StrEnum):
    """What a list of companies is sorted by; equal ones come in the order of their ids."""

    NAME = "name"
    CREATED_AT = "created_at"
    MRR = "mrr_estimate"


class TenantFilter(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which companies, in which order. `search` is a part of the name or of the CNPJ, typed in any way."""

    status: Literal["active", "inactive", "suspended", "all"] = "all"
    plan: _Word | None = None
    segment: _Word | None = None
    search: Annotated[str, Meta(max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$(?!\n)")] = ""
    sort_by: SortBy = SortBy.NAME
    sort_order: Literal["asc", "desc"] = "asc"


class TenantRow(msgspec.Struct, frozen=True):
    """A company of the list. `mrr_estimate` in reais; the 30 days are the company's own."""

    id: UUID
    name: str
    cnpj: str
    segment: str
    plan: str
    status: str
    mrr_estimate: float
    created_at: datetime
    active_agents: int
    active_users: int
    requests_last_30_days: int


class TenantList(msgspec.Struct, frozen=True):
    """`GET /internal/tenants`."""

    tenants: list[TenantRow]
    total: int
    limit: int
    offset: int


class TenantCard(msgspec.Struct, frozen=True):
    """A company as it is stored."""

    id: UUID
    name: str
    cnpj: str
    segment: str
    plan: str
    status: str
    mrr_estimate: float
    created_at: datetime
    updated_at: datetime
    time_zone: str
    demo: bool
    limits: Limits


class TenantPerson(msgspec.Struct, frozen=True):
    """Somebody who belongs to the company."""

    id: UUID
    email: str
    full_name: str
    role: str
    status: str
    last_login_at: datetime | None


class UsageSummary(msgspec.Struct, frozen=True):
    """Requests of the company's own days; no requests, no rate."""

    requests_last_7_days: int
    requests_last_30_days: int
    success_rate_last_30_days: float | None


class TenantDetail(msgspec.Struct, frozen=True):
    """`GET /internal/tenants/{id}`. The first 100 people by name; `users_total` says how many there are."""

    tenant: TenantCard
    users: list[TenantPerson]
    users_total: int
    agents: list[AgentLine]
    integrations: list[IntegrationLine]
    usage_summary: UsageSummary
    recent_incidents: list[IncidentLine]


class AgentStats(msgspec.Struct, frozen=True):
    """An agent's requests of the period; `last_request_at` is its latest one ever, null before the first."""

    total_requests: int
    success_rate: float | None
    avg_response_time_ms: float | None
    last_request_at: datetime | None


class InstalledAgent(msgspec.Struct, frozen=True):
    """An agent that a company has or had, with the company's settings of it."""

    id: UUID
    slug: str
    name: str
    segment: str
    status: str
    config: dict[str, Any]
    activated_at: datetime
    deactivated_at: datetime | None
    usage_stats: AgentStats


class InstalledAgents(msgspec.Struct, frozen=True):
    """`GET /internal/tenants/{id}/agents`."""

    period: Period
    agents: list[InstalledAgent]


class GlobalStats(msgspec.Struct, frozen=True):
    """The platform at this moment, and its requests of the period."""

    total_tenants: int
    active_tenants: int
    total_agents_deployed: int
    total_requests: int
    global_success_rate: float | None
    avg_response_time_ms: float | None


class TopTenantUsage(msgspec.Struct, frozen=True):
    tenant_id: UUID
    tenant_name: str
    total_requests: int
    success_rate: float | None


class TopAgentUsage(msgspec.Struct, frozen=True):
    """`deployed_count`: companies in which the agent is active now."""

    agent_id: UUID
    agent_name: str
    total_requests: int
    success_rate: float | None
    deployed_count: int


class PlatformTrend(msgspec.Struct, frozen=True):
    """A day; `active_tenants` are those that had requests."""

    date: date
    total_requests: int
    success_rate: float | None
    active_tenants: int


class PlatformUsage(msgspec.Struct, frozen=True):
    """`GET /internal/usage/overview`."""

    period: Period
    global_stats: GlobalStats
    top_tenants_by_usage: list[TopTenantUsage]
    top_agents_by_usage: list[TopAgentUsage]
    daily_trends: list[PlatformTrend]


def part_of_cnpj(search: str) -> str:
    """The search as a part of a CNPJ: without its punctuation, letters upper-case; empty when it can be none."""
    plain = search.translate(_CNPJ_MARKS).upper()
    return plain if plain.isascii() and plain.isalnum() and len(plain) <= 14 else ""

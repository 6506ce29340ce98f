"""The shapes of the agents of the catalogue over all companies."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from alquimista.fleet.models.states import AgentState


class TenantSort(StrEnum):
    """What the companies of an agent are sorted by; those without a figure come last."""

    NAME = "name"
    REQUESTS = "requests"
    SUCCESS = "success"
    RESPONSE = "response"
    ACTIVATED = "activated"


class CatalogueAgent(msgspec.Struct, frozen=True, kw_only=True):
    """An agent of the catalogue: how many companies have it running, how those stand, and its requests of a period.

    `silent` are those of which no process was ever heard. Times in milliseconds; the percentile is within 10 %.
    """

    id: UUID
    name: str
    description: str
    segment: str
    category: str
    version: str
    status: str
    number: int | None
    tenants: int
    suspended: int
    online: int
    late: int
    offline: int
    paused: int
    silent: int
    total_requests: int
    success_rate: float | None
    avg_response_time_ms: float | None
    p95_response_time_ms: float | None


class AgentDay(msgspec.Struct, frozen=True):
    date: date
    total_requests: int
    failed_requests: int


class AgentOwner(msgspec.Struct, frozen=True, kw_only=True):
    """A company that has or had the agent. `state` is of its processes, None when none was ever heard of."""

    tenant_id: UUID
    tenant_name: str
    plan: str
    tenant_status: str
    status: str
    state: AgentState | None
    seen_at: datetime | None
    activated_at: datetime
    total_requests: int
    success_rate: float | None
    avg_response_time_ms: float | None

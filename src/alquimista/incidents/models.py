"""Incidents and their severities."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec


class Severity(StrEnum):
    """From what one may want to know to what wakes people up."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
    CRITICAL = "critical"


class Incident(msgspec.Struct, frozen=True):
    """A row of incidents, as people see it."""

    id: UUID
    severity: Severity
    title: str
    description: str
    created_at: datetime
    resolved_at: datetime | None


class NewIncident(msgspec.Struct, frozen=True, kw_only=True):
    """What opening takes. `dedupe_key` names the condition, such as `usage.drift:2026-11-21`."""

    severity: Severity
    title: str
    description: str
    source: str
    dedupe_key: str
    details: dict[str, Any] = {}

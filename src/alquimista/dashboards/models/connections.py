"""The shapes of the integrations of all companies."""

from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

STATES: Final = ("active", "error", "pending", "inactive")


class ProviderUse(msgspec.Struct, frozen=True):
    """A provider behind a type: how many companies use it, its integrations by state, and the newest error of one.

    Disconnected integrations are no use of it, and are counted in `inactive` alone.
    """

    type: str
    provider: str
    tenants: int
    active: int
    error: int
    pending: int
    inactive: int
    last_error: str | None
    last_error_tenant_id: UUID | None
    last_error_tenant_name: str | None
    last_error_at: datetime | None


class PlatformIntegration(msgspec.Struct, frozen=True, kw_only=True):
    """An integration and whose it is. `failures` are the tests in a row that failed."""

    id: UUID
    tenant_id: UUID
    tenant_name: str
    type: str
    provider: str
    name: str
    status: str
    failures: int
    last_error: str | None
    last_sync_at: datetime | None
    checked_at: datetime | None

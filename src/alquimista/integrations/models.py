"""Integrations as people see them."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from alquimista.errors import NotFound
from alquimista.i18n import N_


class IntegrationStatus(StrEnum):
    """Whether the connection works; pending ones wait for somebody to connect them again."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    ERROR = "error"
    PENDING = "pending"


class Integration(msgspec.Struct, frozen=True):
    """A row of tenant_integrations without its credentials."""

    id: UUID
    type: str
    name: str
    status: IntegrationStatus
    last_sync_at: datetime | None
    last_error: str | None


class SealedCredentials(msgspec.Struct, frozen=True):
    """Stored credentials, still encrypted."""

    id: UUID
    credentials_key_id: str
    credentials_ciphertext: bytes


class UnknownIntegration(NotFound):
    code = "integration_not_found"
    message = N_("There is no integration with this id.")


def seal_context(tenant_id: UUID, integration_id: UUID) -> bytes:
    """What the ciphertext is bound to, so that it cannot be copied to another row or tenant."""
    return f"tenant_integrations:{tenant_id}:{integration_id}".encode()

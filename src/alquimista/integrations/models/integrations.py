"""Integrations as people see them, and what a test's result makes of one."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

import msgspec

from alquimista.errors import Invalid
from alquimista.i18n import N_
from alquimista.integrations.models.failures import IntegrationFailure

NAME_LIMIT: Final = 100
MOST: Final = 50  # That are not disconnected, in one company: each is tested every few minutes.
CHECK_EVERY: Final = timedelta(minutes=5)
CHECK_JITTER_S: Final = 60  # Spreads the tests of what was connected at the same time.
FAILURES_UNTIL_ERROR: Final = 3
# What no further try will mend: the connection is in error at once.
_FINAL: Final = frozenset({IntegrationFailure.AUTHORIZATION_ENDED, IntegrationFailure.UNREADABLE})


class IntegrationStatus(StrEnum):
    """Whether the connection works; pending ones wait for somebody to connect them again."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    ERROR = "error"
    PENDING = "pending"


CONNECTED: Final = (IntegrationStatus.ACTIVE, IntegrationStatus.ERROR)


class Integration(msgspec.Struct, frozen=True):
    """A row of tenant_integrations without its credentials."""

    id: UUID
    type: str
    name: str
    status: IntegrationStatus
    last_sync_at: datetime | None
    last_error: str | None
    provider: str


class IntegrationRecord(msgspec.Struct, frozen=True):
    """All that is stored of an integration but its credentials. `generation` counts what people did to it."""

    id: UUID
    type: str
    provider: str
    name: str
    status: IntegrationStatus
    config: dict[str, Any]
    last_sync_at: datetime | None
    last_error: str | None
    checked_at: datetime | None
    sync_count: int
    error_count: int
    failures: int
    generation: int
    created_at: datetime
    updated_at: datetime

    @property
    def brief(self) -> Integration:
        """The same as lists show it."""
        return msgspec.convert(self, Integration, from_attributes=True)


class SealedCredentials(msgspec.Struct, frozen=True):
    """Stored credentials, still encrypted."""

    id: UUID
    credentials_key_id: str
    credentials_ciphertext: bytes


class Standing(msgspec.Struct, frozen=True):
    """What a test's result depends on and changes."""

    status: IntegrationStatus
    failures: int

    def after(self, failure: IntegrationFailure | None) -> "Standing":
        """The standing after one more test: three failures in a row are an error, one success ends it."""
        if failure is None:
            return Standing(IntegrationStatus.ACTIVE, 0)
        failures = self.failures + 1
        lost = failures >= FAILURES_UNTIL_ERROR or failure in _FINAL
        return Standing(IntegrationStatus.ERROR if lost else self.status, failures)


def seal_context(tenant_id: UUID, integration_id: UUID) -> bytes:
    """What the ciphertext is bound to, so that it cannot be copied to another row or tenant."""
    return f"tenant_integrations:{tenant_id}:{integration_id}".encode()


def condition(integration_id: UUID) -> str:
    """The incident's dedupe key while the integration fails."""
    return f"integration.failing:{integration_id}"


def clean_name(raw: str) -> str:
    """A name on one line. Raises Invalid when nothing is left of it."""
    name = " ".join(raw.split())
    if not name or not name.isprintable():
        raise Invalid.of("name", N_("Write a name that people will recognise, such as WhatsApp of the reception."))
    return name

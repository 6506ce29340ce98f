"""What was published to a tenant."""

from typing import Any
from uuid import UUID

import msgspec

from alquimista.db.pool import Database
from alquimista.db.statement import Statement


class Told(msgspec.Struct, frozen=True):
    """An event as it is stored."""

    event_type: str
    detail: dict[str, Any]
    status: str


_ALL = Statement(
    "SELECT event_type, detail, status FROM fibonacci_core.events WHERE tenant_id = %(tenant_id)s ORDER BY id", Told
)


async def published(db: Database, tenant_id: UUID, prefix: str = "") -> list[Told]:
    """A tenant's events whose types begin so, the oldest first."""
    return [one for one in await db.staff().fetch(_ALL, tenant_id=tenant_id) if one.event_type.startswith(prefix)]


async def types(db: Database, tenant_id: UUID, prefix: str = "") -> list[str]:
    """Their types."""
    return [one.event_type for one in await published(db, tenant_id, prefix)]

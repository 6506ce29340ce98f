"""What a handler gets: one request, already checked."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from starlette.requests import Request

from alquimista.access import PLATFORM_TENANT, Actor
from alquimista.clock import now
from alquimista.db.pool import Database
from alquimista.errors import Unauthenticated
from alquimista.wiring import Services


@dataclass(slots=True)
class Context:
    """One request: parsed query, body and path, the verified actor, and the tenant that it acts on."""

    request: Request
    services: Services
    locale: str
    client_ip: str
    now: datetime = field(default_factory=now)
    actor: Actor | None = None
    tenant_id: UUID | None = None  # Resolved from the actor and, for staff, ?tenant_id=.
    query: Any = None
    body: Any = None
    raw: bytes = b""
    path: dict[str, str] = field(default_factory=dict)
    response_headers: dict[str, str] = field(default_factory=dict)
    cookies: list[str] = field(default_factory=list)  # Whole Set-Cookie values.

    @property
    def db(self) -> Database:
        """The database."""
        return self.services.db

    @property
    def who(self) -> Actor:
        """The actor, on routes that need one."""
        if self.actor is None:
            raise Unauthenticated
        return self.actor

    @property
    def tenant(self) -> UUID:
        """The tenant that this request acts on; the platform tenant when it acts on none."""
        return self.tenant_id or PLATFORM_TENANT

"""What a handler gets: one request, already checked."""

import random
from contextvars import ContextVar
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec
from starlette.requests import Request
from starlette.types import Receive, Scope

from alquimista.access import PLATFORM_TENANT, Actor
from alquimista.clock import now
from alquimista.db.pool import Database
from alquimista.errors import Invalid, Unauthenticated
from alquimista.i18n import N_
from alquimista.wiring import Services

_dice = random.Random()  # noqa: S311 - A trace's name is no secret, and the kernel's dice take ten times as long.


def new_trace_id() -> str:
    """The name of a trace that begins here: 32 hex digits, random as W3C Trace Context has it."""
    return _dice.randbytes(16).hex()


class Standing(NamedTuple):
    """What is left of a limit: requests, and seconds until the window ends."""

    limit: int
    remaining: int
    reset: int

    @property
    def raw_headers(self) -> list[tuple[bytes, bytes]]:
        """The X-RateLimit headers; Reset is in seconds from now."""
        return [
            (b"x-ratelimit-limit", b"%d" % self.limit),
            (b"x-ratelimit-remaining", b"%d" % self.remaining),
            (b"x-ratelimit-reset", b"%d" % self.reset),
        ]

    @property
    def text(self) -> bytes:
        """The same as HTTP/1.1 writes them."""
        return b"x-ratelimit-limit: %d\r\nx-ratelimit-remaining: %d\r\nx-ratelimit-reset: %d\r\n" % self


class Context(msgspec.Struct, kw_only=True):
    """One request: parsed query, body and path, the verified actor, and the tenant that it acts on."""

    scope: Scope
    receive: Receive
    services: Services
    locale: str
    client_ip: str
    headers: dict[bytes, bytes]  # Lower-case names; of a repeated one, the last.
    trace_id: str  # 32 hex digits: the caller's, from traceparent, or a new one.
    path: dict[str, str]
    now: datetime = msgspec.field(default_factory=now)
    actor: Actor | None = None
    tenant_id: UUID | None = None  # Resolved from the actor and, for staff, ?tenant_id=.
    about: UUID | None = None  # The company that staff's request across companies names, for limits per tenant.
    query: Any = None
    body: Any = None
    raw: bytes = b""
    passive: bool = False  # See Route.passive.
    standing: Standing | None = None  # Of the route's limits, the nearest to its end.
    response_headers: dict[str, str] = {}
    cookies: list[str] = []  # Whole Set-Cookie values.

    @property
    def request(self) -> Request:
        """The request as Starlette sees it: addresses, cookies, headers as text."""
        return Request(self.scope, self.receive)

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

    def uuid(self, name: str) -> UUID:
        """A path parameter declared as `{name:uuid}`."""
        return require_uuid(name, self.path[name])


# The request that this task serves, for what is written about it whoever calls (the audit's address and software).
# Not among the log's variables: its lines would all hold them.
current: Final[ContextVar[Context | None]] = ContextVar("current_request", default=None)


def require_uuid(name: str, text: str) -> UUID:
    """The UUID that a parameter holds, in its usual form of 36 characters.

    Raises:
        Invalid: it is none.
    """
    try:
        value = UUID(text)
    except ValueError:
        value = None
    if value is None or str(value) != text.lower():
        raise Invalid.of(name, N_("Give a UUID, such as 01890a5d-ac96-774b-bcce-b302099a8057."), "uuid")
    return value

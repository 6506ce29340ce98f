"""The route table's vocabulary: each route is data from which everything else about it is derived.

From the table come the router, OpenAPI 3.1, the permission matrix, cache headers, rate limits and the isolation tests.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

import msgspec

from alquimista.access import Actor, ActorKind, Permission
from alquimista.errors import Problem
from alquimista.http.context import Context

Handler = Callable[[Context], Awaitable[Any]]
ALL_KINDS = frozenset({ActorKind.SESSION, ActorKind.TOKEN, ActorKind.API_KEY})
PEOPLE = frozenset({ActorKind.SESSION, ActorKind.TOKEN})


class TenantScope(StrEnum):
    """Whose data a route touches."""

    NONE = "none"  # No tenant: public routes and one's own account.
    OWN = "own"  # The actor's active tenant. Staff may name another with ?tenant_id=; tenants may not (403).
    PLATFORM = "platform"  # Staff across tenants.


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """At most `count` requests in `seconds`, counted by each of `per`; shared by all processes through PostgreSQL.

    `exact` counts every request in the database (logins); otherwise processes lease blocks of the quota.
    The tenant is the one that the request acts on. Staff's requests across tenants are counted for the one that their
    path, query or body names, and only by "user" where none is named; a route that never names one has no such limit.
    Limits of one `name` are counted together, whichever routes have them; without one, a route counts by itself.
    """

    count: int
    seconds: int
    per: tuple[Literal["ip", "tenant", "user"], ...]
    exact: bool = False
    name: str = ""

    def prefix(self, route: str, kind: str) -> str:
        """What its keys begin with, for the requests of a route."""
        return f"{self.name or route}|{self.seconds}|{kind}:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cache:
    """Server TTL and browser max-age in seconds (requirements 1.5: ceilings).

    The key always holds tenant, role class, locale, every path parameter and query field. `topics` are what
    invalidates it (`cache.invalidate(tenant_id, topic)`). `live` says of which requests the answer includes today,
    whenever they are asked: it is `private, max-age=0, must-revalidate` with an ETag, and its entry is keyed by the
    tenant's rollup version.

    A cached handler answers a shape, never a Response; its own headers and cookies are not kept. A PLATFORM route's
    entries belong to the platform tenant; `store.of_any_tenant(topic)` has them dropped with any tenant's topic. Staff
    who look at a tenant always reach the handler, which audits the read.
    `seen` is awaited before each answer, kept or made: it audits what staff read across tenants.
    """

    ttl: int
    max_age: int
    topics: tuple[str, ...]
    live: Callable[[Context], bool] | None = None
    seen: Callable[[Context], Awaitable[None]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a raw body holds in one media type, for readers of OpenAPI. Without a shape it is no JSON."""

    shape: Any = None
    example: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One line of the table. `permission` None means public. `query`, `body`, `response` are msgspec Structs.

    A body may also be a union of tagged ones, of which a field of the body chooses.

    A handler takes the Context and returns the response Struct, or None (204), or a Starlette Response (pages, files).
    `raw_body` leaves the body unparsed in `context.raw` (within `body_limit`); `media` lists the types it takes, and
    `raw_content` tells OpenAPI what each of them holds, as `request_headers` (name to description) tells which headers
    the handler reads by itself.
    `problems` are the documented errors beyond those that follow from the other fields. The CSRF token is checked on
    every unsafe method of a session actor, and on public forms (unsafe `page` routes without an actor). A path
    parameter `{name:uuid}` is read with `context.uuid(name)`. With `kinds` empty nobody is authenticated.
    `others` are further statuses that a handler answers by itself (with an Answer), and their shapes; it answers them
    and its success in one of the media types `answers`; the shapes are those of the JSON.
    A form has at most `form_fields` fields.
    `timeout_s` is for a handler that waits for an outside service; by default the scope's own time ends it.
    """

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    path: str
    handler: Handler
    summary: str
    tag: str
    permission: Permission | None
    kinds: frozenset[ActorKind] = PEOPLE
    scope: TenantScope = TenantScope.NONE
    query: type[msgspec.Struct] | None = None
    body: Any = None
    raw_body: bool = False
    raw_content: Mapping[str, Content] = field(default_factory=dict)
    request_headers: Mapping[str, str] = field(default_factory=dict)
    media: tuple[str, ...] = ("application/json",)
    body_limit: int = 64 * 1024
    form_fields: int = 100
    response: Any = None
    status: int = 200
    others: Mapping[int, Any] = field(default_factory=dict)
    answers: tuple[str, ...] = ("application/json",)
    cache: Cache | None = None
    limits: tuple[Limit, ...] = ()
    problems: tuple[type[Problem], ...] = ()
    timeout_s: float | None = None
    passive: bool = False  # A page asks by itself: that does not keep an unused session open.
    page: bool = False  # A browser page: problems are shown as pages and anonymous readers go to the login.
    while_viewing: bool = False  # Unsafe, yet open to staff who look at a company: the ways out of that.
    example: Any = None  # An example body or response for OpenAPI.
    documented: bool = True


Authenticate = Callable[[Context], Awaitable[Actor | None]]
# Asks whom a request's Authorization still stands for; None when that must be verified anew.
Remembered = Callable[[Context], Callable[[], Actor | None]]
# Told that a route, such as `GET /tenant/me`, was refused to an actor who named a tenant that is not theirs.
Foreign = Callable[[Context, str], Awaitable[None]]

"""What tests of the HTTP framework share: actors, echoing handlers, and a bus steered by hand."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import msgspec

from alquimista.access import ROLE_PERMISSIONS, SCOPE_PERMISSIONS, Actor, ActorKind, Permission, Role
from alquimista.http.context import Context
from alquimista.http.routes import Route

ACME = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
OTHER = UUID("01890a5d-ac96-774b-bcce-b302099a8058")


def member(role: Role, tenant: UUID | None, number: int) -> Actor:
    """A person with an access token."""
    return Actor(ActorKind.TOKEN, ROLE_PERMISSIONS[role], role, UUID(int=number), tenant, f"{role.lower()}@example.com")


ACTORS = {
    "admin": member(Role.TENANT_ADMIN, ACME, 1),
    "user": member(Role.TENANT_USER, ACME, 2),
    "outsider": member(Role.TENANT_ADMIN, OTHER, 3),
    "staff": member(Role.INTERNAL_ADMIN, None, 4),
    "homeless": member(Role.TENANT_USER, None, 5),
    "key": Actor(ActorKind.API_KEY, SCOPE_PERMISSIONS["ingest"], tenant_id=ACME, api_key_id=UUID(int=6)),
}


class Seen(msgspec.Struct, frozen=True):
    """What a handler saw."""

    tenant: str = ""
    ip: str = ""
    locale: str = ""
    query: Any = None
    body: Any = None
    raw: str = ""
    path: dict[str, str] = {}


async def echo(context: Context) -> Seen:
    """Answer what came in."""
    return Seen(
        str(context.tenant_id or ""),
        context.client_ip,
        context.locale,
        context.query,
        context.body,
        context.raw.decode("utf-8", "replace")[:200],
        context.path,
    )


def route(method: str, path: str, **fields: Any) -> Route:
    """A public route that echoes, unless the fields say otherwise."""
    defaults: dict[str, Any] = {"handler": echo, "summary": path, "tag": "test", "permission": None, "response": Seen}
    return Route(method=method, path=path, **(defaults | fields))


def guarded(method: str, path: str, **fields: Any) -> Route:
    """A route that needs usage:read."""
    return route(method, path, **({"permission": Permission.USAGE_READ} | fields))


class Steering:
    """A bus without a database: the test says what is heard."""

    def __init__(self) -> None:
        self.healthy = True
        self._callbacks: dict[str, list[Callable[[dict[str, Any]], None]]] = {}
        self._resets: list[Callable[[], None]] = []

    def subscribe(self, topic: str, callback: Callable[[dict[str, Any]], None]) -> None:
        """As Bus."""
        self._callbacks.setdefault(topic, []).append(callback)

    def on_reset(self, callback: Callable[[], None]) -> None:
        """As Bus."""
        self._resets.append(callback)

    def hear(self, topic: str, **message: Any) -> None:
        """A message arrives."""
        for callback in self._callbacks.get(topic, ()):
            callback(message)

    def reconnect(self) -> None:
        """The connection was lost and is back."""
        for reset in self._resets:
            reset()

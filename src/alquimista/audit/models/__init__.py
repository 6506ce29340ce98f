"""What an audit row may hold, and which ones are asked for."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal, NamedTuple
from uuid import UUID

from alquimista.access import Role
from alquimista.errors import NotFound
from alquimista.i18n import N_
from alquimista.observability.masking import names_secret

Category = Literal["auth", "tenant", "agent", "integration", "command", "system", "user", "usage"]
Result = Literal["success", "failure"]

COMMAND_LINE: Final = "command_line"  # Among the details: who typed it on the server.
_TEXT_LIMIT: Final = 500
_ITEM_LIMIT: Final = 50
_DEPTH_LIMIT: Final = 4


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the audit trail, with its place in the chain (None: not sealed yet).

    What was erased is empty; `actor_erased` and `content_erased` tell it from what was never there.
    """

    tenant_id: UUID
    id: UUID
    occurred_at: datetime
    actor_kind: str
    actor_id: UUID | None
    actor_role: str | None
    actor_email: str
    actor_name: str
    session_id: UUID | None
    action: str
    category: Category
    resource_type: str
    resource_id: str
    result: Result
    details: dict[str, Any]
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    ip: str | None
    user_agent: str
    trace_id: str | None
    actor_erased: bool
    content_erased: bool
    seq: int | None
    hash: str | None

    @property
    def by_staff(self) -> bool:
        """Whether the vendor's staff did it."""
        return self.actor_role is not None and Role(self.actor_role).internal


class Place(NamedTuple):
    """Where a page of entries ended."""

    occurred_at: datetime
    id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which entries: those for which every given field holds. `before` is where the page before ended.

    `tenant_id` is for reads across tenants; elsewhere the reader says whose trail it is. `agent_id` is short for the
    resource of that type. `by_staff`: what the vendor's staff did, or what others did.
    """

    tenant_id: UUID | None = None
    entry_id: UUID | None = None
    by_staff: bool | None = None
    category: Category | None = None
    action: str | None = None
    result: Result | None = None
    actor_id: UUID | None = None
    agent_id: UUID | None = None
    resource_type: str | None = None
    resource_id: str | None = None
    trace_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    before: Entry | Place | None = None


class UnknownEntry(NotFound):
    code = "audit_entry_not_found"
    message = N_("There is no entry with this id in this audit.")


class Erased(NamedTuple):
    """Of how many entries an erasure emptied who acted, and the content."""

    actors: int
    contents: int


def harmless(details: Mapping[str, Any]) -> dict[str, Any]:
    """The details without anything whose name speaks of a secret, as plain JSON values of bounded size.

    A name is judged, not a value: callers pass ids and states, never what a person typed.
    """
    plain: dict[str, Any] = _plain(details, 0)
    return plain


def _plain(value: object, depth: int) -> Any:  # noqa: ANN401 - Any JSON value.
    if isinstance(value, Mapping):
        return {
            str(name)[:_TEXT_LIMIT]: _plain(inner, depth + 1)
            for name, inner in list(value.items())[: _ITEM_LIMIT if depth < _DEPTH_LIMIT else 0]
            if not names_secret(str(name))
        }
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item, depth + 1) for item in list(value)[:_ITEM_LIMIT]] if depth < _DEPTH_LIMIT else []
    if value is None or isinstance(value, bool | int) or (isinstance(value, float) and math.isfinite(value)):
        return value
    return str(value).replace("\x00", "")[:_TEXT_LIMIT]

"""What an audit row may hold."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

from alquimista.observability.masking import names_secret

Category = Literal["auth", "tenant", "agent", "integration", "command", "system", "user", "usage"]
Result = Literal["success", "failure"]

_TEXT_LIMIT: Final = 500
_ITEM_LIMIT: Final = 50
_DEPTH_LIMIT: Final = 4


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the audit trail."""

    id: UUID
    occurred_at: datetime
    actor_kind: str
    actor_id: UUID | None
    actor_email: str
    action: str
    category: Category
    resource_type: str
    resource_id: str
    result: Result
    details: dict[str, Any]
    ip: str | None
    user_agent: str
    trace_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which entries: those for which every given field holds. `before` is the last entry of the page before."""

    category: Category | None = None
    action: str | None = None
    result: Result | None = None
    actor_id: UUID | None = None
    resource_type: str | None = None
    resource_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    before: Entry | None = None


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

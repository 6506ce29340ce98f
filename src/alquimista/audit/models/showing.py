"""An entry as it is shown: to staff whole, to its company without what is not its business."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec

from alquimista.access import PLATFORM_TENANT
from alquimista.audit.models import COMMAND_LINE, Category, Entry, Place, Result

# Where a page ended: the microsecond and the id of its last entry.
CURSOR: Final = r"^[0-9]{1,17}-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$(?!\n)"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
STAFF: Final = "Alquimista"  # Where a member of staff has no name.


class AuditActor(msgspec.Struct, frozen=True):
    """Who did it. Of the vendor's staff, a company sees the name and that they are staff, not their address."""

    kind: str
    id: UUID | None
    name: str
    email: str | None
    role: str | None
    staff: bool


class AuditSeal(msgspec.Struct, frozen=True):
    """An entry's place in its company's chain, and the hash that ties it to the one before."""

    seq: int
    hash: str


class AuditEntry(msgspec.Struct, frozen=True):
    """One entry. `sealed` is null for the first seconds. `erased` tells that personal data was taken out since."""

    id: UUID
    tenant_id: UUID | None
    occurred_at: datetime
    actor: AuditActor
    action: str
    category: Category
    resource_type: str
    resource_id: str
    result: Result
    details: dict[str, Any]
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    ip: str | None
    user_agent: str | None
    session_id: UUID | None
    trace_id: str | None
    erased: bool
    sealed: AuditSeal | None


def shown(one: Entry, *, whole: bool) -> AuditEntry:
    """An entry for staff (`whole`), or for the company: staff's address, place and software are not its business.

    Nor is who typed a command on the vendor's server; that somebody did stays.
    """
    hidden = one.by_staff and not whole
    details = one.details
    if COMMAND_LINE in details and not whole:
        details = {**details, COMMAND_LINE: True}
    return AuditEntry(
        id=one.id,
        tenant_id=None if one.tenant_id == PLATFORM_TENANT else one.tenant_id,
        occurred_at=one.occurred_at,
        actor=AuditActor(
            kind=one.actor_kind,
            id=one.actor_id,
            name=one.actor_name or (STAFF if one.by_staff else ""),
            email=None if hidden else one.actor_email or None,
            role=one.actor_role,
            staff=one.by_staff,
        ),
        action=one.action,
        category=one.category,
        resource_type=one.resource_type,
        resource_id=one.resource_id,
        result=one.result,
        details=details,
        before=one.before,
        after=one.after,
        ip=None if hidden else one.ip,
        user_agent=None if hidden else one.user_agent or None,
        session_id=None if hidden else one.session_id,
        trace_id=one.trace_id,
        erased=one.actor_erased or one.content_erased,
        sealed=AuditSeal(one.seq, one.hash) if one.seq is not None and one.hash is not None else None,
    )


def cursor(last: Entry) -> str:
    """Where the page ends whose last entry this is."""
    return f"{(last.occurred_at - _EPOCH) // _MICROSECOND}-{last.id}"


def place(text: str) -> Place:
    """Where a page ended, from a text that CURSOR let through; its last moments lie beyond every calendar."""
    micros, _, entry_id = text.partition("-")
    return Place(_EPOCH + min(int(micros) * _MICROSECOND, timedelta(days=365 * 1000)), UUID(entry_id))

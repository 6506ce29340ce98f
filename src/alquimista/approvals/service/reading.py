"""Reading requests for approval."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from alquimista.access import Actor, Permission
from alquimista.approvals import queries
from alquimista.approvals.models import Approval, ApprovalStatus, Audience, Inbox, UnknownApproval, Whose, may_see
from alquimista.db.statement import Conn


async def get(conn: Conn, actor: Actor, tenant_id: UUID, approval_id: UUID) -> Approval:
    """A request that concerns a tenant.

    Raises:
        UnknownApproval: there is none with this id that the actor may see.
    """
    found = await queries.find(conn, tenant_id, approval_id)
    if found is None or not may_see(actor, tenant_id, found.audience):
        raise UnknownApproval
    return found


async def get_of_staff(conn: Conn, approval_id: UUID) -> Approval:
    """What was asked of staff, whichever tenant it concerns. Takes a connection of the internal role.

    Raises:
        UnknownApproval: nothing was asked of them under this id.
    """
    found = await queries.find_anywhere(conn, approval_id)
    if found is None:
        raise UnknownApproval
    return found


async def page(
    conn: Conn, tenant_id: UUID | None, audience: Audience, status: ApprovalStatus | None, limit: int, offset: int
) -> tuple[list[Approval], int]:
    """A page of what was asked of an audience, newest first, and how many there are in all.

    Without a tenant it is of all tenants, and takes a connection of the internal role.
    """
    statuses: Sequence[ApprovalStatus] = [status] if status is not None else list(ApprovalStatus)
    return await queries.page(conn, tenant_id, audience, statuses, limit, offset)


async def inbox(
    conn: Conn,
    actor: Actor,
    tenant_id: UUID | None,
    audience: Audience,
    whose: Whose,
    now: datetime,
    limit: int,
    offset: int,
    *,
    status: ApprovalStatus | None = None,
    prefix: str = "",
) -> Inbox:
    """A page of what was asked of an audience as one of its people sees it, newest first.

    What waits for them is pending, whatever `status` says; nothing waits for who may decide nothing. Only acts whose
    type begins with `prefix` are among them. Without a tenant it is of all tenants, and takes a connection of the
    internal role.
    """
    decides = actor.may(Permission.APPROVAL_DECIDE) and actor.internal == (audience is Audience.STAFF)
    wanted = {
        "whose": whose.value,
        "tenant_id": tenant_id,
        "audience": audience.value,
        "statuses": [one.value for one in (ApprovalStatus if status is None else [status])],
        "prefix": prefix,
        "user_id": actor.user_id,
        "permissions": sorted(one.value for one in actor.permissions),
        "now": now,
    }
    found, counted = await queries.inbox(conn, wanted, limit, offset)
    if decides:
        return Inbox(found, counted.total, counted.waiting)
    return Inbox([], 0, 0) if whose is Whose.WAITING else Inbox(found, counted.total, 0)


async def tenants_due(conn: Conn, now: datetime) -> list[UUID]:
    """The tenants in which requests wait beyond their time. Takes a connection of the internal role."""
    return await queries.tenants_due(conn, now)


async def due(conn: Conn, tenant_id: UUID, now: datetime) -> list[UUID]:
    """A tenant's requests that wait beyond their time."""
    return await queries.due(conn, tenant_id, now)

"""Reading requests for approval."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from alquimista.access import Actor
from alquimista.approvals import queries
from alquimista.approvals.models import Approval, ApprovalStatus, Audience, UnknownApproval, may_see
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


async def tenants_due(conn: Conn, now: datetime) -> list[UUID]:
    """The tenants in which requests wait beyond their time. Takes a connection of the internal role."""
    return await queries.tenants_due(conn, now)


async def due(conn: Conn, tenant_id: UUID, now: datetime) -> list[UUID]:
    """A tenant's requests that wait beyond their time."""
    return await queries.due(conn, tenant_id, now)

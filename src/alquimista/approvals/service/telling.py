"""Telling people: approvers when there is something to decide, the requester when it is decided."""

from datetime import datetime
from typing import Final
from uuid import UUID

from alquimista.access import PLATFORM_TENANT
from alquimista.approvals import queries
from alquimista.approvals.models import MANUAL, Approval, ApprovalStatus, Audience, Told, deciding
from alquimista.approvals.service.reacting import Reactions
from alquimista.db.pool import Database
from alquimista.db.statement import Conn
from alquimista.db.tenancy import tenant_transaction
from alquimista.i18n import Text
from alquimista.identity import service as identity
from alquimista.identity.models.users import Member, MemberStatus
from alquimista.jobs.queue import enqueue
from alquimista.notifications import service as notifications
from alquimista.notifications.models import Recipient
from alquimista.tenants import service as tenants

TELL: Final = "approvals.tell"
_TEMPLATES: Final = {
    ApprovalStatus.PENDING: "approval_wanted",
    ApprovalStatus.APPROVED: "approval_approved",
    ApprovalStatus.REJECTED: "approval_rejected",
    ApprovalStatus.EXPIRED: "approval_expired",
}


async def later(conn: Conn, approval: Approval) -> None:
    """Have a job tell those whom the request's state concerns. They may belong to another tenant than it: staff do."""
    if approval.status in _TEMPLATES:
        await enqueue(conn, TELL, Told(approval.id, approval.status), tenant_id=approval.tenant_id)


async def tell(db: Database, reactions: Reactions, tenant_id: UUID, told: Told, now: datetime) -> None:
    """Tell the people concerned of a state of a request, once however often this is called."""
    approval = await queries.find(db.staff(), tenant_id, told.approval_id)
    if approval is None or approval.status is not told.status:
        return  # Closed since: there is nothing to decide any more, and its end is told by a job of its own.
    pending, home = told.status is ApprovalStatus.PENDING, tenant_id
    if pending and approval.audience is Audience.STAFF:
        home = PLATFORM_TENANT
    if not pending and await identity.find_member(db.tenant(tenant_id), tenant_id, approval.requested_by) is None:
        home = PLATFORM_TENANT
    async with tenant_transaction(db, home) as conn:
        if not await queries.notice(conn, home, approval.id, told.status, now):
            return
        if pending:
            people = await _deciders(conn, home, approval)
        else:
            requester = await identity.find_member(conn, home, approval.requested_by)
            people = [requester] if requester is not None else []
        await _tell(conn, db.settings.public_url, home, people, approval, reactions.title(approval))


async def _deciders(conn: Conn, tenant_id: UUID, approval: Approval) -> list[Member]:
    found = await identity.holders(conn, tenant_id, *deciding(approval))
    return [one for one in found if one.id != approval.requested_by]


def _about(approval: Approval) -> str:
    """What a company's own request names; of what a room asks, whose it is: its number tells nobody anything."""
    own = approval.action_type.startswith(MANUAL) or not approval.tenant_name
    return f"{approval.resource_type} {approval.resource_id}" if own else f"{approval.tenant_name}"


async def _tell(
    conn: Conn, public_url: str, tenant_id: UUID, people: list[Member], approval: Approval, title: Text
) -> None:
    locale = (await tenants.get(conn, tenant_id)).locale
    for person in people:
        if person.status is MemberStatus.ACTIVE:
            await notifications.tell(
                conn,
                tenant_id,
                Recipient(person.id, person.email, person.full_name),
                _TEMPLATES[approval.status],
                locale,
                f"{public_url}{approval.page}",
                action=title.render(locale),
                resource=_about(approval),
                requester=approval.requested_by_name or "Alquimista",
            )

"""Asking, deciding, cancelling and expiring. Each takes the tenant's transaction."""

from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import structs

from alquimista import clock
from alquimista.access import PLATFORM_TENANT, Actor
from alquimista.approvals import queries
from alquimista.approvals.models import (
    LIFE,
    Approval,
    ApprovalStatus,
    Audience,
    NewApproval,
    NotRequester,
    UnknownApproval,
    Verdict,
    may_see,
    outcome,
    refusal_of_closed,
    refusal_to_decide,
)
from alquimista.approvals.service.telling import later
from alquimista.audit import service as audit
from alquimista.cache import store
from alquimista.db.statement import Conn
from alquimista.errors import Forbidden
from alquimista.events import EventType
from alquimista.orchestrator import service as orchestrator

TOPIC: Final = "approvals"
PUBLISHED: Final = {
    ApprovalStatus.PENDING: EventType.APPROVAL_REQUESTED,
    ApprovalStatus.APPROVED: EventType.APPROVAL_APPROVED,
    ApprovalStatus.REJECTED: EventType.APPROVAL_REJECTED,
    ApprovalStatus.CANCELLED: EventType.APPROVAL_CANCELLED,
    ApprovalStatus.EXPIRED: EventType.APPROVAL_EXPIRED,
}


async def request(
    conn: Conn, actor: Actor, tenant_id: UUID, new: NewApproval, now: datetime, *, approval_id: UUID | None = None
) -> Approval:
    """Ask for approval of an act that concerns a tenant; it can be decided for 24 hours. Approvers are told.

    A room whose own row names the request already gives its `approval_id`.

    Raises:
        Forbidden: the actor is no person, so that nobody could be kept from deciding on their own request.
    """
    if actor.user_id is None:
        raise Forbidden
    approval_id = approval_id or clock.new_id()
    await queries.insert(conn, tenant_id, approval_id, actor.user_id, new, now, now + LIFE)
    made = await _found(conn, tenant_id, approval_id)
    await _record(conn, actor, "created", made)
    await _publish(conn, made)
    await later(conn, made)
    return made


async def decide(
    conn: Conn, actor: Actor, tenant_id: UUID, approval_id: UUID, decision: Verdict, comment: str, now: datetime
) -> Approval:
    """One person's decision, and the request as it then is: closed by a refusal, or by the last approval needed.

    Whoever calls this acts on a closed request in the same transaction; of several deciders exactly one gets it.

    Raises:
        UnknownApproval: the actor may see no such request.
        NotApprover, OwnRequest: it is not theirs to decide.
        ApprovalClosed, ApprovalExpired, AlreadyDecided: it is over, or they have decided.
    """
    before = await _held(conn, actor, tenant_id, approval_id)
    if (refusal := refusal_to_decide(actor, before, now)) is not None:
        raise refusal
    assert actor.user_id is not None
    written = await queries.decide(conn, tenant_id, approval_id, actor.user_id, decision, comment, now)
    assert written, "The request is held, so that it is still as it was looked at."
    after = await _found(conn, tenant_id, approval_id)
    await _record(conn, actor, "decision_recorded", after, decision=decision.value)
    status = outcome(after)
    return await _close(conn, actor, after, status, now) if status is not ApprovalStatus.PENDING else after


async def cancel(conn: Conn, actor: Actor, tenant_id: UUID, approval_id: UUID, now: datetime) -> Approval:
    """Take one's own request back; the closed request.

    Raises:
        UnknownApproval: the actor may see no such request.
        NotRequester: somebody else asked.
        ApprovalClosed, ApprovalExpired: it is over.
    """
    before = await _held(conn, actor, tenant_id, approval_id)
    if actor.user_id is None or actor.user_id != before.requested_by:
        raise NotRequester
    if (refusal := refusal_of_closed(before, now)) is not None:
        raise refusal
    return await _close(conn, actor, before, ApprovalStatus.CANCELLED, now)


async def withdraw(conn: Conn, actor: Actor, tenant_id: UUID, approval_id: UUID, now: datetime) -> Approval | None:
    """Close a request because what it was about is not wanted any more, whoever asked; None when it has an end.

    For the room that waits for it, which says by itself who may do so and acts on what is answered. A request whose
    time is over expires.
    """
    if not await queries.lock(conn, tenant_id, approval_id):
        return None
    before = await _found(conn, tenant_id, approval_id)
    if before.closed:
        return None
    late = before.expires_at <= now
    return await _close(conn, actor, before, ApprovalStatus.EXPIRED if late else ApprovalStatus.CANCELLED, now)


async def expire(conn: Conn, tenant_id: UUID, approval_id: UUID, now: datetime) -> Approval | None:
    """End a request whose time is over; None when it has another end, or still has time."""
    if not await queries.lock(conn, tenant_id, approval_id):
        return None
    before = await _found(conn, tenant_id, approval_id)
    if before.closed or before.expires_at > now:
        return None
    return await _close(conn, None, before, ApprovalStatus.EXPIRED, now)


async def _held(conn: Conn, actor: Actor, tenant_id: UUID, approval_id: UUID) -> Approval:
    """The request as whoever held it before has left it, held until the transaction ends."""
    if not await queries.lock(conn, tenant_id, approval_id):
        raise UnknownApproval
    found = await _found(conn, tenant_id, approval_id)
    # Who asked may always take it back, even where only others may look at what is asked of staff.
    if not may_see(actor, tenant_id, found.audience) and actor.user_id != found.requested_by:
        raise UnknownApproval
    return found


async def _close(conn: Conn, actor: Actor | None, before: Approval, status: ApprovalStatus, now: datetime) -> Approval:
    done = await queries.close(conn, before.tenant_id, before.id, status, now)
    assert done, "The request is held, so that it is still as it was looked at."
    closed = structs.replace(before, status=status, closed_at=now)
    await _record(conn, actor, status.value, closed)
    await _publish(conn, closed)
    await later(conn, closed)
    return closed


async def _publish(conn: Conn, approval: Approval) -> None:
    """Publish what a request has come to. What is asked of staff is the vendor's own."""
    if approval.audience is Audience.TENANT and approval.tenant_id != PLATFORM_TENANT:
        data = {
            "approval_id": approval.id,
            "action_type": approval.action_type,
            "resource_type": approval.resource_type,
            "resource_id": approval.resource_id,
            "status": approval.status,
        }
        await orchestrator.publish(conn, approval.tenant_id, PUBLISHED[approval.status], data)


async def _found(conn: Conn, tenant_id: UUID, approval_id: UUID) -> Approval:
    found = await queries.find(conn, tenant_id, approval_id)
    if found is None:
        raise UnknownApproval
    return found


async def _record(conn: Conn, actor: Actor | None, event: str, approval: Approval, **more: str) -> None:
    """In the audit of the tenant concerned, which so learns what was asked and decided about it, not the comments.

    Open pages of those who see the request hear that there is something new.
    """
    whose = PLATFORM_TENANT if approval.audience is Audience.STAFF else approval.tenant_id
    await store.invalidate(conn, whose, TOPIC)
    await audit.record(
        conn,
        actor,
        f"approval.{event}",
        category="command",
        resource_type="approval",
        resource_id=str(approval.id),
        details={
            "action_type": approval.action_type,
            "resource_type": approval.resource_type,
            "resource_id": approval.resource_id,
            **more,
        },
        tenant_id=approval.tenant_id,
    )

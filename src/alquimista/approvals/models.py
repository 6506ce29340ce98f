"""Requests for approval: what is asked, who may decide, and what refuses them. The rules are pure."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

import msgspec

from alquimista.access import Actor, Permission
from alquimista.errors import Conflict, Forbidden, Gone, NotFound, Problem
from alquimista.i18n import N_, Text

LIFE: Final = timedelta(hours=24)
# What people ask for through the API, for which no room of ours waits.
MANUAL: Final = "manual."
PAGE: Final = "/app/dashboard/settings/approvals"  # Below it each request of a company's own has its page, by its id.


class Audience(StrEnum):
    """Who decides, and alone may see the request: the vendor's staff, or the tenant's own people."""

    STAFF = "staff"
    TENANT = "tenant"


class ApprovalStatus(StrEnum):
    """All but the first are final."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class Verdict(StrEnum):
    """What one person decides."""

    APPROVE = "approve"
    REJECT = "reject"


class NewApproval(msgspec.Struct, frozen=True, kw_only=True):
    """What to ask for.

    `action_type` begins with the asking room's prefix, such as `command.`. `action_details` is what the deciders see
    and what is then carried out: no secrets. `permission` is what a decider must hold besides approval:decide. `page`
    is the path of the page that shows the request.
    """

    action_type: str
    resource_type: str
    resource_id: str
    audience: Audience
    action_details: dict[str, Any] = {}
    required_approvals: int = 1
    permission: Permission | None = None
    page: str = "/app"


class Whose(StrEnum):
    """Which requests somebody looks at: those that wait for them, those they made, or all that they may see."""

    WAITING = "waiting"
    MINE = "mine"
    ALL = "all"


class ApprovalDecision(msgspec.Struct, frozen=True):
    """What one person decided, and why."""

    approver_id: UUID
    decision: Verdict
    comment: str
    created_at: datetime
    approver_name: str | None = None


class Inbox(msgspec.Struct, frozen=True):
    """A page of requests, how many there are in all, and how many of whatever status wait for the reader."""

    approvals: list["Approval"]
    total: int
    waiting: int


class Told(msgspec.Struct, frozen=True):
    """Which state of a request a job tells people of."""

    approval_id: UUID
    status: ApprovalStatus


class Approval(msgspec.Struct, frozen=True):
    """A request and the decisions on it, the earliest first. Names of staff are hidden from tenants."""

    tenant_id: UUID
    id: UUID
    audience: Audience
    action_type: str
    resource_type: str
    resource_id: str
    action_details: dict[str, Any]
    required_approvals: int
    permission: Permission | None
    page: str
    status: ApprovalStatus
    requested_by: UUID
    requested_by_name: str | None
    created_at: datetime
    expires_at: datetime
    closed_at: datetime | None
    decisions: tuple[ApprovalDecision, ...]
    tenant_name: str | None = None

    @property
    def closed(self) -> bool:
        """Whether nothing can be decided any more."""
        return self.status is not ApprovalStatus.PENDING


def in_words(action_type: str) -> Text:
    """What a company's own system asks for, as words: `manual.campaign_text` is “Campaign text”."""
    words = action_type.removeprefix(MANUAL).replace("_", " ").replace(".", ": ")
    return Text("{words}", {"words": words[:1].upper() + words[1:]})


class UnknownApproval(NotFound):
    code = "approval_not_found"
    message = N_("There is no request for approval with this id.")


class OwnRequest(Forbidden):
    code = "approval_own_request"
    message = N_("You asked for this yourself: somebody else has to decide.")


class NotApprover(Forbidden):
    code = "approval_not_yours"
    message = N_("This is not yours to decide: it waits for somebody with the permission for the act itself.")


class NotRequester(Forbidden):
    code = "approval_not_requester"
    message = N_("Only the person who asked can cancel the request. You can reject it instead.")


class AlreadyDecided(Conflict):
    code = "approval_already_decided"
    message = N_("You have decided on this already. It waits for another person.")


class ApprovalClosed(Conflict):
    code = "approval_closed"
    message = N_("The request is {status} already, and stays so.")


class ApprovalExpired(Gone):
    code = "approval_expired"
    message = N_("Nobody decided in time, so the request has expired. Ask again.")


def may_see(actor: Actor, tenant_id: UUID, audience: Audience) -> bool:
    """Staff see all; a tenant's people what is asked of them."""
    return actor.internal or (audience is Audience.TENANT and actor.tenant_id == tenant_id)


def refusal_to_decide(actor: Actor, approval: Approval, now: datetime) -> Problem | None:
    """Why the actor may not decide on the request now; None when they may."""
    if not may_see(actor, approval.tenant_id, approval.audience):
        return UnknownApproval()
    if actor.user_id == approval.requested_by:
        return OwnRequest()
    theirs = actor.user_id is not None and actor.internal == (approval.audience is Audience.STAFF)
    if not theirs or not all(map(actor.may, deciding(approval))):
        return NotApprover()
    if (over := refusal_of_closed(approval, now)) is not None:
        return over
    decided = any(one.approver_id == actor.user_id for one in approval.decisions)
    return AlreadyDecided() if decided else None


def deciding(approval: Approval) -> set[Permission]:
    """What one must hold to decide on the request."""
    return {Permission.APPROVAL_DECIDE, approval.permission or Permission.APPROVAL_DECIDE}


def refusal_of_closed(approval: Approval, now: datetime) -> Problem | None:
    """Why nothing about the request can change any more; None when it is open."""
    if approval.status is ApprovalStatus.EXPIRED or (not approval.closed and approval.expires_at <= now):
        return ApprovalExpired()
    return ApprovalClosed(status=approval.status.value) if approval.closed else None


def outcome(approval: Approval) -> ApprovalStatus:
    """Where the decisions lead: one refusal closes, and so does the last approval that was asked for."""
    if any(one.decision is Verdict.REJECT for one in approval.decisions):
        return ApprovalStatus.REJECTED
    return ApprovalStatus.APPROVED if len(approval.decisions) >= approval.required_approvals else ApprovalStatus.PENDING

"""Requests for approval: a company's own, and under /internal what is asked of the vendor's staff."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from msgspec import Meta

from alquimista import clock
from alquimista.access import PLATFORM_TENANT, Permission
from alquimista.approvals import service
from alquimista.approvals.guards import ACTING, READING
from alquimista.approvals.models import (
    MANUAL,
    PAGE,
    AlreadyDecided,
    Approval,
    ApprovalClosed,
    ApprovalDecision,
    ApprovalExpired,
    ApprovalStatus,
    Audience,
    NewApproval,
    NotApprover,
    NotRequester,
    OwnRequest,
    UnknownApproval,
    Verdict,
)
from alquimista.audit.guards import seen
from alquimista.db.tenancy import tenant_transaction
from alquimista.errors import Forbidden
from alquimista.http.context import Context
from alquimista.http.pagination import Page
from alquimista.http.routes import Route, TenantScope

_LINE: Final = r"^[^\x00-\x1f\x7f]*$(?!\n)"
_Detail = Annotated[str, Meta(max_length=1000, pattern=r"^[^\x00]*$(?!\n)")]


class AskApproval(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What somebody else should agree to. Nothing is carried out by itself: that is for whoever asks."""

    action_type: Annotated[
        str, Meta(pattern=r"^manual\.[a-z0-9_.]{1,80}$(?!\n)", description=f"A name that begins with {MANUAL}")
    ]
    resource_type: Annotated[str, Meta(min_length=1, max_length=100, pattern=_LINE)]
    resource_id: Annotated[str, Meta(min_length=1, max_length=200, pattern=_LINE)]
    action_details: Annotated[
        dict[Annotated[str, Meta(max_length=100, pattern=_LINE)], _Detail],
        Meta(max_length=20, description="What the deciders should know."),
    ] = {}
    required_approvals: Annotated[int, Meta(ge=1, le=2)] = 1


class DecideApproval(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One person's decision."""

    decision: Verdict
    comment: Annotated[str, Meta(max_length=2000, pattern=r"^[^\x00]*$(?!\n)")] = ""


class ApprovalsQuery(Page, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A page of requests."""

    status: Annotated[ApprovalStatus, Meta(description="Of this status only.")] | None = None


class Approvals(msgspec.Struct, frozen=True):
    """One page of requests, newest first, and how many there are."""

    approvals: list[Approval]
    total: int


async def ask(context: Context) -> Approval:
    """Ask the company's people; its own do, nobody of the staff in their place."""
    if context.who.internal:
        raise Forbidden
    approval_id = clock.new_id()
    page = f"{PAGE}/{approval_id}"
    new = NewApproval(**msgspec.structs.asdict(context.body), audience=Audience.TENANT, page=page)
    async with tenant_transaction(context.db, context.tenant) as conn:
        return await service.request(conn, context.who, context.tenant, new, context.now, approval_id=approval_id)


async def list_own(context: Context) -> Approvals:
    """What was asked of the company's people."""
    await seen(context, context.tenant)
    query: ApprovalsQuery = context.query
    conn = context.db.tenant(context.tenant)
    return Approvals(
        *await service.page(conn, context.tenant, Audience.TENANT, query.status, query.limit, query.offset)
    )


async def get_own(context: Context) -> Approval:
    """One of them."""
    await seen(context, context.tenant)
    conn = context.db.tenant(context.tenant)
    return await service.get(conn, context.who, context.tenant, context.uuid("approval_id"))


async def decide_own(context: Context) -> Approval:
    """Approve or reject it."""
    return await _decide(context, context.tenant)


async def cancel_own(context: Context) -> Approval:
    """Take it back."""
    return await _cancel(context, context.tenant)


async def list_of_staff(context: Context) -> Approvals:
    """What was asked of staff, about all tenants."""
    await seen(context, PLATFORM_TENANT)
    query: ApprovalsQuery = context.query
    return Approvals(
        *await service.page(context.db.staff(), None, Audience.STAFF, query.status, query.limit, query.offset)
    )


async def get_of_staff(context: Context) -> Approval:
    """One of them."""
    found = await service.get_of_staff(context.db.staff(), context.uuid("approval_id"))
    await seen(context, found.tenant_id)
    return found


async def decide_of_staff(context: Context) -> Approval:
    """Approve or reject it."""
    return await _decide(context, await _tenant_of(context))


async def cancel_of_staff(context: Context) -> Approval:
    """Take it back."""
    return await _cancel(context, await _tenant_of(context))


async def _tenant_of(context: Context) -> UUID:
    return (await service.get_of_staff(context.db.staff(), context.uuid("approval_id"))).tenant_id


async def _decide(context: Context, tenant_id: UUID) -> Approval:
    body: DecideApproval = context.body
    reactions = context.services.get(service.Reactions)
    async with tenant_transaction(context.db, tenant_id) as conn:
        approval = await service.decide(
            conn, context.who, tenant_id, context.uuid("approval_id"), body.decision, body.comment, context.now
        )
        await reactions.closed(conn, context.who, approval, context.now)
    return approval


async def _cancel(context: Context, tenant_id: UUID) -> Approval:
    reactions = context.services.get(service.Reactions)
    async with tenant_transaction(context.db, tenant_id) as conn:
        approval = await service.cancel(conn, context.who, tenant_id, context.uuid("approval_id"), context.now)
        await reactions.closed(conn, context.who, approval, context.now)
    return approval


_ID: Final = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
_MOMENT: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)
_ASKED: Final = AskApproval(
    action_type="manual.campaign_text",
    resource_type="campaign",
    resource_id="reativacao-de-marco",
    action_details={"text": "Olá! Sentimos sua falta."},
)
_APPROVAL: Final = Approval(
    tenant_id=_ID,
    id=_ID,
    audience=Audience.TENANT,
    action_type=_ASKED.action_type,
    resource_type=_ASKED.resource_type,
    resource_id=_ASKED.resource_id,
    action_details=dict(_ASKED.action_details),
    required_approvals=1,
    permission=None,
    page=f"{PAGE}/{_ID}",
    status=ApprovalStatus.APPROVED,
    requested_by=_ID,
    requested_by_name="Ana Souza",
    created_at=_MOMENT,
    expires_at=_MOMENT + timedelta(hours=24),
    closed_at=_MOMENT + timedelta(hours=1),
    decisions=(ApprovalDecision(_ID, Verdict.APPROVE, "Pode enviar.", _MOMENT + timedelta(hours=1)),),
)
_OVER: Final = (UnknownApproval, ApprovalClosed, ApprovalExpired)


def _routes(prefix: str, scope: TenantScope, whose: str, handlers: tuple[Any, Any, Any, Any]) -> tuple[Route, ...]:
    list_them, get_it, decide_it, cancel_it = handlers
    common: dict[str, Any] = {"tag": "approvals", "scope": scope}
    return (
        Route(
            method="GET",
            path=prefix,
            handler=list_them,
            summary=f"Requests for approval that {whose} decide on, newest first",
            permission=Permission.APPROVAL_READ,
            query=ApprovalsQuery,
            response=Approvals,
            limits=READING,
            example=Approvals([_APPROVAL], 1),
            **common,
        ),
        Route(
            method="GET",
            path=f"{prefix}/{{approval_id:uuid}}",
            handler=get_it,
            summary=f"One request for approval that {whose} decide on",
            permission=Permission.APPROVAL_READ,
            response=Approval,
            limits=READING,
            problems=(UnknownApproval,),
            example=_APPROVAL,
            **common,
        ),
        Route(
            method="POST",
            path=f"{prefix}/{{approval_id:uuid}}/decide",
            handler=decide_it,
            summary="Approve or reject what somebody else asked for",
            permission=Permission.APPROVAL_DECIDE,
            body=DecideApproval,
            response=Approval,
            limits=ACTING,
            problems=(*_OVER, AlreadyDecided, OwnRequest, NotApprover),
            example=DecideApproval(Verdict.APPROVE, "Pode enviar."),
            **common,
        ),
        Route(
            method="POST",
            path=f"{prefix}/{{approval_id:uuid}}/cancel",
            handler=cancel_it,
            summary="Take one's own request for approval back",
            permission=Permission.APPROVAL_READ,
            response=Approval,
            limits=ACTING,
            problems=(*_OVER, NotRequester),
            example=_APPROVAL,
            **common,
        ),
    )


ROUTES: Final = (
    Route(
        method="POST",
        path="/approvals",
        handler=ask,
        summary="Ask one or two other people of the company to approve something",
        tag="approvals",
        permission=Permission.APPROVAL_READ,
        scope=TenantScope.OWN,
        body=AskApproval,
        response=Approval,
        status=201,
        limits=ACTING,
        example=_ASKED,
    ),
    *_routes("/approvals", TenantScope.OWN, "the company's people", (list_own, get_own, decide_own, cancel_own)),
    *_routes(
        "/internal/approvals",
        TenantScope.PLATFORM,
        "the vendor's staff",
        (list_of_staff, get_of_staff, decide_of_staff, cancel_of_staff),
    ),
)

"""The second person: which commands need one, and what follows from what they decide.

Everything about approvals is in this module. However a request for approval ends, `act` moves its command, in the
transaction of that end. Whoever moves a command that awaits approval holds its request first.
"""

from datetime import datetime
from typing import Final

from alquimista.access import Actor
from alquimista.approvals import service as approvals
from alquimista.approvals.models import Approval, ApprovalStatus, Audience, NewApproval, Verdict
from alquimista.audit import service as audit
from alquimista.config import Settings
from alquimista.db.statement import Conn
from alquimista.i18n import N_, Text
from alquimista.operations.models.commands import Command, Failure, NotAwaitingApproval, UnknownCommand
from alquimista.operations.models.kinds import KINDS, CommandType, Kind
from alquimista.operations.queries import commands as queries
from alquimista.operations.service.queueing import enqueue
from alquimista.wiring import Services

PREFIX: Final = "command."  # How the action types of commands begin.
PAGE: Final = "/app/company/operations"  # Below it each command has its own, by its id.
_EXPIRED: Final = N_("Nobody approved it within 24 hours.")
_ACTIONS: Final = {
    ApprovalStatus.APPROVED: "command.approved",
    ApprovalStatus.REJECTED: "command.rejected",
    ApprovalStatus.EXPIRED: "command.expired",
    ApprovalStatus.CANCELLED: "command.cancelled",
}


def needed(settings: Settings, kind: Kind) -> bool:
    """Whether somebody else must agree to commands of this kind."""
    return kind.command_type.value in settings.approved_commands


def title_of(approval: Approval) -> Text:
    """What the command of a request is called."""
    name = approval.action_type.removeprefix(PREFIX)
    return KINDS[CommandType(name)].title if name in KINDS else Text(name)


def install(services: Services) -> None:
    """Have commands follow their approvals wherever those end. Call it after approvals are installed."""
    services.get(approvals.Reactions).on(PREFIX, follow, title_of)


async def ask(conn: Conn, actor: Actor, command: Command, now: datetime) -> None:
    """Ask staff to approve a new command. Takes the transaction that gives it.

    Raises:
        Forbidden: the actor is no person.
    """
    new = NewApproval(
        action_type=f"{PREFIX}{command.command_type}",
        resource_type="command",
        resource_id=str(command.id),
        audience=Audience.STAFF,
        action_details=command.parameters,
        permission=KINDS[CommandType(command.command_type)].permission,
        page=f"{PAGE}/{command.id}",
    )
    await approvals.request(conn, actor, command.tenant_id, new, now, approval_id=command.approval_id)


async def approve(conn: Conn, actor: Actor, command: Command, now: datetime, comment: str = "") -> Command:
    """Let a command of somebody else run. Takes a transaction of its tenant.

    Raises:
        NotAwaitingApproval: it needs none.
        NotApprover, OwnRequest, ApprovalClosed, ApprovalExpired: as approvals.decide.
    """
    return await _decide(conn, actor, command, Verdict.APPROVE, comment, now)


async def reject(conn: Conn, actor: Actor, command: Command, reason: str, now: datetime) -> Command:
    """End a command of somebody else before it begins. Takes a transaction of its tenant.

    Raises:
        As approve.
    """
    return await _decide(conn, actor, command, Verdict.REJECT, reason, now)


async def withdraw(conn: Conn, actor: Actor, command: Command, now: datetime) -> Command | None:
    """Close the request of a command that is cancelled, whoever cancels it; None when it awaits no approval by now."""
    if command.approval_id is None:
        return None
    closed = await approvals.withdraw(conn, actor, command.tenant_id, command.approval_id, now)
    return await act(conn, actor, closed, now) if closed is not None else None


async def act(conn: Conn, actor: Actor | None, closed: Approval, now: datetime) -> Command | None:
    """Move the command that awaited a request which has just been closed; None when no command did."""
    where = (conn, closed.tenant_id, closed.id)
    if closed.status is ApprovalStatus.APPROVED:
        command = await queries.approve(*where, now)
    elif closed.status is ApprovalStatus.CANCELLED:
        command = await queries.refuse(*where, None, actor.user_id if actor else None, now)
    else:
        command = await queries.refuse(*where, _reason(closed), None, now)
    if command is None:
        return None
    if closed.status is ApprovalStatus.APPROVED:
        await enqueue(conn, command)
    await audit.record(
        conn,
        actor,
        _ACTIONS[closed.status],
        category="command",
        resource_type="command",
        resource_id=str(command.id),
        details={"command_type": command.command_type},
        tenant_id=command.tenant_id,
    )
    return command


async def follow(conn: Conn, actor: Actor | None, closed: Approval, now: datetime) -> None:
    """Act on the end of a request that came through the routes and the job of approvals."""
    await act(conn, actor, closed, now)


async def _decide(conn: Conn, actor: Actor, command: Command, verdict: Verdict, reason: str, now: datetime) -> Command:
    if command.approval_id is None:
        raise NotAwaitingApproval(status=command.status.value)
    decided = await approvals.decide(conn, actor, command.tenant_id, command.approval_id, verdict, reason, now)
    moved = await act(conn, actor, decided, now)
    if moved is None:
        raise UnknownCommand
    return moved


def _reason(closed: Approval) -> Failure | None:
    if closed.status is ApprovalStatus.EXPIRED:
        return Failure.of(_EXPIRED)
    comments = [one.comment for one in closed.decisions if one.decision is Verdict.REJECT]
    return Failure(comments[0]) if comments and comments[0] else None

"""The second person: which commands need one, and what they decide. Everything about approvals is in this module."""

from datetime import datetime
from typing import Final
from uuid import UUID

from alquimista.access import Actor
from alquimista.audit import service as audit
from alquimista.config import Settings
from alquimista.db.statement import Conn
from alquimista.errors import Forbidden
from alquimista.i18n import DEFAULT_LOCALE, N_
from alquimista.operations.models.commands import (
    APPROVAL_LASTS,
    Command,
    CommandStatus,
    NotAwaitingApproval,
    OwnCommand,
    UnknownCommand,
)
from alquimista.operations.models.kinds import KINDS, CommandType, Kind
from alquimista.operations.queries import commands as queries
from alquimista.operations.service.queueing import enqueue

_EXPIRED: Final = N_("Nobody approved it within 24 hours.")


def needed(settings: Settings, kind: Kind) -> bool:
    """Whether somebody else must agree to commands of this kind."""
    return kind.command_type.value in settings.approved_commands


def until(now: datetime) -> datetime:
    """How long an approval is awaited."""
    return now + APPROVAL_LASTS


async def approve(conn: Conn, actor: Actor, command: Command, now: datetime) -> Command:
    """Let a command of somebody else run. Takes a transaction of its tenant.

    Raises:
        Forbidden: the actor could not give such a command.
        OwnCommand: it is the actor's own.
        NotAwaitingApproval: it was decided, cancelled or expired before.
    """
    by = _decider(actor, command)
    approved = await queries.approve(conn, command.tenant_id, command.id, by, now)
    if approved is None:
        raise await _not_awaiting(conn, command)
    await enqueue(conn, approved)
    await _audit(conn, actor, approved, "command.approved")
    return approved


async def reject(conn: Conn, actor: Actor, command: Command, reason: str, now: datetime) -> Command:
    """End a command of somebody else before it begins. Takes a transaction of its tenant.

    Raises:
        As approve.
    """
    by = _decider(actor, command)
    rejected = await queries.reject(conn, command.tenant_id, command.id, by, reason or None, now)
    if rejected is None:
        raise await _not_awaiting(conn, command)
    await _audit(conn, actor, rejected, "command.rejected")
    return rejected


async def expire(conn: Conn, tenant_id: UUID, command_id: UUID, now: datetime) -> Command | None:
    """End a command that nobody approved in time; None when somebody has decided. Takes a transaction."""
    expired = await queries.expire(conn, tenant_id, command_id, _EXPIRED.render(DEFAULT_LOCALE), now)
    if expired is not None:
        await _audit(conn, None, expired, "command.expired")
    return expired


def _decider(actor: Actor, command: Command) -> UUID:
    """Who decides, if they may.

    Raises:
        Forbidden, OwnCommand: as approve.
    """
    if actor.user_id is None or not actor.may(KINDS[CommandType(command.command_type)].permission):
        raise Forbidden
    if actor.user_id == command.created_by:
        raise OwnCommand
    return actor.user_id


async def _not_awaiting(conn: Conn, command: Command) -> NotAwaitingApproval | UnknownCommand:
    found = await queries.find(conn, command.id)
    if found is None:
        return UnknownCommand()
    # Its time is over, and the reaper has not come by yet.
    late = found.status is CommandStatus.AWAITING_APPROVAL
    return NotAwaitingApproval(status=(CommandStatus.CANCELLED if late else found.status).value)


async def _audit(conn: Conn, actor: Actor | None, command: Command, action: str) -> None:
    await audit.record(
        conn,
        actor,
        action,
        category="command",
        resource_type="command",
        resource_id=str(command.id),
        details={"command_type": command.command_type},
        tenant_id=command.tenant_id,
    )

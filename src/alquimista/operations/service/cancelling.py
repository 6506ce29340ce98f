"""Cancelling a command."""

from datetime import datetime

from alquimista.access import Actor
from alquimista.audit import service as audit
from alquimista.db.statement import Conn
from alquimista.errors import Forbidden
from alquimista.operations.models.commands import Command, CommandEnded, UnknownCommand
from alquimista.operations.models.kinds import KINDS, CommandType
from alquimista.operations.queries import commands as queries
from alquimista.operations.service import approving

_ROUNDS = 3  # Between its states a command may move while it is looked at, a few times at most.


async def cancel(conn: Conn, actor: Actor, command: Command, now: datetime) -> Command:
    """End a command that has not begun, or ask a running one to end at its next step. Takes a transaction.

    Raises:
        Forbidden: the actor could not give such a command.
        CommandEnded: it has ended before.
    """
    if not actor.may(KINDS[CommandType(command.command_type)].permission):
        raise Forbidden
    if (withdrawn := await approving.withdraw(conn, actor, command, now)) is not None:
        return withdrawn
    for _ in range(_ROUNDS):
        cancelled = await queries.cancel_waiting(conn, command.tenant_id, command.id, actor.user_id, now)
        cancelled = cancelled or await queries.ask_to_cancel(conn, command.tenant_id, command.id, actor.user_id, now)
        if cancelled is not None:
            await audit.record(
                conn,
                actor,
                "command.cancelled" if cancelled.completed_at else "command.cancel_requested",
                category="command",
                resource_type="command",
                resource_id=str(command.id),
                details={"command_type": command.command_type},
                tenant_id=command.tenant_id,
            )
            return cancelled
        found = await queries.find(conn, command.id)
        if found is None:
            raise UnknownCommand
        if found.completed_at is not None:
            raise CommandEnded(status=found.status.value)
    raise CommandEnded(status=command.status.value)

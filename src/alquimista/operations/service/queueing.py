"""The job that runs a command."""

from alquimista.db.statement import Conn
from alquimista.jobs import queue
from alquimista.operations.models.commands import Command, Execution
from alquimista.operations.models.kinds import KINDS, CommandType


async def enqueue(conn: Conn, command: Command) -> bool:
    """Enqueue the command's next try, not before its time, in the caller's transaction; False when it is there.

    Each try has a key of its own, so that the next one can be enqueued while the job of the last one ends.
    """
    job = KINDS[CommandType(command.command_type)].job
    return await queue.enqueue(
        conn,
        job,
        Execution(command.id),
        tenant_id=command.tenant_id,
        run_at=command.due_at if command.attempts else None,
        dedupe=f"{job}:{command.id}:{command.attempts}",
    )

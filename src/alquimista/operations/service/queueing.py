"""The job that runs a command."""

from alquimista.db.statement import Conn, Writer
from alquimista.jobs import queue
from alquimista.operations.models.commands import Command, Execution
from alquimista.operations.models.kinds import KINDS, CommandType


async def enqueue(conn: Conn, command: Command) -> bool:
    """Enqueue the command's next try, not before its time, in the caller's transaction; False when it is there.

    Each try has a key of its own, so that the next one can be enqueued while the job of the last one ends.
    """
    return await queue.enqueue(
        conn,
        _job(command),
        Execution(command.id),
        tenant_id=command.tenant_id,
        run_at=command.due_at if command.attempts else None,
        dedupe=_key(command),
    )


async def put(conn: Writer, command: Command) -> None:
    """Enqueue the first try of a command that is new and may begin."""
    await queue.put(conn, _job(command), Execution(command.id), tenant_id=command.tenant_id, dedupe=_key(command))


def _job(command: Command) -> str:
    return KINDS[CommandType(command.command_type)].job


def _key(command: Command) -> str:
    return f"{_job(command)}:{command.id}:{command.attempts}"

"""What nobody looks after any more: commands of dead workers, lost jobs, old rows."""

from datetime import datetime, timedelta
from typing import Final

import structlog

from alquimista.audit import service as audit
from alquimista.db.statement import Conn
from alquimista.db.tenancy import tenant_transaction
from alquimista.i18n import N_
from alquimista.observability.metrics import COMMANDS_FAILED
from alquimista.operations.models.commands import KEPT, CommandStatus, Failure
from alquimista.operations.models.kinds import CommandType
from alquimista.operations.queries import commands, running
from alquimista.operations.queries.running import Overdue
from alquimista.operations.service.effects import EFFECTS
from alquimista.operations.service.queueing import enqueue
from alquimista.operations.service.telling import changed
from alquimista.wiring import Services

_LIMIT: Final = 500
_LOST_AFTER: Final = timedelta(seconds=60)  # A job starts long before that, unless many wait ahead of it.
_DIED: Final = N_("The worker died. Look whether it was done before giving the command again.")

_log = structlog.get_logger("alquimista.operations")


async def reap(services: Services, now: datetime) -> int:
    """Look after every command that is overdue; how many changed."""
    found = await running.overdue(services.db.staff(), now, now - _LOST_AFTER, _LIMIT)
    moved = 0
    for one in found:
        try:
            async with tenant_transaction(services.db, one.tenant_id) as conn:
                done = await _look_after(conn, one, now)
        except Exception:  # noqa: BLE001 - As the comment below says.
            _log.exception("command.not_reaped", command_id=str(one.id))  # It must not keep the others waiting.
            continue
        if done:
            changed(services, one.id)
            moved += 1
    return moved


async def purge(services: Services, now: datetime) -> None:
    """Forget commands that were given more than 90 days ago; what they were stays in the audit."""
    before = now - KEPT
    for tenant_id in await running.tenants_with_old(services.db.staff(), before):
        await commands.purge(services.db.tenant(tenant_id), tenant_id, before)


async def _look_after(conn: Conn, one: Overdue, now: datetime) -> bool:
    if one.status is CommandStatus.PENDING:
        pending = await commands.find(conn, one.id)
        return pending is not None and pending.status is CommandStatus.PENDING and await enqueue(conn, pending)
    released = await running.release(conn, one.tenant_id, one.id, Failure.of(_DIED), now)
    if released is None:
        return False
    _log.warning("command.released", command_id=str(one.id), status=released.status.value)
    if released.status is CommandStatus.PENDING:
        await enqueue(conn, released)
        return True
    failed = released.status is CommandStatus.ERROR
    if failed:
        COMMANDS_FAILED.labels(released.command_type).inc()
    elif (withdraw := EFFECTS[CommandType(released.command_type)].withdraw) is not None:
        await withdraw(conn, released)
    await audit.record(
        conn,
        None,
        "command.failed" if failed else "command.cancelled",
        category="command",
        result="failure" if failed else "success",
        resource_type="command",
        resource_id=str(one.id),
        details={"command_type": released.command_type, "worker": "died"},
        tenant_id=one.tenant_id,
    )
    return True

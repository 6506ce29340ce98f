"""One try of a command: claim it, do what it says under a lease, and end it or give it back."""

import asyncio
import os
import socket
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Final
from uuid import UUID

import msgspec
import psycopg
import structlog
from msgspec import structs

from alquimista import clock
from alquimista.audit import service as audit
from alquimista.db.statement import Conn
from alquimista.db.tenancy import tenant_transaction
from alquimista.errors import Problem, Unavailable
from alquimista.i18n import N_, Text
from alquimista.observability.metrics import COMMAND_SECONDS, COMMANDS_FAILED, COMMANDS_SUCCEEDED
from alquimista.operations.models.commands import (
    BEAT_S,
    LEASE,
    Command,
    CommandCancelled,
    CommandStatus,
    Failure,
    LeaseLost,
    pause,
)
from alquimista.operations.models.kinds import KINDS, CommandType
from alquimista.operations.queries import running as queries
from alquimista.operations.service.effects import EFFECTS
from alquimista.operations.service.effects.effect import Effect, Output, Run
from alquimista.operations.service.queueing import enqueue
from alquimista.operations.service.telling import changed
from alquimista.wiring import Services

WORKER: Final = f"{socket.gethostname()[:80]}:{os.getpid()}"
_STOPPED: Final = N_("The worker was stopped. Look whether it was done before giving the command again.")
_ACTIONS: Final = {
    CommandStatus.SUCCESS: "command.succeeded",
    CommandStatus.ERROR: "command.failed",
    CommandStatus.CANCELLED: "command.cancelled",
}

_log = structlog.get_logger("alquimista.operations")


async def run(services: Services, tenant_id: UUID, command_id: UUID) -> None:
    """Run a command, unless it has ended or another worker runs it.

    What its effect raises becomes its result. When not even that can be written, the reaper looks after it.
    """
    now = clock.now()
    conn = services.db.tenant(tenant_id)
    command = await queries.claim(conn, tenant_id, command_id, clock.new_id(), WORKER, now, now + LEASE)
    if command is None:
        return
    changed(services, command_id)
    try:
        await _try(services, command)
    except LeaseLost:
        _log.warning("command.lease_lost", command_id=str(command_id))
    except asyncio.CancelledError:
        # The worker is going down. Without this the command would wait for its lease to end.
        with suppress(Exception):
            await _again(services, command, Failure.of(_STOPPED), timedelta(0))
        raise
    changed(services, command_id)


async def _try(services: Services, command: Command) -> None:
    kind = CommandType(command.command_type)
    effect = EFFECTS[kind]
    try:
        parameters = msgspec.convert(command.parameters, KINDS[kind].parameters)
        this = Run(services, command, parameters, partial(changed, services, command.id))
        if effect.commit is not None:
            async with asyncio.timeout(KINDS[kind].timeout_s):
                await _committed(this, effect)
            return
        output = await _worked(this, effect, KINDS[kind].timeout_s)
    except CommandCancelled:
        await _end(services, command, CommandStatus.CANCELLED)
    except TimeoutError:
        await _failed(services, command, Failure.of(_timed_out(KINDS[kind].timeout_s)))
    except LeaseLost:
        raise
    except (psycopg.OperationalError, Unavailable) as error:
        await _failed(services, command, Failure(type(error).__name__))
    except Problem as problem:
        await _end(services, command, CommandStatus.ERROR, error=Failure.of(problem.detail))
    except Exception as error:  # noqa: BLE001 - Whatever an effect raises is the command's result.
        _log.warning("command.try_failed", command_id=str(command.id), attempt=command.attempts, exc_info=True)
        await _failed(services, command, Failure(f"{type(error).__name__}: {error}"))
    else:
        await _end(services, command, CommandStatus.SUCCESS, output)


async def _committed(this: Run, effect: Effect) -> None:
    """Do it and end it, in one transaction."""
    command = this.command
    assert effect.commit is not None
    async with tenant_transaction(this.db, command.tenant_id) as conn:
        held = await queries.hold(conn, command)
        if held is None:
            raise LeaseLost
        if held.cancelled:
            raise CommandCancelled
        output = await effect.commit(conn, this)
        await _ended(conn, command, CommandStatus.SUCCESS, output)
    _count(command, CommandStatus.SUCCESS)


async def _worked(this: Run, effect: Effect, timeout_s: float) -> Output:
    """Do it under a beating lease.

    Raises:
        TimeoutError: it took too long.
        LeaseLost: another try has it.
    """
    assert effect.work is not None
    work = asyncio.ensure_future(effect.work(this))
    beating = asyncio.create_task(_beat(this))
    try:
        await asyncio.wait({work, beating}, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
        if work.done():
            return work.result()
        if beating.done():
            raise LeaseLost
        raise TimeoutError
    finally:
        for one in (work, beating):
            one.cancel()
        await asyncio.gather(work, beating, return_exceptions=True)


async def _beat(this: Run) -> None:
    """Hold the lease until it is lost; while the database is away nobody else can take it either."""
    conn = this.db.tenant(this.tenant)
    while True:
        await asyncio.sleep(BEAT_S)
        now = clock.now()
        with suppress(Unavailable):
            if not await queries.beat(conn, this.command, now, now + LEASE):
                return


async def _failed(services: Services, command: Command, error: Failure) -> None:
    """Try again later, or, when no try is left, end it."""
    if command.attempts < command.tries:
        await _again(services, command, error, pause(command.attempts))
    else:
        await _end(services, command, CommandStatus.ERROR, error=error)


async def _again(services: Services, command: Command, error: Failure, wait: timedelta) -> None:
    if command.attempts >= command.tries:
        await _end(services, command, CommandStatus.ERROR, error=error)
        return
    now = clock.now()
    async with tenant_transaction(services.db, command.tenant_id) as conn:
        if not await queries.give_back(conn, command, error, now + wait, now):
            raise LeaseLost
        await enqueue(conn, structs.replace(command, due_at=now + wait))


async def _end(
    services: Services,
    command: Command,
    status: CommandStatus,
    output: Output | None = None,
    *,
    error: Failure | None = None,
) -> None:
    if status is CommandStatus.SUCCESS and not KINDS[CommandType(command.command_type)].changes:
        # Without an audit row one round trip is enough: a health check costs a worker 2 ms less of 3.4.
        await _written(services.db.tenant(command.tenant_id), command, status, output, error)
    else:
        async with tenant_transaction(services.db, command.tenant_id) as conn:
            if status is CommandStatus.CANCELLED:
                error = await _withdrawn(conn, command)
            await _ended(conn, command, status, output, error)
    _count(command, status)


async def _withdrawn(conn: Conn, command: Command) -> Failure | None:
    """Take back what a cancelled command has asked of others; what is to be said about those that had agreed."""
    withdraw = EFFECTS[CommandType(command.command_type)].withdraw
    if withdraw is None:
        return None
    # The command first, as the reaper does: neither waits for the other.
    if await queries.hold(conn, command) is None:
        raise LeaseLost
    told = await withdraw(conn, command)
    return Failure.of(told) if told is not None else None


async def _ended(
    conn: Conn, command: Command, status: CommandStatus, output: Output | None, error: Failure | None = None
) -> None:
    await _written(conn, command, status, output, error)
    await audit.record(
        conn,
        None,
        _ACTIONS[status],
        category="command",
        result="failure" if status is CommandStatus.ERROR else "success",
        resource_type="command",
        resource_id=str(command.id),
        details={"command_type": command.command_type},
        tenant_id=command.tenant_id,
    )


async def _written(
    conn: Conn, command: Command, status: CommandStatus, output: Output | None, error: Failure | None
) -> None:
    told = dict(output) if output is not None else None
    if not await queries.end(conn, command, status, told, error, clock.now()):
        raise LeaseLost


def _count(command: Command, status: CommandStatus) -> None:
    if status is CommandStatus.SUCCESS:
        COMMANDS_SUCCEEDED.labels(command.command_type).inc()
    elif status is CommandStatus.ERROR:
        COMMANDS_FAILED.labels(command.command_type).inc()
    seconds = (clock.now() - command.created_at).total_seconds()
    COMMAND_SECONDS.labels(command.command_type).observe(max(0.0, seconds))


def _timed_out(seconds: int) -> Text:
    return N_("It took longer than {seconds} seconds.", seconds=seconds)

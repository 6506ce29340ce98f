"""Giving a command, and saying beforehand what it would do."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from psycopg.errors import ForeignKeyViolation

from alquimista.access import PLATFORM_TENANT, Actor
from alquimista.audit import service as audit
from alquimista.clock import new_id
from alquimista.config import Settings
from alquimista.db.pool import Database
from alquimista.db.statement import Conn, Writer
from alquimista.db.tenancy import tenant_transaction
from alquimista.errors import Forbidden, Invalid
from alquimista.i18n import N_
from alquimista.observability.metrics import COMMANDS_CREATED
from alquimista.operations.models.commands import Command, CommandStatus, KeyReused, NeedsPerson
from alquimista.operations.models.kinds import KINDS, CommandType, Kind, check
from alquimista.operations.queries import commands as queries
from alquimista.operations.queries import reading
from alquimista.operations.service import approving
from alquimista.operations.service.effects import EFFECTS
from alquimista.operations.service.effects.effect import Foreseen
from alquimista.operations.service.queueing import put
from alquimista.operations.service.telling import changed
from alquimista.tenants import service as tenants
from alquimista.tenants.models import UnknownTenant
from alquimista.wiring import Services

_NO_TENANT: Final = N_("There is no customer with this id.")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A command that somebody wants. `tenant_id` None: about no company."""

    command_type: CommandType
    tenant_id: UUID | None
    parameters: Any
    key: str | None = None

    @property
    def kind(self) -> Kind:
        """Its kind."""
        return KINDS[self.command_type]

    @property
    def tenant(self) -> UUID:
        """The tenant whose row it becomes."""
        return self.tenant_id or PLATFORM_TENANT


def read(command_type: str, tenant_id: UUID | None, parameters: dict[str, Any], key: str) -> Wanted:
    """A command that a rule wants.

    Raises:
        Invalid: there is no such kind, it needs a company, or the parameters are not its own.
    """
    if command_type not in EFFECTS:
        raise Invalid.of("command_type", N_("There is no command of this type."))
    kind = KINDS[CommandType(command_type)]
    if kind.needs_tenant and tenant_id is None:
        raise Invalid.of("tenant_id", N_("Name a customer: this command is about one."), "required")
    try:
        shaped = msgspec.convert(parameters, kind.parameters)
    except msgspec.ValidationError as error:
        raise Invalid.of("parameters", N_("{reason}", reason=str(error))) from None
    return Wanted(kind.command_type, tenant_id, shaped, key)


async def give(
    conn: Conn, actor: Actor | None, wanted: Wanted, settings: Settings, now: datetime
) -> tuple[Command, bool]:
    """Store a command with its job and its audit row, all or nothing; and whether it is new.

    Takes a transaction of `wanted.tenant`. Without an actor it is the platform's own.

    Raises:
        Forbidden: the actor may not give commands of this kind.
        Invalid: there is no such company, or the parameters contradict each other.
        KeyReused: the key stands for another command of this author.
        NeedsPerson: such a command needs approval, which only a person can ask for.
    """
    command = _new(actor, wanted, settings, now)
    try:
        made = await queries.insert(conn, command, wanted.key, now)
    except ForeignKeyViolation:
        raise Invalid.of("tenant_id", _NO_TENANT) from None
    if made is None:
        return await _same(conn, command, wanted), False
    if actor is not None and made.approval_id is not None:
        await approving.ask(conn, actor, made, now)
    else:
        await put(conn, made)
    await _record(conn, actor, made)
    return made, True


async def give_alone(
    db: Database, actor: Actor, wanted: Wanted, settings: Settings, now: datetime
) -> tuple[Command, bool]:
    """As give, in a transaction of its own: one round trip in place of five, but for what has a key or needs approval.

    Raises:
        As give, and KeyReused: the key stands for a command about another tenant, too.
    """
    command = _new(actor, wanted, settings, now)
    if command.approval_id is not None or wanted.key is not None:
        async with tenant_transaction(db, wanted.tenant) as conn:
            if wanted.key is not None:
                await _claim(conn, db.staff(), command, wanted.key)
            return await give(conn, actor, wanted, settings, now)
    try:
        async with db.together(wanted.tenant) as writer:
            await queries.add(writer, command, now)
            await put(writer, command)
            await _record(writer, actor, command)
    except ForeignKeyViolation:
        raise Invalid.of("tenant_id", _NO_TENANT) from None
    return command, True


def announce(services: Services, command: Command) -> None:
    """Count a new command and tell open pages of it. Call it after the commit."""
    COMMANDS_CREATED.labels(command.command_type).inc()
    changed(services, command.id)


async def foresee(conn: Conn, actor: Actor, wanted: Wanted, settings: Settings, now: datetime) -> Foreseen:
    """What a command would do now. Nothing is created but an audit row. Takes a transaction of `wanted.tenant`.

    Raises:
        As give, but for the key; and what the command would be refused with when it runs.
    """
    _allow(actor, wanted)
    _awaits(actor, wanted, settings)
    if wanted.tenant_id is not None:
        try:
            await tenants.get(conn, wanted.tenant_id)
        except UnknownTenant:
            raise Invalid.of("tenant_id", _NO_TENANT) from None
    foreseen = await EFFECTS[wanted.command_type].foresee(conn, wanted.tenant, wanted.parameters, settings, now)
    await audit.record(
        conn,
        actor,
        "command.foreseen",
        category="command",
        resource_type="command_type",
        resource_id=wanted.command_type.value,
        tenant_id=wanted.tenant,
    )
    return foreseen


def _new(actor: Actor | None, wanted: Wanted, settings: Settings, now: datetime) -> Command:
    """The command as it begins."""
    _allow(actor, wanted)
    kind = wanted.kind
    awaits = _awaits(actor, wanted, settings)
    return Command(
        tenant_id=wanted.tenant,
        id=new_id(),
        command_type=kind.command_type.value,
        parameters=msgspec.to_builtins(wanted.parameters),
        status=CommandStatus.AWAITING_APPROVAL if awaits else CommandStatus.PENDING,
        approval_id=new_id() if awaits else None,
        created_by=actor.user_id if actor else None,
        tries=kind.tries,
        attempts=0,
        lease_id=None,
        due_at=None if awaits else now,
        cancel_requested_at=None,
        created_at=now,
        started_at=None,
        completed_at=None,
    )


async def _record(conn: Writer, actor: Actor | None, made: Command) -> None:
    awaits = made.approval_id is not None
    await audit.record(
        conn,
        actor,
        "command.created",
        category="command",
        resource_type="command",
        resource_id=str(made.id),
        details={"command_type": made.command_type, "parameters": made.parameters, "awaits_approval": awaits},
        tenant_id=made.tenant_id,
    )


def _allow(actor: Actor | None, wanted: Wanted) -> None:
    if actor is not None and not actor.may(wanted.kind.permission):
        raise Forbidden
    if wanted.tenant_id == PLATFORM_TENANT:
        raise Invalid.of("tenant_id", _NO_TENANT)
    check(wanted.parameters)


def _awaits(actor: Actor | None, wanted: Wanted, settings: Settings) -> bool:
    """Whether somebody else must agree to it. Raises NeedsPerson: nobody asks, so nobody can."""
    awaits = approving.needed(settings, wanted.kind)
    if awaits and (actor is None or actor.user_id is None):
        raise NeedsPerson(command_type=wanted.command_type.value)
    return awaits


async def _claim(conn: Conn, staff: Conn, command: Command, key: str) -> None:
    """See that a person's key stands for no command about another tenant, and let none be given until this one is.

    Raises:
        KeyReused: it does.
    """
    if command.created_by is None:
        return
    await queries.lock_key(conn, command.created_by, key)
    if await reading.used_elsewhere(staff, command.created_by, key, command.tenant_id):
        raise KeyReused


async def _same(conn: Conn, command: Command, wanted: Wanted) -> Command:
    """The command that the key stands for.

    Raises:
        KeyReused: it is another one.
    """
    assert wanted.key is not None
    found = await queries.by_key(conn, command.tenant_id, command.created_by, wanted.key)
    if found is None or (found.command_type, found.parameters) != (command.command_type, command.parameters):
        raise KeyReused
    return found

"""Giving commands, and the kinds that there are. Bodies are made from the table of kinds."""

from datetime import datetime
from functools import reduce
from operator import or_
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from msgspec import Meta

from alquimista.access import Permission
from alquimista.agents.models.agents import AgentSuspended, UnknownAgent
from alquimista.db.tenancy import tenant_transaction
from alquimista.errors import Invalid
from alquimista.fleet.models.controls import AgentNotConnected, RestartPending
from alquimista.http.context import Context
from alquimista.http.responses import Answer, encode
from alquimista.http.routes import Route, TenantScope
from alquimista.http.shares import READING
from alquimista.i18n import N_
from alquimista.integrations.models.failures import NotConnected, UnknownIntegration
from alquimista.operations import service
from alquimista.operations.guards import GIVING
from alquimista.operations.models.commands import KEY_LIMIT, CommandStatus, KeyReused, NeedsPerson, NoDataDirectory
from alquimista.operations.models.kinds import KINDS, CommandType, HealthCheckParameters, Kind
from alquimista.operations.service import Wanted
from alquimista.usage.models.reports import RawGone

_SENT: Final = N_("The command waits for its turn.")
_AWAITS: Final = N_("The command waits until somebody else approves it, for 24 hours at most.")


class GiveQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whether it is meant."""

    dry_run: Annotated[bool, Meta(description="Say what the command would do, and create nothing.")] = False


class CommandReceipt(msgspec.Struct, frozen=True):
    """The command is stored, and so is the job that runs it."""

    command_id: UUID
    status: CommandStatus
    created_at: datetime
    message: str


class ForeseenCommand(msgspec.Struct, frozen=True):
    """What a command would do now. Nothing was created."""

    command_type: CommandType
    tenant_id: UUID | None
    needs_approval: bool
    message: str
    figures: dict[str, int]


class CommandTypeLine(msgspec.Struct, frozen=True):
    """A type of command. `parameters` is the JSON schema of what it takes; `allowed` says whether you may give it."""

    command_type: CommandType
    title: str
    description: str
    needs_tenant: bool
    needs_approval: bool
    allowed: bool
    timeout_seconds: int
    concurrency: int
    tries: int
    parameters: dict[str, Any]


class CommandTypes(msgspec.Struct, frozen=True):
    """Every type of command."""

    command_types: list[CommandTypeLine]


def _body(kind: Kind) -> type[msgspec.Struct]:
    """The body that gives a command of one kind: `command_type` tells it from the others."""
    optional = not any(field.required for field in msgspec.structs.fields(kind.parameters))
    parameters = ("parameters", kind.parameters, kind.parameters()) if optional else ("parameters", kind.parameters)
    tenant = ("tenant_id", UUID) if kind.needs_tenant else ("tenant_id", UUID | None, None)
    return msgspec.defstruct(
        "".join(word.capitalize() for word in kind.command_type.value.split("_")) + "Command",
        [parameters, tenant],
        frozen=True,
        kw_only=True,
        forbid_unknown_fields=True,
        tag_field="command_type",
        tag=kind.command_type.value,
        namespace={"__doc__": str(kind.description)},
    )


_BODIES: Final = {kind: _body(KINDS[kind]) for kind in service.EFFECTS}


async def give(context: Context) -> CommandReceipt | Answer:
    """Give a command, or say what it would do."""
    body = context.body
    kind = CommandType(body.__struct_config__.tag)
    wanted = Wanted(kind, body.tenant_id, body.parameters, _key(context))
    settings = context.services.settings
    if context.query.dry_run:
        async with tenant_transaction(context.db, wanted.tenant) as conn:
            foreseen = await service.foresee(conn, context.who, wanted, settings, context.now)
        awaits = service.needed(settings, wanted.kind)
        text = foreseen.text.render(context.locale)
        return Answer(200, encode(ForeseenCommand(kind, wanted.tenant_id, awaits, text, foreseen.figures)))
    command, new = await service.give_alone(context.db, context.who, wanted, settings, context.now)
    if new:
        service.announce(context.services, command)
    told = _AWAITS if command.approval_id else _SENT
    return CommandReceipt(command.id, command.status, command.created_at, told.render(context.locale))


async def command_types(context: Context) -> CommandTypes:
    """What can be commanded, and how."""
    settings, who, locale = context.services.settings, context.who, context.locale
    return CommandTypes(
        [
            CommandTypeLine(
                command_type=kind.command_type,
                title=kind.title.render(locale),
                description=kind.description.render(locale),
                needs_tenant=kind.needs_tenant,
                needs_approval=service.needed(settings, kind),
                allowed=who.may(kind.permission),
                timeout_seconds=kind.timeout_s,
                concurrency=kind.concurrency,
                tries=kind.tries,
                parameters=msgspec.json.schema(kind.parameters),
            )
            for kind in map(KINDS.__getitem__, service.EFFECTS)
        ]
    )


def _key(context: Context) -> str | None:
    raw = context.headers.get(b"idempotency-key")
    if raw is None:
        return None
    key = raw.decode("latin-1").strip()
    if not key or len(key) > KEY_LIMIT or not key.isascii() or not key.isprintable():
        raise Invalid.of("Idempotency-Key", N_("Write 1 to {limit} characters of ASCII.", limit=KEY_LIMIT))
    return key


_HEALTH: Final = KINDS[CommandType.HEALTH_CHECK]
ROUTES: Final = (
    Route(
        method="POST",
        path="/internal/operations/commands",
        handler=give,
        summary="Give a command; with dry_run, ask what it would do",
        tag="operations",
        permission=Permission.COMMAND_RUN,
        scope=TenantScope.PLATFORM,
        query=GiveQuery,
        body=reduce(or_, _BODIES.values()),
        response=CommandReceipt,
        status=201,
        others={200: ForeseenCommand},
        limits=GIVING,
        problems=(
            KeyReused,
            NeedsPerson,
            RawGone,
            UnknownIntegration,
            NotConnected,
            UnknownAgent,
            AgentSuspended,
            AgentNotConnected,
            RestartPending,
            NoDataDirectory,
        ),
        request_headers={"Idempotency-Key": "Your name for the command: sent again, it is the same command."},
        example=_BODIES[CommandType.HEALTH_CHECK](parameters=HealthCheckParameters()),
    ),
    Route(
        method="GET",
        path="/internal/operations/command-types",
        handler=command_types,
        summary="The types of commands, and the schema of their parameters",
        tag="operations",
        permission=Permission.COMMAND_READ,
        scope=TenantScope.PLATFORM,
        response=CommandTypes,
        limits=READING,
        example=CommandTypes(
            [
                CommandTypeLine(
                    CommandType.HEALTH_CHECK,
                    str(_HEALTH.title),
                    str(_HEALTH.description),
                    needs_tenant=False,
                    needs_approval=False,
                    allowed=True,
                    timeout_seconds=_HEALTH.timeout_s,
                    concurrency=_HEALTH.concurrency,
                    tries=_HEALTH.tries,
                    parameters={},
                )
            ]
        ),
    ),
)

"""What staff see of commands. A list leaves one row in the platform's audit, a command one in its tenant's own."""

import asyncio
import weakref
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from alquimista import clock
from alquimista.access import PLATFORM_TENANT, Permission
from alquimista.audit.guards import listed, seen
from alquimista.db.pool import Database
from alquimista.http.context import Context
from alquimista.http.pagination import DEFAULT_LIMIT, Page
from alquimista.http.routes import Limit, Route, TenantScope
from alquimista.http.streams import MEDIA, EventStream, StreamEvent, Streams, TooManyStreams, Wakes
from alquimista.operations import service
from alquimista.operations.models.commands import CommandLine, CommandStatus, Progress, UnknownCommand
from alquimista.operations.models.kinds import CommandType

_READS: Final = (Limit(count=1_200, seconds=60, per=("user",)),)
_LOOK_S: Final = 4.0  # A message may be lost with the process that would have sent it.
_OVERLAP: Final = timedelta(seconds=10)  # What was written earlier may be committed later.
_MOST_TOLD: Final = 200
_DAYS: Final = {"7d": 7, "30d": 30, "90d": 90}


class CommandsQuery(Page, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which commands: those for which every given field holds."""

    status: Annotated[CommandStatus, Meta(description="In this state only.")] | None = None
    command_type: Annotated[CommandType, Meta(description="Of this type only.")] | None = None
    tenant_id: Annotated[UUID, Meta(description="About this company only.")] | None = None
    created_by: Annotated[UUID, Meta(description="Given by this person only.")] | None = None
    period: Annotated[Literal["7d", "30d", "90d"], Meta(description="Given in the last days only.")] | None = None


class Commands(msgspec.Struct, frozen=True):
    """One page of commands, newest first, and how many there are."""

    commands: list[CommandLine]
    total: int


async def list_commands(context: Context) -> Commands:
    """A page of commands."""
    query: CommandsQuery = context.query
    wanted: dict[str, Any] = {
        "status": query.status and query.status.value,
        "command_type": query.command_type and query.command_type.value,
        "tenant_id": query.tenant_id,
        "created_by": query.created_by,
        "since": context.now - timedelta(days=_DAYS[query.period]) if query.period else None,
    }
    given = {name: value for name, value in wanted.items() if value is not None}
    found = Commands(*await service.page(context.db.staff(), given, query.limit, query.offset, context.locale))
    await listed(context, query.tenant_id, found=bool(found.total), action="commands.read", category="command")
    return found


async def get_command(context: Context) -> CommandLine:
    """One command."""
    found = await service.line(context.db.staff(), context.uuid("command_id"), context.locale)
    await seen(
        context,
        found.tenant_id or PLATFORM_TENANT,
        action="command.read",
        category="command",
        resource_type="command",
        resource_id=str(found.command_id),
    )
    return found


async def stream(context: Context) -> EventStream:
    """Commands as they change."""
    feed = Feed(context.db, context.locale)
    found = context.services.get(Streams).open(context, Permission.COMMAND_READ, [service.CHANNEL], feed.news)
    await seen(context, PLATFORM_TENANT, action="commands.read", category="command")
    asyncio.get_running_loop().call_later(_LOOK_S, _look, weakref.ref(found))
    return found


def _look(reference: "weakref.ref[EventStream]") -> None:
    """Have a stream look for itself every few seconds, as long as it is there."""
    found = reference()
    if found is not None:
        found.wake({})
        asyncio.get_running_loop().call_later(_LOOK_S, _look, reference)


class Feed:
    """What one reader was told. Each command is told again only when it has changed."""

    def __init__(self, db: Database, locale: str) -> None:
        self._db = db
        self._locale = locale
        self._told: dict[UUID, datetime] = {}
        self._looked = clock.now()

    async def news(self, wakes: Wakes) -> list[StreamEvent]:
        """The newest commands at the beginning and after a gap; then those that changed."""
        conn = self._db.staff()
        if wakes is None:
            self._looked = clock.now()
            lines, _ = await service.page(conn, {}, DEFAULT_LIMIT, 0, self._locale)
            self._told = {one.command_id: one.updated_at for one in lines}
            return [StreamEvent("commands", lines)]
        ids = {UUID(text) for one in wakes for text in one.get("ids", ())}
        if any("ids" not in one for one in wakes):
            since, self._looked = self._looked - _OVERLAP, clock.now()
            lines = await service.changed(conn, since, _MOST_TOLD, self._locale)
            self._told = {one: at for one, at in self._told.items() if at > since}
        else:
            lines = await service.lines(conn, list(ids)[:_MOST_TOLD], self._locale)
        new = [one for one in lines if self._told.get(one.command_id) != one.updated_at]
        self._told |= {one.command_id: one.updated_at for one in new}
        new.sort(key=lambda one: one.updated_at)
        return [StreamEvent("command", one, str(one.command_id)) for one in new]


_ID: Final = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
_MOMENT: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)
LINE: Final = CommandLine(
    command_id=_ID,
    command_type=CommandType.REPROCESS_QUEUE.value,
    tenant_id=_ID,
    tenant_name="Clínica Aurora",
    status=CommandStatus.SUCCESS,
    parameters={"queue": "mails", "ids": [], "count": 1000},
    created_by=_ID,
    created_by_email="ana@example.com",
    created_by_name="Ana Prado",
    created_at=_MOMENT,
    started_at=_MOMENT,
    completed_at=_MOMENT,
    output={"queue": "mails", "moved": 3},
    error_message=None,
    attempts=1,
    tries=3,
    progress=Progress(0, None, ""),
    approval_id=None,
    approve_until=None,
    decided_by=None,
    decided_at=None,
    cancel_requested_at=None,
    updated_at=_MOMENT,
)
_STAFF: Final[dict[str, Any]] = {
    "tag": "operations",
    "permission": Permission.COMMAND_READ,
    "scope": TenantScope.PLATFORM,
    "limits": _READS,
}
ROUTES: Final = (
    Route(
        method="GET",
        path="/internal/operations/commands",
        handler=list_commands,
        summary="Commands, newest first",
        query=CommandsQuery,
        response=Commands,
        example=Commands([LINE], 1),
        **(_STAFF | {"limits": (*_READS, Limit(count=3_600, seconds=60, per=("tenant",)))}),
    ),
    Route(
        method="GET",
        path="/internal/operations/commands/stream",
        handler=stream,
        summary="Commands as they change: `commands` with the newest at first, then a `command` for each change",
        response=str,
        answers=(MEDIA,),
        problems=(TooManyStreams,),
        passive=True,
        example='event: command\ndata: {"command_id": "01890a5d-ac96-774b-bcce-b302099a8057", "status": "RUNNING"}\n\n',
        **_STAFF,
    ),
    Route(
        method="GET",
        path="/internal/operations/commands/{command_id:uuid}",
        handler=get_command,
        summary="One command, and what became of it",
        response=CommandLine,
        problems=(UnknownCommand,),
        example=LINE,
        **_STAFF,
    ),
)

"""What staff see of commands, failures in the reader's language. All take the internal role's connection."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from alquimista.db.statement import Conn
from alquimista.operations.models.commands import Command, CommandLine, CommandStatus, UnknownCommand
from alquimista.operations.queries import commands, reading


async def page(
    conn: Conn, wanted: dict[str, Any], limit: int, offset: int, locale: str
) -> tuple[list[CommandLine], int]:
    """A page of commands, newest first, and how many there are in all.

    `wanted` holds any of status, command_type, tenant_id, created_by, since and search, which is a part of the
    company's name.
    """
    return await reading.newest(conn, wanted, limit, offset, locale), await reading.total(conn, wanted)


async def history(
    conn: Conn, wanted: dict[str, Any], limit: int, offset: int, locale: str
) -> tuple[list[CommandLine], dict[CommandStatus, int]]:
    """A page as above, and how many there are of each state whichever state is `wanted`."""
    others = {name: value for name, value in wanted.items() if name != "status"}
    return await reading.newest(conn, wanted, limit, offset, locale), await reading.by_status(conn, others)


async def line(conn: Conn, command_id: UUID, locale: str) -> CommandLine:
    """One command as staff see it.

    Raises:
        UnknownCommand: there is none.
    """
    found = await reading.by_ids(conn, [command_id], locale)
    if not found:
        raise UnknownCommand
    return found[0]


async def lines(conn: Conn, ids: Sequence[UUID], locale: str) -> list[CommandLine]:
    """Those of these commands that there are."""
    return await reading.by_ids(conn, ids, locale)


async def changed(conn: Conn, since: datetime, limit: int, locale: str) -> list[CommandLine]:
    """The commands that changed since then, the latest changes first."""
    return await reading.changed(conn, since, limit, locale)


async def find(conn: Conn, command_id: UUID) -> Command:
    """One command, and whose it is.

    Raises:
        UnknownCommand: there is none.
    """
    found = await commands.find(conn, command_id)
    if found is None:
        raise UnknownCommand
    return found

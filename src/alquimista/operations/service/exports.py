"""The files that EXPORT_TENANT writes: where they are, how they are handed out, and when they go."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import IO, Final

from alquimista.access import Actor
from alquimista.audit import service as audit
from alquimista.config import Settings
from alquimista.db.statement import Conn
from alquimista.operations.models.commands import EXPORT_KEPT, Command, CommandStatus, ExportGone
from alquimista.operations.models.kinds import CommandType

_CHUNK: Final = 1 << 20


def directory(settings: Settings) -> Path | None:
    """Where exports are; None without a data directory."""
    return Path(settings.data_dir) / "exports" if settings.data_dir else None


def path_of(settings: Settings, command: Command) -> Path | None:
    """The file of one command, whether it is there or not. Only ids make its name."""
    found = directory(settings)
    return found / f"{command.tenant_id}-{command.id}.zip" if found else None


async def measure(path: Path) -> tuple[int, str]:
    """How many bytes a file has, and their SHA-256."""
    return await asyncio.to_thread(_measure, path)


async def fetch(
    conn: Conn, settings: Settings, actor: Actor, command: Command
) -> tuple[Path, int, AsyncIterator[bytes]]:
    """The file of a command for somebody who takes it, which the company's audit tells: name, size and bytes.

    Raises:
        ExportGone: the command wrote none, it was deleted since, or it is on another machine.
    """
    path = path_of(settings, command)
    wrote = command.command_type == CommandType.EXPORT_TENANT and command.status is CommandStatus.SUCCESS
    if path is None or not wrote:
        raise ExportGone
    try:
        file = await asyncio.to_thread(path.open, "rb")
    except FileNotFoundError:
        raise ExportGone from None
    try:
        await audit.record(
            conn,
            actor,
            "tenant.export_fetched",
            category="tenant",
            resource_type="command",
            resource_id=str(command.id),
            tenant_id=command.tenant_id,
        )
        size = path.stat().st_size
    except BaseException:
        file.close()
        raise
    return path, size, _chunks(file)


async def delete_old(settings: Settings, now: datetime) -> int:
    """Delete the files of more than a week ago, and what was left half-written; how many."""
    found = directory(settings)
    return await asyncio.to_thread(_delete, found, (now - EXPORT_KEPT).timestamp()) if found else 0


def _measure(path: Path) -> tuple[int, str]:
    with path.open("rb") as file:
        return path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest()


def _delete(found: Path, before: float) -> int:
    old = [one for one in found.glob("*.zip*") if one.stat().st_mtime < before]
    for one in old:
        one.unlink(missing_ok=True)
    return len(old)


async def _chunks(file: IO[bytes]) -> AsyncIterator[bytes]:
    with file:
        while chunk := await asyncio.to_thread(file.read, _CHUNK):
            yield chunk

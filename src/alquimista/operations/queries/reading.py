"""What staff see of commands. All take a connection of the internal role."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any, Final
from uuid import UUID

import msgspec

from alquimista.access import PLATFORM_TENANT
from alquimista.db.statement import Conn, Statement
from alquimista.operations.models.commands import CommandLine, CommandStatus, Progress


class LineRow(msgspec.Struct, frozen=True):
    command_id: UUID
    command_type: str
    tenant_id: UUID | None
    tenant_name: str | None
    status: CommandStatus
    parameters: dict[str, Any]
    created_by: UUID | None
    created_by_email: str | None
    created_at: datetime
    started_at: datetime | None
    completed_at: datetime | None
    output: dict[str, Any] | None
    error_message: str | None
    attempts: int
    tries: int
    approval_id: UUID | None
    approve_until: datetime | None
    decided_by: UUID | None
    decided_at: datetime | None
    cancel_requested_at: datetime | None
    updated_at: datetime
    progress_done: int
    progress_total: int | None
    progress_text: str


class Used(msgspec.Struct, frozen=True):
    used: bool


class Count(msgspec.Struct, frozen=True):
    count: int


_LINES: Final = """
    SELECT c.id AS command_id, c.command_type, nullif(c.tenant_id, %(platform)s) AS tenant_id,
      CASE WHEN c.tenant_id <> %(platform)s THEN t.name END AS tenant_name, c.status, c.parameters, c.created_by,
      u.email AS created_by_email, c.created_at, c.started_at, c.completed_at, c.output, c.error_message, c.attempts,
      c.tries, c.approval_id, CASE c.status WHEN 'AWAITING_APPROVAL' THEN a.expires_at END AS approve_until,
      d.approver_id AS decided_by, d.created_at AS decided_at, c.cancel_requested_at, c.updated_at, c.progress_done,
      c.progress_total, c.progress_text
    FROM alquimista_platform.operational_commands c
    JOIN alquimista_platform.tenants t ON t.id = c.tenant_id
    LEFT JOIN alquimista_platform.users u ON u.id = c.created_by
    LEFT JOIN alquimista_platform.approval_requests a ON a.tenant_id = c.tenant_id AND a.id = c.approval_id
    LEFT JOIN alquimista_platform.approval_decisions d ON d.tenant_id = c.tenant_id AND d.request_id = c.approval_id
"""
# Each filter is written only where it is wanted, so that every page is read along an index of its own.
_FILTERS: Final = {
    "status": "c.status = %(status)s",
    "command_type": "c.command_type = %(command_type)s",
    "tenant_id": "c.tenant_id = %(tenant_id)s",
    "created_by": "c.created_by = %(created_by)s",
    "since": "c.created_at >= %(since)s",
}

USED_ELSEWHERE = Statement(
    """
    SELECT EXISTS (SELECT FROM alquimista_platform.operational_commands
      WHERE created_by = %(created_by)s AND idempotency_key = %(key)s AND tenant_id <> %(tenant_id)s) AS used
    """,
    Used,
)
BY_IDS = Statement(f"{_LINES} WHERE c.id = ANY (%(ids)s::uuid[])", LineRow)
CHANGED = Statement(f"{_LINES} WHERE c.updated_at > %(since)s ORDER BY c.updated_at DESC LIMIT %(limit)s", LineRow)


@cache
def _page(wanted: frozenset[str]) -> tuple[Statement[LineRow], Statement[Count]]:
    where = " AND ".join(["true", *(_FILTERS[name] for name in sorted(wanted))])
    newest = f"{_LINES} WHERE {where} ORDER BY c.created_at DESC, c.id DESC LIMIT %(limit)s OFFSET %(offset)s"
    total = f"SELECT count(*) AS count FROM alquimista_platform.operational_commands c WHERE {where}"  # noqa: S608
    return Statement(newest, LineRow), Statement(total, Count)


async def page(conn: Conn, wanted: dict[str, Any], limit: int, offset: int) -> tuple[list[CommandLine], int]:
    """A page of the commands for which all of `wanted` holds, newest first; and how many such there are in all."""
    newest, total = _page(frozenset(wanted))
    rows = await conn.fetch(newest, **wanted, limit=limit, offset=offset, platform=PLATFORM_TENANT)
    counted = await conn.fetch_one(total, **wanted)
    return list(map(_line, rows)), counted.count if counted else 0


async def used_elsewhere(conn: Conn, created_by: UUID, key: str, tenant_id: UUID) -> bool:
    """Whether this author's key stands for a command about another tenant."""
    found = await conn.fetch_one(USED_ELSEWHERE, created_by=created_by, key=key, tenant_id=tenant_id)
    return found is not None and found.used


async def by_ids(conn: Conn, ids: Sequence[UUID]) -> list[CommandLine]:
    """These commands."""
    return list(map(_line, await conn.fetch(BY_IDS, ids=list(ids), platform=PLATFORM_TENANT)))


async def changed(conn: Conn, since: datetime, limit: int) -> list[CommandLine]:
    """The commands that changed since then, the latest changes first."""
    return list(map(_line, await conn.fetch(CHANGED, since=since, limit=limit, platform=PLATFORM_TENANT)))


def _line(row: LineRow) -> CommandLine:
    plain = {name: getattr(row, name) for name in CommandLine.__struct_fields__ if name != "progress"}
    return CommandLine(**plain, progress=Progress(row.progress_done, row.progress_total, row.progress_text))

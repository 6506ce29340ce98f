"""What staff see of commands. All take a connection of the internal role."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any, Final
from uuid import UUID

import msgspec

from alquimista.access import PLATFORM_TENANT
from alquimista.db.statement import Conn, Statement
from alquimista.operations.models.commands import CommandLine, CommandStatus, Failure, Progress


class LineRow(msgspec.Struct, frozen=True):
    command_id: UUID
    command_type: str
    tenant_id: UUID | None
    tenant_name: str | None
    status: CommandStatus
    parameters: dict[str, Any]
    created_by: UUID | None
    created_by_email: str | None
    created_by_name: str | None
    created_at: datetime
    started_at: datetime | None
    completed_at: datetime | None
    output: dict[str, Any] | None
    error_message: str | None
    error_text: Failure | None
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


class StatusCount(msgspec.Struct, frozen=True):
    status: CommandStatus
    count: int


_LINES: Final = """
    SELECT c.id AS command_id, c.command_type, nullif(c.tenant_id, %(platform)s) AS tenant_id,
      CASE WHEN c.tenant_id <> %(platform)s THEN t.name END AS tenant_name, c.status, c.parameters, c.created_by,
      u.email AS created_by_email, coalesce(nullif(u.full_name, ''), u.email) AS created_by_name, c.created_at,
      c.started_at, c.completed_at, c.output, c.error_message, c.error_text, c.attempts, c.tries, c.approval_id,
      CASE c.status WHEN 'AWAITING_APPROVAL' THEN a.expires_at END AS approve_until, d.approver_id AS decided_by,
      d.created_at AS decided_at, c.cancel_requested_at, c.updated_at, c.progress_done, c.progress_total,
      c.progress_text
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
    "search": """c.tenant_id <> %(platform)s
      AND strpos(t.search_name, alquimista_platform.search_text(%(search)s)) > 0""",
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


def _where(wanted: frozenset[str]) -> str:
    return " AND ".join(["true", *(_FILTERS[name] for name in sorted(wanted))])


def _counted(wanted: frozenset[str]) -> str:
    """Of what rows are counted: companies are joined only where one is looked for."""
    tenants = " JOIN alquimista_platform.tenants t ON t.id = c.tenant_id" if "search" in wanted else ""
    return f"FROM alquimista_platform.operational_commands c{tenants} WHERE {_where(wanted)}"


def _named(wanted: dict[str, Any]) -> dict[str, Any]:
    """The parameters of what is counted."""
    return {**wanted, "platform": PLATFORM_TENANT} if "search" in wanted else wanted


@cache
def _newest(wanted: frozenset[str]) -> Statement[LineRow]:
    order = "ORDER BY c.created_at DESC, c.id DESC LIMIT %(limit)s OFFSET %(offset)s"
    return Statement(f"{_LINES} WHERE {_where(wanted)} {order}", LineRow)


@cache
def _total(wanted: frozenset[str]) -> Statement[Count]:
    return Statement(f"SELECT count(*) AS count {_counted(wanted)}", Count)


@cache
def _by_status(wanted: frozenset[str]) -> Statement[StatusCount]:
    return Statement(f"SELECT c.status, count(*) AS count {_counted(wanted)} GROUP BY c.status", StatusCount)


async def newest(conn: Conn, wanted: dict[str, Any], limit: int, offset: int, locale: str) -> list[CommandLine]:
    """A page of the commands for which all of `wanted` holds, newest first."""
    statement = _newest(frozenset(wanted))
    rows = await conn.fetch(statement, **wanted, limit=limit, offset=offset, platform=PLATFORM_TENANT)
    return [_line(row, locale) for row in rows]


async def total(conn: Conn, wanted: dict[str, Any]) -> int:
    """How many commands there are for which all of `wanted` holds."""
    counted = await conn.fetch_one(_total(frozenset(wanted)), **_named(wanted))
    return counted.count if counted else 0


async def by_status(conn: Conn, wanted: dict[str, Any]) -> dict[CommandStatus, int]:
    """As `total`, of each state that there is one of."""
    rows = await conn.fetch(_by_status(frozenset(wanted)), **_named(wanted))
    return {row.status: row.count for row in rows}


async def used_elsewhere(conn: Conn, created_by: UUID, key: str, tenant_id: UUID) -> bool:
    """Whether this author's key stands for a command about another tenant."""
    found = await conn.fetch_one(USED_ELSEWHERE, created_by=created_by, key=key, tenant_id=tenant_id)
    return found is not None and found.used


async def by_ids(conn: Conn, ids: Sequence[UUID], locale: str) -> list[CommandLine]:
    """These commands."""
    rows = await conn.fetch(BY_IDS, ids=list(ids), platform=PLATFORM_TENANT)
    return [_line(row, locale) for row in rows]


async def changed(conn: Conn, since: datetime, limit: int, locale: str) -> list[CommandLine]:
    """The commands that changed since then, the latest changes first."""
    rows = await conn.fetch(CHANGED, since=since, limit=limit, platform=PLATFORM_TENANT)
    return [_line(row, locale) for row in rows]


def _line(row: LineRow, locale: str) -> CommandLine:
    plain = {name: getattr(row, name) for name in CommandLine.__struct_fields__ if name != "progress"}
    if row.error_text is not None:
        plain["error_message"] = row.error_text.said(locale)
    return CommandLine(**plain, progress=Progress(row.progress_done, row.progress_total, row.progress_text))

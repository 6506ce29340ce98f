"""The moves that workers make. Each names the lease that it holds; who has lost it touches no row."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from alquimista.db.statement import Conn, NoRow, Statement
from alquimista.i18n import DEFAULT_LOCALE
from alquimista.operations.models.commands import Command, CommandStatus, Failure
from alquimista.operations.queries.commands import COLUMNS


class Held(msgspec.Struct, frozen=True):
    cancelled: bool


class Overdue(msgspec.Struct, frozen=True):
    tenant_id: UUID
    id: UUID
    status: CommandStatus


class Failing(msgspec.Struct, frozen=True):
    """How many commands of a kind have failed."""

    command_type: str
    count: int


class TenantId(msgspec.Struct, frozen=True):
    tenant_id: UUID


# A running one whose lease has ended is taken over; when somebody wants it cancelled, the reaper ends it instead.
CLAIM = Statement(
    f"""
    UPDATE alquimista_platform.operational_commands
    SET status = 'RUNNING', attempts = attempts + 1, started_at = coalesce(started_at, %(now)s),
      lease_id = %(lease_id)s, worker = %(worker)s, due_at = %(until)s, updated_at = %(now)s
    WHERE tenant_id = %(tenant_id)s AND id = %(id)s AND attempts < tries AND cancel_requested_at IS NULL
      AND (status = 'PENDING' OR status = 'RUNNING' AND due_at <= %(now)s)
    RETURNING {COLUMNS}
    """,  # noqa: S608 - A list of columns.
    Command,
)

BEAT = Statement(
    """
    UPDATE alquimista_platform.operational_commands SET due_at = %(until)s, updated_at = %(now)s
    WHERE tenant_id = %(tenant_id)s AND id = %(id)s AND lease_id = %(lease_id)s
    """,
    NoRow,
)

PROGRESS = Statement(
    """
    UPDATE alquimista_platform.operational_commands
    SET progress_done = %(done)s, progress_total = %(total)s, progress_text = %(text)s, due_at = %(until)s,
      updated_at = %(now)s
    WHERE tenant_id = %(tenant_id)s AND id = %(id)s AND lease_id = %(lease_id)s
    RETURNING cancel_requested_at IS NOT NULL AS cancelled
    """,
    Held,
)

HOLD = Statement(
    """
    SELECT cancel_requested_at IS NOT NULL AS cancelled FROM alquimista_platform.operational_commands
    WHERE tenant_id = %(tenant_id)s AND id = %(id)s AND lease_id = %(lease_id)s
    FOR UPDATE
    """,
    Held,
)

END = Statement(
    """
    UPDATE alquimista_platform.operational_commands
    SET status = %(status)s, output = %(output)s, error_message = %(error)s,
      error_text = %(error_text)s::jsonb, completed_at = %(now)s, due_at = NULL,
      lease_id = NULL, worker = NULL, updated_at = %(now)s
    WHERE tenant_id = %(tenant_id)s AND id = %(id)s AND lease_id = %(lease_id)s
    """,
    NoRow,
)

GIVE_BACK = Statement(
    """
    UPDATE alquimista_platform.operational_commands
    SET status = 'PENDING', lease_id = NULL, worker = NULL, due_at = %(run_at)s, error_message = %(error)s,
      error_text = %(error_text)s::jsonb, updated_at = %(now)s
    WHERE tenant_id = %(tenant_id)s AND id = %(id)s AND lease_id = %(lease_id)s AND attempts < tries
    """,
    NoRow,
)

# What has no worker any more is tried again, as often as its kind may be; else it ends.
RELEASE = Statement(
    f"""
    UPDATE alquimista_platform.operational_commands
    SET status = CASE WHEN cancel_requested_at IS NOT NULL THEN 'CANCELLED' WHEN attempts < tries THEN 'PENDING'
        ELSE 'ERROR' END,
      completed_at = CASE WHEN cancel_requested_at IS NULL AND attempts < tries THEN NULL
        ELSE %(now)s::timestamptz END,
      due_at = CASE WHEN cancel_requested_at IS NULL AND attempts < tries THEN %(now)s::timestamptz END,
      error_message = %(error)s, error_text = %(error_text)s::jsonb, lease_id = NULL, worker = NULL,
      updated_at = %(now)s
    WHERE tenant_id = %(tenant_id)s AND id = %(id)s AND status = 'RUNNING' AND due_at <= %(now)s
    RETURNING {COLUMNS}
    """,  # noqa: S608 - As above.
    Command,
)

OVERDUE = Statement(
    """
    SELECT tenant_id, id, status FROM alquimista_platform.operational_commands
    WHERE due_at <= CASE status WHEN 'PENDING' THEN %(lost_since)s::timestamptz ELSE %(now)s::timestamptz END
      AND due_at <= %(now)s
    ORDER BY status = 'PENDING', due_at
    LIMIT %(limit)s
    """,
    Overdue,
)

# A restart that a rule gave fails with the agent that is missed, which has an incident of its own.
FAILING = Statement(
    """
    SELECT command_type, count(*) AS count FROM alquimista_platform.operational_commands
    WHERE updated_at >= %(since)s AND completed_at >= %(since)s AND status = 'ERROR'
      AND NOT (command_type = 'RESTART_AGENT' AND created_by IS NULL)
    GROUP BY command_type HAVING count(*) >= %(least)s
    """,
    Failing,
)

TENANTS_WITH_OLD = Statement(
    """
    SELECT DISTINCT tenant_id FROM alquimista_platform.operational_commands
    WHERE completed_at IS NOT NULL AND created_at < %(before)s
    """,
    TenantId,
)


async def claim(
    conn: Conn, tenant_id: UUID, command_id: UUID, lease_id: UUID, worker: str, now: datetime, until: datetime
) -> Command | None:
    """Begin a try; None when the command has ended, is another's, or has no try left."""
    return await conn.fetch_one(
        CLAIM, tenant_id=tenant_id, id=command_id, lease_id=lease_id, worker=worker, now=now, until=until
    )


async def beat(conn: Conn, command: Command, now: datetime, until: datetime) -> bool:
    """Say that the try goes on; whether it still holds its lease."""
    return bool(
        await conn.execute(
            BEAT, tenant_id=command.tenant_id, id=command.id, lease_id=command.lease_id, now=now, until=until
        )
    )


async def progress(
    conn: Conn, command: Command, done: int, total: int | None, text: str, now: datetime, until: datetime
) -> Held | None:
    """Say how far it is; None when the lease is lost."""
    return await conn.fetch_one(
        PROGRESS, tenant_id=command.tenant_id, id=command.id, lease_id=command.lease_id, done=done, total=total,
        text=text, now=now, until=until,
    )  # fmt: skip


async def hold(conn: Conn, command: Command) -> Held | None:
    """Keep the command from changing until the transaction ends; None when the lease is lost."""
    return await conn.fetch_one(HOLD, tenant_id=command.tenant_id, id=command.id, lease_id=command.lease_id)


async def end(
    conn: Conn,
    command: Command,
    status: CommandStatus,
    output: dict[str, Any] | None,
    error: Failure | None,
    now: datetime,
) -> bool:
    """End it; False when the lease is lost."""
    return bool(
        await conn.execute(
            END, tenant_id=command.tenant_id, id=command.id, lease_id=command.lease_id, status=status.value,
            output=output, now=now, **_told(error),
        )
    )  # fmt: skip


async def give_back(conn: Conn, command: Command, error: Failure, run_at: datetime, now: datetime) -> bool:
    """Let it be tried again from `run_at`; False when the lease is lost, or no try is left."""
    return bool(
        await conn.execute(
            GIVE_BACK, tenant_id=command.tenant_id, id=command.id, lease_id=command.lease_id, run_at=run_at, now=now,
            **_told(error),
        )
    )  # fmt: skip


async def release(conn: Conn, tenant_id: UUID, command_id: UUID, error: Failure, now: datetime) -> Command | None:
    """Take a command from a worker that gives no sign of life; None when it does."""
    return await conn.fetch_one(RELEASE, tenant_id=tenant_id, id=command_id, now=now, **_told(error))


async def overdue(conn: Conn, now: datetime, lost_since: datetime, limit: int) -> list[Overdue]:
    """Commands that somebody must look at; takes a connection of the internal role.

    Pending ones only when they could have begun before `lost_since`, and after all the others.
    """
    return await conn.fetch(OVERDUE, now=now, lost_since=lost_since, limit=limit)


async def failing(conn: Conn, since: datetime, least: int) -> list[Failing]:
    """Kinds of which so many have failed since then; takes a connection of the internal role."""
    return await conn.fetch(FAILING, since=since, least=least)


async def tenants_with_old(conn: Conn, before: datetime) -> list[UUID]:
    """Whose commands are old enough to be forgotten; takes a connection of the internal role."""
    return [row.tenant_id for row in await conn.fetch(TENANTS_WITH_OLD, before=before)]


def _told(error: Failure | None) -> dict[str, Any]:
    """A failure as its two columns; the first is for who reads the table by other means."""
    return {"error": error and error.said(DEFAULT_LOCALE), "error_text": error and error.kept()}

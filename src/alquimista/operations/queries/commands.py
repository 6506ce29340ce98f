"""Giving commands, and the moves that people make."""

from datetime import datetime
from typing import Any
from uuid import UUID

from alquimista.db.statement import Conn, NoRow, Statement, Writer
from alquimista.i18n import DEFAULT_LOCALE
from alquimista.operations.models.commands import Command, Failure

COLUMNS = """tenant_id, id, command_type, parameters, status, approval_id, created_by, tries, attempts, lease_id,
      due_at, cancel_requested_at, created_at, started_at, completed_at"""

ADD = Statement(
    """
    INSERT INTO alquimista_platform.operational_commands (tenant_id, id, command_type, parameters, status,
      idempotency_key, approval_id, created_by, tries, due_at, created_at, updated_at)
    VALUES (%(tenant_id)s, %(id)s, %(command_type)s, %(parameters)s, %(status)s, %(key)s, %(approval_id)s,
      %(created_by)s, %(tries)s, %(due_at)s, %(now)s, %(now)s)
    """,
    NoRow,
)

INSERT = Statement(
    f"""
    {ADD.sql}
    ON CONFLICT (tenant_id, created_by, idempotency_key) WHERE idempotency_key IS NOT NULL DO NOTHING
    RETURNING {COLUMNS}
    """,
    Command,
)

# The unique index holds within a tenant only (decision 4): whoever uses a key of theirs for another tenant waits here.
LOCK_KEY = Statement(
    """
    SELECT pg_advisory_xact_lock(hashtextextended('alquimista.commands/' || %(created_by)s::uuid || %(key)s::text, 0)
      )::text AS locked
    """,
    NoRow,
)

BY_KEY = Statement(
    f"""
    SELECT {COLUMNS} FROM alquimista_platform.operational_commands
    WHERE tenant_id = %(tenant_id)s AND created_by IS NOT DISTINCT FROM %(created_by)s::uuid
      AND idempotency_key = %(key)s
    """,  # noqa: S608 - As above.
    Command,
)

FIND = Statement(
    f"SELECT {COLUMNS} FROM alquimista_platform.operational_commands WHERE id = %(id)s",  # noqa: S608 - As above.
    Command,
)

CANCEL_WAITING = Statement(
    f"""
    UPDATE alquimista_platform.operational_commands
    SET status = 'CANCELLED', due_at = NULL, completed_at = %(now)s, cancel_requested_at = %(now)s,
      cancel_requested_by = %(by)s, error_message = NULL, error_text = NULL, updated_at = %(now)s
    WHERE tenant_id = %(tenant_id)s AND id = %(id)s AND status = 'PENDING'
    RETURNING {COLUMNS}
    """,  # noqa: S608 - As above.
    Command,
)

# Asked twice, it was asked the first time.
ASK_TO_CANCEL = Statement(
    f"""
    UPDATE alquimista_platform.operational_commands
    SET cancel_requested_at = coalesce(cancel_requested_at, %(now)s),
      cancel_requested_by = CASE WHEN cancel_requested_at IS NULL THEN %(by)s::uuid ELSE cancel_requested_by END,
      updated_at = %(now)s
    WHERE tenant_id = %(tenant_id)s AND id = %(id)s AND status = 'RUNNING'
    RETURNING {COLUMNS}
    """,  # noqa: S608 - As above.
    Command,
)

APPROVE = Statement(
    f"""
    UPDATE alquimista_platform.operational_commands
    SET status = 'PENDING', due_at = %(now)s, updated_at = %(now)s
    WHERE tenant_id = %(tenant_id)s AND approval_id = %(approval_id)s AND status = 'AWAITING_APPROVAL'
    RETURNING {COLUMNS}
    """,  # noqa: S608 - As above.
    Command,
)

REFUSE = Statement(
    f"""
    UPDATE alquimista_platform.operational_commands
    SET status = 'CANCELLED', completed_at = %(now)s, error_message = %(reason)s,
      error_text = %(reason_text)s::jsonb, updated_at = %(now)s,
      cancel_requested_at = CASE WHEN %(cancelled_by)s::uuid IS NOT NULL THEN %(now)s::timestamptz END,
      cancel_requested_by = %(cancelled_by)s
    WHERE tenant_id = %(tenant_id)s AND approval_id = %(approval_id)s AND status = 'AWAITING_APPROVAL'
    RETURNING {COLUMNS}
    """,  # noqa: S608 - As above.
    Command,
)

PURGE = Statement(
    """
    DELETE FROM alquimista_platform.operational_commands
    WHERE tenant_id = %(tenant_id)s AND completed_at IS NOT NULL AND created_at < %(before)s
    """,
    NoRow,
)


async def insert(conn: Conn, command: Command, key: str | None, now: datetime) -> Command | None:
    """Write a new command; None when its key is taken."""
    return await conn.fetch_one(INSERT, **_values(command, key, now))


async def add(conn: Writer, command: Command, now: datetime) -> None:
    """Write a new command that has no key."""
    await conn.execute(ADD, **_values(command, None, now))


async def lock_key(conn: Conn, created_by: UUID, key: str) -> None:
    """Take turns with who gives a command by this author's key, until the transaction ends."""
    await conn.execute(LOCK_KEY, created_by=created_by, key=key)


async def by_key(conn: Conn, tenant_id: UUID, created_by: UUID | None, key: str) -> Command | None:
    """What this author called so before."""
    return await conn.fetch_one(BY_KEY, tenant_id=tenant_id, created_by=created_by, key=key)


async def find(conn: Conn, command_id: UUID) -> Command | None:
    """A command, by a connection that sees it."""
    return await conn.fetch_one(FIND, id=command_id)


async def cancel_waiting(
    conn: Conn, tenant_id: UUID, command_id: UUID, by: UUID | None, now: datetime
) -> Command | None:
    """End a command that waits for its turn; None when it does not."""
    return await conn.fetch_one(CANCEL_WAITING, tenant_id=tenant_id, id=command_id, by=by, now=now)


async def ask_to_cancel(
    conn: Conn, tenant_id: UUID, command_id: UUID, by: UUID | None, now: datetime
) -> Command | None:
    """Ask a running command to end; None when it does not run."""
    return await conn.fetch_one(ASK_TO_CANCEL, tenant_id=tenant_id, id=command_id, by=by, now=now)


async def approve(conn: Conn, tenant_id: UUID, approval_id: UUID, now: datetime) -> Command | None:
    """Let the command that awaits this approval run; None when there is none."""
    return await conn.fetch_one(APPROVE, tenant_id=tenant_id, approval_id=approval_id, now=now)


async def refuse(
    conn: Conn, tenant_id: UUID, approval_id: UUID, reason: Failure | None, cancelled_by: UUID | None, now: datetime
) -> Command | None:
    """End the command that awaits this approval; None when there is none."""
    return await conn.fetch_one(
        REFUSE,
        tenant_id=tenant_id,
        approval_id=approval_id,
        reason=reason and reason.said(DEFAULT_LOCALE),
        reason_text=reason and reason.kept(),
        cancelled_by=cancelled_by,
        now=now,
    )


async def purge(conn: Conn, tenant_id: UUID, before: datetime) -> int:
    """Forget commands that were given before then and have ended; how many."""
    return await conn.execute(PURGE, tenant_id=tenant_id, before=before)


def _values(command: Command, key: str | None, now: datetime) -> dict[str, Any]:
    return {
        "tenant_id": command.tenant_id,
        "id": command.id,
        "command_type": command.command_type,
        "parameters": command.parameters,
        "status": command.status.value,
        "key": key,
        "approval_id": command.approval_id,
        "created_by": command.created_by,
        "tries": command.tries,
        "due_at": command.due_at,
        "now": now,
    }

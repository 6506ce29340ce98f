"""public.migrations: what has been applied. The runner owns this table and makes it before the first migration."""

from typing import Any, Final, LiteralString

import psycopg

from alquimista import clock
from alquimista.db.migrations.models import Migration, MigrationError, Row, State

Connection = psycopg.Connection[Any]

_DDL: Final[tuple[LiteralString, ...]] = (
    """
    CREATE TABLE IF NOT EXISTS public.migrations (
        number integer PRIMARY KEY CHECK (number > 0),
        name text NOT NULL,
        checksum text NOT NULL,
        applied_at timestamptz NOT NULL,
        applied_by text NOT NULL,
        duration_ms integer NOT NULL CHECK (duration_ms >= 0),
        status text NOT NULL CHECK (status IN ('running', 'applied'))
    )
    """,
    "COMMENT ON TABLE public.migrations IS 'Which migrations this database has; written by the runner only.'",
    "COMMENT ON COLUMN public.migrations.number IS 'The number that the file name begins with.'",
    "COMMENT ON COLUMN public.migrations.name IS 'The file name without number and suffix.'",
    "COMMENT ON COLUMN public.migrations.checksum IS 'SHA-256 of the normalised file, in hexadecimal.'",
    "COMMENT ON COLUMN public.migrations.applied_at IS 'When it ended; for a running one, when it began.'",
    "COMMENT ON COLUMN public.migrations.applied_by IS 'The database role that applied it.'",
    "COMMENT ON COLUMN public.migrations.duration_ms IS 'How long it took, in milliseconds.'",
    "COMMENT ON COLUMN public.migrations.status IS 'applied; running: a file without a transaction is half done.'",
)
_EXISTS: Final = "SELECT to_regclass('public.migrations') IS NOT NULL"
_SELECT: Final = """
    SELECT number, name, checksum, applied_at, applied_by, duration_ms, status FROM public.migrations ORDER BY number
"""
_RECORD: Final = """
    INSERT INTO public.migrations (number, name, checksum, applied_at, applied_by, duration_ms, status)
    VALUES (%(number)s, %(name)s, %(checksum)s, %(applied_at)s, current_user, %(duration_ms)s, %(status)s)
    ON CONFLICT (number) DO UPDATE SET
        name = excluded.name, checksum = excluded.checksum, applied_at = excluded.applied_at,
        applied_by = excluded.applied_by, duration_ms = excluded.duration_ms, status = excluded.status
"""


def create(conn: Connection) -> None:
    """Make the table if it is not there."""
    if exists(conn):
        return
    with conn.transaction():
        for statement in _DDL:
            conn.execute(statement)


def exists(conn: Connection) -> bool:
    """Whether the table is there."""
    return bool(conn.execute(_EXISTS).fetchone()[0])  # type: ignore[index] # The query answers one row.


def rows(conn: Connection) -> dict[int, Row]:
    """What has been applied, by number; empty when the table is not there.

    Raises:
        MigrationError: a table of that name exists with other columns.
    """
    if not exists(conn):
        return {}
    try:
        found = conn.execute(_SELECT).fetchall()
    except psycopg.errors.UndefinedColumn:
        raise MigrationError(
            "public.migrations was made by another tool and has other columns; rename that table, then try again."
        ) from None
    return {row.number: row for row in map(_row, found)}


def _row(columns: tuple[Any, ...]) -> Row:
    number, name, checksum, applied_at, applied_by, duration_ms, status = columns
    return Row(number, name, checksum, applied_at, applied_by, duration_ms, State(status))


def record(conn: Connection, migration: Migration, state: State, duration_ms: int) -> None:
    """Write or overwrite the row of a migration."""
    conn.execute(
        _RECORD,
        {
            "number": migration.number,
            "name": migration.name,
            "checksum": migration.checksum,
            "applied_at": clock.now(),
            "duration_ms": duration_ms,
            "status": state.value,
        },
    )


def remove(conn: Connection, migration: Migration) -> None:
    """Forget a migration that was rolled back."""
    conn.execute("DELETE FROM public.migrations WHERE number = %s", (migration.number,))

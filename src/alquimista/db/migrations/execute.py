"""Run one migration up or down: in one transaction, or statement by statement when the file says so."""

import re
import time
from collections.abc import Callable
from typing import Final

import psycopg

from alquimista.db.migrations import ledger
from alquimista.db.migrations.ledger import Connection
from alquimista.db.migrations.models import Migration, MigrationError, OnStep, SqlStatement, State, Step
from alquimista.db.migrations.session import IN_TRANSACTION, OUTSIDE_TRANSACTION, configure
from alquimista.db.migrations.splitter import without_comments

_CONCURRENT_INDEX: Final = re.compile(
    r'create (?:unique )?index concurrently if not exists ("?[\w$]+"?) on (?:only )?((?:"?[\w$]+"?\.)?"?[\w$]+"?)',
    re.IGNORECASE,
)
# A build that was interrupted leaves an invalid index, which IF NOT EXISTS would take for a finished one.
_INVALID: Final = """
    SELECT format('DROP INDEX CONCURRENTLY %%I.%%I', n.nspname, c.relname)
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE i.indrelid = to_regclass(%(table)s) AND quote_ident(c.relname) = %(index)s AND NOT i.indisvalid
"""


def up(conn: Connection, migration: Migration, on_step: OnStep | None = None) -> None:
    """Apply a migration and record it.

    Raises:
        MigrationError: a statement failed. In a transaction nothing of the migration remains; outside one its row
            stays `running`, and the next apply continues.
    """
    started = time.monotonic()

    def record() -> None:
        ledger.record(conn, migration, State.APPLIED, round((time.monotonic() - started) * 1000))

    _run(conn, migration, migration.up, record, on_step)


def down(conn: Connection, migration: Migration, on_step: OnStep | None = None) -> None:
    """Undo a migration and forget it. Raises as `up` does."""
    _run(conn, migration, migration.down, lambda: ledger.remove(conn, migration), on_step)


def _run(
    conn: Connection,
    migration: Migration,
    statements: tuple[SqlStatement, ...],
    record: Callable[[], None],
    on_step: OnStep | None,
) -> None:
    try:
        if migration.transactional:
            configure(conn, IN_TRANSACTION)
            with conn.transaction():
                _execute(conn, migration, statements, on_step)
                record()
        else:
            configure(conn, OUTSIDE_TRANSACTION)
            ledger.record(conn, migration, State.RUNNING, 0)
            _execute(conn, migration, statements, on_step)
            record()
    except psycopg.Error as error:
        raise MigrationError(_sentence(migration, error, "")) from error


def _execute(
    conn: Connection, migration: Migration, statements: tuple[SqlStatement, ...], on_step: OnStep | None
) -> None:
    for done, statement in enumerate(statements):
        if on_step:
            on_step(Step(migration, done, len(statements)))
        try:
            if not migration.transactional:
                _drop_invalid(conn, statement)
            conn.execute(statement.text.encode())
        except psycopg.Error as error:
            raise MigrationError(_sentence(migration, error, f" at line {statement.line}")) from error
    if on_step:
        on_step(Step(migration, len(statements), len(statements)))


def _drop_invalid(conn: Connection, statement: SqlStatement) -> None:
    if named := _CONCURRENT_INDEX.match(without_comments(statement.text)):
        for (drop,) in conn.execute(_INVALID, {"index": named[1], "table": named[2]}).fetchall():
            conn.execute(drop)


def _sentence(migration: Migration, error: psycopg.Error, where: str) -> str:
    if isinstance(error, psycopg.errors.LockNotAvailable):
        reason = "others are using a table that it must lock; try again when there is less traffic"
    elif isinstance(error, psycopg.OperationalError) and error.sqlstate is None:
        return f"The connection was lost during {migration.label}; run the same command again, it goes on from there."
    else:
        reason = error.diag.message_primary or str(error)
    after = (
        "The database is as it was before it."
        if migration.transactional
        else "What it did stays; mend the cause and run the same command again, it goes on from there."
    )
    return f"{migration.label} failed{where}: {reason}. {after}"

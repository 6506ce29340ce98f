"""The runner's connection: direct, alone on this database, and with time limits."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import psycopg

from alquimista.db.migrations.ledger import Connection
from alquimista.db.migrations.models import MigrationError, OnStep, Step

LOCK_KEY: Final = int.from_bytes(b"alq-mig")  # Advisory locks are per database, so one fixed key is enough.
_POLL_SECONDS: Final = 0.2

# Nothing on the search path: a name without its schema is a mistake in a migration, on every server alike.
# A server process whose client has died ends its statement instead of holding the locks to the end.
_COMMON: Final = """
    SELECT set_config('search_path', '', false), set_config('timezone', 'UTC', false),
           set_config('client_min_messages', 'warning', false),
           set_config('client_connection_check_interval', '1s', false),
           set_config('lock_timeout', %(lock_timeout)s, false),
           set_config('statement_timeout', %(statement_timeout)s, false)
"""
# In a transaction, waiting for a table lock makes everybody else queue behind: give up soon.
IN_TRANSACTION: Final = {"lock_timeout": "5s", "statement_timeout": "15min"}
# Concurrent index builds wait for older transactions without blocking anybody, and may take hours.
OUTSIDE_TRANSACTION: Final = {"lock_timeout": "0", "statement_timeout": "0"}


@contextmanager
def reading(url: str) -> Iterator[Connection]:
    """A connection that only looks, without the runner's lock.

    Raises:
        MigrationError: the server cannot be reached or refuses the login.
    """
    with _connect(url) as conn:
        configure(conn, IN_TRANSACTION)
        with _sentences():
            yield conn


@contextmanager
def exclusive(url: str, on_step: OnStep | None = None) -> Iterator[Connection]:
    """A connection that holds the runner's lock: a second runner waits here until the first one ends.

    The waiting polls. A blocking pg_advisory_lock() would hold a snapshot, for which a concurrent index build of the
    first runner waits, and each would wait for the other.

    Raises:
        MigrationError: the server cannot be reached or refuses the login.
    """
    with _connect(url) as conn:
        configure(conn, IN_TRANSACTION)
        waiting = False
        while not _try_lock(conn):
            if on_step and not waiting:
                on_step(Step(None))
            waiting = True
            time.sleep(_POLL_SECONDS)
        with _sentences():
            yield conn  # The lock ends with the connection, however that ends.


def configure(conn: Connection, limits: dict[str, str]) -> None:
    """Set what a migration may rely on. Repeated before each one, since a migration may change settings."""
    conn.execute(_COMMON, limits)


@contextmanager
def _sentences() -> Iterator[None]:
    """What the server refuses outside a migration (a right that the role lacks, say) is told in its own words."""
    try:
        yield
    except psycopg.Error as error:
        raise MigrationError(f"The database answered: {error.diag.message_primary or error}.") from error


def _connect(url: str) -> Connection:
    try:
        return psycopg.connect(url, autocommit=True, prepare_threshold=None, application_name="alquimista-migrations")
    except psycopg.OperationalError as error:
        reason = str(error).strip().splitlines()[-1]
        raise MigrationError(f"The database cannot be reached: {reason}") from None
    except psycopg.ProgrammingError:
        raise MigrationError("The database URL cannot be read; write postgresql://user@host:5432/name.") from None


def _try_lock(conn: Connection) -> bool:
    row = conn.execute("SELECT pg_try_advisory_lock(%s)", (LOCK_KEY,)).fetchone()
    return bool(row and row[0])

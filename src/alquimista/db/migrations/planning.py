"""A dry run: the pending migrations inside one transaction that is rolled back, with the locks of each statement."""

from typing import Final

import psycopg

from alquimista.db.migrations.ledger import Connection
from alquimista.db.migrations.models import Lock, Migration, MigrationError, Plan, PlannedStatement
from alquimista.db.migrations.session import IN_TRANSACTION, configure

_RELATIONS: Final = "SELECT coalesce(array_agg(oid), '{}') FROM pg_class"
_LOCKS: Final = """
    SELECT c.oid::regclass::text, l.mode, c.oid = ANY (%(before)s)
    FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
    WHERE l.pid = pg_backend_pid() AND l.locktype = 'relation' AND l.granted AND c.relkind <> 't'
      AND c.relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
      AND c.relnamespace <> 'pg_toast'::regnamespace
    ORDER BY 1, 2
"""


def dry_run(conn: Connection, migrations: tuple[Migration, ...]) -> tuple[Plan, ...]:
    """Run the migrations and roll them back.

    Hazard: it takes the real locks, and holds them until the last statement has run; lock_timeout limits the waiting.
    Statements outside a transaction are shown, not run, and later migrations run without them.

    Raises:
        MigrationError: a statement fails, which is what `apply` would meet.
    """
    configure(conn, IN_TRANSACTION)
    plans: list[Plan] = []
    with conn.transaction(force_rollback=True):
        row = conn.execute(_RELATIONS).fetchone()
        before = row[0] if row else []
        held: set[Lock] = set()
        for migration in migrations:
            planned = []
            for statement in migration.up:
                if not migration.transactional:
                    planned.append(PlannedStatement(statement, (), executed=False))
                    continue
                try:
                    conn.execute(statement.text.encode())
                except psycopg.Error as error:
                    reason = error.diag.message_primary or str(error)
                    raise MigrationError(
                        f"{migration.label} would fail at line {statement.line}: {reason}. Nothing was changed."
                    ) from error
                locks = [Lock(*found) for found in conn.execute(_LOCKS, {"before": before}).fetchall()]
                planned.append(
                    PlannedStatement(statement, tuple(lock for lock in locks if lock not in held), executed=True)
                )
                held.update(locks)
            plans.append(Plan(migration, tuple(planned)))
    return tuple(plans)

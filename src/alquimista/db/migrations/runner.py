"""The migrations pipeline: what the command line, `alquimista up` and a serverless function call.

Each function takes the URL of a direct connection (no transaction pooler) as the owner of the schemas.
"""

from pathlib import Path

from alquimista.db.migrations import execute, ledger
from alquimista.db.migrations.files import CHAIN, Chain
from alquimista.db.migrations.models import Migration, MigrationError, OnStep, Plan, Row, State, Status
from alquimista.db.migrations.planning import dry_run
from alquimista.db.migrations.session import exclusive, reading


def list_files(chain: Chain = CHAIN) -> tuple[Status, ...]:
    """Every number of the chain, without a database: `available`, or `skipped` with its reason.

    Raises:
        MigrationError: a file's name or content breaks a rule.
    """
    found = [Status(m.number, m.label, "available") for m in chain.load()]
    found += [Status(s.number, s.label, "skipped", reason=s.reason) for s in chain.skipped]
    return tuple(sorted(found, key=lambda status: status.number))


def status(url: str, chain: Chain = CHAIN) -> tuple[Status, ...]:
    """Every number beside its row in the database: applied, pending, running, edited, skipped or unknown."""
    migrations = {m.number: m for m in chain.load()}
    with reading(url) as conn:
        rows = ledger.rows(conn)
    found = [Status(n, m.label, _state(m, rows.get(n)), rows.get(n)) for n, m in migrations.items()]
    found += [Status(s.number, s.label, "skipped", reason=s.reason) for s in chain.skipped]
    found += [Status(n, f"{n:03d}_{r.name}", "unknown", r) for n, r in rows.items() if n not in migrations]
    return tuple(sorted(found, key=lambda one: one.number))


def plan(url: str, *, to: int | None = None, only: int | None = None, chain: Chain = CHAIN) -> tuple[Plan, ...]:
    """What `apply` would do, from a dry run that is rolled back. See planning.dry_run for its hazard."""
    wanted = _select(chain, to, only)
    with exclusive(url) as conn:
        rows = ledger.rows(conn)
        _refuse_drift(chain, rows)
        return dry_run(conn, _pending(wanted, rows))


def apply(
    url: str,
    *,
    to: int | None = None,
    only: int | None = None,
    on_step: OnStep | None = None,
    chain: Chain = CHAIN,
) -> tuple[Migration, ...]:
    """Apply what is pending, up to a number or only one; what was applied. Two runners at once take turns.

    Raises:
        MigrationError: a migration failed (those before it stay), or the applied ones are not what the files say.
    """
    wanted = _select(chain, to, only)
    with exclusive(url, on_step) as conn:
        rows = ledger.rows(conn)
        _refuse_drift(chain, rows)
        ledger.create(conn)
        pending = _pending(wanted, rows)
        for migration in pending:
            execute.up(conn, migration, on_step)
    return pending


def rollback_steps(url: str, *, to: int | None = None, chain: Chain = CHAIN) -> tuple[Migration, ...]:
    """What `rollback` would undo, in that order."""
    with reading(url) as conn:
        return _undone(chain, ledger.rows(conn), to)


def rollback(
    url: str, *, to: int | None = None, on_step: OnStep | None = None, chain: Chain = CHAIN
) -> tuple[Migration, ...]:
    """Undo everything above the number `to` (0 undoes all), or the last one alone; what was undone.

    Raises:
        MigrationError: a migration failed (those already undone stay undone), or the files are not the applied ones.
    """
    with exclusive(url, on_step) as conn:
        undone = _undone(chain, ledger.rows(conn), to)
        for migration in undone:
            execute.down(conn, migration, on_step)
    return undone


def verify(url: str, chain: Chain = CHAIN) -> tuple[str, ...]:
    """What is wrong, a sentence each: edited or missing files, gaps, interrupted ones. Empty when nothing is."""
    found = status(url, chain)
    highest = max((one.number for one in found if one.row), default=0)
    sentences = {
        "edited": "was edited after it was applied; put the file back and write the change as a new migration.",
        "unknown": "is applied but has no file here; install the version of Alquimista that brought it.",
        "running": "was interrupted; run: alquimista migrations apply.",
    }
    problems = [f"{one.label} {sentences[one.state]}" for one in found if one.state in sentences]
    problems += [
        f"{one.label} is not applied, though {highest:03d} is; run: alquimista migrations apply."
        for one in found
        if one.state == "pending" and one.number < highest
    ]
    return tuple(problems)


def new(name: str, chain: Chain = CHAIN) -> Path:
    """Write an empty migration with the next number."""
    return chain.new(name)


def _state(migration: Migration, row: Row | None) -> str:
    if row is None:
        return "pending"
    if row.status is State.RUNNING:
        return "running"
    return "applied" if row.checksum == migration.checksum else "edited"


def _select(chain: Chain, to: int | None, only: int | None) -> tuple[Migration, ...]:
    if to is not None and only is not None:
        raise MigrationError("Give --to or --only, not both.")
    migrations = chain.load()
    for number in (to, only):
        if number is not None:
            _require(chain, number)
    if only is not None:
        return tuple(m for m in migrations if m.number == only)
    return tuple(m for m in migrations if to is None or m.number <= to)


def _require(chain: Chain, number: int) -> None:
    for skipped in chain.skipped:
        if skipped.number == number:
            raise MigrationError(f"{skipped.label} is skipped: {skipped.reason}")
    if all(m.number != number for m in chain.load()):
        raise MigrationError(f"There is no migration {number:03d}; see: alquimista migrations list.")


def _pending(wanted: tuple[Migration, ...], rows: dict[int, Row]) -> tuple[Migration, ...]:
    return tuple(m for m in wanted if m.number not in rows or rows[m.number].status is State.RUNNING)


def _refuse_drift(chain: Chain, rows: dict[int, Row]) -> None:
    migrations = {m.number: m for m in chain.load()}
    for number, row in rows.items():
        if number not in migrations:
            raise MigrationError(
                f"The database has {number:03d}_{row.name}, which has no file here; "
                "install the version of Alquimista that brought it."
            )
        if _state(migrations[number], row) == "edited":
            raise MigrationError(
                f"{migrations[number].label} was edited after it was applied; "
                "put the file back and write the change as a new migration."
            )


def _undone(chain: Chain, rows: dict[int, Row], to: int | None) -> tuple[Migration, ...]:
    _refuse_drift(chain, rows)
    if to:
        _require(chain, to)
    applied = [m for m in reversed(chain.load()) if m.number in rows]
    return tuple(applied[:1]) if to is None else tuple(m for m in applied if m.number > to)

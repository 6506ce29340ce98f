"""Read the migration files: names, sections, the rules that a file obeys, and new files."""

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from alquimista.db.migrations.models import Migration, MigrationError, Skipped, SqlStatement, checksum, normalise
from alquimista.db.migrations.skipped import SKIPPED
from alquimista.db.migrations.splitter import split, without_comments

_FILE_NAME: Final = re.compile(r"(\d{3})_([a-z0-9]+(?:_[a-z0-9]+)*)\.sql")
_MARKER: Final = re.compile(r"^-- migrate:(\S+) *$", re.MULTILINE)
_TRANSACTION_CONTROL: Final = re.compile(
    r"(begin|start transaction|commit|end|rollback|abort|savepoint|release|prepare transaction)\b", re.IGNORECASE
)
# Outside a transaction an interrupted file is run again from its first statement, so each one must be repeatable.
_REPEATABLE: Final = re.compile(
    r"create (unique )?index concurrently if not exists\b|drop index concurrently if exists\b|vacuum\b|analyze\b",
    re.IGNORECASE,
)
_TEMPLATE: Final = """\
-- {title}.
--
-- Why this change is needed, and what it locks on a large database.

-- migrate:up


-- migrate:down

"""


@dataclass(frozen=True, slots=True)
class Chain:
    """A folder of NNN_name.sql files and the numbers that have none."""

    directory: Path
    skipped: tuple[Skipped, ...] = ()

    def load(self) -> tuple[Migration, ...]:
        """Every migration, in order.

        Raises:
            MigrationError: a file's name or content breaks a rule, or a number is missing or used twice.
        """
        migrations = tuple(read(path) for path in sorted(self.directory.glob("*.sql")))
        numbers = sorted([m.number for m in migrations] + [s.number for s in self.skipped])
        for expected, number in enumerate(numbers, start=1):
            if number < expected:
                raise MigrationError(f"The number {number:03d} is used twice in {self.directory}; rename one of them.")
            if number > expected:
                raise MigrationError(f"There is no migration {expected:03d}: numbers must not leave gaps.")
        return migrations

    def new(self, name: str) -> Path:
        """Write an empty migration with the next number, from a name such as `add_invoice_lines`.

        Raises:
            MigrationError: the name is not in small letters, digits and underscores.
        """
        if not _FILE_NAME.fullmatch(f"000_{name}.sql"):
            raise MigrationError("Write the name in small letters, digits and underscores, such as add_invoice_lines.")
        taken = [m.number for m in self.load()] + [s.number for s in self.skipped]
        path = self.directory / f"{max(taken, default=0) + 1:03d}_{name}.sql"
        path.write_text(_TEMPLATE.format(title=name.replace("_", " ").capitalize()), encoding="utf-8")
        return path


CHAIN: Final = Chain(Path(__file__).parent, SKIPPED)


def read(path: Path) -> Migration:
    """One file as a migration.

    Raises:
        MigrationError: its name or its content breaks a rule.
    """
    named = _FILE_NAME.fullmatch(path.name)
    if named is None:
        raise MigrationError(f"{path.name} must be called NNN_name.sql, in small letters, digits and underscores.")
    text = normalise(path.read_text(encoding="utf-8"))
    try:
        up, down, transactional = _parsed(text)
    except MigrationError as error:
        raise MigrationError(f"{path.name}: {error}") from None
    return Migration(int(named[1]), named[2], path, up, down, transactional, checksum(text))


# A start and each readiness check read the chain again, and taking its SQL apart is 80 of their 85 ms.
@lru_cache(maxsize=256)
def _parsed(text: str) -> tuple[tuple[SqlStatement, ...], tuple[SqlStatement, ...], bool]:
    up, down, transactional = _sections(text)
    for statement in (*up, *down):
        _check(statement, transactional=transactional)
    return up, down, transactional


def _sections(text: str) -> tuple[tuple[SqlStatement, ...], tuple[SqlStatement, ...], bool]:
    markers = list(_MARKER.finditer(text))
    names = [marker[1] for marker in markers]
    if sorted(n for n in names if n != "no-transaction") != ["down", "up"] or names.index("up") > names.index("down"):
        raise MigrationError("it needs one line `-- migrate:up` and, after it, one line `-- migrate:down`.")
    if "no-transaction" in names[names.index("up") :]:
        raise MigrationError("`-- migrate:no-transaction` stands before `-- migrate:up`.")
    if any(split(text[: markers[names.index("up")].start()])):
        raise MigrationError("there is SQL before `-- migrate:up`.")
    up, down = markers[names.index("up")], markers[names.index("down")]
    return (
        split(text[up.end() : down.start()], _line(text, up.end())),
        split(text[down.end() :], _line(text, down.end())),
        "no-transaction" not in names,
    )


def _line(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1


def _check(statement: SqlStatement, *, transactional: bool) -> None:
    words = without_comments(statement.text)
    if _TRANSACTION_CONTROL.match(words):
        raise MigrationError(f"line {statement.line}: the runner opens and closes the transaction; take this out.")
    if not transactional and not _REPEATABLE.match(words):
        raise MigrationError(
            f"line {statement.line}: outside a transaction a statement must be repeatable: CREATE INDEX CONCURRENTLY "
            "IF NOT EXISTS, DROP INDEX CONCURRENTLY IF EXISTS, VACUUM or ANALYZE."
        )

"""What a migration is, what can be said about it, and how it can be wrong."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from alquimista.i18n import Text


class MigrationError(Exception):
    """A mistake in a file, in the arguments or in the database's state, told in sentences that say what to do."""


@dataclass(frozen=True, slots=True)
class SqlStatement:
    """One statement without its semicolon, and the line of the file where it starts."""

    text: str
    line: int

    @property
    def title(self) -> str:
        """The statement on one short line, for people."""
        words = " ".join(self.text.split())
        return words if len(words) <= 100 else words[:99] + "…"


@dataclass(frozen=True, slots=True)
class Migration:
    """One file of the chain. `transactional` is false for files marked `-- migrate:no-transaction`."""

    number: int
    name: str
    path: Path
    up: tuple[SqlStatement, ...]
    down: tuple[SqlStatement, ...]
    transactional: bool
    checksum: str

    @property
    def label(self) -> str:
        """The file's name without its suffix, such as 017_dry_run_log."""
        return f"{self.number:03d}_{self.name}"


@dataclass(frozen=True, slots=True)
class Skipped:
    """A founding number that has no file, and why."""

    number: int
    name: str
    reason: Text

    @property
    def label(self) -> str:
        """As Migration.label."""
        return f"{self.number:03d}_{self.name}"


class State(StrEnum):
    """What the ledger says. RUNNING is a file without a transaction that began and has not ended."""

    RUNNING = "running"
    APPLIED = "applied"


@dataclass(frozen=True, slots=True)
class Row:
    """One row of public.migrations."""

    number: int
    name: str
    checksum: str
    applied_at: datetime
    applied_by: str
    duration_ms: int
    status: State


@dataclass(frozen=True, slots=True)
class Status:
    """One number of the chain: its file (or why there is none) beside its row in the database."""

    number: int
    label: str
    state: str  # applied | pending | running | edited | skipped | unknown
    row: Row | None = None
    reason: Text | None = None


@dataclass(frozen=True, slots=True)
class Lock:
    """A relation lock taken by a statement. `existing`: the relation was there before, so others may wait for it."""

    relation: str
    mode: str
    existing: bool


@dataclass(frozen=True, slots=True)
class PlannedStatement:
    """A statement of a dry run and the locks that it added. `executed` is false outside a transaction."""

    statement: SqlStatement
    locks: tuple[Lock, ...]
    executed: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """What `apply` would do for one migration."""

    migration: Migration
    statements: tuple[PlannedStatement, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """Progress: a migration, and how many of its statements are done. `migration` None: waiting for another runner."""

    migration: Migration | None
    done: int = 0
    total: int = 0


OnStep = Callable[[Step], None]


def normalise(text: str) -> str:
    """The text that counts: no byte-order mark, Unix line ends, no blanks at line ends or at the file's end."""
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(line.rstrip() for line in lines).strip("\n") + "\n"


def checksum(text: str) -> str:
    """SHA-256 of the normalised text, so that a checkout on another system is not drift."""
    return hashlib.sha256(normalise(text).encode()).hexdigest()

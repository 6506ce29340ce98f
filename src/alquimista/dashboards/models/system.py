"""The shapes of the platform's own state: queues, workers, schedules, partitions, database, migrations."""

from datetime import date, datetime
from uuid import UUID

import msgspec

from alquimista.i18n import Text


class JobQueue(msgspec.Struct, frozen=True):
    """The jobs of one kind: those that could run wait, others are for later. `oldest_seconds` is of the waiting."""

    name: str
    waiting: int
    later: int
    running: int
    failed: int
    oldest_seconds: float | None


class OwnQueue(msgspec.Struct, frozen=True):
    """What waits in the rows of a room. `failed` and `oldest` are None where they are not counted."""

    name: str
    waiting: int
    failed: int | None
    oldest: datetime | None


class LiveWorker(msgspec.Struct, frozen=True):
    """A worker and its last sign of life."""

    id: UUID
    started_at: datetime
    seen_at: datetime


class Schedule(msgspec.Struct, frozen=True):
    """A job that the clock begins; `cron` is in UTC."""

    name: str
    cron: str
    last_run: datetime | None
    next_run: datetime


class Partitions(msgspec.Struct, frozen=True):
    """The UTC days that raw requests have a partition of."""

    first: date | None
    last: date | None
    count: int


class DatabaseFacts(msgspec.Struct, frozen=True):
    """The database server; `archives` tells whether it ships its write-ahead log, which backups to a moment need."""

    version: str
    started_at: datetime
    bytes: int
    archives: bool
    last_archived_at: datetime | None
    last_failed_at: datetime | None


class Done(msgspec.Struct, frozen=True):
    """When something was done last, over all companies; None when never."""

    closed_at: datetime | None
    reconciled_at: datetime | None
    anchored_at: datetime | None


class SystemState(msgspec.Struct, frozen=True):
    """All of it, of one moment."""

    queues: list[JobQueue]
    own_queues: list[OwnQueue]
    workers: list[LiveWorker]
    schedules: list[Schedule]
    partitions: Partitions
    database: DatabaseFacts
    done: Done


class MigrationLine(msgspec.Struct, frozen=True):
    """One number of the migrations beside what the database has of it."""

    number: int
    label: str
    state: str
    applied_at: datetime | None
    duration_ms: int | None
    reason: Text | None

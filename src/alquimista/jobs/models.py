"""What a job is: a name, a handler, and a payload that names its tenant."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec

from alquimista.wiring import Services

# Takes the process's services, the tenant (None: no tenant's) and the payload, a Struct of the job's own type.
Handler = Callable[[Services, UUID | None, Any], Awaitable[None]]

# A job whose workers died this often without an answer is not given to another one: it may be what kills them.
MOST_TAKINGS: Final = 3
LIVE_FOR: Final = timedelta(seconds=20)  # A worker that gave no sign of life for so long is gone.
RUN_SLACK: Final = timedelta(hours=1)  # For a run to end, with its tries, after it was due.
_FIRST_RETRY_S: Final = 5
_LAST_RETRY_S: Final = 3600


class Nothing(msgspec.Struct, frozen=True):
    """The payload of a job that needs none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One kind of job. Its handler must be idempotent: after a crash it may run again.

    `name` is `room.verb`. `retries` are tries after the first, with growing pauses (see `pause`). `timeout_s` ends a
    try. `concurrency` limits how many run at once over all workers; 0 is no limit. `own_queue`: what it does stands in
    rows of its room, which has its own way to do it again; else a failed one can be moved back by itself. `own_tries`:
    those rows count each try and end what has had enough, so that nobody asks the queue's log before each one.
    `by_clock`: when it last ended well is kept.
    """

    name: str
    handler: Handler
    payload: type[msgspec.Struct] = Nothing
    retries: int = 3
    timeout_s: float = 300
    concurrency: int = 0
    own_queue: bool = False
    own_tries: bool = False
    by_clock: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Periodic:
    """A job without tenant and payload that is enqueued by the clock.

    `cron` is five fields in UTC. A run that is due while the last one still waits or runs is left out; after a pause of
    all workers, one run catches up.
    """

    name: str
    cron: str
    handler: Handler
    retries: int = 3
    timeout_s: float = 3600

    @property
    def job(self) -> Job:
        """What the queue runs: never twice at once."""
        return Job(
            name=self.name,
            handler=self.handler,
            retries=self.retries,
            timeout_s=self.timeout_s,
            concurrency=1,
            by_clock=True,
        )


@dataclass(frozen=True, slots=True)
class Runs:
    """All that the worker runs by the clock, so that somebody can see that it is run."""

    periodic: tuple[Periodic, ...]


class Missed(msgspec.Struct, frozen=True):
    """A run that did not come, or did not end well, and since when none has."""

    name: str
    succeeded_at: datetime


class Dead(msgspec.Struct, frozen=True):
    """How many jobs of a name failed for good and were not moved back."""

    name: str
    count: int


class Envelope(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is stored as a job's payload."""

    data: msgspec.Raw
    tenant_id: UUID | None = None
    trace_id: str = ""


class Requeue(msgspec.Struct, frozen=True):
    """Which failed jobs go back into the queue."""

    job_ids: list[int]


class JobFailed(Exception):  # noqa: N818 - It is told as a fact.
    """What is kept about a job that failed: the error's kind and its masked text."""


class WorkersDied(Exception):  # noqa: N818 - As above.
    """Several workers took the job and died with it."""


class Depth(msgspec.Struct, frozen=True):
    """How many jobs of a name are in a state, and for how many seconds the oldest has been."""

    name: str
    status: str
    count: int
    oldest_seconds: float


class Lag(msgspec.Struct, frozen=True):
    """The job that has been due for the longest without being taken, and how many wait as it does."""

    name: str
    seconds: float
    waiting: int


def pause(attempt: int) -> timedelta:
    """How long to wait before try number `attempt` + 2: 5 s, 20 s, 80 s, 320 s, then up to an hour."""
    return timedelta(seconds=min(_FIRST_RETRY_S * 4**attempt, _LAST_RETRY_S))


def live_since(now: datetime) -> datetime:
    """A worker seen since then lives."""
    return now - LIVE_FOR

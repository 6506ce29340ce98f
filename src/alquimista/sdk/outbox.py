"""Where reports wait until the platform has them: in memory here, on disk in spool.py."""

import threading
from collections import deque
from dataclasses import dataclass
from typing import Any, Protocol

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Batch:
    """The oldest records that wait, and the place behind them."""

    records: list[Record]
    end: Any


class Outbox(Protocol):
    """Records in their order. Safe from several threads; one of them at a time peeks and commits."""

    dropped: int

    def append(self, record: Record) -> None:
        """Keep a record."""
        ...

    def peek(self, count: int) -> Batch:
        """The oldest records, `count` at most."""
        ...

    def commit(self, batch: Batch, count: int | None = None) -> None:
        """Forget a batch's records, or the first `count` of them: the platform has them."""
        ...

    def waiting(self) -> int:
        """How many records wait."""
        ...

    def sync(self) -> None:
        """Have the disk keep what was appended."""
        ...

    def close(self) -> None:
        """End."""
        ...


class Memory:
    """An outbox that a crash empties. Beyond `most` records the oldest are dropped."""

    def __init__(self, most: int = 100_000) -> None:
        self._records: deque[Record] = deque()
        self._most = most
        self._first = 0  # The number of the oldest record, counted from the beginning.
        self._lock = threading.Lock()
        self.dropped = 0

    def append(self, record: Record) -> None:
        """Keep a record, in the place of the oldest if there is no room."""
        with self._lock:
            if len(self._records) >= self._most:
                self._forget(1)
                self.dropped += 1
            self._records.append(record)

    def peek(self, count: int) -> Batch:
        """The oldest records."""
        with self._lock:
            found = [self._records[n] for n in range(min(count, len(self._records)))]
            return Batch(found, self._first)

    def commit(self, batch: Batch, count: int | None = None) -> None:
        """Forget them. Those that were dropped meanwhile are not forgotten twice."""
        with self._lock:
            behind = batch.end + (len(batch.records) if count is None else count)
            self._forget(max(0, behind - self._first))

    def waiting(self) -> int:
        """How many records wait."""
        return len(self._records)

    def sync(self) -> None:
        """Nothing to do."""

    def close(self) -> None:
        """Nothing to do."""

    def _forget(self, count: int) -> None:
        for _ in range(count):
            self._records.popleft()
        self._first += count

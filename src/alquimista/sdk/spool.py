"""An outbox on disk: append-only segments of JSON lines, and a cursor that says how far the platform has them.

A report is written by one write before `append` returns, so that kill -9 loses nothing; fsync, against the loss of
power, is the caller's to time. Segments that the platform has are deleted. When all of them are larger than allowed,
the oldest segment goes, and what was in it is counted in `dropped`. A line that a crash has torn is passed over.
"""

import json
import os
import threading
from contextlib import suppress
from io import FileIO
from pathlib import Path
from typing import Any

from alquimista.sdk.outbox import Batch, Record

try:
    import fcntl
except ImportError:  # Windows has no such locks: there each process must see to it that its directory is its own.
    fcntl = None  # type: ignore[assignment]

_PARTS = 8  # A full spool is so many segments.
_SUFFIX = ".jsonl"


class SpoolBusy(RuntimeError):  # noqa: N818 - It says what is the matter.
    """Another process has this spool directory. Give each process its own."""


class Spool:
    """See the module."""

    def __init__(self, directory: Path, most_bytes: int, *, fsync_each: bool = False) -> None:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._directory = directory
        self._held = _hold(directory / "lock")
        self._most = most_bytes
        self._segment_bytes = max(1, most_bytes // _PARTS)
        self._fsync_each = fsync_each
        self._lock = threading.Lock()
        self._unsynced = False
        self.dropped = 0
        self._segments = sorted(int(path.stem) for path in directory.glob(f"*{_SUFFIX}"))
        self._counts = {number: _lines(self._path(number)) for number in self._segments}
        self._segment, self._offset, self._done = self._read_cursor()
        # What a killed process wrote last may lack its end: a new segment begins on a line of its own.
        self._file = self._begin((self._segments[-1] if self._segments else 0) + 1)

    def append(self, record: Record) -> None:
        """Write a record behind all others."""
        line = json.dumps(record, separators=(",", ":")).encode() + b"\n"
        with self._lock:
            if self._file.tell() and self._file.tell() + len(line) > self._segment_bytes:
                self._sync()
                self._file.close()
                self._file = self._begin(self._segments[-1] + 1)
            self._write(line)
            self._counts[self._segments[-1]] += 1
            self._unsynced = True
            if self._fsync_each:
                self._sync()
            while self._size() > self._most and len(self._segments) > 1:
                self._drop_oldest()

    def peek(self, count: int) -> Batch:
        """The oldest records, `count` at most, of one segment."""
        with self._lock:
            while True:
                batch = self._read(count)
                if batch.records or len(self._segments) == 1:
                    return batch
                self._forget_oldest()  # The platform has what could be read of it.

    def commit(self, batch: Batch, count: int | None = None) -> None:
        """Move the cursor behind them, and delete the segments before it."""
        ends = batch.end[:count] if count is not None else batch.end
        if not ends:
            return
        with self._lock:
            number, offset, lines = ends[-1]
            if number != self._segments[0]:
                return  # It was dropped meanwhile.
            self._segment, self._offset, self._done = number, offset, lines
            self._write_cursor()

    def waiting(self) -> int:
        """How many records wait."""
        with self._lock:
            return sum(self._counts.values()) - self._done

    def sync(self) -> None:
        """Have the disk keep what was appended."""
        with self._lock:
            self._sync()

    def close(self) -> None:
        """Let another process have the directory."""
        with self._lock:
            self._sync()
            self._file.close()
            self._held.close()

    def _read(self, count: int) -> Batch:
        number, offset, lines = self._segments[0], self._offset, self._done
        records: list[Record] = []
        ends: list[tuple[int, int, int]] = []
        with self._path(number).open("rb") as file:
            file.seek(offset)
            for line in file:
                if len(records) == count:
                    break
                offset += len(line)
                lines += 1
                with suppress(ValueError):  # A torn line.
                    records.append(json.loads(line))
                    ends.append((number, offset, lines))
        return Batch(records, ends)

    def _write(self, line: bytes) -> None:
        if self._file.write(line) != len(line):
            self._file = self._begin(self._segments[-1] + 1)  # What comes next is not glued to half a line.
            raise OSError("The disk took only a part of a report")

    def _drop_oldest(self) -> None:
        self.dropped += self._counts[self._segments[0]] - self._done
        self._forget_oldest()

    def _forget_oldest(self) -> None:
        oldest = self._segments.pop(0)
        del self._counts[oldest]
        self._segment, self._offset, self._done = self._segments[0], 0, 0
        self._write_cursor()
        self._path(oldest).unlink(missing_ok=True)

    def _begin(self, number: int) -> FileIO:
        self._segments.append(number)
        self._counts[number] = 0
        if len(self._segments) == 1:
            self._segment, self._offset, self._done = number, 0, 0
        return FileIO(self._path(number), "ab")

    def _size(self) -> int:
        return sum(self._path(number).stat().st_size for number in self._segments)

    def _sync(self) -> None:
        if self._unsynced:
            os.fsync(self._file.fileno())
            self._unsynced = False

    def _read_cursor(self) -> tuple[int, int, int]:
        oldest = self._segments[0] if self._segments else 0
        try:
            found: dict[str, Any] = json.loads((self._directory / "cursor").read_bytes())
            place = int(found["segment"]), int(found["offset"]), int(found["lines"])
        except (OSError, ValueError, KeyError, TypeError):
            return oldest, 0, 0  # Sending what the platform has already changes nothing: keys see to that.
        for number in [one for one in self._segments if one < place[0]]:
            self._segments.remove(number)
            del self._counts[number]
            self._path(number).unlink(missing_ok=True)
        return place if place[0] in self._segments else (oldest, 0, 0)

    def _write_cursor(self) -> None:
        text = json.dumps({"segment": self._segment, "offset": self._offset, "lines": self._done})
        fresh = self._directory / "cursor.new"
        fresh.write_text(text)
        fresh.replace(self._directory / "cursor")

    def _path(self, number: int) -> Path:
        return self._directory / f"{number:012d}{_SUFFIX}"


def _lines(path: Path) -> int:
    with path.open("rb") as file:
        return sum(1 for _ in file)


def _hold(path: Path) -> FileIO:
    held = FileIO(path, "ab")
    if fcntl is not None:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            held.close()
            raise SpoolBusy(f"{path.parent} is another process's spool: give each process its own.") from None
    return held

"""Holds a stream for each open page, as browsers do: run beside wrk, whose connections take one whole answer each.

`python -m benchmarks.harness.streams HOST PORT PEOPLE BOARD` until it is ended; then it prints what it saw. BOARD is
memory that wrk's script shares, three numbers for each person: how many pages were opened, when the last of them was
made (both from the script), and how often their stream told of a change.
"""

import asyncio
import json
import mmap
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.harness.bench import ROOT

PATH: Final = "/notifications/stream?changes=true&since="
_LOOK_S: Final = 0.02
_ITEM: Final = 4  # Bytes of a count.


@dataclass(frozen=True)
class Seen:
    """What came of the streams. `lost` ended though nobody closed them; `usage` names who heard of new usage."""

    opened: int
    refused: int
    lost: int
    changes: int
    most: int  # At once.
    cpu_seconds: float
    usage: list[str]


@contextmanager
def held(url: str, people: Path, count: int, board: Path) -> Iterator[list[Seen]]:
    """Hold streams for the people of a file (see load/users.lua); the list has what came of it after the block."""
    board.write_bytes(bytes(3 * count * _ITEM))
    host, port = url.removeprefix("http://").split(":")
    command = [sys.executable, "-m", "benchmarks.harness.streams", host, port, people, board]
    found: list[Seen] = []
    holder = subprocess.Popen(list(map(str, command)), cwd=ROOT, stdout=subprocess.PIPE)
    try:
        yield found
    finally:
        holder.send_signal(signal.SIGTERM)
        said, _ = holder.communicate(timeout=30)
    found.append(Seen(**json.loads(said)))


class _Holder:
    """Everybody's stream, opened anew with each page."""

    def __init__(self, address: tuple[str, int], people: list[list[str]], board: memoryview) -> None:
        self.count: Counter[str] = Counter()
        self.usage: set[str] = set()
        self.most = 0
        self._address = address
        self._people = people
        count = len(people)
        self._wanted, self._made, self.told = board[:count], board[count : 2 * count], board[2 * count :]
        self._opened = [0] * len(people)
        self._streams: dict[int, _Stream] = {}
        self._opening: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Look for new pages, forever."""
        while True:
            for place, wanted in enumerate(self._wanted):
                if wanted != self._opened[place]:
                    self._opened[place] = wanted
                    task = asyncio.create_task(self._open(place))
                    self._opening.add(task)
                    task.add_done_callback(self._opening.discard)
            await asyncio.sleep(_LOOK_S)

    async def _open(self, place: int) -> None:
        if (old := self._streams.pop(place, None)) is not None:
            old.close()
        cookie, address, company, _ = self._people[place]
        stream = self._streams[place] = _Stream(self, place, company)
        self.most = max(self.most, len(self._streams))
        self.count["opened"] += 1
        request = (
            f"GET {PATH}{self._made[place]} HTTP/1.1\r\nHost: localhost\r\n"
            "Accept: text/event-stream\r\nAccept-Language: pt-BR\r\n"
            f"Cookie: session={cookie}\r\nX-Forwarded-For: {address}\r\n\r\n"
        )
        try:
            transport, _ = await asyncio.get_running_loop().create_connection(lambda: stream, *self._address)
        except OSError:
            self.count["refused"] += 1
        else:
            transport.write(request.encode())


class _Stream(asyncio.Protocol):
    """One stream."""

    def __init__(self, holder: _Holder, place: int, company: str) -> None:
        self._holder, self._place, self._company = holder, place, company
        self._transport: asyncio.BaseTransport | None = None
        self._rest = b""
        self._begun = self._closed = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """As asyncio calls it."""
        self._transport = transport
        if self._closed:
            transport.close()

    def close(self) -> None:
        """Its page is gone."""
        self._closed = True
        if self._transport is not None:
            self._transport.close()

    def data_received(self, data: bytes) -> None:
        """As asyncio calls it."""
        *events, self._rest = (self._rest + data).split(b"\n\n")
        if not self._begun:
            self._begun = True
            if not data.startswith(b"HTTP/1.1 200 "):
                self._holder.count["refused"] += 1
                self.close()
                return
        for event in events:
            if b"event: changes\n" in event:
                self._holder.told[self._place] += 1
                self._holder.count["changes"] += 1
                if b'"usage"' in event:
                    self._holder.usage.add(self._company)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's own signature.
        """As asyncio calls it."""
        if not self._closed:
            self._holder.count["lost"] += 1


async def _hold(holder: _Holder) -> None:
    """Hold streams until the process is told to end."""
    running = asyncio.create_task(holder.run())
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, running.cancel)
    await asyncio.wait({running})
    if not running.cancelled():
        running.result()


def main(host: str, port: str, people: str, board: str) -> None:
    """See the module."""
    lines = [line.split("\t") for line in Path(people).read_text().splitlines()]
    with Path(board).open("r+b") as file:
        counts = memoryview(mmap.mmap(file.fileno(), 0)).cast("I")
    holder = _Holder((host, int(port)), lines, counts)
    asyncio.run(_hold(holder))
    found: dict[str, Any] = {name: holder.count[name] for name in ("opened", "refused", "lost", "changes")}
    seen = Seen(**found, most=holder.most, cpu_seconds=time.process_time(), usage=sorted(holder.usage))
    sys.stdout.write(json.dumps(asdict(seen)))


if __name__ == "__main__":
    main(*sys.argv[1:])

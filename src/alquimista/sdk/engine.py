"""What goes on beside the agent's own work, on one event loop: sending reports, beating, listening and obeying."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from alquimista.sdk.listener import Listener
from alquimista.sdk.measuring import Gate
from alquimista.sdk.options import Options
from alquimista.sdk.outbox import Memory
from alquimista.sdk.pulse import Pulse
from alquimista.sdk.sender import Sender
from alquimista.sdk.session import Session
from alquimista.sdk.spool import Spool


@dataclass(frozen=True, slots=True)
class Stats:
    """Reports that the platform has (`sent` now, `duplicates` before), refused, lost for want of room, and waiting."""

    sent: int
    duplicates: int
    refused: int
    dropped: int
    waiting: int


class Engine:
    """See the module. `changed` is called, on the loop, when the agent is to pause or may go on."""

    def __init__(self, url: str, key: str, slug: str, options: Options, changed: Callable[[], None]) -> None:
        self.options = options
        self.session = Session(url, key, slug, options, changed)
        self.gate = Gate()
        spool = options.spool_dir
        outbox = Spool(Path(spool), options.spool_bytes, fsync_each=not options.fsync_s) if spool else Memory()
        self.sender = Sender(self.session, outbox)
        self._pulse = Pulse(self.session)
        self._listener = Listener(self.session, self.gate, outbox)

    @property
    def paused(self) -> bool:
        """Whether the agent is to do nothing: somebody paused it, or it is suspended."""
        return self.session.paused or self.session.suspended

    @property
    def stats(self) -> Stats:
        """What became of reports so far."""
        one = self.sender
        return Stats(one.sent, one.duplicates, one.refused, one.outbox.dropped + one.lost, one.outbox.waiting())

    async def run(self) -> None:
        """Do all of it until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for part in (self.sender.run, self.sender.sync, self._pulse.run, self._listener.run):
                tasks.create_task(part())

    async def close(self) -> None:
        """Send what waits, for a while; then end. What is left stays in the spool."""
        await self.sender.flush()
        self.sender.outbox.close()
        await self.session.http.aclose()

"""PgQueuer's driver over two connections: one asks, one listens."""

import asyncio
from typing import Any, Final, Self

from pgqueuer.adapters.drivers.psycopg import PsycopgDriver
from pgqueuer.ports.driver import NotifyCallback
from psycopg import AsyncConnection

# Looking into the queue takes five queries, and each job that comes or goes is a reason to look. Two hundred jobs a
# second are looked for fifty times a second; a job of an idle queue is still taken at once.
GATHER_S: Final = 0.02
_CHANGED: Final = "table_changed_event"


class Driver(PsycopgDriver):
    """PgQueuer's own driver waits for notifications for up to a second while every statement waits for it.

    With a connection of their own for notifications, a job of an idle queue starts within milliseconds.
    """

    def __init__(self, asking: AsyncConnection[Any], listening: AsyncConnection[Any]) -> None:
        super().__init__(asking)
        self._ears = PsycopgDriver(listening)
        self._hears = asyncio.Event()
        self._callbacks: dict[NotifyCallback, NotifyCallback] = {}

    async def notify(self, channel: str, payload: str) -> None:
        """Notify the channel once this driver listens.

        PgQueuer starts its first health check just before it listens: on two connections, the notification could
        overtake the LISTEN, and a check that nobody hears ends the consumer.
        """
        await self._hears.wait()
        await super().notify(channel, payload)

    async def add_listener(self, channel: str, callback: NotifyCallback) -> None:
        """Call back for each notification of the channel."""
        self._callbacks[callback] = gathered(callback)
        await self._ears.add_listener(channel, self._callbacks[callback])
        self._hears.set()

    async def remove_listener(self, channel: str, callback: NotifyCallback) -> None:
        """Call back no more."""
        await self._ears.remove_listener(channel, self._callbacks.pop(callback))

    async def __aenter__(self) -> Self:
        await self._ears.__aenter__()
        return await super().__aenter__()

    async def __aexit__(self, *raised: object) -> None:
        await self._ears.__aexit__(*raised)
        await super().__aexit__(*raised)


def gathered(callback: NotifyCallback) -> NotifyCallback:
    """The callback, called for the first change of the queue, and once for all that follow within GATHER_S."""
    loop = asyncio.get_running_loop()
    told = 0.0
    waiting = False

    def tell(payload: str | bytes | bytearray) -> None:
        nonlocal told, waiting
        told, waiting = loop.time(), False
        callback(payload)

    def hear(payload: str | bytes | bytearray) -> None:
        nonlocal waiting
        if _CHANGED not in str(payload):
            callback(payload)  # Somebody waits for exactly this one.
        elif not waiting:
            waiting = True
            loop.call_later(max(0.0, told + GATHER_S - loop.time()), tell, payload)

    return hear

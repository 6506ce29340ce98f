"""PgQueuer's driver over two connections: one asks, one listens."""

import asyncio
from typing import Any, Self

from pgqueuer.adapters.drivers.psycopg import PsycopgDriver
from pgqueuer.ports.driver import NotifyCallback
from psycopg import AsyncConnection


class Driver(PsycopgDriver):
    """PgQueuer's own driver waits for notifications for up to a second while every statement waits for it.

    With a connection of their own for notifications, a job of an idle queue starts within milliseconds.
    """

    def __init__(self, asking: AsyncConnection[Any], listening: AsyncConnection[Any]) -> None:
        super().__init__(asking)
        self._ears = PsycopgDriver(listening)
        self._hears = asyncio.Event()

    async def notify(self, channel: str, payload: str) -> None:
        """Notify the channel once this driver listens.

        PgQueuer starts its first health check just before it listens: on two connections, the notification could
        overtake the LISTEN, and a check that nobody hears ends the consumer.
        """
        await self._hears.wait()
        await super().notify(channel, payload)

    async def add_listener(self, channel: str, callback: NotifyCallback) -> None:
        """Call back for each notification of the channel."""
        await self._ears.add_listener(channel, callback)
        self._hears.set()

    async def remove_listener(self, channel: str, callback: NotifyCallback) -> None:
        """Call back no more."""
        await self._ears.remove_listener(channel, callback)

    async def __aenter__(self) -> Self:
        await self._ears.__aenter__()
        return await super().__aenter__()

    async def __aexit__(self, *raised: object) -> None:
        await self._ears.__aexit__(*raised)
        await super().__aexit__(*raised)

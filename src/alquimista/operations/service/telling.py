"""Telling open pages that commands have changed: after the commit, and many changes at a time.

A NOTIFY makes commits queue up, so that no command's own transaction sends one. Each process gathers what changed and
tells it a few times a second; who misses one of these messages looks for itself after a while: a stream every few
seconds, a page every half minute.
"""

import asyncio
from contextlib import suppress
from typing import Final
from uuid import UUID

import psycopg

from alquimista.access import PLATFORM_TENANT
from alquimista.db.pool import Database
from alquimista.errors import Unavailable
from alquimista.http.streams import wake
from alquimista.wiring import Services

CHANNEL: Final = "commands"
GATHER_S: Final = 0.15
_MOST: Final = 150  # Ids in a message, which must stay under 8000 bytes.


class Teller:
    """What changed in this process and is not told yet."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._changed: set[UUID] = set()
        self._telling: asyncio.Task[None] | None = None

    def note(self, command_id: UUID) -> None:
        """A change of this command was committed."""
        self._changed.add(command_id)
        if self._telling is None or self._telling.done():
            self._telling = asyncio.create_task(self._tell())

    async def _tell(self) -> None:
        while self._changed:
            await asyncio.sleep(GATHER_S)
            ids, self._changed = list(self._changed), set()
            payload = {"ids": [str(one) for one in ids]} if len(ids) <= _MOST else {}
            with suppress(Unavailable, psycopg.Error):
                await wake(self._db.tenant(PLATFORM_TENANT), CHANNEL, **payload)


def changed(services: Services, command_id: UUID) -> None:
    """Tell whoever looks at commands, soon. Call it after the commit."""
    if Teller not in services.extras:
        services.add(Teller(services.db))
    services.get(Teller).note(command_id)

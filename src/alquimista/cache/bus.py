"""Messages between processes over LISTEN/NOTIFY, on a direct connection of its own.

A listener that is silently deaf would let caches serve the past, so it proves itself every few seconds, and whoever
depends on it looks at `healthy`. After a gap nobody knows what was missed: `on_reset` callbacks drop everything.
"""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any, Final

import msgspec
import psycopg
import structlog
from psycopg import AsyncConnection, Notify

from alquimista import clock
from alquimista.config import Settings
from alquimista.db.roles import role_url
from alquimista.db.statement import Conn, NoRow, Statement

CHANNEL: Final = "alquimista"
PROOF_EVERY_S: Final = 5
PROOF_WITHIN_S: Final = 2
_FIRST_BACKOFF_S: Final = 0.1
_MAX_BACKOFF_S: Final = 5.0

_ECHO: Final = "echo"
Callback = Callable[[dict[str, Any]], None]
_NOTIFY: Final = Statement(f"SELECT pg_catalog.pg_notify('{CHANNEL}', %(message)s)", NoRow)
_log = structlog.get_logger("alquimista.bus")


async def publish(conn: Conn, topic: str, **payload: Any) -> None:  # noqa: ANN401 - Any JSON.
    """Tell every process, once the caller's transaction commits. The message must stay under 8000 bytes."""
    await conn.execute(_NOTIFY, message=msgspec.json.encode({"topic": topic, **payload}).decode())


class Bus:
    """A process's ear. `healthy` says whether every message committed from now on will be heard."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._callbacks: dict[str, list[Callback]] = {}
        self._resets: list[Callable[[], None]] = []
        self._task: asyncio.Task[None] | None = None
        self._echoes: dict[str, asyncio.Future[None]] = {}
        self.healthy = False
        self.subscribe(_ECHO, self._echoed)

    def subscribe(self, topic: str, callback: Callback) -> None:
        """Call back with each message of a topic, without its `topic` field. Callbacks are quick and never block."""
        self._callbacks.setdefault(topic, []).append(callback)

    def on_reset(self, callback: Callable[[], None]) -> None:
        """Call back after every (re)connection, before `healthy` is true: messages may have been missed."""
        self._resets.append(callback)

    async def round_trip(self, conn: Conn) -> None:
        """Say something to every process, and hear it here.

        Raises:
            TimeoutError: it was not heard within 2 seconds.
            Unavailable: it could not be said.
        """
        said = clock.new_id().hex
        heard = self._echoes[said] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(PROOF_WITHIN_S):
                await publish(conn, _ECHO, said=said)
                await heard
        finally:
            del self._echoes[said]

    async def start(self) -> None:
        """Begin to listen. A database that is down is waited for in the background."""
        self._task = asyncio.create_task(self._run(), name="bus")

    async def stop(self) -> None:
        """Stop listening."""
        self.healthy = False
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def _run(self) -> None:
        backoff = _FIRST_BACKOFF_S
        while True:
            try:
                connection = await self._connect()
                backoff = _FIRST_BACKOFF_S
                try:
                    await self._listen(connection)
                finally:
                    self.healthy = False
                    # Its context manager would send a ROLLBACK first, and wait for a server that may be silent.
                    await connection.close()
            except (psycopg.Error, OSError, TimeoutError) as error:
                _log.warning("bus.lost", error=type(error).__name__)
            await asyncio.sleep(backoff)
            backoff = min(backoff * 2, _MAX_BACKOFF_S)

    async def _connect(self) -> AsyncConnection[Any]:
        connection = await AsyncConnection.connect(
            role_url(self._settings, "app"),
            autocommit=True,
            connect_timeout=5,
            application_name="alquimista bus",
        )
        await connection.execute(f"LISTEN {CHANNEL}")
        return connection

    async def _listen(self, connection: AsyncConnection[Any]) -> None:
        """Deliver until the connection is lost. What arrives during a proof waits in psycopg's backlog."""
        for reset in self._resets:
            reset()
        self.healthy = True
        while True:
            async for notify in connection.notifies(timeout=PROOF_EVERY_S):
                self._deliver(notify)
            await self._prove(connection)

    async def _prove(self, connection: AsyncConnection[Any]) -> None:
        """Ask the server for a sign of life.

        Raises:
            TimeoutError: it gave none. Giving up takes psycopg a while, so nobody trusts the bus from then on.
        """
        doubt = asyncio.get_running_loop().call_later(PROOF_WITHIN_S, self._doubt)
        try:
            async with asyncio.timeout(PROOF_WITHIN_S):
                await connection.execute("SELECT 1")
        finally:
            doubt.cancel()

    def _doubt(self) -> None:
        self.healthy = False

    def _echoed(self, message: dict[str, Any]) -> None:
        waiting = self._echoes.get(message["said"])  # Else another process said it, or nobody waits any more.
        if waiting is not None and not waiting.done():
            waiting.set_result(None)

    def _deliver(self, notify: Notify) -> None:
        try:
            message = msgspec.json.decode(notify.payload, type=dict[str, Any])
            topic = message.pop("topic")
        except (msgspec.MsgspecError, KeyError):
            _log.warning("bus.unreadable")
            return
        for callback in self._callbacks.get(topic, ()):
            try:
                callback(message)
            except Exception:  # noqa: BLE001 - One subscriber's mistake must not make the process deaf.
                _log.exception("bus.callback_failed", topic=topic)

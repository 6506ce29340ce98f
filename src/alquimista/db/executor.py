"""The executor of a role: a few pipelined connections, a bounded queue ahead of them, reconnection behind."""

import asyncio
import random
import re
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final, TypeVar
from uuid import UUID

import psycopg
import structlog
from psycopg import AsyncConnection, capabilities
from psycopg.adapt import PyFormat, Transformer
from psycopg.pq.abc import PGresult

from alquimista.db.context import context_value
from alquimista.db.failures import is_stale_plan, is_unavailable
from alquimista.db.pipeline import Call, PipelineConnection, Step
from alquimista.db.roles import STATEMENT_TIMEOUT_S
from alquimista.db.rows import ADAPTERS, bind, build, only
from alquimista.db.statement import Statement
from alquimista.errors import Unavailable

R = TypeVar("R")
log = structlog.get_logger(__name__)

DEPTH: Final = 8  # Calls in flight on one connection; more gains nothing and makes a slow statement hold up more.
MAX_PENDING: Final = 1000
WAIT_S: Final = 5.0  # In the queue; then the caller gets Unavailable.
_GRACE_S: Final = 5.0  # Beyond the server's statement_timeout, before a silent connection counts as lost.
_FIRST_DELAY_S: Final = 0.05
_LAST_DELAY_S: Final = 2.0
_CLOSE_S: Final = 5.0
# Only a query runs alone between two Syncs. BEGIN would leave a transaction, and its tenant, to the next call; and a
# set_config beside the query may take effect after rows were read.
_QUERY: Final = re.compile(
    r"(?:\s|--[^\n]*\n|/\*.*?\*/|\()*(?:SELECT|INSERT|UPDATE|DELETE|MERGE|WITH|VALUES)\b", re.IGNORECASE | re.DOTALL
)
_FORBIDDEN: Final = re.compile(r"\bset_config\b", re.IGNORECASE)


class Executor:
    """Runs single statements. Connections are made on demand, and again after they are lost.

    Args:
        conninfo: where and as whom to connect, the session's statement_timeout included.
        size: connections at most.
        max_pending: reads, and as many writes, that may wait for a connection; beyond them callers get Unavailable.
    """

    def __init__(self, conninfo: str, *, size: int, max_pending: int = MAX_PENDING) -> None:
        capabilities.has_send_close_prepared(check=True)
        self._conninfo = conninfo
        self._size = size
        self._max_pending = max_pending
        self._connections: list[PipelineConnection] = []
        self._openers: set[asyncio.Task[None]] = set()
        self._failing = False
        self._pending: dict[bool, deque[Call]] = {False: deque(), True: deque()}  # Reads; writes.
        self._queries: set[str] = set()
        self._closing = False
        self._drained = asyncio.Event()
        self.transformer = Transformer(ADAPTERS)

    async def run(self, tenant_id: UUID | None, statement: Statement[Any], params: dict[str, Any]) -> PGresult:
        """Run a statement as one transaction under the tenant; its result once that transaction has committed.

        Raises:
            As run_all.
        """
        return await self.run_all(tenant_id, [(statement, params)])

    async def run_all(self, tenant_id: UUID | None, work: Sequence[tuple[Statement[Any], dict[str, Any]]]) -> PGresult:
        """Run statements as one transaction under the tenant, in one round trip; the last result once it has committed.

        A caller that is cancelled abandons the result: the statements may still run, and commit.

        Raises:
            Unavailable: the queue is full, no connection could be had in time, the connection was lost (whether they
                committed is then unknown), or one of them ran out of time.
            psycopg.Error: as the server raised it; nothing of them is kept.
            ValueError: one is not a query.
        """
        context = context_value(tenant_id).encode()
        writes = any(statement.writes for statement, _ in work)
        for attempt in range(self._size + 1):
            steps = [self._step(statement, params) for statement, params in work]
            call = Call(context, steps, asyncio.get_running_loop().create_future(), writes)
            self._submit(call)
            try:
                return await call.future
            except psycopg.Error as error:
                # A stale plan fails before anything is done. Each connection has its own, and now prepares it anew.
                if is_stale_plan(error) and attempt < self._size:
                    continue
                if is_unavailable(error):
                    raise Unavailable(retry_after=1) from error
                raise
            finally:
                del call  # Else its exception and this frame would keep each other, and the parameters.
        raise AssertionError

    async def close(self) -> None:
        """Refuse new calls, wait a few seconds for those in flight, then close."""
        self._closing = True
        openers = list(self._openers)
        for opener in openers:
            opener.cancel()
        await asyncio.gather(*openers, return_exceptions=True)
        for waiting in self._pending.values():
            while waiting:
                _fail(waiting.popleft(), None)
        if any(connection.load for connection in self._connections):
            with suppress(TimeoutError):
                await asyncio.wait_for(self._drained.wait(), _CLOSE_S)
        for connection in list(self._connections):
            connection.lose(psycopg.OperationalError("the executor is closed"))

    def _step(self, statement: Statement[Any], params: dict[str, Any]) -> Step:
        text, values = bind(statement, params)
        if text not in self._queries:
            self._admit(text)
        dumped = self.transformer.dump_sequence(values, [PyFormat.AUTO] * len(values))
        return Step((text, self.transformer.types or ()), dumped, self.transformer.formats or [])

    def _admit(self, text: str) -> None:
        if not _QUERY.match(text) or _FORBIDDEN.search(text):
            raise ValueError(f"Not a single query without set_config: {text.strip()[:80]}")
        self._queries.add(text)

    def _submit(self, call: Call) -> None:
        if self._closing:
            raise Unavailable(retry_after=1)
        connection = self._free(writes=call.writes)
        if connection is not None:
            if connection.load:
                self._grow()
            connection.send(call)
            return
        waiting = self._pending[call.writes]
        if len(waiting) >= self._max_pending:
            self._pending[call.writes] = waiting = deque(one for one in waiting if not one.future.done())
            if len(waiting) >= self._max_pending:
                raise Unavailable(retry_after=1)
        call.timer = asyncio.get_running_loop().call_later(WAIT_S, _fail, call, None)
        waiting.append(call)
        self._grow()

    def _free(self, *, writes: bool) -> PipelineConnection | None:
        """The least loaded connection that may take such a call, if it has room.

        A write waits for the disk, now and then for a second, and whatever is behind it on its connection waits with
        it. So reads go where no write is, and writes leave half of the connections to them.
        """
        clear = [connection for connection in self._connections if not connection.writes]
        if not writes:
            fit = clear or self._connections
        elif 0 < len(clear) <= len(self._connections) // 2:
            fit = [connection for connection in self._connections if connection.writes]
        else:
            fit = self._connections
        best = min(fit, key=lambda connection: connection.load, default=None)
        return best if best is not None and best.load < DEPTH else None

    def _advance(self) -> None:
        """Send what waits, as far as there is room. Calls that were abandoned meanwhile are never sent."""
        while (turn := self._turn()) is not None:
            call, connection = turn
            self._pending[call.writes].popleft()
            if call.timer is not None:
                call.timer.cancel()
            if not call.future.done():
                connection.send(call)
        if self._closing and not any(connection.load for connection in self._connections):
            self._drained.set()

    def _turn(self) -> tuple[Call, PipelineConnection] | None:
        """Of the calls that wait, the one that has waited longest among those that a connection has room for."""
        heads = [waiting[0] for waiting in self._pending.values() if waiting]
        for call in sorted(heads, key=_since):
            if (connection := self._free(writes=call.writes)) is not None:
                return call, connection
        return None

    def _lost(self, connection: PipelineConnection, calls: list[Call], error: Exception) -> None:
        self._connections.remove(connection)
        if not self._closing:
            log.warning("database connection lost", error=_words(error), calls=len(calls))
        for call in calls:
            _fail(call, error)
        self._advance()
        if any(self._pending.values()):
            self._grow()

    def _grow(self) -> None:
        """Open one more connection, unless there are enough; while opening fails, one attempt at a time."""
        full = len(self._connections) + len(self._openers) >= self._size
        if full or self._closing or (self._failing and self._openers):
            return
        opener = asyncio.create_task(self._open())
        self._openers.add(opener)
        opener.add_done_callback(self._openers.discard)

    async def _open(self) -> None:
        delay = _FIRST_DELAY_S
        while True:
            try:
                connection = await self._connected()
            except psycopg.Error as error:
                self._failing = True
                log.warning("database connection failed", error=_words(error))
                await asyncio.sleep(delay * random.uniform(0.5, 1))  # noqa: S311 - Only spreads the attempts.
                delay = min(2 * delay, _LAST_DELAY_S)
                if not any(self._pending.values()):
                    return
            else:
                self._failing = False
                self._connections.append(connection)
                self._advance()
                return

    async def _connected(self) -> PipelineConnection:
        conn = await AsyncConnection.connect(self._conninfo, autocommit=True)
        connection = PipelineConnection(
            conn, stall_s=STATEMENT_TIMEOUT_S + _GRACE_S, on_answer=self._advance, on_lost=self._lost
        )
        try:
            await connection.start()
        except BaseException:
            await conn.close()
            raise
        return connection


class SingleStatements:
    """A Conn whose statements are transactions of their own, each a single round trip."""

    __slots__ = ("_executor", "_tenant_id")

    def __init__(self, executor: Executor, tenant_id: UUID | None) -> None:
        self._executor = executor
        self._tenant_id = tenant_id

    async def fetch(self, statement: Statement[R], **params: Any) -> list[R]:  # noqa: ANN401 - Any SQL parameter.
        """All rows."""
        result = await self._executor.run(self._tenant_id, statement, params)
        return build(self._executor.transformer, result, statement)

    async def fetch_one(self, statement: Statement[R], **params: Any) -> R | None:  # noqa: ANN401 - As above.
        """The only row, or None.

        Raises:
            LookupError: there is more than one row.
        """
        return only(await self.fetch(statement, **params))

    async def execute(self, statement: Statement[Any], **params: Any) -> int:  # noqa: ANN401 - As above.
        """Run the statement; the number of rows it touched."""
        return (await self._executor.run(self._tenant_id, statement, params)).command_tuples or 0


class Together:
    """Gathers statements that are one transaction and one round trip later: a Writer, which answers nothing."""

    __slots__ = ("work",)

    def __init__(self) -> None:
        self.work: list[tuple[Statement[Any], dict[str, Any]]] = []

    async def execute(self, statement: Statement[Any], **params: Any) -> None:  # noqa: ANN401 - As above.
        """Put the statement behind the others."""
        self.work.append((statement, params))


def _since(call: Call) -> float:
    """A moment that is earlier for calls that have waited longer."""
    assert call.timer is not None
    return call.timer.when()


def _fail(call: Call, cause: Exception | None) -> None:
    """Answer Unavailable, unless the call has its answer or nobody waits for it."""
    if not call.future.done():
        problem = Unavailable(retry_after=1)
        problem.__cause__ = cause
        call.future.set_exception(problem)


def _words(error: Exception) -> str:
    return " ".join(str(error).split())

"""One connection in libpq's pipeline mode: many calls in flight, each a round trip and a transaction of its own.

A call is sent as set_config + its statements, each with [Parse, at the first use], + Sync. One Sync ends one implicit
transaction: a call's statements happen together or not at all, and its tenant is gone before the next call begins.
Answers come in the order of the calls. A caller that gave up leaves its call in line, and its answer is dropped when it
arrives: a cancel request is never sent, since it may hit a neighbour's statement.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any, Final

import psycopg
from psycopg import AsyncConnection
from psycopg.abc import Buffer
from psycopg.errors import error_from_result
from psycopg.pq import ConnStatus, ExecStatus
from psycopg.pq.abc import PGresult

from alquimista.db.context import SET_CONTEXT
from alquimista.db.failures import is_stale_plan

MAX_PREPARED: Final = 256
_CONTEXT: Final = b"context"
Key = tuple[str, tuple[int, ...]]  # A prepared statement's SQL and the types of its parameters.


@dataclass(slots=True, eq=False)
class Step:
    """A statement of a call, with its parameters as the server takes them."""

    key: Key
    params: Sequence[Buffer | None]
    formats: Sequence[int]
    name: bytes = b""  # Of the prepared statement.
    parses: bool = False  # Whether the statement is parsed in the same message.


@dataclass(slots=True, eq=False)
class Call:
    """Statements under a context, and the future of the last one's result."""

    context: bytes
    steps: Sequence[Step]
    future: asyncio.Future[PGresult]
    writes: bool
    result: PGresult | None = None
    error: psycopg.Error | None = None
    timer: asyncio.TimerHandle | None = None


class PipelineConnection:
    """A connection with calls in flight. `on_answer` is told of every answer, `on_lost` once, with the calls lost.

    Args:
        conn: connected, idle and in autocommit; owned by this object from now on.
        stall_s: without a word from the server for so long while calls are in flight, the connection counts as lost.
        on_answer: called after each answer.
        on_lost: called with this connection, the calls that were in flight, and why.
    """

    def __init__(
        self,
        conn: AsyncConnection[Any],
        *,
        stall_s: float,
        on_answer: Callable[[], None],
        on_lost: Callable[["PipelineConnection", list[Call], Exception], None],
    ) -> None:
        self._conn = conn
        self._pg = conn.pgconn
        self._socket = self._pg.socket
        self._loop = asyncio.get_running_loop()
        self._stall_s = stall_s
        self._on_answer = on_answer
        self._on_lost = on_lost
        self._in_flight: deque[Call] = deque()
        self.writes = 0  # How many of the calls in flight write.
        self._prepared: OrderedDict[Key, bytes] = OrderedDict()
        self._preparing: set[Key] = set()
        self._names = count()
        self._to_close: list[bytes] = []
        self._writing = False
        self._progress_at = 0.0
        self._watch: asyncio.TimerHandle | None = None
        self.closed = False

    @property
    def load(self) -> int:
        """How many calls are in flight, those that nobody waits for included."""
        return len(self._in_flight)

    async def start(self) -> None:
        """Prepare the context statement and enter pipeline mode.

        Raises:
            psycopg.Error: the server refused, or the connection was lost.
        """
        await self._conn.execute(b"PREPARE context (text) AS " + SET_CONTEXT.encode(), prepare=False)
        self._pg.nonblocking = 1
        self._pg.enter_pipeline_mode()
        self._loop.add_reader(self._socket, self._on_readable)

    def send(self, call: Call) -> None:
        """Put a call in flight. Its future is set when its transaction has ended, and not before."""
        if not self._in_flight:
            self._progress_at = self._loop.time()  # Silence counts from here: there was nothing to answer before.
        self._in_flight.append(call)
        self.writes += call.writes
        try:
            self._send(call)
            self._flush()
        except psycopg.Error as error:
            self.lose(error)
            return
        if self._watch is None:
            self._watch = self._loop.call_later(self._stall_s, self._check_progress)

    def lose(self, error: Exception) -> None:
        """Close the connection; the calls in flight go to `on_lost`. Without effect the second time."""
        if self.closed:
            return
        self.closed = True
        self._loop.remove_reader(self._socket)
        if self._writing:
            self._loop.remove_writer(self._socket)
        if self._watch is not None:
            self._watch.cancel()
        self._pg.finish()
        lost = list(self._in_flight)
        self._in_flight.clear()
        self._on_lost(self, lost, error)

    def _send(self, call: Call) -> None:
        while self._to_close:
            self._pg.send_close_prepared(self._to_close.pop())
        self._pg.send_query_prepared(_CONTEXT, [call.context])
        for step in call.steps:
            self._name(step)
            if step.parses:
                sql, types = step.key
                self._pg.send_prepare(step.name, sql.encode(), types)
            self._pg.send_query_prepared(step.name, step.params, step.formats)
        self._pg.pipeline_sync()

    def _name(self, step: Step) -> None:
        """Choose the prepared statement of a step, so that no call depends on the success of another one.

        Until the first use of a statement has succeeded, the calls behind it parse it themselves, without a name.
        """
        if (name := self._prepared.get(step.key)) is not None:
            self._prepared.move_to_end(step.key)
            step.name = name
            return
        step.parses = True
        if step.key not in self._preparing:
            self._preparing.add(step.key)
            step.name = b"s%d" % next(self._names)

    def _learn(self, step: Step, error: psycopg.Error | None) -> None:
        """Keep or forget the step's prepared statement. Closing one that the server does not have is no error."""
        if step.parses and step.name:
            self._preparing.discard(step.key)
            if error is not None:
                self._to_close.append(step.name)
                return
            self._prepared[step.key] = step.name
            if len(self._prepared) > MAX_PREPARED:
                self._to_close.append(self._prepared.popitem(last=False)[1])
        elif error is not None and is_stale_plan(error) and self._prepared.get(step.key) == step.name:
            del self._prepared[step.key]
            self._to_close.append(step.name)

    def _flush(self) -> None:
        pending = self._pg.flush()
        if pending and not self._writing:
            self._loop.add_writer(self._socket, self._on_writable)
        elif not pending and self._writing:
            self._loop.remove_writer(self._socket)
        self._writing = bool(pending)

    def _on_writable(self) -> None:
        try:
            self._flush()
        except psycopg.Error as error:
            self.lose(error)

    def _on_readable(self) -> None:
        try:
            self._pg.consume_input()
            self._progress_at = self._loop.time()
            if self._writing:
                self._flush()  # The server may read on only after we have read.
            self._collect()
            if self._pg.status != ConnStatus.OK:
                raise psycopg.OperationalError("the connection is lost")
        except psycopg.Error as error:
            self.lose(error)

    def _collect(self) -> None:
        """Take the results that have arrived whole."""
        gaps = 0
        while self._in_flight and not self._pg.is_busy():
            result = self._pg.get_result()
            if result is None:  # One ends the results of each statement of a call; a second one, a dead connection.
                gaps += 1
                if gaps > 1:
                    raise psycopg.OperationalError("the connection is lost")
                continue
            gaps = 0
            self._take(self._in_flight[0], result)

    def _take(self, call: Call, result: PGresult) -> None:
        match result.status:
            case ExecStatus.TUPLES_OK | ExecStatus.COMMAND_OK:
                call.result = result  # The last statement's comes last.
            case ExecStatus.PIPELINE_SYNC:
                self._in_flight.popleft()
                self.writes -= call.writes
                self._answer(call)
            case ExecStatus.FATAL_ERROR:
                call.error = call.error or error_from_result(result)
                if call.error.sqlstate is None:
                    raise call.error
            case ExecStatus.PIPELINE_ABORTED:
                pass
            case status:
                raise psycopg.NotSupportedError(f"a statement answered {ExecStatus(status).name}")

    def _answer(self, call: Call) -> None:
        for step in call.steps:
            self._learn(step, call.error)
        if not call.future.done():
            if call.error is not None:
                call.future.set_exception(call.error)
            else:
                assert call.result is not None
                call.future.set_result(call.result)
        self._on_answer()

    def _check_progress(self) -> None:
        self._watch = None
        if not self._in_flight:
            return
        due = self._progress_at + self._stall_s
        if self._loop.time() >= due:
            self.lose(psycopg.OperationalError("the server has stopped answering"))
        else:
            self._watch = self._loop.call_at(due, self._check_progress)

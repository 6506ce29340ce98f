"""Gathers what many requests of a tenant want written at the same time into one write."""

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Callable
from typing import Final, Generic, TypeVar
from uuid import UUID

import structlog

from alquimista.usage.models.events import MAX_EVENTS, IngestBusy

T = TypeVar("T")
R = TypeVar("R")
log = structlog.get_logger(__name__)

DELAY_S: Final = 0.003  # How long the first of a write waits for others; while a write runs, the next one gathers.
MAX_PENDING: Final = 50_000  # Rows of all tenants that wait in this process.
MAX_OF_TENANT: Final = 20_000  # Of one tenant, so that it cannot take the room of the others.


class Gatherer(Generic[T, R]):
    """Runs one write at a time for each tenant; callers wait for the write that holds their item.

    Args:
        write: writes some items of a tenant in one transaction; a result for each, in order.
        weigh: the rows that an item stands for.
    """

    def __init__(self, write: Callable[[UUID, list[T]], Awaitable[list[R]]], weigh: Callable[[T], int]) -> None:
        self._write = write
        self._weigh = weigh
        self._waiting: dict[UUID, deque[tuple[T, asyncio.Future[R]]]] = {}
        self._writers: dict[UUID, asyncio.Task[None]] = {}
        self._pending = 0
        self._pending_of: Counter[UUID] = Counter()
        self._closed = False

    async def put(self, tenant_id: UUID, item: T) -> R:
        """Write an item; its result once that is committed. A caller that leaves does not stop the write.

        Raises:
            IngestBusy: too much waits, or the process is about to stop. Nothing of the item was written.
            Exception: whatever the write raised. Nothing of that transaction was written, unless the connection was
                lost in the very moment of its commit: sending the same events again settles that.
        """
        weight = self._weigh(item)
        own = self._pending_of[tenant_id]
        if self._closed or (own and own + weight > MAX_OF_TENANT) or self._pending + weight > max(MAX_PENDING, weight):
            raise IngestBusy(retry_after=1)
        future: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(tenant_id, deque()).append((item, future))
        self._pending += weight
        self._pending_of[tenant_id] += weight
        if tenant_id not in self._writers:
            self._writers[tenant_id] = asyncio.create_task(self._drain(tenant_id))
        try:
            return await future
        finally:
            del future  # Its exception's traceback has this frame: they would keep each other, and the item.

    async def close(self) -> None:
        """Take nothing more, and write what waits."""
        self._closed = True
        await asyncio.gather(*self._writers.values(), return_exceptions=True)

    async def _drain(self, tenant_id: UUID) -> None:
        waiting = self._waiting[tenant_id]
        try:
            await asyncio.sleep(DELAY_S)
            while waiting:
                await self._write_some(tenant_id, waiting)
        finally:
            del self._writers[tenant_id], self._waiting[tenant_id], self._pending_of[tenant_id]

    async def _write_some(self, tenant_id: UUID, waiting: deque[tuple[T, asyncio.Future[R]]]) -> None:
        taken: list[tuple[T, asyncio.Future[R]]] = []
        weight = 0
        while waiting and (not taken or weight + self._weigh(waiting[0][0]) <= MAX_EVENTS):
            taken.append(waiting.popleft())
            weight += self._weigh(taken[-1][0])
        try:
            results = await self._write(tenant_id, [item for item, _ in taken])
        except Exception as error:  # noqa: BLE001 - It is handed to every caller that waits for this write.
            log.warning("usage.write_failed", tenant_id=str(tenant_id), rows=weight, error=type(error).__name__)
            for _, future in taken:
                if not future.done():
                    future.set_exception(error.with_traceback(None))
        else:
            for (_, future), result in zip(taken, results, strict=True):
                if not future.done():
                    future.set_result(result)
        finally:
            self._pending -= weight
            self._pending_of[tenant_id] -= weight

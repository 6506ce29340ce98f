"""Our counting and closing of days for all tenants, as the command and the jobs go about it, timed."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from datetime import date, datetime
from typing import Final, Self
from uuid import UUID

from alquimista import clock
from alquimista.db.pool import Database
from alquimista.usage import service
from benchmarks.harness.cluster import Site

RECOUNTS_AT_ONCE: Final = 4  # As in `alquimista usage aggregate`.
CLOSES_AT_ONCE: Final = 2  # The job's concurrency.


def recounted(site: Site, tenants: Iterable[UUID], day: date) -> float:
    """Count the day again for these tenants; the seconds it took, connecting included, as with the command."""

    async def run() -> None:
        db = await Database.open(site.settings)
        try:
            await recount(db, tenants, day)
        finally:
            await db.close()

    started = time.perf_counter()
    asyncio.run(run())
    return time.perf_counter() - started


class Closing:
    """The part of a worker that closes days: it lives on, as a worker does. Use as a context."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._runner = asyncio.Runner()

    def __enter__(self) -> Self:
        self._db = self._runner.run(Database.open(self._site.settings))
        return self

    def __exit__(self, *_: object) -> None:
        self._runner.run(self._db.close())
        self._runner.close()

    def close(self, moment: datetime) -> float:
        """Close what there is to close at that moment; the seconds it took."""

        async def one(tenant_id: UUID) -> None:
            await service.close_days(self._db, tenant_id, moment)

        async def all_of_them() -> None:
            await _side_by_side(await service.tenants_to_close(self._db, moment), one, CLOSES_AT_ONCE)

        started = time.perf_counter()
        self._runner.run(all_of_them())
        return time.perf_counter() - started


async def recount(db: Database, tenants: Iterable[UUID], day: date) -> None:
    """Count the day again for these tenants."""

    async def one(tenant_id: UUID) -> None:
        await service.recount(db, tenant_id, day, day, clock.now())

    await _side_by_side(tenants, one, RECOUNTS_AT_ONCE)


async def _side_by_side(tenants: Iterable[UUID], work: Callable[[UUID], Awaitable[None]], at_once: int) -> None:
    turn = asyncio.Semaphore(at_once)

    async def one(tenant_id: UUID) -> None:
        async with turn:
            await work(tenant_id)

    await asyncio.gather(*map(one, tenants))

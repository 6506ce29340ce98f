"""Caches on real buses."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack

import pytest

from alquimista.cache.bus import Bus
from alquimista.config import Settings


async def until(condition: Callable[[], object]) -> None:
    """Wait for something that will happen soon."""
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - It waits for other processes, which set no event here.
            await asyncio.sleep(0.01)


@pytest.fixture
def eventually() -> Callable[..., object]:
    """Waiting, for tests."""
    return until


@pytest.fixture
async def listen(settings: Settings) -> AsyncIterator[Callable[[], object]]:
    """Buses that already hear."""
    async with AsyncExitStack() as stack:

        async def started() -> Bus:
            bus = Bus(settings)
            await bus.start()
            stack.push_async_callback(bus.stop)
            await until(lambda: bus.healthy)
            return bus

        yield started

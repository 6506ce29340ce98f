"""The shared cache on a real Redis: Debian's redis-server, started for these tests."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import pytest

import factories
from alquimista.cache.bus import Bus
from alquimista.cache.shared import RedisShared
from alquimista.cache.store import Cache, Entry, SharedFailed, invalidate
from alquimista.config import Settings
from alquimista.db.tenancy import tenant_transaction
from support.identity import eventually
from support.redis_server import redis_server

ENTRY = Entry(b'"etag"', b'{"answer":\n42}')


@pytest.fixture
async def redis(tmp_path) -> AsyncIterator[str]:
    async with redis_server(tmp_path) as url:
        yield url


@pytest.fixture
async def shared(redis: str) -> AsyncIterator[RedisShared]:
    store = RedisShared(redis)
    yield store
    await store.close()


async def test_an_entry_comes_back_as_it_was_kept(shared):
    await shared.put("key", ENTRY, 60, [(uuid4(), "agents")])
    assert await shared.get("key") == ENTRY
    assert await shared.get("other") is None


async def test_an_entry_ends_with_its_time(shared):
    await shared.put("key", ENTRY, 0.05, [])
    await asyncio.sleep(0.1)
    assert await shared.get("key") is None


async def test_a_tag_drops_its_own_entries_alone(shared):
    one, other = (uuid4(), "agents"), (uuid4(), "agents")
    await shared.put("a", ENTRY, 60, [one])
    await shared.put("b", ENTRY, 60, [other, one])
    await shared.put("c", ENTRY, 60, [other])
    await shared.drop(one)
    assert [await shared.get(key) for key in "abc"] == [None, None, ENTRY]
    await shared.clear()
    assert await shared.get("c") is None


async def test_two_processes_share_answers_and_an_invalidation_reaches_both(redis, settings, db):
    tenant = await factories.make_tenant(db)
    async with process_cache(settings, redis) as one, process_cache(settings, redis) as other:

        async def shared_now() -> bool:
            await one.put("key", ENTRY, one.begin(tenant.id, ["agents"]), ttl=60)
            return await other.get("key") == ENTRY

        await eventually(shared_now)
        async with tenant_transaction(db, tenant.id) as conn:
            await invalidate(conn, tenant.id, "agents")

        async def dropped() -> bool:
            return await one.get("key") is None and await other.get("key") is None

        await eventually(dropped)


@asynccontextmanager
async def process_cache(settings: Settings, url: str) -> AsyncIterator[Cache]:
    """A cache as a web process has it: made before its bus starts to hear."""
    bus, shared = Bus(settings), RedisShared(url)
    cache = Cache(bus, shared=shared)
    await bus.start()
    yield cache
    await bus.stop()
    await shared.close()


async def test_a_server_that_is_away_is_told_as_such(tmp_path):
    away = RedisShared(f"unix://{tmp_path}/nothing.sock")
    with pytest.raises(SharedFailed):
        await away.get("key")
    await away.close()

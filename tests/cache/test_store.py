"""The cache: bounded, and dropped in every process when its tenant's data changes."""

from itertools import pairwise
from uuid import UUID, uuid4

import pytest

from alquimista.access import PLATFORM_TENANT
from alquimista.cache.store import Cache, Entry, SharedFailed, invalidate, of_any_tenant
from alquimista.db.tenancy import tenant_transaction
from support.web import Steering

T, U = UUID(int=1), UUID(int=2)


def entry(text="x"):
    return Entry(b'"e"', text.encode())


async def put(cache, key, tenant=T, topics=("usage",), ttl=60.0, body="x"):
    await cache.put(key, entry(body), cache.begin(tenant, topics), ttl=ttl)


@pytest.fixture
def bus():
    return Steering()


async def test_an_entry_is_there_until_its_time_is_over(bus):
    clock = [100.0]
    cache = Cache(bus, clock=lambda: clock[0])
    await put(cache, "k", ttl=10)
    clock[0] = 105.9
    assert await cache.get("k") == entry()
    clock[0] = 110.0
    assert await cache.get("k") is None
    assert cache.size == 0


async def test_what_was_kept_together_does_not_end_together(bus):
    clock = [100.0]
    cache = Cache(bus, clock=lambda: clock[0])
    for number in range(300):
        await put(cache, f"k{number}", tenant=uuid4(), ttl=10)
    left = []
    for second in range(5, 11):
        clock[0] = 100.0 + second
        left.append(len([n for n in range(300) if await cache.get(f"k{n}")]))
    ended = [before - after for before, after in pairwise(left)]
    assert (left[0], left[-1]) == (300, 0)
    assert max(ended) < 150


async def test_what_a_tenant_has_ends_together(bus):
    clock = [100.0]
    cache = Cache(bus, clock=lambda: clock[0])
    for number in range(50):
        await put(cache, f"k{number}", tenant=T, ttl=10)
    left = set()
    for tenth in range(50, 101):
        clock[0] = 100.0 + tenth / 10
        left.add(len([n for n in range(50) if await cache.get(f"k{n}")]))
    assert left == {50, 0}


async def test_the_least_recently_used_goes_first_when_it_is_full(bus):
    cache = Cache(bus, max_bytes=20_000)
    for number in range(20):
        await put(cache, f"k{number}", body="x" * 1000)
        await cache.get("k0")
        assert cache.size <= 20_000
    assert await cache.get("k0")
    assert await cache.get("k1") is None
    assert await cache.get("k19")


async def test_an_entry_that_would_crowd_out_the_others_is_not_kept(bus):
    cache = Cache(bus, max_bytes=20_000)
    await put(cache, "big", body="x" * 3000)
    assert await cache.get("big") is None
    assert cache.size == 0


async def test_replacing_and_dropping_leave_nothing_behind(bus):
    cache = Cache(bus)
    for _ in range(3):
        await put(cache, "k", topics=("usage", "agents"))
    bus.hear("cache", tenant_id=str(T), topics=["agents"])
    assert await cache.get("k") is None
    assert (cache.size, cache._by_tag) == (0, {})


async def test_an_answer_about_all_tenants_goes_with_any_of_them(bus):
    cache = Cache(bus)
    await put(cache, "all", tenant=PLATFORM_TENANT, topics=(of_any_tenant("agents"),))
    await put(cache, "platform's own", tenant=PLATFORM_TENANT, topics=("agents",))
    bus.hear("cache", tenant_id=str(T), topics=["usage"])
    assert await cache.get("all") == entry()
    bus.hear("cache", tenant_id=str(T), topics=["agents"])
    assert await cache.get("all") is None
    assert await cache.get("platform's own") == entry()


async def test_a_reconnection_drops_everything(bus):
    cache = Cache(bus)
    await put(cache, "k")
    bus.hear("usage", tenant_id=str(T), version=7)
    assert cache.usage_version(T) == "7"
    unknown = cache.usage_version(U)
    bus.reconnect()
    assert await cache.get("k") is None
    assert cache.usage_version(T) == cache.usage_version(U) != unknown


async def test_two_processes_never_mean_the_same_by_an_unknown_version(bus):
    assert Cache(bus).usage_version(T) != Cache(bus).usage_version(T)


async def test_an_invalidation_reaches_the_other_processes_when_it_is_committed(db, listen, eventually):
    tenant = uuid4()
    caches = [Cache(await listen()) for _ in range(2)]
    for cache in caches:
        await put(cache, "mine", tenant=tenant)
        await put(cache, "theirs", tenant=U)
    async with tenant_transaction(db, tenant) as conn:
        await invalidate(conn, tenant, "usage")
        assert await caches[0].get("mine")
    for cache in caches:
        await eventually(lambda cache=cache: "mine" not in cache._entries)
        assert await cache.get("theirs")


class Memory:
    """A shared cache in memory that can be made to fail."""

    def __init__(self):
        self.entries = {}
        self.broken = False
        self.cleared = 0

    def _check(self):
        if self.broken:
            raise SharedFailed("broken")

    async def get(self, key):
        self._check()
        return self.entries.get(key, (None, ()))[0]

    async def put(self, key, entry, ttl, tags):
        self._check()
        self.entries[key] = (entry, set(tags))

    async def drop(self, tag):
        self._check()
        self.entries = {key: value for key, value in self.entries.items() if tag not in value[1]}

    async def clear(self):
        self._check()
        self.cleared += 1
        self.entries.clear()


async def test_processes_share_what_one_of_them_computed(bus, eventually):
    shared = Memory()
    one, two = Cache(bus, shared=shared), Cache(bus, shared=shared)
    await put(one, "k")
    assert shared.entries == {}, "before it was cleared nobody knows what is in it"
    bus.reconnect()
    await eventually(lambda: one._shared_open and two._shared_open)
    await put(one, "k")
    assert await two.get("k") == entry()
    bus.hear("cache", tenant_id=str(T), topics=["usage"])
    await eventually(lambda: not shared.entries)
    assert await one.get("k") is None


async def test_a_shared_cache_that_failed_is_cleared_before_it_is_trusted(bus, eventually, monkeypatch):
    monkeypatch.setattr("alquimista.cache.store._REOPEN_EVERY_S", 0.01)
    shared = Memory()
    cache = Cache(bus, shared=shared)
    bus.reconnect()
    await eventually(lambda: cache._shared_open)
    await put(cache, "k")
    shared.broken = True
    bus.hear("cache", tenant_id=str(T), topics=["usage"])
    await eventually(lambda: not cache._shared_open)
    assert await cache.get("k") is None
    await put(cache, "local")
    assert await cache.get("local") == entry()
    shared.broken = False
    await eventually(lambda: cache._shared_open)
    assert shared.cleared == 2
    assert await cache.get("k") is None


async def test_what_was_invalidated_on_its_way_to_the_shared_cache_is_dropped_there(bus, eventually):
    class Slow(Memory):
        async def put(self, key, entry, ttl, tags):
            await super().put(key, entry, ttl, tags)
            bus.hear("cache", tenant_id=str(T), topics=["usage"])
            self.entries.setdefault(key, (entry, set(tags)))

    shared = Slow()
    cache = Cache(bus, shared=shared)
    bus.reconnect()
    await eventually(lambda: cache._shared_open)
    await put(cache, "k")
    await eventually(lambda: not cache._background)
    assert shared.entries == {}

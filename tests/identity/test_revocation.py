"""What a process remembers of verified actors: for 30 seconds, and not beyond a revocation."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest

from alquimista import clock
from alquimista.access import Actor, ActorKind
from alquimista.identity.queries import sessions
from alquimista.identity.service import cache
from alquimista.identity.service.cache import ActorCache
from factories import make_tenant, make_user
from support.identity import bearer, eventually


class Steered:
    """A bus that the test steers."""

    def __init__(self):
        self.healthy, self.callbacks, self.resets = True, {}, []

    def subscribe(self, topic, callback):
        self.callbacks[topic] = callback

    def on_reset(self, callback):
        self.resets.append(callback)


@pytest.fixture
def bus():
    return Steered()


@pytest.fixture
def remembered(bus):
    return ActorCache(bus)


def somebody(**fields):
    ids = {"user_id": uuid4(), "session_id": uuid4(), "tenant_id": uuid4()}
    return Actor(ActorKind.TOKEN, frozenset(), **(ids | fields))


def test_an_actor_is_remembered_for_thirty_seconds_and_not_beyond_the_tokens_end(remembered):
    moment, actor = clock.now(), somebody()
    with clock.frozen(moment):
        remembered.put(b"long", actor, moment + timedelta(hours=1), remembered.generation)
        remembered.put(b"short", actor, moment + timedelta(seconds=10), remembered.generation)
    with clock.frozen(moment + timedelta(seconds=9)):
        assert remembered.get(b"long") is remembered.get(b"short") is actor
    with clock.frozen(moment + timedelta(seconds=11)):
        assert remembered.get(b"short") is None
    with clock.frozen(moment + timedelta(seconds=31)):
        assert remembered.get(b"long") is None
    assert not remembered._entries
    assert not remembered._tagged


@pytest.mark.parametrize(
    ("topic", "name"), [("session", "session_id"), ("session", "user_id"), ("tenant", "tenant_id")]
)
def test_a_message_purges_exactly_its_subject(remembered, bus, topic, name):
    gone, stays = somebody(), somebody()
    remembered.put(b"gone", gone, None, 0)
    remembered.put(b"stays", stays, None, 0)
    bus.callbacks[topic]({name: str(getattr(gone, name))})
    assert remembered.get(b"gone") is None
    assert remembered.get(b"stays") is stays


def test_a_key_is_purged_by_its_id(remembered, bus):
    key = Actor(ActorKind.API_KEY, frozenset(), tenant_id=uuid4(), api_key_id=uuid4())
    remembered.put(b"key", key, None, 0)
    bus.callbacks["session"]({"key_id": str(key.api_key_id)})
    assert remembered.get(b"key") is None


def test_what_was_read_before_a_revocation_is_not_kept_after_it(remembered, bus):
    before = remembered.generation
    bus.callbacks["session"]({"user_id": str(uuid4())})
    remembered.put(b"late", somebody(), None, before)
    assert remembered.get(b"late") is None


def test_a_deaf_process_remembers_nothing_and_forgets_all_when_it_hears_again(remembered, bus):
    remembered.put(b"a", somebody(), None, 0)
    bus.healthy = False
    assert remembered.get(b"a") is None
    remembered.put(b"b", somebody(), None, remembered.generation)
    bus.resets[0]()
    bus.healthy = True
    assert remembered.get(b"a") is remembered.get(b"b") is None


def test_memory_is_bounded(remembered, monkeypatch):
    monkeypatch.setattr(cache, "CAPACITY", 3)
    for number in range(10):
        remembered.put(bytes([number]), somebody(), None, 0)
    assert len(remembered._entries) == 3
    assert len(remembered._tagged) == 9


async def test_a_cached_token_asks_the_database_nothing(first, db, monkeypatch):
    token = (await first.login(await make_user(db, (await make_tenant(db)).id)))["access_token"]
    asked = []
    real = sessions.standing

    async def counting(*args):
        asked.append(args)
        return await real(*args)

    monkeypatch.setattr(sessions, "standing", counting)
    for _ in range(5):
        assert (await first.client().get("/tenant/users", headers=bearer(token))).status_code == 200
    assert len(asked) == 1


async def test_every_revocation_reaches_the_other_process(first, second, db):
    tenant = await make_tenant(db)
    for path in ("/auth/logout", "/auth/logout-all"):
        token = (await first.login(await make_user(db, tenant.id)))["access_token"]
        assert (await second.me(token)).status_code == 200
        assert (await first.client().post(path, headers=bearer(token))).status_code == 204

        async def ended(token=token):
            return (await second.me(token)).status_code == 401

        await eventually(ended)


async def test_a_process_that_hears_nothing_checks_the_row_each_time(first, second, db):
    token = (await first.login(await make_user(db, (await make_tenant(db)).id)))["access_token"]
    assert (await second.me(token)).status_code == 200
    await second.bus.stop()
    try:
        assert (await second.me(token)).status_code == 200
        await first.client().post("/auth/logout", headers=bearer(token))
        assert (await second.me(token)).status_code == 401
    finally:
        await second.bus.start()

        async def heard():
            await asyncio.sleep(0)
            return second.bus.healthy

        await eventually(heard)

"""Names of what has changed: to those who follow the tenant, once a second at most, without asking the database."""

import asyncio
import json
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from alquimista.access import PLATFORM_TENANT, Permission
from alquimista.http.changes import Changes
from alquimista.http.server import Protocol
from alquimista.http.streams import Streams
from support.listening import listening
from support.web import ACME, OTHER, Steering, route

SOON = 0.3


class Ear(Steering):
    """A bus whose messages the test sends."""

    def invalidated(self, tenant_id, *topics):
        self.hear("cache", tenant_id=str(tenant_id), topics=list(topics))

    def counted(self, tenant_id):
        self.hear("usage", tenant_id=str(tenant_id), version=1)


class Clock:
    """The time as the test says."""

    def __init__(self, monkeypatch):
        self.at = datetime(2026, 3, 1, tzinfo=UTC)
        monkeypatch.setattr("alquimista.http.changes.now", lambda: self.at)

    def passes(self, seconds):
        self.at += timedelta(seconds=seconds)
        return self.at.timestamp()


class Follower:
    def __init__(self):
        self.told = []
        self.times = []

    def __call__(self, names):
        self.told.append(set(names))
        self.times.append(asyncio.get_running_loop().time())


@pytest.fixture
def ear():
    return Ear()


@pytest.fixture
def changes(ear):
    return Changes(ear)


async def test_a_tenants_followers_hear_of_it_alone_and_staff_of_all(ear, changes):
    mine, theirs, staff = Follower(), Follower(), Follower()
    for tenant_id, follower in ((ACME, mine), (OTHER, theirs), (PLATFORM_TENANT, staff)):
        changes.follow(tenant_id, follower)
    ear.invalidated(ACME, "incidents", "agents")
    ear.invalidated(PLATFORM_TENANT, "revenue")
    await asyncio.sleep(SOON)
    assert (mine.told, theirs.told) == ([{"incidents", "agents"}], [])
    assert staff.told == [{"incidents", "agents", "revenue"}]


async def test_the_first_is_told_at_once_and_the_others_once_a_second(ear, changes):
    follower = Follower()
    changes.follow(ACME, follower)
    began = asyncio.get_running_loop().time()
    for number in range(30):
        ear.invalidated(ACME, "incidents" if number % 2 else "tickets")
        await asyncio.sleep(0.05)
    await asyncio.sleep(1)
    assert follower.times[0] - began < SOON
    assert all(later - earlier >= 0.99 for earlier, later in zip(follower.times, follower.times[1:], strict=False))
    assert set().union(*follower.told[1:]) == {"incidents", "tickets"}


async def test_usage_which_changes_all_the_time_is_told_every_three_seconds(ear, changes):
    follower = Follower()
    changes.follow(ACME, follower)
    for _ in range(25):
        ear.counted(ACME)
        await asyncio.sleep(0.1)
    ear.invalidated(ACME, "incidents")
    await asyncio.sleep(SOON)
    assert follower.told == [{"usage"}, {"incidents"}], "nobody waits for the figures"
    await asyncio.sleep(1)
    assert follower.told[2:] == [{"usage"}]


async def test_who_has_left_is_told_nothing_and_leaves_nothing_behind(ear, changes):
    follower = Follower()
    changes.follow(ACME, follower)
    ear.invalidated(ACME, "incidents")
    changes.leave(ACME, follower)
    await asyncio.sleep(SOON)
    assert follower.told == []
    assert changes._groups == {}


def test_who_comes_hears_what_has_changed_since_their_page_was_made(ear, changes, monkeypatch):
    time = Clock(monkeypatch)
    assert changes.since(ACME, time.passes(0)) == {"*"}, "nothing was heard before"
    ear.reconnect()
    assert changes.since(ACME, time.passes(1)) == {"*"}, "another process may have heard of it in this moment alone"
    made = time.passes(10)
    assert changes.since(ACME, made) == set()
    time.passes(5)
    ear.invalidated(ACME, "incidents")
    ear.counted(OTHER)
    assert changes.since(ACME, made) == {"incidents"}
    assert changes.since(OTHER, made) == {"usage"}
    assert changes.since(PLATFORM_TENANT, made) == {"incidents", "usage"}
    assert changes.since(ACME, time.passes(10)) == set()
    ear.reconnect()
    assert changes.since(ACME, made) == {"*"}, "something may have been missed"


def test_the_past_is_kept_for_a_minute_and_not_for_long(ear, changes, monkeypatch):
    time = Clock(monkeypatch)
    ear.reconnect()
    made = time.passes(10)
    ear.invalidated(ACME, "tickets")
    for _ in range(11):
        time.passes(5)
        ear.invalidated(OTHER, "agents")
    assert changes.since(ACME, made) == {"tickets"}
    for _ in range(30):
        time.passes(5)
        ear.invalidated(OTHER, "agents")
    assert changes.since(ACME, made) == {"*"}
    assert changes.since(ACME, time.passes(-30)) == set()
    assert {ACME} & {*changes._past._older, *changes._past._newer} == set()


@asynccontextmanager
async def reading(url, who):
    async with (
        httpx.AsyncClient(base_url=url, timeout=10) as client,
        client.stream("GET", "/stream", headers={"Authorization": f"Bearer {who}"}) as response,
    ):
        yield response.aiter_lines()


async def told(lines):
    """The topics that a stream names next."""
    event = ""
    async for line in lines:
        name, _, value = line.partition(": ")
        if name == "event":
            event = value
        elif name == "data" and event == "changes":
            return json.loads(value)["topics"]
    return None


async def test_streams_tell_names_only_without_asking_what_is_new(make_app, ear):
    asked = []

    async def news(wakes):
        asked.append(wakes)
        return []

    async def handler(context):
        follows = context.who.tenant_id or PLATFORM_TENANT
        return context.services.get(Streams).open(context, Permission.AGENT_READ, [], news, follows=follows)

    app = make_app(route("GET", "/stream", handler=handler, permission=Permission.AGENT_READ))
    streams = Streams(ear, app._steps._authenticate)
    app.services.add(streams)
    async with (
        listening(app, Protocol) as url,
        reading(url, "admin") as mine,
        reading(url, "outsider") as theirs,
        reading(url, "staff") as staff,
    ):
        while len(streams._open) < 3:  # noqa: ASYNC110 - Nobody tells when they are all there.
            await asyncio.sleep(0.01)
        ear.invalidated(ACME, "tickets")
        assert await told(mine) == ["tickets"]
        assert await told(staff) == ["tickets"]
        assert asked == [None] * 3
        ear.invalidated(OTHER, "incidents")
        assert await told(theirs) == ["incidents"]
        ear.reconnect()
        assert await told(mine) == ["*"], "what was missed in a gap may be anything; and nothing of another's before"

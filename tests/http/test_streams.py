"""Streams over a real socket and a real bus: what is committed is told, to whom may look, for as long as they may."""

import asyncio
import json
import socket
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import httpx
import psycopg
import pytest
import uvicorn

from alquimista.access import PLATFORM_TENANT, Actor, Permission
from alquimista.cache.bus import Bus, publish
from alquimista.cache.store import Cache
from alquimista.db.tenancy import tenant_transaction
from alquimista.errors import Unauthenticated
from alquimista.http import streams
from alquimista.http.app import build
from alquimista.http.server import Protocol
from alquimista.http.streams import StreamEvent, Streams, wake
from alquimista.wiring import Services
from support.listening import listening
from support.web import ACTORS, route

CHANNEL = "commands"


@dataclass
class World:
    """An application with one stream, and who may look at it."""

    app: object
    url: str = ""
    welcome: set[str] = field(default_factory=lambda: set(ACTORS))
    wakes: list = field(default_factory=list)
    beat_s: float = 15.0

    @asynccontextmanager
    async def reading(self, who="admin", method="GET"):
        async with (
            httpx.AsyncClient(base_url=self.url, timeout=10) as client,
            client.stream(method, "/stream", headers={"Authorization": f"Bearer {who}"}) as response,
        ):
            yield response, Reader(response)


class Reader:
    """Events of a stream, one by one."""

    def __init__(self, response):
        self._lines = response.aiter_lines()

    async def next(self):
        found = {}
        async for line in self._lines:
            if not line and "event" in found:
                return found["event"], json.loads(found["data"])
            name, _, value = line.partition(": ")
            found[name] = value
        return None


def deafen(settings, admin_url):
    """Cut the bus off, which comes back by itself."""
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'alquimista bus' AND datname = %s",
            [psycopg.conninfo.conninfo_to_dict(settings.database_url)["dbname"]],
        )


@pytest.fixture
async def world(db, settings):
    world = World(None)

    async def authenticate(context) -> Actor | None:
        name = context.request.headers.get("authorization", "").removeprefix("Bearer ")
        if name not in world.welcome:
            raise Unauthenticated
        return ACTORS[name]

    async def news(wakes):
        world.wakes.append(wakes)
        return [StreamEvent("begin" if wakes is None else "news", wakes, "7")]

    async def handler(context):
        return context.services.get(Streams).open(context, Permission.AGENT_READ, [CHANNEL], news, beat_s=world.beat_s)

    bus = Bus(settings)
    services = Services(settings, db)
    services.add(bus)
    services.add(Cache(bus))
    world.app = build(
        [route("GET", "/stream", handler=handler, permission=Permission.AGENT_READ)], services, authenticate
    )
    await bus.start()
    while not bus.healthy:  # noqa: ASYNC110 - The bus tells nobody when it is ready.
        await asyncio.sleep(0.01)
    async with listening(world.app, Protocol) as world.url:
        yield world
    await bus.stop()


async def test_what_is_committed_is_told_and_what_is_not_is_not(world, db):
    async with world.reading() as (response, reader):
        assert response.headers["content-type"].startswith("text/event-stream")
        assert response.headers["cache-control"] == "no-store"
        assert await reader.next() == ("begin", None)
        with pytest.raises(RuntimeError):
            async with tenant_transaction(db, PLATFORM_TENANT) as conn:
                await wake(conn, CHANNEL, id="undone")
                raise RuntimeError
        await wake(db.tenant(PLATFORM_TENANT), "another", id="elsewhere")
        await wake(db.tenant(PLATFORM_TENANT), CHANNEL, id="done")
        assert await reader.next() == ("news", [{"id": "done"}])


async def test_wakes_that_come_together_are_told_together(world, db):
    async with world.reading() as (_, reader):
        await reader.next()
        async with tenant_transaction(db, PLATFORM_TENANT) as conn:
            for number in range(5):
                await wake(conn, CHANNEL, n=number)
        assert await reader.next() == ("news", [{"n": number} for number in range(5)])


async def test_after_a_gap_the_stream_looks_for_itself(world, settings, admin_url):
    async with world.reading() as (_, reader):
        await reader.next()
        deafen(settings, admin_url)
        assert await reader.next() == ("begin", None)


async def test_a_stream_ends_with_its_session(world, db):
    async with world.reading() as (_, reader), world.reading("user") as (_, other):
        await reader.next()
        await other.next()
        world.welcome.discard("admin")
        await publish(db.tenant(PLATFORM_TENANT), "session", user_id=str(ACTORS["admin"].user_id))
        assert await reader.next() is None
        await wake(db.tenant(PLATFORM_TENANT), CHANNEL)
        assert await other.next() == ("news", [{}])


async def test_sessions_of_others_are_nothing_to_ask_about(world, db):
    async with world.reading() as (_, reader):
        await reader.next()
        world.welcome.clear()
        await publish(db.tenant(PLATFORM_TENANT), "session", user_id=str(ACTORS["outsider"].user_id))
        await wake(db.tenant(PLATFORM_TENANT), CHANNEL)
        assert await reader.next() == ("news", [{}])


async def test_a_stream_that_is_never_quiet_still_ends_with_its_session(world, db, monkeypatch):
    monkeypatch.setattr(world, "beat_s", 0.3)
    async with world.reading() as (_, reader):
        await reader.next()
        world.welcome.discard("admin")
        told = 0
        async with asyncio.timeout(8):
            while (await wake(db.tenant(PLATFORM_TENANT), CHANNEL)) is None and await reader.next() is not None:
                told += 1
        assert told < 20


async def test_what_a_gap_may_have_hidden_is_asked_about(world, settings, admin_url):
    async with world.reading() as (_, reader):
        await reader.next()
        world.welcome.discard("admin")
        deafen(settings, admin_url)
        async with asyncio.timeout(8):
            assert await reader.next() is None


async def test_a_company_holds_so_many_and_no_more(world, monkeypatch):
    monkeypatch.setattr(streams, "_MOST_OF_A_TENANT", 1)
    async with world.reading() as (_, reader):
        await reader.next()
        async with world.reading("user") as (colleague, _), world.reading("outsider") as (other, _):
            assert (colleague.status_code, other.status_code) == (429, 200)


async def test_who_may_not_look_gets_no_stream(world):
    async with httpx.AsyncClient(base_url=world.url) as client:
        assert (await client.get("/stream")).status_code == 401
        assert (await client.get("/stream", headers={"Authorization": "Bearer key"})).status_code == 403


async def test_one_person_holds_so_many_and_no_more(world, monkeypatch):
    monkeypatch.setattr(streams, "_MOST_OF_A_PERSON", 1)
    async with world.reading() as (_, reader):
        await reader.next()
        async with world.reading() as (refused, _):
            assert refused.status_code == 429
        async with world.reading("user") as (welcome, _):
            assert welcome.status_code == 200
    for _ in range(200):
        async with world.reading() as (again, _):
            if again.status_code == 200:
                return
        await asyncio.sleep(0.01)
    pytest.fail("The place of a reader that left is not free again")


async def test_asking_for_the_head_alone_ends(world):
    async with httpx.AsyncClient(base_url=world.url, timeout=5) as client:
        answer = await client.head("/stream", headers={"Authorization": "Bearer admin"})
    assert answer.status_code == 200
    assert world.wakes == []


async def test_a_server_that_stops_does_not_wait_for_its_streams(world):
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(world.app, http=Protocol, log_level="error", lifespan="off"))
    serving = asyncio.create_task(server.serve([listener]))
    while not server.started:  # noqa: ASYNC110 - uvicorn tells it no other way.
        await asyncio.sleep(0.01)
    world.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    async with world.reading() as (_, reader):
        await reader.next()
        server.should_exit = True
        async with asyncio.timeout(8):
            with suppress(
                httpx.RemoteProtocolError
            ):  # Cut off in the middle, or ended: a browser comes back either way.
                assert await reader.next() is None
    async with asyncio.timeout(8):
        await serving

"""One request too many is turned away at the door, in the same words as elsewhere; questions about health never are."""

import asyncio
import re
from contextlib import asynccontextmanager, suppress

import httpx
import msgspec
import pytest

from alquimista.http import crowd, health, server
from alquimista.http.responses import Answer
from alquimista.http.server import Protocol
from support.listening import listening
from support.web import route


class Note(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    text: str


async def large(_context):
    return Answer(200, b"x" * 5_000_000)  # More than sockets hold.


@pytest.fixture
async def go():
    return asyncio.Event()


@pytest.fixture
async def app(make_app, go, monkeypatch):
    async def wait(_context):
        await go.wait()

    monkeypatch.setattr(crowd, "MOST_AT_ONCE", 2)
    return make_app(
        *health.ROUTES,
        route("GET", "/wait", handler=wait),
        route("GET", "/x"),
        route("GET", "/large", handler=large),
        route("POST", "/notes", body=Note),
    )


@asynccontextmanager
async def full(app, go):
    """A client of a process with as many requests at work as it takes."""
    async with listening(app, Protocol) as url, httpx.AsyncClient(base_url=url) as client:
        waiting = [asyncio.create_task(client.get("/wait")) for _ in range(2)]
        while app.crowd.count < 2:  # noqa: ASYNC110 - Nobody tells when they have arrived.
            await asyncio.sleep(0.01)
        yield client
        go.set()
        assert [(await one).status_code for one in waiting] == [204, 204]


async def test_one_too_many_is_told_when_to_come_back_and_taken_then(app, go):
    async with full(app, go) as client:
        for content in (b"{}", b"x" * 1_000_000):
            headers = {"content-type": "application/json", "accept-language": "en"}
            refused = await client.post("/notes", content=content, headers=headers)
            assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
            assert refused.headers["content-type"] == "application/problem+json"
            assert refused.headers["x-frame-options"] == "DENY"
            document = refused.json()
            assert (document["error"], document["instance"]) == ("unavailable", "/notes")
            assert document["trace_id"] == refused.headers["x-trace-id"]
            assert "busy" in document["detail"]
        go.set()
        while app.crowd.count:  # noqa: ASYNC110 - As above.
            await asyncio.sleep(0.01)
        assert (await client.get("/x")).status_code == 200
    assert app.crowd.count == 0


async def test_health_is_answered_whatever_the_crowd(app, go):
    async with full(app, go) as client:
        assert (await client.get("/health/live")).json() == {"ok": True}


async def test_who_only_begins_to_send_takes_nobodys_place(app):
    begun = b"POST /notes HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{"
    async with listening(app, Protocol) as url, httpx.AsyncClient(base_url=url) as client:
        host, port = url.removeprefix("http://").split(":")
        writers = [(await asyncio.open_connection(host, port))[1] for _ in range(4)]
        for writer in writers:
            writer.write(begun)
        await asyncio.sleep(0.1)
        assert (await client.get("/x")).status_code == 200
        for writer in writers:
            writer.close()


async def test_requests_that_arrive_together_are_turned_away_in_their_order(app, go):
    async with full(app, go) as client:
        reader, writer = await asyncio.open_connection(client.base_url.host, client.base_url.port)
        last = b"GET /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        one, live = b"GET /x HTTP/1.1\r\nHost: x\r\n\r\n", b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n"
        writer.write(one * 1_000 + live + one * 2_000 + last)
        answers = await asyncio.wait_for(reader.read(), 20)
        writer.close()
        statuses = re.findall(rb"HTTP/1\.1 (\d{3}) ", answers)
        assert statuses[:1_001] == [b"503"] * 1_000 + [b"200"]
        assert len(statuses) == 3_002


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("version", ["1.0", "1.1"])
async def test_who_would_close_the_connection_is_turned_away_as_well(app, go, method, version):
    async with full(app, go) as client:
        reader, writer = await asyncio.open_connection(client.base_url.host, client.base_url.port)
        writer.write(f"{method} /x HTTP/{version}\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        answer = await asyncio.wait_for(reader.read(), 5)
        writer.close()
        head, _, body = answer.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 503 ")
        assert b"connection: close" in head
        assert bool(body) == (method == "GET")


async def test_a_long_body_of_one_too_many_is_not_waited_for(app, go):
    async with full(app, go) as client:
        reader, writer = await asyncio.open_connection(client.base_url.host, client.base_url.port)
        writer.write(b"POST /notes HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999\r\n\r\n")
        assert b"connection: close" in await asyncio.wait_for(reader.read(), 5)
        writer.close()


async def test_who_does_not_read_its_answers_takes_nobodys_place(app, go):
    async with listening(app, Protocol) as url, httpx.AsyncClient(base_url=url) as client:
        host, port = url.removeprefix("http://").split(":")
        lazy = [(await asyncio.open_connection(host, port, limit=1))[1] for _ in range(3)]
        for writer in lazy:
            writer.write(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n" * 8)
        await asyncio.sleep(0.3)
        assert app.crowd.count == 0
        assert (await client.get("/x")).status_code == 200
        for writer in lazy:
            writer.close()


async def test_who_reads_nothing_for_long_loses_the_connection(app, monkeypatch):
    monkeypatch.setattr(server, "_PATIENCE_S", 0.3)
    async with listening(app, Protocol) as url:
        reader, writer = await asyncio.open_connection(*url.removeprefix("http://").split(":"), limit=1)
        writer.write(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n" * 8)
        await asyncio.sleep(1)
        taken = 0
        with suppress(ConnectionResetError):
            while piece := await asyncio.wait_for(reader.read(1_000_000), 5):
                taken += len(piece)
        assert taken < 8 * 5_000_000
        writer.close()

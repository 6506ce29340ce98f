"""What counts as the words of a request: all of it and nothing else, so that none is answered that nobody sent."""

import asyncio
import re
from contextlib import asynccontextmanager

import pytest

from alquimista.http.server import Protocol
from support.listening import listening
from tests.http.test_http_repeats import app, bus, way  # noqa: F401 - Fixtures.

WORDS = b"GET /kept HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer admin\r\n\r\n"
HEAD = b"Host: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"


@asynccontextmanager
async def speaking(app, **options):  # noqa: F811 - The fixture's value.
    """A connection on which WORDS are known already."""
    async with listening(app, Protocol, **options) as url:
        host, port = url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, port)
        for _ in range(2):
            writer.write(WORDS)
            assert await answer(reader) == 200
        yield reader, writer
        writer.close()


async def answer(reader):
    """The status of the next answer, read to its end."""
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
    length = re.search(rb"content-length: (\d+)", head)
    await reader.readexactly(int(length[1]) if length else 0)
    return int(head[9:12])


async def silent(reader):
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(reader.read(1), 0.3)


async def test_known_words_are_answered_at_once_one_answer_each(app, way):  # noqa: F811
    async with speaking(app) as (reader, writer):
        for _ in range(3):
            writer.write(WORDS)
            assert await answer(reader) == 200
        await silent(reader)
        assert way.verified == 2


async def test_words_in_the_body_of_a_refused_request_are_a_body(app, way):  # noqa: F811
    async with speaking(app) as (reader, writer):
        writer.write(b"DELETE /notes HTTP/1.1\r\n" + HEAD % (2 * len(WORDS)))
        assert await answer(reader) == 405
        for _ in range(2):
            writer.write(WORDS)
            await silent(reader)
        writer.write(WORDS)
        assert await answer(reader) == 200
        await silent(reader)


async def test_words_behind_the_beginning_of_another_request_are_no_request(app, way):  # noqa: F811
    async with speaking(app) as (reader, writer):
        writer.write(b"GE")
        await asyncio.sleep(0.05)
        writer.write(WORDS)
        assert await answer(reader) == 400


async def test_words_in_pieces_or_by_twos_take_the_usual_way(app, way):  # noqa: F811
    async with speaking(app) as (reader, writer):
        writer.write(WORDS[:20])
        await asyncio.sleep(0.05)
        writer.write(WORDS[20:])
        assert await answer(reader) == 200
        assert way.verified == 3
        writer.write(WORDS + WORDS)
        assert [await answer(reader) for _ in range(2)] == [200, 200]
        await silent(reader)
        assert way.verified == 5


async def test_words_that_come_while_another_request_is_answered_wait_for_their_turn(app, way):  # noqa: F811
    async with speaking(app) as (reader, writer):
        writer.write(b"POST /notes HTTP/1.1\r\n" + HEAD % 2)
        await asyncio.sleep(0.05)
        writer.write(b"{}")
        writer.write(WORDS)
        assert [await answer(reader) for _ in range(2)] == [400, 200]


async def test_who_asks_to_close_is_closed_each_time(app, way):  # noqa: F811
    closing = WORDS.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    async with listening(app, Protocol) as url:
        host, port = url.removeprefix("http://").split(":")
        for _ in range(4):
            reader, writer = await asyncio.open_connection(host, port)
            writer.write(closing)
            assert await answer(reader) == 200
            assert await asyncio.wait_for(reader.read(), 5) == b""
            writer.close()


async def test_a_connection_that_is_used_stays_and_one_that_is_not_ends(app, way):  # noqa: F811
    async with speaking(app, keep_alive_s=0.6) as (reader, writer):
        for _ in range(5):
            await asyncio.sleep(0.3)
            writer.write(WORDS)
            assert await answer(reader) == 200
        assert way.verified == 2
        assert await asyncio.wait_for(reader.read(), 5) == b""

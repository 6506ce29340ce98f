"""The stream over a real socket: what is told is there at once, to its owner alone."""

import asyncio
import json
from contextlib import asynccontextmanager

import httpx
import pytest

import factories
from alquimista import clock
from alquimista.cache.store import invalidate
from alquimista.http.server import Protocol
from support.listening import listening


@pytest.fixture(scope="module")
async def url(process):
    async with listening(process.app, Protocol) as found:
        yield found


class Reader:
    """Events of a stream, one by one: the id and what it says."""

    def __init__(self, response):
        self._lines = response.aiter_lines()

    async def next(self):
        found = {}
        async for line in self._lines:
            if not line and "event" in found:
                said = json.loads(found["data"])
                shown = said["notification"]
                return found.get("id", ""), said["unread"], shown and shown["title"]
            name, _, value = line.partition(": ")
            found[name] = value
        return None

    async def topics(self):
        """What the next event `changes` names."""
        async for line in self._lines:
            if line == "event: changes":
                return json.loads((await anext(self._lines)).removeprefix("data: "))["topics"]
        return None


@pytest.fixture
def reading(url, process):
    """`async with reading(person, last="…", changes="true", since=…) as reader:` somebody's stream."""

    @asynccontextmanager
    async def read(person, last="", **query):
        token = await process.token(person.email, person.password)
        headers = {"authorization": f"Bearer {token}"} | ({"last-event-id": last} if last else {})
        async with (
            httpx.AsyncClient(base_url=url, headers=headers, timeout=10) as client,
            client.stream("GET", "/notifications/stream", params=query) as response,
        ):
            assert response.status_code == 200
            yield Reader(response)

    return read


async def test_what_is_told_is_there_at_once_to_its_owner_alone(company, tell, reading, signed):
    async with reading(company.ana) as mine, reading(company.rui) as mate, reading(company.lia) as staff:
        for reader in (mine, mate, staff):
            assert await reader.next() == ("", 0, None)
        await tell(company.ana, title="Primeiro")
        mark, unread, title = await mine.next()
        assert (unread, title) == (1, "Aurora: Primeiro")
        await tell(company.rui, title="Outro")
        assert (await mate.next())[1:] == (1, "Aurora: Outro")
        await tell(company.lia, title="Da equipe")
        assert (await staff.next())[1:] == (1, "Aurora: Da equipe")
        async with await signed(company.ana) as client:
            assert (await client.post(f"/notifications/{mark}/read")).status_code == 204
        assert await mine.next() == ("", 0, None)


async def test_who_comes_back_is_told_what_came_meanwhile(company, tell, reading):
    async with reading(company.ana) as reader:
        await reader.next()
        await tell(company.ana, title="Visto")
        mark, *_ = await reader.next()
    await tell(company.ana, title="Um")
    await tell(company.ana, title="Dois")
    await tell(company.rui, title="De outro")
    async with reading(company.ana, last=mark) as reader:
        assert [(await reader.next())[1:] for _ in range(2)] == [(3, "Aurora: Um"), (3, "Aurora: Dois")]
    for nonsense in ("x", "0" * 5000, "01890a5d-ac96-774b-bcce-b302099a8057"):
        async with reading(company.ana, last=nonsense) as reader:
            assert await reader.next() == ("", 3, None)
    async with reading(company.rui, last=mark) as reader:
        assert await reader.next() == ("", 1, None), "another person's mark opens nothing"


async def test_one_that_is_not_shown_is_not_told(company, tell, choose, reading):
    await choose(company.ana, ticket=(False, "digest"))
    async with reading(company.ana) as reader:
        await reader.next()
        await tell(company.ana, "ticket_answered")
        await tell(company.ana, title="Este sim")
        assert (await reader.next())[1:] == (1, "Aurora: Este sim")


async def test_names_of_what_changed_are_told_within_the_tenant_and_to_who_asks(company, db, reading):
    other = await factories.make_tenant(db)
    async with (
        reading(company.ana, changes="true") as mine,
        reading(company.rui) as quiet,
        reading(company.lia, changes="true") as staff,
    ):
        for reader in (mine, quiet, staff):
            await reader.next()
        await invalidate(db.tenant(other.id), other.id, "incidents")
        assert await staff.topics() == ["incidents"]
        await invalidate(db.tenant(company.id), company.id, "tickets")
        assert await mine.topics() == ["tickets"], "and nothing of the other company's before"
        assert await staff.topics() == ["tickets"]
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1.5):
                await quiet.topics()


async def test_a_stream_begins_with_what_has_changed_since_its_page_was_made(company, db, reading):
    await asyncio.sleep(3.5)  # What other tests have changed is no longer told.
    made = int(clock.now().timestamp())
    async with reading(company.ana, changes="true") as reader:
        await invalidate(db.tenant(company.id), company.id, "integrations")
        assert await reader.topics() == ["integrations"]
    async with reading(company.ana, changes="true", since=made) as reader:
        assert await reader.topics() == ["integrations"]
    async with reading(company.ana, changes="true", since=made - 86_400) as reader:
        assert await reader.topics() == ["*"], "nobody remembers so long"
    async with reading(company.ana, changes="true", since=made + 600) as reader:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                await reader.topics()

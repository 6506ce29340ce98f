"""Commands as they change, over a real socket."""

import asyncio
import json

import httpx
import pytest

import factories
from alquimista.access import PLATFORM_TENANT
from alquimista.cache.bus import Bus
from alquimista.http.server import Protocol
from alquimista.operations import service
from alquimista.operations.api import reading
from alquimista.operations.models.kinds import CommandType
from support.identity import eventually
from support.listening import listening
from support.whole import whole

PATH = "/internal/operations/commands"


class Reader:
    """Events of a stream, one by one."""

    def __init__(self, response):
        self._lines = response.aiter_lines()

    async def next(self):
        found = {}
        async with asyncio.timeout(15):
            async for line in self._lines:
                if not line and "event" in found:
                    return found["event"], json.loads(found["data"])
                name, _, value = line.partition(": ")
                found[name] = value
        raise AssertionError("The stream has ended")

    async def until(self, command_id, status):
        """Read until the command is told in this state; the states told before."""
        seen = []
        while True:
            name, data = await self.next()
            if name == "command" and data["command_id"] == str(command_id):
                seen.append(data["status"])
                if data["status"] == status:
                    return seen


@pytest.fixture(scope="module")
async def world(db, settings):
    async with whole(settings) as process, listening(process.app, Protocol) as url:
        person = await factories.make_user(db)
        token = await process.token(person.email, person.password)
        async with httpx.AsyncClient(base_url=url, timeout=20, headers={"Authorization": f"Bearer {token}"}) as client:
            yield client


async def test_what_was_given_and_what_became_of_it_is_told(world, services, give, empty) -> None:
    before = await give(CommandType.HEALTH_CHECK)
    async with world.stream("GET", f"{PATH}/stream") as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        reader = Reader(response)
        name, newest = await reader.next()
        assert (name, [one["command_id"] for one in newest]) == ("commands", [str(before.id)])
        made = (await world.post(PATH, json={"command_type": "HEALTH_CHECK"})).json()
        assert await reader.until(made["command_id"], "PENDING") == ["PENDING"]
        await service.run(services, PLATFORM_TENANT, before.id)
        assert (await reader.until(before.id, "SUCCESS"))[-1] == "SUCCESS"


async def test_a_change_that_nobody_told_is_found_all_the_same(world, services, give, monkeypatch, empty) -> None:
    monkeypatch.setattr(reading, "_LOOK_S", 0.2)
    async with world.stream("GET", f"{PATH}/stream") as response:
        reader = Reader(response)
        assert (await reader.next())[1] == []
        silent = await give(CommandType.HEALTH_CHECK)  # As if its process had died before telling.
        assert await reader.until(silent.id, "PENDING") == ["PENDING"]


async def test_many_changes_are_told_in_few_messages(services, db, settings, give, empty) -> None:
    heard = []
    ear = Bus(settings)
    ear.subscribe("stream", heard.append)
    await ear.start()
    try:
        while not ear.healthy:  # noqa: ASYNC110 - It tells it no other way.
            await asyncio.sleep(0.01)
        ids = [(await give(CommandType.HEALTH_CHECK)).id for _ in range(30)]
        for one in ids * 3:
            service.tell(services, one)

        async def all_told():
            return {one for message in heard for one in message["payload"]["ids"]} == {str(one) for one in ids}

        await eventually(all_told, 10)
        assert len(heard) <= 3
    finally:
        await ear.stop()

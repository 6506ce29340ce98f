"""The platform says, the agent does: a real process is restarted for real, pauses, and comes back."""

import asyncio
import threading
from pathlib import Path

import pytest

from alquimista.access import Actor, ActorKind, Role
from alquimista.agents import service as agents
from alquimista.clock import new_id, now
from alquimista.db.tenancy import tenant_transaction
from alquimista.fleet import service
from alquimista.sdk import RESTART_EXIT_CODE, Agent, AsyncAgent
from sdk.conftest import QUICK
from support.identity import eventually

EXAMPLE = Path(__file__).parents[2] / "examples" / "agent.py"
SUPERVISED = """
import os
from alquimista.sdk import Agent, exit_for_supervisor
with Agent(os.environ["ALQUIMISTA_URL"], os.environ["ALQUIMISTA_KEY"], os.environ["ALQUIMISTA_AGENT"], version="1",
           beat_s=0.2, on_restart=exit_for_supervisor) as agent:
    print("started", flush=True)
    while agent.wait_until_resumed():
        __import__("time").sleep(0.05)
"""


class Controls:
    """What staff do, past the API."""

    def __init__(self, company):
        self.company = company
        self.actor = Actor(ActorKind.SESSION, frozenset(), Role.TENANT_ADMIN, new_id(), company.id)

    async def running(self):
        one = self.company
        return await service.read(one.db.tenant(one.id), one.id, one.agent.id, now())

    async def act(self, verb, *arguments):
        one = self.company
        async with tenant_transaction(one.db, one.id) as conn:
            return await verb(conn, self.actor, one.id, one.agent.id, *arguments, now())

    async def progress(self, restart):
        return await service.restarted(self.company.db.tenant(self.company.id), self.company.id, restart.id)

    async def online(self, processes=1):
        await eventually(lambda: self._online(processes), 20)

    async def _online(self, processes):
        running = await self.running()
        return running.state == "online" and len(running.instances) == processes

    async def ends(self, restart, progress):
        async def reached():
            return (await self.progress(restart)).progress == progress

        await eventually(reached, 30)


@pytest.fixture
def controls(company):
    return Controls(company)


def test_the_example_is_short():
    assert len(EXAMPLE.read_text().splitlines()) < 40


async def test_the_example_agent_is_restarted_for_real(company, controls, start):
    process = start(str(EXAMPLE), ALQUIMISTA_INSTANCE="one")
    word, pid, boot = (await asyncio.to_thread(process.stdout.readline)).split()
    assert (word, int(pid)) == ("started", process.pid)
    await controls.online()
    await eventually(lambda: _some(company), 10)
    restart = await controls.act(service.restart, "nova versão")
    _, again, next_boot = (await asyncio.to_thread(process.stdout.readline)).split()
    assert again == pid, "the process is replaced, not left behind"
    assert next_boot != boot
    await controls.ends(restart, "booted")
    running = await controls.running()
    assert {str(one.boot_id) for one in running.boots} == {boot, next_boot}
    before = len(await company.received())
    await eventually(lambda: _more(company, before), 10)


async def test_a_supervised_agent_ends_with_the_documented_code(controls, start):
    process = start("-c", SUPERVISED)
    await asyncio.to_thread(process.stdout.readline)
    await controls.online()
    restart = await controls.act(service.restart, "")
    assert await asyncio.to_thread(process.wait, 20) == RESTART_EXIT_CODE
    assert (await controls.progress(restart)).progress == "acknowledged"
    start("-c", SUPERVISED)
    await controls.ends(restart, "booted")


async def test_two_processes_of_one_agent_are_both_restarted(controls, start, tmp_path):
    for name in ("one", "two"):
        start(str(EXAMPLE), ALQUIMISTA_INSTANCE=name, ALQUIMISTA_SPOOL=str(tmp_path / name))
    await controls.online(2)
    restart = await controls.act(service.restart, "")
    assert restart.instances == ("one", "two")
    await controls.ends(restart, "booted")


async def test_a_restart_waits_for_the_requests_that_run_and_holds_new_ones(door, company, controls):
    restarted, order = asyncio.Event(), []

    def restart():
        order.append("restart")
        loop.call_soon_threadsafe(restarted.set)

    async def late():
        await asyncio.sleep(0.2)
        async with agent.request():
            order.append("late request")

    loop = asyncio.get_running_loop()
    async with AsyncAgent(door.url, company.key, company.agent.slug, on_restart=restart, **QUICK) as agent:
        await controls.online()
        async with agent.request():
            asked = await controls.act(service.restart, "")
            waiting = asyncio.create_task(late())
            await asyncio.sleep(0.6)
            assert (await controls.progress(asked)).progress == "pending"
            order.append("first request")
        await asyncio.wait_for(restarted.wait(), 10)
        await asyncio.wait_for(waiting, 10)
    assert order == ["first request", "restart", "late request"]


async def test_an_agent_may_refuse_to_restart(door, company, controls):
    async with AsyncAgent(door.url, company.key, company.agent.slug, on_restart=None, **QUICK):
        await controls.online()
        await controls.ends(await controls.act(service.restart, ""), "refused")


async def test_an_agent_pauses_and_goes_on_and_metering_does_not_stop(door, company, controls):
    heard = []
    options = QUICK | {"beat_s": 30, "on_pause": lambda one: heard.append(one.kind)}
    options |= {"on_resume": lambda one: heard.append(one.kind)}

    def work():
        with Agent(door.url, company.key, company.agent.slug, **options) as agent:
            started.set()
            while not agent.paused:
                stop.wait(0.02)
            assert agent.wait_until_resumed(0.05) is False
            with agent.request():
                pass
            paused.set()
            return agent.wait_until_resumed(20)

    started, paused, stop = threading.Event(), threading.Event(), threading.Event()
    working = asyncio.create_task(asyncio.to_thread(work))
    await controls.online()
    await controls.act(service.pause, "manutenção")
    assert await asyncio.to_thread(paused.wait, 20)
    assert (await controls.running()).state == "paused"
    await controls.act(service.resume, "")
    assert await working is True
    assert heard == ["pause", "resume"]
    assert len(await company.received()) == 1


async def test_a_pause_is_obeyed_by_who_missed_the_message(door, company, controls):
    heard = []
    await controls.act(service.pause, "")
    async with AsyncAgent(
        door.url, company.key, company.agent.slug, on_pause=heard.append, on_resume=heard.append, **QUICK
    ) as agent:
        await eventually(lambda: _is(lambda: agent.paused), 10)
        await controls.act(service.resume, "")
        await asyncio.wait_for(agent.wait_until_resumed(), 10)
    assert [one.kind for one in heard] == ["pause", "resume"], "once each, whoever tells it"


async def test_a_changed_configuration_is_told(door, company, controls):
    heard = []
    async with AsyncAgent(
        door.url, company.key, company.agent.slug, on_configuration=heard.append, **QUICK | {"beat_s": 30}
    ):
        await controls.online()
        await controls.act(service.configuration_changed)
        await eventually(lambda: _is(lambda: bool(heard)), 10)


async def test_a_suspended_agent_stops_working_and_comes_back_only_with_its_subscription(door, company, controls):
    async with AsyncAgent(door.url, company.key, company.agent.slug, **QUICK) as agent:
        await controls.online()
        async with tenant_transaction(company.db, company.id) as conn:
            await agents.suspend_all(conn, company.id, now())
        await eventually(lambda: _is(lambda: agent.paused), 10)
        assert (await controls.running()).state == "suspended"
        async with tenant_transaction(company.db, company.id) as conn:
            await agents.select(conn, company.id, {company.agent.id: None}, now())
        await asyncio.wait_for(agent.wait_until_resumed(), 10)


async def test_the_stream_comes_back_after_the_platform_has_been_away(door, company, controls):
    async with AsyncAgent(door.url, company.key, company.agent.slug, on_restart=None, **QUICK):
        await controls.online()
        await door.shut()
        asked = await controls.act(service.restart, "")
        await door.open()
        await controls.ends(asked, "refused")


async def _some(company):
    return bool(await company.received())


async def _more(company, before):
    return len(await company.received()) > before


async def _is(check):
    return check()

"""Reports over a real socket: once each, whatever the network, the platform or a kill -9 does."""

import asyncio
import signal

import pytest

import factories
from alquimista.agents.models.definitions import EXAMPLE
from alquimista.sdk import Agent, AgentError, AsyncAgent
from sdk.conftest import QUICK
from support.identity import eventually

PROGRAM = """
import os, sys
from alquimista.sdk import Agent
with Agent(os.environ["ALQUIMISTA_URL"], os.environ["ALQUIMISTA_KEY"], os.environ["ALQUIMISTA_AGENT"], version="1",
           spool_dir=os.environ["ALQUIMISTA_SPOOL"], flush_s=0.01, batch=7, first_retry_s=0.05) as agent:
    for n in range(int(sys.argv[1]), 10**9):
        agent.report("success", n)
        print(n, flush=True)
"""


async def test_requests_are_measured_and_reported(door, company):
    def work():
        with Agent(door.url, company.key, company.agent.slug, **QUICK) as agent:
            with agent.request() as request:
                request.tokens(10, 5)
                request.tokens(1, 1)
                request.model("gpt-5-mini")
            with pytest.raises(ZeroDivisionError), agent.request():
                raise ZeroDivisionError
            agent.report("success", 3_000, input_tokens=7)
        return agent.stats

    stats = await asyncio.to_thread(work)
    assert (stats.sent, stats.waiting, stats.dropped) == (3, 0, 0)
    rows = await company.received()
    assert sorted((tokens, status) for _, _, tokens, status in rows) == [(0, "error"), (7, "success"), (11, "success")]


async def test_the_same_over_asyncio(door, company):
    async with AsyncAgent(door.url, company.key, company.agent.slug, **QUICK) as agent:
        async with agent.request() as request:
            request.tokens(10, 5)
        agent.report("error", 100)
        await agent.wait_until_resumed()
    assert len(await company.received()) == 2


async def test_what_is_reported_while_the_platform_is_away_arrives_once_it_is_back(door, company, tmp_path):
    async with AsyncAgent(door.url, company.key, company.agent.slug, spool_dir=tmp_path, **QUICK) as agent:
        agent.report("success", 0)
        await eventually(lambda: _is(lambda: agent.stats.sent == 1))
        await door.shut()
        for n in range(1, 40):
            agent.report("success", n)
        await asyncio.sleep(0.3)
        assert agent.stats.waiting == 39
        await door.open()
        await eventually(lambda: _is(lambda: agent.stats.waiting == 0), 10)
    assert [row[1] for row in await company.received()] == list(range(40))


async def test_reports_that_could_not_be_sent_wait_for_the_next_start(door, company, tmp_path):
    await door.shut()
    async with AsyncAgent(
        door.url, company.key, company.agent.slug, spool_dir=tmp_path, **QUICK | {"close_s": 0.1}
    ) as agent:
        agent.report("success", 1)
    await door.open()
    async with AsyncAgent(door.url, company.key, company.agent.slug, spool_dir=tmp_path, **QUICK):
        pass
    assert [row[1] for row in await company.received()] == [1]


@pytest.mark.parametrize("status", [429, 503, 500, 502, 401])
async def test_refusals_that_pass_are_waited_out(door, company, status):
    headers = {"retry-after": "1"} if status in {429, 503} else {}
    door.refusals = [(status, headers)] * 2
    began = asyncio.get_running_loop().time()
    async with AsyncAgent(door.url, company.key, company.agent.slug, **QUICK) as agent:
        agent.report("success", 1)
        await eventually(lambda: _is(lambda: agent.stats.sent == 1), 15)
    if headers:
        assert asyncio.get_running_loop().time() - began >= 2, "it came back no sooner than it was asked to"
    assert len(door.asked) == 3
    assert len(await company.received()) == 1


async def test_a_refused_report_is_told_and_not_sent_again(door, company):
    told = []
    async with AsyncAgent(door.url, company.key, "unknown-agent", on_refused=told.extend, **QUICK) as agent:
        agent.report("success", 1, key="mine")
        await eventually(lambda: _is(lambda: agent.stats.refused == 1))
        assert agent.stats.waiting == 0
    assert [(one.key, one.code) for one in told] == [("mine", "unknown_agent")]
    assert len(door.asked) == 1


async def test_one_that_cannot_be_read_does_not_hold_up_the_others(door, company):
    async with AsyncAgent(door.url, company.key, company.agent.slug, **QUICK) as agent:
        for n in range(9):
            agent.report("success", n, key="\ud800" if n == 4 else None)
        await eventually(lambda: _is(lambda: agent.stats.waiting == 0))
        assert (agent.stats.sent, agent.stats.refused) == (8, 1)


async def test_an_answer_that_was_lost_counts_nothing_twice(door, company):
    door.lose = 1
    async with AsyncAgent(door.url, company.key, company.agent.slug, **QUICK) as agent:
        for n in range(5):
            agent.report("success", n)
        await eventually(lambda: _is(lambda: agent.stats.waiting == 0))
        assert agent.stats.duplicates > 0, "the first answer was lost on its way"
    assert [row[1] for row in await company.received()] == list(range(5))


@pytest.mark.crash
async def test_kill_9_loses_nothing_and_repeats_nothing(company, start):
    told = -1
    for _ in range(3):
        process = start("-c", PROGRAM, str(told + 1))
        for _ in range(150):
            told = int(await asyncio.to_thread(process.stdout.readline))
        process.send_signal(signal.SIGKILL)
        rest, _ = await asyncio.to_thread(process.communicate)
        told = max([told, *map(int, rest.split("\n")[:-1])])
    # The last one was killed too: whoever comes next sends what it left.
    final = start("-c", PROGRAM, str(told + 1))
    last = int(await asyncio.to_thread(final.stdout.readline))

    async def arrived():
        return {row[1] for row in await company.received()} >= set(range(last + 1))

    await eventually(arrived, 30)
    final.kill()
    rows = await company.received()
    assert len({row[0] for row in rows}) == len(rows)
    # A report that was written and not told of before the kill is there too, and counted by the next process as well.
    counted = [row[1] for row in rows]
    assert len(counted) - len(set(counted)) <= 3


async def _is(check):
    return check()


async def test_rules_are_read(door, company, db):
    agent = await factories.make_agent(db, definition=EXAMPLE)
    await factories.activate_agent(db, company.id, agent.id)
    async with AsyncAgent(door.url, company.key, agent.slug, **QUICK) as one:
        assert (await one.rules())["definition"]["limits"] == {"offers": 1}
    async with AsyncAgent(door.url, company.key, "unknown-agent", **QUICK) as one:
        with pytest.raises(AgentError) as refused:
            await one.rules()
    assert (refused.value.status, refused.value.code) == (404, "agent_not_found")


async def test_an_agent_that_is_closed_or_never_began_fails_nobody(company, tmp_path):
    agent = Agent("http://127.0.0.1:1", company.key, company.agent.slug, spool_dir=tmp_path, **QUICK)
    with pytest.raises(RuntimeError):
        agent.rules()
    agent.close()
    agent.report("success", 1)
    assert agent.stats.dropped == 1
    Agent("http://127.0.0.1:1", company.key, company.agent.slug, spool_dir=tmp_path, **QUICK).close()

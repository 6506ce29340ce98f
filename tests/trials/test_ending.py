"""The jobs: trials end by the clock, agents are given up, and nothing that was answered is lost on the way."""

import asyncio
from datetime import timedelta
from uuid import UUID

import msgspec
import psycopg
import pytest

import factories
from alquimista import clock
from alquimista.agents import service as agents
from alquimista.agents.models.agents import AgentStatus
from alquimista.db.tenancy import tenant_transaction
from alquimista.trials import jobs, queries, service
from alquimista.trials.models.chat import Served, Unmetered
from alquimista.trials.models.trials import TargetType, TrialStatus
from support.trials import begin, say

DAY = timedelta(hours=24)


async def finish(db, company, moment):
    async with tenant_transaction(db, company.id) as conn:
        return await service.finish(conn, company.id, moment)


async def on_trial(db, company):
    found = await agents.list_agents(db.tenant(company.id), company.id)
    return {one.agent_id for one in found if one.status is AgentStatus.TRIAL}


async def stored(db, company, trial_id):
    """The row's own status, whatever the clock says."""
    found = await queries.find(db.tenant(company.id), company.id, company.owner_id, UUID(trial_id))
    return found.status


async def test_after_a_day_the_trial_and_a_little_later_the_agent_end(company, catalogue, db):
    trial = await begin(company.owner, "agent", catalogue["cobranca"])
    now = clock.now()
    assert await finish(db, company, now + timedelta(hours=23)) == 0
    assert await stored(db, company, trial) is TrialStatus.ACTIVE
    assert await finish(db, company, now + DAY) == 1
    assert await finish(db, company, now + DAY) == 0
    assert await stored(db, company, trial) is TrialStatus.EXPIRED
    assert await on_trial(db, company) == {catalogue["cobranca"]}
    await finish(db, company, now + DAY + timedelta(minutes=11))
    assert await on_trial(db, company) == set()


async def test_an_agent_stays_while_anybody_tries_it_alone_or_in_a_subnucleo(company, catalogue, db):
    await begin(company.owner, "agent", catalogue["sdr-spin"])
    now = clock.now()
    with clock.frozen(now + timedelta(hours=2)):
        async with tenant_transaction(db, company.id) as conn:
            kind, target = TargetType.SUBNUCLEO, catalogue["sub:vendas"]
            await service.start(conn, company.actor, kind, target, clock.now())
    assert await finish(db, company, now + timedelta(hours=25)) == 1
    assert await on_trial(db, company) == {catalogue["sdr-spin"]}
    assert await finish(db, company, now + timedelta(hours=27)) == 1
    await finish(db, company, now + timedelta(hours=28))
    assert await on_trial(db, company) == set()


async def test_an_activated_agent_outlives_its_trial(company, catalogue, db):
    await begin(company.owner, "agent", catalogue["cobranca"])
    async with tenant_transaction(db, company.id) as conn:
        await agents.activate(conn, None, company.id, catalogue["cobranca"], clock.now())
    await finish(db, company, clock.now() + DAY + timedelta(hours=1))
    (agent,) = await agents.list_agents(db.tenant(company.id), company.id)
    assert agent.status is AgentStatus.ACTIVE


async def test_a_deactivated_agent_is_on_trial_again_with_the_next_message(company, catalogue, db, model, work):
    trial = await begin(company.owner, "agent", catalogue["cobranca"])
    async with tenant_transaction(db, company.id) as conn:
        await agents.activate(conn, None, company.id, catalogue["cobranca"], clock.now())
        await agents.deactivate(conn, None, company.id, catalogue["cobranca"], clock.now())
    assert (await say(company.owner, trial)).status_code == 200
    assert await on_trial(db, company) == {catalogue["cobranca"]}
    await work(company.id)
    assert (await company.owner.get("/tenant/usage")).json()["summary"]["total_requests"] == 1


async def test_the_periodic_job_asks_for_companies_that_have_something_to_end(company, catalogue, db, worker, migrated):
    quiet = await factories.make_tenant(db)
    trial = await begin(company.owner, "agent", catalogue["cobranca"])
    with clock.frozen(clock.now() + DAY + timedelta(seconds=1)):
        await jobs.due(worker, None, None)
        await jobs.due(worker, None, None)
        async with await psycopg.AsyncConnection.connect(migrated.admin_url) as conn:
            cursor = await conn.execute(
                "DELETE FROM alquimista_platform.job_queue WHERE entrypoint = 'trials.finish' RETURNING payload"
            )
            rows = await cursor.fetchall()
        asked = [msgspec.json.decode(bytes(payload))["tenant_id"] for (payload,) in rows]
        assert asked.count(str(company.id)) == 1
        assert str(quiet.id) not in asked
        await jobs.finish(worker, company.id, None)
    assert await stored(db, company, trial) is TrialStatus.EXPIRED


async def test_ending_and_talking_at_once_lose_nothing(company, catalogue, db, model, work):
    trial = await begin(company.owner, "agent", catalogue["cobranca"])
    answers, *_ = await asyncio.gather(
        asyncio.gather(*(say(company.owner, trial) for _ in range(5))),
        *(finish(db, company, clock.now()) for _ in range(5)),
    )
    assert [one.status_code for one in answers] == [200] * 5
    await work(company.id)
    assert (await company.owner.get("/tenant/usage")).json()["summary"]["total_requests"] == 5


async def test_what_is_given_back_after_the_end_does_not_open_the_trial(company, catalogue, db):
    trial = UUID(await begin(company.owner, "agent", catalogue["cobranca"]))
    conn, now = db.tenant(company.id), clock.now()
    for _ in range(5):
        await queries.take(conn, company.id, company.owner_id, trial, now)
    assert await queries.take(conn, company.id, company.owner_id, trial, now) is None
    await queries.give_back(conn, company.id, trial, now + DAY)
    found = await queries.find(conn, company.id, company.owner_id, trial)
    assert (found.status, found.usage_count) == (TrialStatus.EXPIRED, 4)
    for _ in range(6):
        await queries.give_back(conn, company.id, trial, now + DAY)
    found = await queries.find(conn, company.id, company.owner_id, trial)
    assert (found.status, found.usage_count) == (TrialStatus.EXPIRED, 0)


@pytest.fixture
def served(catalogue):
    return Served("one", catalogue["cobranca"], clock.now(), "success", 900, 10, 5, "m", "ab" * 16)


async def test_metering_twice_counts_once_and_survives_the_end_of_the_trial(company, catalogue, worker, served, work):
    await begin(company.owner, "agent", catalogue["cobranca"])
    await finish(worker.db, company, clock.now() + DAY)
    await finish(worker.db, company, clock.now() + DAY + timedelta(hours=1))
    for _ in range(2):
        await jobs.meter(worker, company.id, served)
    await work(company.id)
    assert (await company.owner.get("/tenant/usage")).json()["summary"]["total_requests"] == 1


async def test_what_usage_refuses_is_not_dropped(company, worker, served):
    with pytest.raises(Unmetered):
        await jobs.meter(worker, company.id, served)

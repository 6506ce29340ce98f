"""Control messages: told over a stream until they are acknowledged, to whom they are for, and how a restart goes on."""

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

import factories
from alquimista.agents.models.agents import AgentSuspended, UnknownAgent
from alquimista.clock import frozen, new_id, now
from alquimista.db.tenancy import tenant_transaction
from alquimista.fleet import service
from alquimista.fleet.models.controls import AgentNotConnected, RestartPending, UnknownRestart
from alquimista.tenants import service as tenants
from alquimista.tenants.models import TenantStatus


async def test_a_message_is_told_at_once_and_again_until_it_is_acknowledged(company, stream):
    await company.beat()
    async with stream(company) as reader:
        asked = await company.restart()
        first = await reader.next()
        assert (first["kind"], first["reason"]) == ("restart", "test")
    async with stream(company) as reader:
        assert await reader.next() == first
        assert (await company.ack(first["id"])).status_code == 204
    async with stream(company) as reader:
        async with tenant_transaction(company.db, company.id) as conn:
            await service.configuration_changed(conn, company.actor, company.id, company.agent.id, now())
        assert (await reader.next())["kind"] == "configuration_changed", "what is acknowledged is not told again"
    assert (await company.restarted(asked.id)).progress == "acknowledged"


async def test_a_change_of_the_configuration_is_told_in_the_transaction_that_makes_it(company, stream):
    await company.beat()
    person = await factories.make_user(company.db, company.id)
    path = f"/tenant/agents/{company.agent.id}/config"
    async with (
        stream(company) as reader,
        company.process.client(await company.process.token(person.email, person.password)) as client,
    ):
        version = (await client.get(path)).json()["version"]
        same = await client.put(path, json={"version": version, "config": {}})
        assert (same.status_code, same.json()["version"]) == (200, version)
        wrong = await client.put(path, json={"version": version + 7, "config": {}})
        assert wrong.status_code == 409
        asked = await company.restart()  # What comes first tells that nothing was told before it.
        assert (await reader.next())["kind"] == "restart"
        changed = await client.put(path, json={"version": version, "config": {"assinatura": "Equipe Aurora"}})
        assert (changed.status_code, changed.json()["version"]) == (200, version + 1), changed.text
        assert (await reader.next())["kind"] == "configuration_changed"
    assert (await company.restarted(asked.id)).progress == "pending"


async def test_a_restart_is_over_when_the_same_process_shows_another_boot(company):
    boot = uuid4()
    await company.beat("one", boot)
    await company.beat("two", uuid4())
    asked = await company.restart()
    assert asked.instances == ("one", "two")
    assert (await company.restarted(asked.id)).progress == "pending"
    for control in (await company.running()).restarts:
        await company.ack(control.id)
    await company.beat("one", boot)
    assert (await company.restarted(asked.id)).progress == "acknowledged", "the same boot has not restarted"
    await company.beat("one", uuid4())
    assert (await company.restarted(asked.id)).instances == {"one": "booted", "two": "acknowledged"}
    await company.beat("two", uuid4())
    assert (await company.restarted(asked.id)).progress == "booted"


async def test_a_boot_before_the_acknowledgement_is_no_restart(company):
    await company.beat()
    asked = await company.restart()
    current = uuid4()
    await company.beat(boot=current)
    assert (await company.restarted(asked.id)).progress == "pending"
    await company.ack((await company.running()).restarts[0].id)
    await company.beat(boot=current)
    assert (await company.restarted(asked.id)).progress == "acknowledged"


async def test_a_refused_restart_says_why(company):
    await company.beat()
    asked = await company.restart()
    await company.ack((await company.running()).restarts[0].id, "refused", "in the middle of something")
    state = await company.restarted(asked.id)
    assert state.progress == "refused"
    assert "in the middle of something" in state.detail


async def test_a_restart_that_nobody_answers_expires_and_cannot_be_acknowledged(company):
    await company.beat()
    asked = await company.restart(within=timedelta(seconds=30))
    control = (await company.running()).restarts[0]
    with frozen(now() + timedelta(seconds=31)):
        state = await company.restarted(asked.id)
        assert (state.progress, "never delivered" in state.detail) == ("expired", True)
        answer = await company.ack(control.id)
    assert (answer.status_code, answer.json()["error"]) == (409, "control_expired")


async def test_a_process_that_does_not_come_back_lets_the_restart_expire(company):
    await company.beat()
    asked = await company.restart()
    await company.ack((await company.running()).restarts[0].id)
    with frozen(now() + timedelta(minutes=3)):
        assert (await company.restarted(asked.id)).progress == "expired"


async def test_the_same_answer_twice_is_one_and_another_is_refused(company):
    await company.beat()
    await company.restart()
    control = (await company.running()).restarts[0]
    assert [(await company.ack(control.id)).status_code for _ in range(2)] == [204, 204]
    assert (await company.ack(control.id, "refused")).json()["error"] == "control_answered"
    assert (await company.ack(uuid4())).json()["error"] == "control_not_found"


async def test_only_one_restart_at_a_time_and_the_same_one_as_often_as_one_likes(company):
    await company.beat()
    wanted = new_id()
    first = await company.restart(restart_id=wanted)
    assert (await company.restart(restart_id=wanted)) == first
    with pytest.raises(RestartPending):
        await company.restart()
    assert len((await company.running()).restarts) == 1


async def test_two_that_ask_at_once_ask_once(company):
    await company.beat()
    results = await asyncio.gather(*(company.restart() for _ in range(5)), return_exceptions=True)
    assert sum(isinstance(one, RestartPending) for one in results) == 4
    assert len((await company.running()).restarts) == 1


async def test_what_cannot_be_restarted_is_refused_with_the_reason(company, found_company):
    with pytest.raises(AgentNotConnected):
        await company.restart()
    with frozen(now() - timedelta(seconds=91)):
        await company.beat()
    with pytest.raises(AgentNotConnected):
        await company.restart()
    other = await found_company()
    async with tenant_transaction(company.db, company.id) as conn:
        with pytest.raises(UnknownAgent):
            await service.restart(conn, None, company.id, other.agent.id, "", now())
    with pytest.raises(UnknownRestart):
        await company.restarted(new_id())
    await company.beat()
    await company.suspend()
    with pytest.raises(AgentSuspended):
        await company.restart()


async def test_a_stream_is_of_one_process_and_of_one_company(company, found_company, stream, db):
    other = await found_company()
    await company.beat("one")
    await company.beat("two")
    async with stream(company, "two") as reader:
        await company.restart()
        told = await reader.next()
    assert {one.id for one in (await company.running()).restarts if one.instance_id == "two"} == {UUID(told["id"])}
    assert (await company.ack(told["id"], key=other.key)).status_code == 404
    async with stream(company, key=other.key) as reader:
        assert reader.response.status_code == 404
    for scope in ("ingest", "read", "events"):
        key = await factories.make_api_key(db, company.id, scopes=(scope,))
        async with stream(company, key=key) as reader:
            assert reader.response.status_code == 403
        assert (await company.ack(told["id"], key=key)).status_code == 403
    assert (await company.running()).restarts[0].acknowledged_at is None


async def test_the_stream_of_a_suspended_agent_ends_and_does_not_begin(company, stream):
    await company.beat()
    async with stream(company) as reader:
        await company.restart()
        told = await reader.next()
        await company.suspend()
        assert await asyncio.wait_for(reader.next(), 10) is None
    async with stream(company) as reader:
        assert reader.response.status_code == 403
        assert b"running_agent_suspended" in await reader.response.aread()
    assert (await company.ack(told["id"])).status_code == 403


async def test_the_streams_of_a_suspended_company_end(company, stream):
    await company.beat()
    async with stream(company) as reader:
        await company.restart()
        await reader.next()
        async with tenant_transaction(company.db, company.id) as conn:
            await tenants.set_standing(conn, None, company.id, TenantStatus.SUSPENDED, now())
        assert await asyncio.wait_for(reader.next(), 10) is None


async def test_a_later_wish_makes_the_earlier_one_void(company, stream):
    await company.beat()
    for act in (service.pause, service.resume, service.pause):
        async with tenant_transaction(company.db, company.id) as conn:
            await act(conn, company.actor, company.id, company.agent.id, "", now())
    async with stream(company) as reader:
        assert (await reader.next())["kind"] == "pause"
        async with tenant_transaction(company.db, company.id) as conn:
            await service.resume(conn, company.actor, company.id, company.agent.id, "", now())
        assert (await reader.next())["kind"] == "resume"

"""Signs of life: who may give them, what they write, and what they are told."""

from datetime import timedelta
from uuid import uuid4

import pytest

import factories
from alquimista.clock import frozen, now
from alquimista.db.tenancy import tenant_transaction
from alquimista.fleet import service
from alquimista.fleet.models.states import MOST_INSTANCES
from alquimista.tenants import service as tenants
from alquimista.tenants.models import TenantStatus
from support.identity import eventually


async def test_a_beat_is_taken_and_answered(company):
    boot = uuid4()
    first = await company.beat(boot=boot, sdk_version="python 0.1", host="rack-3")
    assert first.status_code == 200, first.text
    assert first.json()["state"] == "online"
    assert first.json()["next_beat_s"] == 10
    again = await company.beat(boot=boot)
    assert again.json()["config_version"] == first.json()["config_version"]
    running = await company.running()
    assert running.state == "online"
    assert [one.instance_id for one in running.instances] == ["web-1"]
    assert len(running.boots) == 1, "a boot is written once, however often it beats"


async def test_states_follow_from_the_last_beat(company):
    await company.beat()
    moment = (await company.running()).instances[0].seen_at
    for seconds, state in ((30, "online"), (31, "late"), (90, "late"), (91, "offline"), (100_000, "offline")):
        assert (await company.running(moment + timedelta(seconds=seconds))).state == state


async def test_an_agent_that_never_used_the_sdk_has_no_state(company):
    assert (await company.running()).state is None


async def test_an_agent_is_as_well_as_its_best_process(company):
    with frozen(now() - timedelta(minutes=5)):
        await company.beat("old")
    await company.beat("new")
    running = await company.running()
    assert running.state == "online"
    assert [one.instance_id for one in running.instances] == ["new", "old"]


async def test_another_boot_of_a_process_is_history(company):
    first, second = uuid4(), uuid4()
    for boot in (first, first, second, second):
        await company.beat(boot=boot)
    running = await company.running()
    assert running.instances[0].boot_id == second
    assert {one.boot_id for one in running.boots} == {first, second}


async def test_a_changed_configuration_has_another_version(company):
    before = (await company.beat()).json()["config_version"]
    async with tenant_transaction(company.db, company.id) as conn:
        await service.resume(conn, company.actor, company.id, company.agent.id, "", now())  # Not a change of it.
    assert (await company.beat()).json()["config_version"] == before
    await factories.make_agent(company.db, slug=company.agent.slug)
    assert (await company.beat()).json()["config_version"] != before


async def test_a_paused_agent_is_told_so_at_each_beat_until_it_is_resumed(company):
    await company.beat()
    for act, state in ((service.pause, "paused"), (service.resume, "online")):
        for _ in range(2):
            async with tenant_transaction(company.db, company.id) as conn:
                await act(conn, company.actor, company.id, company.agent.id, "manutenção", now())
        assert (await company.beat()).json()["state"] == state
        assert (await company.running()).state == state


async def test_a_suspended_agent_is_refused_and_stays_suspended(company):
    await company.beat()
    seen = (await company.running()).instances[0].seen_at
    await company.suspend()
    answer = await company.beat()
    assert (answer.status_code, answer.json()["error"]) == (403, "running_agent_suspended")
    running = await company.running()
    assert running.state == "suspended"
    assert running.instances[0].seen_at == seen, "a refused beat writes nothing"


async def test_the_agents_of_a_suspended_company_are_refused(company):
    await company.beat()
    async with tenant_transaction(company.db, company.id) as conn:
        await tenants.set_standing(conn, None, company.id, TenantStatus.SUSPENDED, now())

    async def refused():
        return (await company.beat()).status_code == 403

    await eventually(refused)


async def test_others_cannot_beat(company, found_company, db):
    other = await found_company()
    assert (await company.beat(key=other.key)).status_code == 404
    assert (await company.beat(slug="nobody")).status_code == 404
    for scope, status in (("ingest", 403), ("read", 403), ("events", 403), ("agent", 200)):
        key = await factories.make_api_key(db, company.id, scopes=(scope,))
        assert (await company.beat(key=key)).status_code == status, scope
    assert (await other.running()).state is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"instance_id": "web 1"},
        {"instance_id": ""},
        {"instance_id": "x" * 65},
        {"instance_id": "web-1\n"},
        {"boot_id": "7"},
        {"version": ""},
        {"version": "1\u0000"},
        {"host": "x" * 101},
        {"unknown": 1},
        {"sdk_version": 3},
    ],
)
async def test_bad_input_is_explained(company, wrong):
    body = {"instance_id": "web-1", "boot_id": str(uuid4()), "version": "1.0", **wrong}
    async with company.process.client(company.key) as client:
        answer = await client.post(f"/v1/agents/{company.agent.slug}/heartbeat", json=body)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == next(iter(wrong))


async def test_processes_without_end_are_refused_and_known_ones_are_not(company, sql):
    await company.beat("known")
    await sql(
        "INSERT INTO alquimista_platform.agent_instances SELECT tenant_id, agent_id, 'n' || n, boot_id, version, sdk,"
        " host, first_seen_at, started_at, seen_at FROM alquimista_platform.agent_instances, generate_series(2, %s) n"
        " WHERE tenant_id = %s",
        MOST_INSTANCES,
        company.id,
    )
    answer = await company.beat("one-more")
    assert (answer.status_code, answer.json()["error"]) == (409, "too_many_instances")
    assert (await company.beat("known")).status_code == 200


async def test_old_processes_are_forgotten_but_for_the_last_of_an_agent(company):
    for days, instance in ((9, "oldest"), (8, "old")):
        with frozen(now() - timedelta(days=days)):
            await company.beat(instance)
    async with tenant_transaction(company.db, company.id) as conn:
        await service.forget(conn, company.id, now())
    running = await company.running()
    assert [one.instance_id for one in running.instances] == ["old"]
    assert running.state == "offline"


async def test_boots_without_end_leave_only_so_many_rows(company, monkeypatch, sql):
    monkeypatch.setattr("alquimista.fleet.queries.beats.MOST_BOOTS", 3)
    for _ in range(6):
        assert (await company.beat(boot_id=str(uuid4()))).status_code == 200
    rows = await sql("SELECT count(*) FROM alquimista_platform.agent_boots WHERE tenant_id = %s", company.id)
    assert rows == [(3,)]

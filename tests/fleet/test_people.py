"""What people see of a running agent, and what they may do to it."""

from dataclasses import replace
from datetime import timedelta

import pytest

import factories
from alquimista.access import Role
from alquimista.agents import service as agents
from alquimista.clock import new_id, now
from alquimista.db.tenancy import tenant_transaction
from alquimista.fleet import service


@pytest.fixture
def client(process):
    """A client of a person who signs in."""

    async def signed_in(person):
        return process.client(await process.token(person.email, person.password))

    return signed_in


async def test_a_company_sees_the_state_and_the_history_of_its_agent(company, db, client):
    reader = await factories.make_user(db, company.id, role=Role.TENANT_USER)
    async with await client(reader) as people:
        path = f"/tenant/agents/{company.agent.id}/instances"
        before = (await people.get(path)).json()
        assert (before["state"], before["instances"]) == (None, [])
        await company.beat(sdk_version="python 0.1.0", host="rack-3")
        seen = (await people.get(path)).json()
    assert (seen["state"], seen["name"]) == ("online", company.agent.name)
    (instance,) = seen["instances"]
    assert (instance["instance_id"], instance["host"], instance["state"]) == ("web-1", "rack-3", "online")
    assert len(seen["boots"]) == 1


async def test_an_administrator_pauses_resumes_and_restarts_and_the_audit_tells_it(company, db, client, sql):
    owner = await factories.make_user(db, company.id)
    await company.beat()
    base = f"/tenant/agents/{company.agent.id}"
    async with await client(owner) as people:
        assert (await people.post(f"{base}/pause", json={"reason": "manutenção"})).status_code == 204
        seen = (await people.get(f"{base}/instances")).json()
        assert (seen["state"], seen["pause_reason"]) == ("paused", "manutenção")
        assert (await people.post(f"{base}/resume", json={})).status_code == 204
        asked = await people.post(f"{base}/restart", json={"reason": "nova versão"})
        assert asked.status_code == 202, asked.text
        assert asked.json()["instances"] == ["web-1"]
        assert (await people.post(f"{base}/restart", json={})).json()["error"] == "restart_pending"
        (restart,) = (await people.get(f"{base}/instances")).json()["restarts"]
    assert (restart["restart_id"], restart["progress"]) == (asked.json()["restart_id"], "pending")
    assert restart["asked_by"] == str(owner.id)
    actions = await sql(
        "SELECT a.action, a.actor_id, p.details ->> 'reason' FROM alquimista_platform.audit_logs AS a"
        " JOIN alquimista_platform.audit_personal AS p ON p.tenant_id = a.tenant_id AND p.entry_id = a.id"
        " WHERE a.tenant_id = %s AND a.action LIKE 'agent.%%' ORDER BY a.id DESC LIMIT 3",
        company.id,
    )
    assert actions == [
        ("agent.restart_requested", owner.id, "nova versão"),
        ("agent.resumed", owner.id, ""),
        ("agent.paused", owner.id, "manutenção"),
    ]


@pytest.mark.parametrize("act", ["pause", "resume", "restart"])
async def test_who_may_act(company, found_company, db, client, act):
    await company.beat()
    other = await found_company()
    path = f"/tenant/agents/{company.agent.id}/{act}"
    for tenant, role, status in (
        (company.id, Role.TENANT_USER, 403),
        (other.id, Role.TENANT_ADMIN, 404),
    ):
        async with await client(await factories.make_user(db, tenant, role=role)) as people:
            assert (await people.post(path, json={})).status_code == status
    async with await client(await factories.make_user(db, role=Role.INTERNAL_SUPPORT)) as people:
        assert (await people.post(path, json={}, params={"tenant_id": str(company.id)})).status_code == 403
    async with await client(await factories.make_user(db)) as people:
        answer = await people.post(path, json={}, params={"tenant_id": str(company.id)})
        assert answer.status_code in {202, 204}
    async with company.process.client(company.key) as agent:
        assert (await agent.post(path, json={})).status_code == 403


async def test_a_suspended_agent_is_neither_resumed_nor_restarted_by_people(company, db, client):
    await company.beat()
    await company.suspend()
    async with await client(await factories.make_user(db, company.id)) as people:
        for act in ("pause", "resume", "restart"):
            answer = await people.post(f"/tenant/agents/{company.agent.id}/{act}", json={})
            assert (answer.status_code, answer.json()["error"]) == (409, "agent_suspended")
    assert (await company.running()).state == "suspended"


async def test_staff_see_a_company_s_agent_and_its_audit_says_so(company, db, client, sql):
    await company.beat()
    path = f"/internal/tenants/{company.id}/agents/{company.agent.id}/instances"
    person = await factories.make_user(db, role=Role.INTERNAL_SUPPORT)
    async with await client(person) as staff:
        assert (await staff.get(path)).json()["state"] == "online"
        assert (await staff.get(path.replace(str(company.id), str(new_id())))).status_code == 404
        assert (await staff.get(path.replace(str(company.agent.id), str(new_id())))).status_code == 404
    rows = await sql(
        "SELECT resource_id FROM alquimista_platform.audit_logs WHERE tenant_id = %s AND actor_id = %s",
        company.id,
        person.id,
    )
    assert rows == [(path,)]
    async with await client(await factories.make_user(db, company.id)) as owner:
        assert (await owner.get(path)).status_code == 403


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/tenant/agents/none/pause", {}),
        ("/tenant/agents/01890a5d-ac96-774b-bcce-b302099a8057/pause", {"reason": "x" * 201}),
        ("/tenant/agents/01890a5d-ac96-774b-bcce-b302099a8057/restart", {"reason": "a\u0000"}),
        ("/tenant/agents/01890a5d-ac96-774b-bcce-b302099a8057/restart", {"force": True}),
    ],
)
async def test_bad_input_is_explained(company, db, client, path, body):
    async with await client(await factories.make_user(db, company.id)) as people:
        assert (await people.post(path, json=body)).status_code == 400


async def test_nothing_but_its_key_is_an_index_of_what_beats_rewrite(sql):
    rows = await sql(
        "SELECT indexname FROM pg_indexes WHERE schemaname = 'alquimista_platform' AND tablename = 'agent_instances'"
    )
    assert rows == [("agent_instances_pkey",)], "another index would end HOT updates"


async def test_all_agents_of_a_company_are_seen_at_a_glance(company, db):
    silent = await factories.activate_agent(db, company.id)
    off = await factories.activate_agent(db, company.id)
    await company.beat()
    async with tenant_transaction(db, company.id) as conn:
        await agents.deactivate(conn, company.actor, company.id, off, now())
        await service.pause(conn, company.actor, company.id, silent, "", now())
    found = {one.agent_id: one for one in await service.every(db.tenant(company.id), company.id, now())}
    assert {one: found[one].state for one in found} == {company.agent.id: "online", silent: None, off: None}
    assert found[off].status == "inactive"
    assert found[company.agent.id].seen_at is not None
    later = now() + timedelta(minutes=5)
    late = {one.agent_id: one.state for one in await service.every(db.tenant(company.id), company.id, later)}
    assert late[company.agent.id] == "offline"


async def test_what_an_agent_was_told_names_who_had_it_told_but_for_staff(company, db):
    await company.beat()
    staff = await factories.make_user(db)
    async with tenant_transaction(db, company.id) as conn:
        await service.pause(conn, company.actor, company.id, company.agent.id, "uma", now())
    (paused,) = (await company.running()).wishes
    assert (paused.kind, paused.asked_by, paused.reason) == ("pause", "Maria da Silva", "uma")
    actor = replace(company.actor, user_id=staff.id)
    async with tenant_transaction(db, company.id) as conn:
        await service.resume(conn, actor, company.id, company.agent.id, "", now())
        await service.configuration_changed(conn, company.actor, company.id, company.agent.id, now())
    resumed = next(one for one in (await company.running()).wishes if one.kind == "resume")
    assert (resumed.created_by, resumed.asked_by) == (staff.id, None)
    assert len((await company.running()).wishes) == 2  # The pause that nobody answered holds no more.

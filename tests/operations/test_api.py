"""The endpoints, over the whole process: who may, what is refused, what is listed."""

import asyncio
import dataclasses
from datetime import timedelta

import psycopg
import pytest

import factories
from alquimista.access import PLATFORM_TENANT, Role
from alquimista.approvals import jobs as approvals
from alquimista.clock import frozen, new_id, now
from alquimista.config_values import COMMAND_TYPES
from alquimista.operations import service
from alquimista.operations.models.kinds import KINDS, CommandType
from support.whole import whole

PATH = "/internal/operations/commands"
HEALTH = {"command_type": "HEALTH_CHECK"}
INTEGRATION = """
INSERT INTO alquimista_platform.tenant_integrations (tenant_id, id, type, provider, name, status, created_at,
  updated_at) VALUES (%s, %s, 'email', 'demo', 'SMTP', 'error', now(), now())
"""
DAYS = {"first_day": "2026-03-01", "last_day": "2026-03-02"}


@pytest.fixture(scope="module")
async def process(settings, tmp_path_factory):
    kept = dataclasses.replace(settings, data_dir=str(tmp_path_factory.mktemp("data")))
    async with whole(kept) as running:
        yield running


@pytest.fixture(scope="module")
async def people(db, process, migrated):
    """Clients by who they are."""
    tenant = await factories.make_tenant(db)
    made = {
        "admin": await factories.make_user(db),
        "other admin": await factories.make_user(db),
        "support": await factories.make_user(db, role=Role.INTERNAL_SUPPORT),
        "owner": await factories.make_user(db, tenant.id),
        "teammate": await factories.make_user(db, tenant.id, role=Role.TENANT_USER),
    }
    clients = {name: process.client(await process.token(one.email, one.password)) for name, one in made.items()}
    agent, integration = await factories.activate_agent(db, tenant.id), new_id()
    async with await psycopg.AsyncConnection.connect(migrated.admin_url, autocommit=True) as conn:
        await conn.execute(INTEGRATION, [tenant.id, integration])
    yield clients | {"tenant": tenant, "made": made, "agent": agent, "integration": integration}
    for client in clients.values():
        await client.aclose()


NEED_APPROVAL = {"RECOMPUTE_USAGE", "EXPORT_TENANT"}


def bodies(people):
    """A right body of each type."""
    tenant_id = str(people["tenant"].id)
    return {
        "HEALTH_CHECK": {**HEALTH},
        "REPROCESS_QUEUE": {"command_type": "REPROCESS_QUEUE", "parameters": {"queue": "jobs"}},
        "RECOMPUTE_USAGE": {"command_type": "RECOMPUTE_USAGE", "parameters": DAYS, "tenant_id": tenant_id},
        "EXPORT_TENANT": {"command_type": "EXPORT_TENANT", "tenant_id": tenant_id},
        "RESET_TOKEN": {
            "command_type": "RESET_TOKEN",
            "parameters": {"integration_id": str(people["integration"])},
            "tenant_id": tenant_id,
        },
        "RESTART_AGENT": {
            "command_type": "RESTART_AGENT",
            "parameters": {"agent_id": str(people["agent"]), "reason": "new model"},
            "tenant_id": tenant_id,
        },
    }


def test_the_settings_know_the_types_that_there_are():
    assert set(COMMAND_TYPES) == {kind.value for kind in KINDS} == {kind.value for kind in CommandType}
    assert set(service.EFFECTS) <= set(KINDS)


@pytest.mark.parametrize("kind", sorted(service.EFFECTS))
async def test_each_role_may_give_what_its_permissions_say(people, kind):
    body = bodies(people)[kind]
    expected = {"admin": 201, "support": 403 if kind in NEED_APPROVAL else 201, "owner": 403, "teammate": 403}
    for name, status in expected.items():
        answer = await people[name].post(PATH, json=body)
        assert answer.status_code == status, (name, answer.text)
        dry = await people[name].post(PATH, json=bodies(people)["HEALTH_CHECK"], params={"dry_run": "true"})
        assert dry.status_code == (200 if name in {"admin", "support"} else 403)


async def test_each_role_of_staff_reads_and_acts(people):
    made = (await people["admin"].post(PATH, json=HEALTH)).json()
    one = f"{PATH}/{made['command_id']}"
    for name, status in {"admin": 200, "support": 200, "owner": 403, "teammate": 403}.items():
        client = people[name]
        assert (await client.get(PATH)).status_code == status
        assert (await client.get(one)).status_code == status
        assert (await client.get("/internal/operations/command-types")).status_code == status
    assert (await people["owner"].post(f"{one}/cancel")).status_code == 403
    cancelled = await people["support"].post(f"{one}/cancel")
    assert (cancelled.status_code, cancelled.json()["status"]) == (200, "CANCELLED")
    again = await people["admin"].post(f"{one}/cancel")
    assert (again.status_code, again.json()["error"]) == (409, "command_ended")


async def test_support_neither_approves_nor_cancels_what_it_may_not_give(people):
    body = bodies(people)["RECOMPUTE_USAGE"]
    made = (await people["admin"].post(PATH, json=body)).json()
    assert made["status"] == "AWAITING_APPROVAL"
    one = f"{PATH}/{made['command_id']}"
    for verb in ("cancel", "approve", "reject"):
        answer = await people["support"].post(f"{one}/{verb}", json={} if verb == "reject" else None)
        assert answer.status_code == 403, verb


async def test_a_second_person_approves_and_never_the_first(people, db, sql):
    body = bodies(people)["RECOMPUTE_USAGE"]
    made = (await people["admin"].post(PATH, json=body)).json()
    one = f"{PATH}/{made['command_id']}"
    job = "SELECT 1 FROM alquimista_platform.job_queue WHERE dedupe_key LIKE %s"
    assert await sql(job, f"%{made['command_id']}%") == []
    waits = (await people["admin"].get(one)).json()
    assert waits["approve_until"] > waits["created_at"]
    for verb in ("approve", "reject"):
        own = await people["admin"].post(f"{one}/{verb}", json={} if verb == "reject" else None)
        assert (own.status_code, own.json()["error"]) == (403, "approval_own_request")
    approved = await people["other admin"].post(f"{one}/approve")
    assert (approved.status_code, approved.json()["status"]) == (200, "PENDING")
    assert approved.json()["decided_by"] == str(people["made"]["other admin"].id)
    assert await sql(job, f"%{made['command_id']}%") == [(1,)]
    late = await people["other admin"].post(f"{one}/reject", json={"reason": "no"})
    assert (late.status_code, late.json()["error"]) == (409, "approval_closed")
    rows = await sql(
        "SELECT action, tenant_id FROM alquimista_platform.audit_logs WHERE resource_id = %s"
        " AND action <> 'command.read' ORDER BY occurred_at, id",
        made["command_id"],
    )
    assert rows == [(name, people["tenant"].id) for name in ("command.created", "command.approved")]


async def test_a_rejected_command_never_runs(people, sql):
    made = (await people["admin"].post(PATH, json=bodies(people)["RECOMPUTE_USAGE"])).json()
    rejected = await people["other admin"].post(f"{PATH}/{made['command_id']}/reject", json={"reason": "not now"})
    assert (rejected.status_code, rejected.json()["status"]) == (200, "CANCELLED")
    assert rejected.json()["error_message"] == "not now"
    job = "SELECT 1 FROM alquimista_platform.job_queue WHERE dedupe_key LIKE %s"
    assert await sql(job, f"%{made['command_id']}%") == []


async def test_what_needs_no_approval_is_not_approved(people):
    made = (await people["admin"].post(PATH, json=HEALTH)).json()
    answer = await people["other admin"].post(f"{PATH}/{made['command_id']}/approve")
    assert (answer.status_code, answer.json()["error"]) == (409, "command_not_awaiting_approval")


async def test_nobody_answers_within_a_day(people, services):
    with frozen(now() - timedelta(hours=25)):
        made = await people["admin"].post(PATH, json=bodies(people)["RECOMPUTE_USAGE"])
    one = f"{PATH}/{made.json()['command_id']}"
    late = await people["other admin"].post(f"{one}/approve")
    assert (late.status_code, late.json()["error"]) == (410, "approval_expired")
    assert await service.reap(services, now()) == 0
    await approvals.expire(services, people["tenant"].id, None)
    found = (await people["admin"].get(one)).json()
    assert (found["status"], found["decided_by"]) == ("CANCELLED", None)
    assert "24" in found["error_message"]


async def test_the_same_key_is_the_same_command_and_another_body_is_refused(people):
    key = {"Idempotency-Key": "deploy-17"}
    body = bodies(people)["REPROCESS_QUEUE"]
    first = await people["admin"].post(PATH, json=body, headers=key)
    again = await people["admin"].post(PATH, json=body, headers=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    other = {**body, "parameters": {"queue": "mails"}}
    for changed in (other, HEALTH):
        refused = await people["admin"].post(PATH, json=changed, headers=key)
        assert (refused.status_code, refused.json()["error"]) == (409, "idempotency_key_reused")
    assert (await people["support"].post(PATH, json=body, headers=key)).json() != first.json()
    elsewhere = {**HEALTH, "tenant_id": str(people["tenant"].id)}
    assert (await people["admin"].post(PATH, json=elsewhere, headers=key)).status_code == 409
    for wrong in ("", "x" * 201):
        refused = await people["admin"].post(PATH, json=body, headers={"Idempotency-Key": wrong})
        assert refused.status_code == 400


async def test_the_same_key_many_times_at_once(people):
    calls = [people["admin"].post(PATH, json=HEALTH, headers={"Idempotency-Key": "at-once"}) for _ in range(12)]
    answers = await asyncio.gather(*calls)
    assert {one.status_code for one in answers} == {201}
    assert len({one.json()["command_id"] for one in answers}) == 1


async def test_the_same_key_for_two_companies_at_once(people, sql):
    of_tenant = {**HEALTH, "tenant_id": str(people["tenant"].id)}
    for number in range(10):
        key = {"Idempotency-Key": f"two-companies-{number}"}
        answers = await asyncio.gather(
            *(people["admin"].post(PATH, json=body, headers=key) for body in (HEALTH, of_tenant))
        )
        assert sorted(one.status_code for one in answers) == [201, 409]
        given = "SELECT count(*) FROM alquimista_platform.operational_commands WHERE idempotency_key = %s"
        assert await sql(given, key["Idempotency-Key"]) == [(1,)]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "command_type"),
        ({"command_type": "DROP_TABLES"}, "command_type"),
        ({"command_type": "EXPORT_TENANT", "tenant_id": str(new_id())}, "tenant_id"),
        ({"command_type": "EXPORT_TENANT"}, "tenant_id"),
        ({"command_type": "RESTART_AGENT", "parameters": {"agent_id": str(new_id())}}, "parameters.reason"),
        ({"command_type": "REPROCESS_QUEUE", "parameters": {"queue": "events", "ids": ["1"]}}, "parameters.ids"),
        ({"command_type": None}, "command_type"),
        ({**HEALTH, "parameters": {"tenant_id": str(new_id())}}, "parameters.tenant_id"),
        ({**HEALTH, "parameters": []}, "parameters"),
        ({**HEALTH, "tenant_id": "x"}, "tenant_id"),
        ({**HEALTH, "tenant_id": str(new_id())}, "tenant_id"),
        ({**HEALTH, "tenant_id": str(PLATFORM_TENANT)}, "tenant_id"),
        ({**HEALTH, "status": "SUCCESS"}, "status"),
        ({"command_type": "REPROCESS_QUEUE"}, "parameters"),
        ({"command_type": "REPROCESS_QUEUE", "parameters": {"queue": "secrets"}}, "parameters.queue"),
        ({"command_type": "REPROCESS_QUEUE", "parameters": {"queue": "jobs", "count": 0}}, "parameters.count"),
        ({"command_type": "REPROCESS_QUEUE", "parameters": {"queue": "mails", "ids": ["17"]}}, "parameters.ids"),
        ({"command_type": "REPROCESS_QUEUE", "parameters": {"queue": "jobs", "ids": ["a"]}}, "parameters.ids"),
        ({"command_type": "REPROCESS_QUEUE", "parameters": {"queue": "jobs", "ids": ["1"] * 101}}, "parameters.ids"),
        ({"command_type": "RECOMPUTE_USAGE", "parameters": DAYS}, "tenant_id"),
        (
            {
                "command_type": "RECOMPUTE_USAGE",
                "parameters": {"first_day": "2026-03-02", "last_day": "2026-03-01"},
                "tenant_id": str(new_id()),
            },
            "parameters.last_day",
        ),
        (
            {
                "command_type": "RECOMPUTE_USAGE",
                "parameters": {"first_day": "2025-03-02", "last_day": "2026-03-01"},
                "tenant_id": str(new_id()),
            },
            "parameters.last_day",
        ),
    ],
)
async def test_wrong_bodies_are_refused_by_the_field(people, body, field):
    for params in ({}, {"dry_run": "true"}):
        answer = await people["admin"].post(PATH, json=body, params=params)
        assert answer.status_code == 400, answer.text
        assert field in {error["field"] for error in answer.json()["errors"]}, answer.text


async def test_a_dry_run_says_what_would_be_done_and_creates_nothing(people, beats, sql):
    await beats(people["tenant"].id, people["agent"])
    count = "SELECT count(*) FROM alquimista_platform.operational_commands"
    before = await sql(count)
    for kind, body in bodies(people).items():
        if kind == "RECOMPUTE_USAGE":
            day = now().date() - timedelta(days=1)
            body["parameters"] = {"first_day": str(day), "last_day": str(day)}
        answer = await people["admin"].post(PATH, json=body, params={"dry_run": "true"})
        assert answer.status_code == 200, answer.text
        assert answer.json()["message"]
        assert answer.json()["needs_approval"] == (kind in NEED_APPROVAL)
    assert await sql(count) == before
    gone = {
        **bodies(people)["RECOMPUTE_USAGE"],
        "parameters": {"first_day": "2019-01-01", "last_day": "2019-01-02"},
    }
    refused = await people["admin"].post(PATH, json=gone, params={"dry_run": "true"})
    assert (refused.status_code, refused.json()["error"]) == (409, "raw_gone")


async def test_the_list_is_newest_first_filtered_together_and_counted_whole(people, db, sql, empty):
    tenant = await factories.make_tenant(db, name="Padaria Zênite")
    with frozen(now() - timedelta(days=20)):
        old = (await people["admin"].post(PATH, json={**HEALTH, "tenant_id": str(tenant.id)})).json()
    made = [(await people["admin"].post(PATH, json=HEALTH)).json() for _ in range(3)]
    mine = (await people["support"].post(PATH, json={**HEALTH, "tenant_id": str(tenant.id)})).json()
    await people["admin"].post(f"{PATH}/{made[0]['command_id']}/cancel")

    async def listed(**params):
        answer = await people["admin"].get(PATH, params=params)
        assert answer.status_code == 200, answer.text
        return [one["command_id"] for one in answer.json()["commands"]], answer.json()["total"]

    newest = [mine, *made[::-1], old]
    ids = [one["command_id"] for one in newest]
    assert await listed() == (ids, 5)
    assert await listed(limit=2, offset=1) == (ids[1:3], 5)
    assert await listed(offset=90) == ([], 5)
    assert await listed(status="CANCELLED") == ([made[0]["command_id"]], 1)
    assert await listed(tenant_id=str(tenant.id)) == ([mine["command_id"], old["command_id"]], 2)
    assert await listed(tenant_id=str(tenant.id), period="7d") == ([mine["command_id"]], 1)
    assert await listed(created_by=str(people["made"]["support"].id)) == ([mine["command_id"]], 1)
    assert await listed(status="PENDING", tenant_id=str(tenant.id), command_type="HEALTH_CHECK", limit=1) == (
        [mine["command_id"]], 2,
    )  # fmt: skip
    assert await listed(command_type="REPROCESS_QUEUE") == ([], 0)
    answer = (await people["admin"].get(PATH, params={"tenant_id": str(tenant.id), "limit": 1})).json()
    (first,) = answer["commands"]
    assert (first["tenant_id"], first["tenant_name"]) == (str(tenant.id), "Padaria Zênite")
    assert first["created_by_email"] == people["made"]["support"].email
    assert first["created_by_name"] == "Maria da Silva"
    for wrong in ({"status": "DONE"}, {"limit": 0}, {"limit": 101}, {"period": "5d"}, {"sort": "x"}, {"offset": -1}):
        assert (await people["admin"].get(PATH, params=wrong)).status_code == 400


async def test_reading_is_audited_in_whose_account_it_was(people, db, sql):
    tenant = await factories.make_tenant(db)
    made = (await people["admin"].post(PATH, json={**HEALTH, "tenant_id": str(tenant.id)})).json()
    await people["admin"].get(PATH)
    await people["support"].get(f"{PATH}/{made['command_id']}")
    rows = await sql(
        "SELECT action, actor_id FROM alquimista_platform.audit_logs WHERE tenant_id = %s ORDER BY occurred_at, id",
        tenant.id,
    )
    assert rows == [("command.created", people["made"]["admin"].id), ("command.read", people["made"]["support"].id)]
    lists = "SELECT count(*) FROM alquimista_platform.audit_logs WHERE action = 'commands.read' AND tenant_id = %s"
    assert (await sql(lists, PLATFORM_TENANT))[0][0] >= 1


async def test_an_unknown_command_is_told_as_such(people):
    one = f"{PATH}/{new_id()}"
    for answer in (
        await people["admin"].get(one),
        await people["admin"].post(f"{one}/cancel"),
        await people["admin"].post(f"{one}/approve"),
        await people["admin"].post(f"{one}/reject", json={}),
    ):
        assert (answer.status_code, answer.json()["error"]) == (404, "command_not_found")


async def test_the_types_come_with_a_schema_that_a_form_can_be_drawn_from(people):
    for name in ("admin", "support"):
        found = {
            one["command_type"]: one
            for one in (await people[name].get("/internal/operations/command-types")).json()["command_types"]
        }
        assert set(found) == {kind.value for kind in service.EFFECTS}
        assert found["RECOMPUTE_USAGE"]["allowed"] == (name == "admin")
        assert found["RECOMPUTE_USAGE"]["needs_approval"]
        assert "ReprocessQueueParameters" in str(found["REPROCESS_QUEUE"]["parameters"])


async def test_openapi_tells_the_body_of_each_type(people):
    document = (await people["admin"].get("/openapi.json")).json()
    body = document["paths"][PATH]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert set(body["discriminator"]["mapping"]) == {kind.value for kind in service.EFFECTS}
    assert len(body["anyOf"]) == len(service.EFFECTS)

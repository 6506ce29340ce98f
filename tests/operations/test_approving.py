"""However a request for approval ends, its command follows, once."""

from datetime import timedelta

import pytest

import factories
from alquimista import clock
from alquimista.access import ActorKind
from alquimista.approvals import jobs
from alquimista.approvals import service as approvals
from alquimista.db.tenancy import tenant_transaction
from alquimista.operations import service
from alquimista.operations.models.commands import NeedsPerson
from alquimista.operations.models.kinds import CommandType
from support.whole import whole

RECOUNT = CommandType.RECOMPUTE_USAGE
DAY = {"first_day": "2026-03-01", "last_day": "2026-03-01"}
JOBS = "SELECT count(*) FROM alquimista_platform.job_queue WHERE dedupe_key LIKE %s"
AUDIT = """
SELECT action FROM alquimista_platform.audit_logs
WHERE resource_id = %s AND action <> 'command.read' ORDER BY occurred_at, id
"""
PATH = "/internal/operations/commands"


@pytest.fixture(scope="module")
async def process(settings):
    async with whole(settings) as running:
        yield running


@pytest.fixture(scope="module")
async def clients(db, process):
    """Two administrators of the staff and a supporter."""
    people = [await factories.make_user(db), await factories.make_user(db)]
    made = [process.client(await process.token(one.email, one.password)) for one in people]
    yield made
    for one in made:
        await one.aclose()


@pytest.fixture
def asked(clients, tenant):
    """`await asked()`: a new command that awaits approval, as its line."""

    async def ask():
        body = {"command_type": RECOUNT.value, "parameters": DAY, "tenant_id": str(tenant.id)}
        made = (await clients[0].post(PATH, json=body)).json()
        return (await clients[0].get(f"{PATH}/{made['command_id']}")).json()

    return ask


async def seen(client, command):
    return (await client.get(f"{PATH}/{command['command_id']}")).json()


async def jobs_of(sql, command):
    return (await sql(JOBS, f"%{command['command_id']}%"))[0][0]


async def audited(sql, command):
    return [action for (action,) in await sql(AUDIT, command["command_id"])]


async def test_giving_it_asks_with_the_permission_of_its_kind(clients, asked, tenant):
    command = await asked()
    approval = (await clients[1].get(f"/internal/approvals/{command['approval_id']}")).json()
    assert {name: approval[name] for name in ("action_type", "resource_type", "resource_id", "audience", "status")} == {
        "action_type": "command.RECOMPUTE_USAGE", "resource_type": "command", "resource_id": command["command_id"],
        "audience": "staff", "status": "pending",
    }  # fmt: skip
    assert (approval["permission"], approval["action_details"]) == ("usage:recompute", DAY)
    assert (approval["tenant_id"], approval["expires_at"]) == (str(tenant.id), command["approve_until"])


@pytest.mark.parametrize(("decision", "status"), [("approve", "PENDING"), ("reject", "CANCELLED")])
async def test_a_decision_on_the_request_moves_the_command(clients, asked, sql, decision, status):
    command = await asked()
    body = {"decision": decision, "comment": "hoje não"}
    path = f"/internal/approvals/{command['approval_id']}/decide"
    assert (await clients[0].post(path, json=body)).status_code == 403
    assert (await clients[1].post(path, json=body)).status_code == 200
    found = await seen(clients[0], command)
    assert (found["status"], await jobs_of(sql, command)) == (status, int(decision == "approve"))
    assert found["error_message"] == (None if decision == "approve" else "hoje não")
    assert found["decided_by"] is not None
    again = await clients[1].post(f"{PATH}/{command['command_id']}/approve")
    assert (again.status_code, again.json()["error"]) == (409, "approval_closed")
    assert await jobs_of(sql, command) == int(decision == "approve")
    assert await audited(sql, command) == [
        "command.created", "command.approved" if decision == "approve" else "command.rejected",
    ]  # fmt: skip


async def test_a_decision_on_the_command_closes_the_request(clients, asked, sql):
    command = await asked()
    assert (await clients[1].post(f"{PATH}/{command['command_id']}/approve")).json()["status"] == "PENDING"
    approval = (await clients[1].get(f"/internal/approvals/{command['approval_id']}")).json()
    assert approval["status"] == "approved"
    assert await jobs_of(sql, command) == 1


async def test_taking_the_request_back_cancels_the_command(clients, asked, sql):
    command = await asked()
    path = f"/internal/approvals/{command['approval_id']}/cancel"
    assert (await clients[1].post(path)).status_code == 403
    assert (await clients[0].post(path)).status_code == 200
    found = await seen(clients[0], command)
    assert (found["status"], found["decided_by"], await jobs_of(sql, command)) == ("CANCELLED", None, 0)
    assert await audited(sql, command) == ["command.created", "command.cancelled"]


@pytest.mark.parametrize("who", [0, 1])
async def test_whoever_cancels_the_command_closes_its_request(clients, asked, sql, who):
    command = await asked()
    answer = await clients[who].post(f"{PATH}/{command['command_id']}/cancel")
    assert (answer.status_code, answer.json()["status"]) == (200, "CANCELLED")
    approval = (await clients[1].get(f"/internal/approvals/{command['approval_id']}")).json()
    assert (approval["status"], approval["decisions"]) == ("cancelled", [])
    late = await clients[1].post(f"/internal/approvals/{command['approval_id']}/decide", json={"decision": "approve"})
    assert late.status_code == 409
    assert await jobs_of(sql, command) == 0
    assert await audited(sql, command) == ["command.created", "command.cancelled"]
    again = await clients[who].post(f"{PATH}/{command['command_id']}/cancel")
    assert (again.status_code, again.json()["error"]) == (409, "command_ended")


async def test_a_request_that_expires_ends_its_command(services, give, line, tenant, staff, db, sql):
    with clock.frozen(clock.now() - timedelta(hours=25)):
        one, other = await give(RECOUNT, tenant.id, **DAY), await give(RECOUNT, tenant.id, **DAY)
    async with tenant_transaction(db, tenant.id) as conn:  # It is over, and nobody has come by yet.
        assert (await service.cancel(conn, staff, one, clock.now())).status == "CANCELLED"
    for _ in range(2):
        await jobs.expire(services, tenant.id, None)
    for command in (one, other):
        found = await line(command)
        assert (found.status, found.error_message) == ("CANCELLED", "Ninguém o aprovou em 24 horas.")
        rows = await sql(AUDIT, str(command.id))
        assert [action for (action,) in rows] == ["command.created", "command.expired"]


async def test_what_is_given_for_nobody_asks_nobody(give, staff, tenant, sql, empty):
    key = type(staff)(ActorKind.API_KEY, staff.permissions, staff.role, None, None)
    with pytest.raises(NeedsPerson):
        await give(RECOUNT, tenant.id, actor=key, **DAY)
    assert await sql("SELECT 1 FROM alquimista_platform.operational_commands") == []


async def test_the_same_key_asks_once(give, tenant, db, sql):
    made = [await give(RECOUNT, tenant.id, key="once", **DAY) for _ in range(3)]
    assert len({one.approval_id for one in made}) == 1
    count = "SELECT count(*) FROM alquimista_platform.approval_requests WHERE resource_id = %s"
    assert await sql(count, str(made[0].id)) == [(1,)]
    found = await approvals.get_of_staff(db.staff(), made[0].approval_id)
    assert found.resource_id == str(made[0].id)

"""RESTART_AGENT, for real: a process of its own that is told by the platform, and really starts anew."""

import asyncio
import dataclasses

import pytest

import factories
from alquimista.agents import service as agents
from alquimista.clock import now
from alquimista.db.tenancy import tenant_transaction
from alquimista.fleet import service as fleet
from alquimista.operations.models.kinds import KINDS, CommandType
from alquimista.sdk import AsyncAgent
from sdk.conftest import QUICK, company, door, process, start  # noqa: F401 - Fixtures.
from sdk.test_obeying import EXAMPLE
from support.identity import eventually

PATH = "/internal/operations/commands"


@pytest.fixture
async def admin(db, process):  # noqa: F811
    person = await factories.make_user(db)
    async with process.client(await process.token(person.email, person.password)) as client:
        yield client


@pytest.fixture
def restarted(admin, company, working):  # noqa: F811
    """`await restarted()`: give the command, have a worker run it, and wait for its end."""

    async def run():
        body = {
            "command_type": "RESTART_AGENT",
            "tenant_id": str(company.id),
            "parameters": {"agent_id": str(company.agent.id), "reason": "modelo novo"},
        }
        made = await admin.post(PATH, json=body)
        assert made.status_code == 201, made.text
        address = f"{PATH}/{made.json()['command_id']}"

        async def over():
            return (await admin.get(address)).json()["completed_at"] is not None

        async with working():
            await eventually(over, 40)
        return (await admin.get(address)).json()

    return run


async def online(company):  # noqa: F811
    async def look():
        found = await fleet.read(company.db.tenant(company.id), company.id, company.agent.id, now())
        return found.state == "online"

    await eventually(look, 20)


async def test_the_example_agent_is_restarted_by_a_command(company, start, restarted, empty):  # noqa: F811
    process_of_its_own = start(str(EXAMPLE), ALQUIMISTA_INSTANCE="one")
    _, pid, boot = (await asyncio.to_thread(process_of_its_own.stdout.readline)).split()
    await online(company)
    done = await restarted()
    assert done["status"] == "SUCCESS", done["error_message"]
    assert (done["output"]["restart_id"], done["output"]["processes"]) == (done["command_id"], ["one"])
    _, again, next_boot = (await asyncio.to_thread(process_of_its_own.stdout.readline)).split()
    assert again == pid
    assert next_boot != boot
    found = await fleet.read(company.db.tenant(company.id), company.id, company.agent.id, now())
    assert {str(one.boot_id) for one in found.boots} == {boot, next_boot}
    assert [one.reason for one in found.restarts] == ["modelo novo"]


async def test_a_suspended_agent_is_never_revived(company, admin, restarted, empty):  # noqa: F811
    async with tenant_transaction(company.db, company.id) as conn:
        await agents.suspend_all(conn, company.id, now())
    done = await restarted()
    assert (done["status"], done["output"], done["attempts"]) == ("ERROR", None, 1)
    found = await fleet.read(company.db.tenant(company.id), company.id, company.agent.id, now())
    assert found.agent.status == "suspended"
    assert found.restarts == []
    body = {
        "command_type": "RESTART_AGENT",
        "tenant_id": str(company.id),
        "parameters": {"agent_id": str(company.agent.id), "reason": "x"},
    }
    dry = await admin.post(PATH, json=body, params={"dry_run": "true"})
    assert (dry.status_code, dry.json()["error"]) == (409, "agent_suspended")


async def test_an_agent_that_is_not_connected_is_told(restarted, empty):
    done = await restarted()
    assert done["status"] == "ERROR"
    assert "90 seconds" in done["error_message"]


async def test_an_agent_that_does_not_answer_costs_a_time_out_with_the_reason(
    company,  # noqa: F811
    process,  # noqa: F811
    restarted,
    monkeypatch,
    empty,
):
    kind = CommandType.RESTART_AGENT
    monkeypatch.setitem(KINDS, kind, dataclasses.replace(KINDS[kind], timeout_s=6))
    async with process.client(company.key) as client:
        body = {"instance_id": "deaf", "boot_id": "01890a5d-ac96-774b-bcce-b302099a8057", "version": "1"}
        assert (await client.post(f"/v1/agents/{company.agent.slug}/heartbeat", json=body)).status_code == 200
    done = await restarted()
    assert done["status"] == "ERROR"
    assert "deaf: expired (" in done["error_message"]


async def test_an_agent_may_refuse(door, company, restarted, empty):  # noqa: F811
    async with AsyncAgent(door.url, company.key, company.agent.slug, on_restart=None, **QUICK):
        await online(company)
        done = await restarted()
    assert done["status"] == "ERROR"
    assert done["error_message"].startswith("The agent refused to restart.")

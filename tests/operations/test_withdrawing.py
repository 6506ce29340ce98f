"""A restart that is cancelled is taken back from whoever has not agreed to it; it says who had."""

import asyncio
from datetime import timedelta

import pytest

import factories
from alquimista.clock import frozen, new_id, now
from alquimista.db.tenancy import tenant_transaction
from alquimista.fleet import service as fleet
from alquimista.fleet.models.controls import UnknownControl
from alquimista.operations import service
from alquimista.operations.models.commands import LEASE
from alquimista.operations.models.kinds import CommandType
from alquimista.operations.queries import running
from support.identity import eventually

RESTART = CommandType.RESTART_AGENT
CONTROLS = """
SELECT c.id, a.slug, c.instance_id FROM alquimista_platform.agent_controls c
JOIN alquimista_platform.agents a ON a.id = c.agent_id
WHERE c.request_id = %s ORDER BY c.instance_id
"""


@pytest.fixture
async def company(db, beats):
    """A company and its agent, of which two processes are connected: their ids."""
    tenant = await factories.make_tenant(db)
    agent = await factories.activate_agent(db, tenant.id)
    for instance in ("one", "two"):
        await beats(tenant.id, agent, instance)
    return tenant.id, agent


@pytest.fixture
def asked(services, db, give, staff, sql, company):
    """`await asked()`: the command while it runs, the messages that its agent was told, and the task that runs it."""

    async def begin():
        command = await give(RESTART, company[0], agent_id=str(company[1]), reason="x")
        task = asyncio.create_task(service.run(services, company[0], command.id))

        async def told():
            return len(await sql(CONTROLS, command.id)) == 2

        await eventually(told, 10)
        return command, await sql(CONTROLS, command.id), task

    return begin


async def cancel(db, staff, command):
    async with tenant_transaction(db, command.tenant_id) as conn:
        await service.cancel(conn, staff, command, now())


async def acknowledge(db, tenant_id, control):
    async with tenant_transaction(db, tenant_id) as conn:
        await fleet.acknowledge(conn, tenant_id, control[1], control[0], "done", "", now())


async def restart(db, company):
    async with tenant_transaction(db, company[0]) as conn:
        return await fleet.restart(conn, None, *company, "again", now())


async def test_nobody_starts_anew_whom_it_has_not_reached(db, staff, asked, line, sql, company, empty) -> None:
    command, controls, task = await asked()
    await cancel(db, staff, command)
    await task
    found = await line(command)
    assert (found.status, found.error_message) == ("CANCELLED", None)
    assert await sql(CONTROLS, command.id) == []
    with pytest.raises(UnknownControl):
        await acknowledge(db, company[0], controls[0])
    assert (await restart(db, company)).instances == ("one", "two"), "no other restart is pending"


async def test_it_says_who_had_agreed_before(db, staff, asked, line, sql, company, empty) -> None:
    command, controls, task = await asked()
    await acknowledge(db, company[0], controls[1])
    await cancel(db, staff, command)
    await task
    found = await line(command, "en")
    assert found.status == "CANCELLED"
    assert found.error_message == "It was cancelled too late for some, which had agreed to start anew: two."
    assert [one[2] for one in await sql(CONTROLS, command.id)] == ["two"]


async def test_it_is_taken_back_for_a_worker_that_died(services, db, staff, give, line, sql, company, empty) -> None:
    command = await give(RESTART, company[0], agent_id=str(company[1]), reason="x")
    begun = now()
    conn = db.tenant(company[0])
    assert await running.claim(conn, company[0], command.id, new_id(), "w", begun, begun + LEASE)
    async with tenant_transaction(db, company[0]) as transaction:
        await fleet.restart(transaction, None, *company, "x", begun, restart_id=command.id)
    await cancel(db, staff, command)
    with frozen(begun + LEASE + timedelta(seconds=1)):
        assert await service.reap(services, now()) == 1
    assert (await line(command)).status == "CANCELLED"
    assert await sql(CONTROLS, command.id) == []

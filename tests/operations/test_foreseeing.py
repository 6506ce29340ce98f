"""A dry run refuses what the command itself would be refused with: each refusal is seen both ways."""

from datetime import timedelta

import pytest

import factories
from alquimista import clock
from alquimista.access import ROLE_PERMISSIONS, Actor, ActorKind, Role
from alquimista.agents import service as agents
from alquimista.db.tenancy import tenant_transaction
from alquimista.fleet import service as fleet
from alquimista.operations import service
from alquimista.operations.models.commands import NeedsPerson
from alquimista.operations.models.kinds import CommandType, ExportTenantParameters
from alquimista.operations.service import Wanted
from support.whole import whole

PATH = "/internal/operations/commands"
INTEGRATION = """
INSERT INTO alquimista_platform.tenant_integrations (tenant_id, id, type, provider, name, status, created_at,
  updated_at) VALUES (%s, %s, 'email', 'smtp', 'Correio', %s, now(), now())
"""
GIVEN_UP = """
UPDATE alquimista_platform.tenant_agents SET status = 'inactive', deactivated_at = now() WHERE tenant_id = %s
"""
GIVEN = "SELECT count(*) FROM alquimista_platform.operational_commands WHERE tenant_id = %s"


@pytest.fixture(scope="module")
async def process(settings):
    async with whole(settings) as running:
        yield running


@pytest.fixture
async def company(db):
    """A company with an agent: the company's id and the agent's."""
    tenant = await factories.make_tenant(db)
    return tenant.id, await factories.activate_agent(db, tenant.id)


@pytest.fixture
def both(process, services, db, give, second, line, sql):
    """`await both(kind, tenant_id, …)`: the code that a dry run is refused with, and how the same command then ends."""

    async def ways(kind, tenant_id, **parameters):
        person = await factories.make_user(db)
        body = {"command_type": kind.value, "tenant_id": str(tenant_id), "parameters": parameters}
        async with process.client(await process.token(person.email, person.password)) as client:
            dry = await client.post(PATH, params={"dry_run": "true"}, json=body)
        assert await sql(GIVEN, tenant_id) == [(0,)]
        command = await give(kind, tenant_id, **parameters)
        if command.approval_id is not None:
            async with tenant_transaction(db, tenant_id) as conn:
                await service.approve(conn, second, command, clock.now())
        await service.run(services, tenant_id, command.id)
        ended = await line(command, "en")
        assert dry.status_code in {404, 409}, dry.text
        assert (ended.status, ended.error_message) == ("ERROR", dry.json()["detail"])
        return dry.json()["error"]

    return ways


async def test_an_integration_that_is_disconnected(both, sql, company, empty) -> None:
    one = clock.new_id()
    await sql(INTEGRATION, company[0], one, "inactive")
    refused = await both(CommandType.RESET_TOKEN, company[0], integration_id=str(one))
    assert refused == "integration_not_connected"


async def test_an_integration_that_is_not_there(both, company, empty) -> None:
    refused = await both(CommandType.RESET_TOKEN, company[0], integration_id=str(clock.new_id()))
    assert refused == "integration_not_found"


async def test_an_agent_that_is_not_connected(both, beats, company, empty) -> None:
    restart = (CommandType.RESTART_AGENT, company[0])
    await beats(*company, at=clock.now() - timedelta(seconds=91))
    assert await both(*restart, agent_id=str(company[1]), reason="x") == "agent_not_connected"


async def test_an_agent_that_is_being_restarted(both, beats, db, company, empty) -> None:
    await beats(*company)
    async with tenant_transaction(db, company[0]) as conn:
        await fleet.restart(conn, None, *company, "before", clock.now())
    refused = await both(CommandType.RESTART_AGENT, company[0], agent_id=str(company[1]), reason="x")
    assert refused == "restart_pending"


async def test_an_agent_that_is_suspended_or_given_up(both, beats, db, sql, company, empty) -> None:
    await beats(*company)
    async with tenant_transaction(db, company[0]) as conn:
        await agents.suspend_all(conn, company[0], clock.now())
    restart = {"agent_id": str(company[1]), "reason": "x"}
    assert await both(CommandType.RESTART_AGENT, company[0], **restart) == "agent_suspended"
    await sql("DELETE FROM alquimista_platform.operational_commands")
    await sql(GIVEN_UP, company[0])
    assert await both(CommandType.RESTART_AGENT, company[0], **restart) == "agent_not_found"


async def test_an_export_without_a_place_for_its_file(both, company, empty) -> None:
    assert await both(CommandType.EXPORT_TENANT, company[0]) == "no_data_directory"


async def test_days_whose_raw_events_are_gone(both, company, empty) -> None:
    days = {"first_day": "2020-03-01", "last_day": "2020-03-01"}
    await both(CommandType.RECOMPUTE_USAGE, company[0], **days)


async def test_what_needs_approval_needs_a_person(db, settings, company, empty) -> None:
    role = Role.INTERNAL_ADMIN
    nobody = Actor(ActorKind.TOKEN, ROLE_PERMISSIONS[role], role, None, None, "")
    wanted = Wanted(CommandType.EXPORT_TENANT, company[0], ExportTenantParameters())
    for way in (service.foresee, service.give):
        with pytest.raises(NeedsPerson):
            async with tenant_transaction(db, company[0]) as conn:
                await way(conn, nobody, wanted, settings, clock.now())


async def test_what_would_be_done_is_told(process, beats, db, company, empty) -> None:
    await beats(*company)
    person = await factories.make_user(db)
    body = {
        "command_type": "RESTART_AGENT",
        "tenant_id": str(company[0]),
        "parameters": {"agent_id": str(company[1]), "reason": "x"},
    }
    async with process.client(await process.token(person.email, person.password)) as client:
        dry = await client.post(PATH, params={"dry_run": "true"}, json=body)
    assert (dry.status_code, dry.json()["figures"]) == (200, {"processes": 1}), dry.text

"""What a rule gives by itself is the vendor's choice: an agent that is missed may be restarted, never revived."""

import dataclasses
from datetime import timedelta
from uuid import uuid4

import pytest

from alquimista import clock, config_values
from alquimista.access import PLATFORM_TENANT
from alquimista.agents import service as agents
from alquimista.config import ConfigError, load
from alquimista.db.tenancy import tenant_transaction
from alquimista.fleet import jobs as fleet_jobs
from alquimista.fleet import service as fleet
from alquimista.incidents.models import RULES
from alquimista.operations.models.kinds import KINDS, CommandType
from alquimista.wiring import Services
from sdk.conftest import company, process  # noqa: F401 - Fixtures.
from support.identity import eventually

COMMANDS = "SELECT command_type, status, output FROM alquimista_platform.operational_commands WHERE tenant_id = %s"
RESTARTS = "SELECT id FROM alquimista_platform.agent_controls WHERE kind = 'restart' AND tenant_id = %s"
OVER = "SELECT resolved_at IS NOT NULL FROM alquimista_platform.incidents WHERE tenant_id = %s"


@pytest.fixture
def vendor(services, monkeypatch):
    """Set what the rule of agents that are missed gives."""

    def choose(command, **more):
        chosen = dataclasses.replace(services.settings, rule_commands=(("agent.offline", command),), **more)
        monkeypatch.setattr(services, "settings", chosen)

    return choose


@pytest.fixture
def beat(company, process):  # noqa: F811
    """A sign of life of the agent's process, just started."""

    async def tell():
        body = {"instance_id": "one", "boot_id": str(uuid4()), "version": "1"}
        async with process.client(company.key) as client:
            answer = await client.post(f"/v1/agents/{company.agent.slug}/heartbeat", json=body)
        assert answer.status_code == 200, answer.text

    return tell


@pytest.fixture
def missed(company, services, sql, beat, empty):  # noqa: F811
    """The agent was heard of, and is missed now: its incident is open, and has asked for the rule's command."""

    async def miss():
        await sql("DELETE FROM alquimista_platform.agent_instances")
        await beat()
        moment = clock.now()
        await sql("UPDATE alquimista_platform.agent_instances SET seen_at = seen_at - interval '100 seconds'")
        await sql("DELETE FROM alquimista_platform.fleet_watches")
        await sql(
            "INSERT INTO alquimista_platform.fleet_watches (tenant_id, watched_at, quiet_until, updated_at)"
            " VALUES (%s, %s, %s, %s)",
            PLATFORM_TENANT,
            moment - timedelta(minutes=1),
            moment - timedelta(hours=1),
            moment,
        )
        verdict, tenants = await fleet.watch(services.db, moment)
        assert tenants == {company.id}
        await fleet_jobs.settle(
            Services(services.settings, services.db), company.id, fleet_jobs.Settle(verdict.before(company.id))
        )
        assert await sql(OVER, company.id) == [(False,)]

    return miss


async def test_an_agent_that_is_missed_is_restarted_and_its_return_ends_the_incident(
    company,  # noqa: F811
    process,  # noqa: F811
    vendor,
    missed,
    beat,
    working,
    sql,
):
    vendor("RESTART_AGENT")
    await missed()
    async with working():

        async def asked():
            return await sql(RESTARTS, company.id)

        await eventually(asked, 20)
        ((control,),) = await asked()
        async with process.client(company.key) as client:
            path = f"/v1/agents/{company.agent.slug}/control/{control}/ack"
            assert (await client.post(path, json={"outcome": "done", "detail": ""})).status_code == 204
        await beat()

        async def over():
            return [one[1] for one in await sql(COMMANDS, company.id)] == ["SUCCESS"]

        await eventually(over, 20)
    ((kind, _, output),) = await sql(COMMANDS, company.id)
    assert (kind, output["processes"]) == ("RESTART_AGENT", ["one"])
    assert await sql(OVER, company.id) == [(True,)], "its first sign of life ended it"


async def ran(working, sql, company):  # noqa: F811
    """Have the waiting jobs done; the company's commands then."""
    async with working():

        async def done():
            return not await sql("SELECT 1 FROM alquimista_platform.job_queue WHERE entrypoint LIKE 'operations.%'")

        await eventually(done, 20)
    return await sql(COMMANDS, company.id)


async def test_without_a_choice_its_health_is_checked(company, missed, working, sql):  # noqa: F811
    await missed()
    ((kind, *_),) = await ran(working, sql, company)
    assert kind == "HEALTH_CHECK"


async def test_none_gives_nothing(company, vendor, missed, working, sql):  # noqa: F811
    vendor("none")
    await missed()
    assert await ran(working, sql, company) == []


async def test_what_needs_approval_is_not_given(company, vendor, missed, working, sql):  # noqa: F811
    vendor("RESTART_AGENT", approved_commands=("RESTART_AGENT",))
    await missed()
    assert await ran(working, sql, company) == []


async def test_an_incident_that_is_over_asks_for_nothing(company, vendor, missed, beat, working, sql):  # noqa: F811
    vendor("RESTART_AGENT")
    await missed()
    await beat()
    assert await ran(working, sql, company) == []


@pytest.mark.parametrize("how", ["paused", "suspended", "back"])
async def test_an_agent_that_is_paused_suspended_or_back_is_not_restarted(
    company,  # noqa: F811
    db,
    vendor,
    missed,
    beat,
    services,
    working,
    sql,
    staff,
    how,
):
    vendor("RESTART_AGENT")
    await missed()
    async with tenant_transaction(db, company.id) as conn:
        if how == "paused":
            await fleet.pause(conn, staff, company.id, company.agent.id, "", clock.now())
        elif how == "suspended":
            await agents.suspend_all(conn, company.id, clock.now())
    if how == "back":
        await sql("UPDATE alquimista_platform.agent_standings SET offline_at = NULL")
    ((kind, status, output),) = await ran(working, sql, company)
    assert (kind, status) == ("RESTART_AGENT", "ERROR" if how == "suspended" else "SUCCESS")
    assert output is None if how == "suspended" else output["processes"] == []
    assert await sql(RESTARTS, company.id) == []


def test_only_what_is_safe_may_be_chosen():
    env = {"ALQUIMISTA_SECRET_KEY": "x" * 40}
    found = load(env | {"ALQUIMISTA_RULE_COMMANDS": "agent.offline:RESTART_AGENT, usage.error_rate:none"})
    assert found.rule_commands == (("agent.offline", "RESTART_AGENT"), ("usage.error_rate", "none"))
    for wrong in (
        "agent.offline:RESET_TOKEN",
        "usage.error_rate:RESTART_AGENT",
        "refund:HEALTH_CHECK",
        "agent.offline",
    ):
        with pytest.raises(ConfigError, match="RULE_COMMANDS"):
            load(env | {"ALQUIMISTA_RULE_COMMANDS": wrong})


def test_the_rules_that_give_commands_are_those_of_the_setting():
    assert {rule.name.value for rule in RULES.values() if rule.command} == set(config_values.RULE_COMMANDS)
    for choices in config_values.RULE_COMMANDS.values():
        kinds = [KINDS[CommandType(one)] for one in choices if one != "none"]
        assert not any(kind.destroys for kind in kinds)

"""Activating agents: twice changes nothing, the plan's limit holds in races, a suspended agent stays so."""

import asyncio

import pytest

import factories
from alquimista.agents import service
from alquimista.agents.models.agents import AgentLimitReached, AgentSuspended, UnknownAgent
from alquimista.clock import new_id, now
from alquimista.db.statement import NoRow, Statement
from alquimista.db.tenancy import tenant_transaction
from alquimista.tenants.models import UnknownTenant

SUSPEND = Statement(
    """
    UPDATE alquimista_platform.tenant_agents SET status = 'suspended', updated_at = %(now)s
    WHERE tenant_id = %(tenant_id)s
    """,
    NoRow,
)


async def activate(db, tenant_id, agent_id):
    async with tenant_transaction(db, tenant_id) as conn:
        await service.activate(conn, None, tenant_id, agent_id, now())


async def statuses(db, tenant_id):
    return [agent.status for agent in await service.list_agents(db.tenant(tenant_id), tenant_id)]


async def test_activating_twice_is_activating_once(db):
    tenant, agent = await factories.make_tenant(db), await factories.make_agent(db)
    await activate(db, tenant.id, agent.id)
    await activate(db, tenant.id, agent.id)
    assert await statuses(db, tenant.id) == ["active"]


async def test_a_deactivated_agent_can_come_back(db):
    tenant, agent = await factories.make_tenant(db), await factories.make_agent(db)
    await activate(db, tenant.id, agent.id)
    async with tenant_transaction(db, tenant.id) as conn:
        await service.deactivate(conn, None, tenant.id, agent.id, now())
    assert await statuses(db, tenant.id) == ["inactive"]
    await activate(db, tenant.id, agent.id)
    assert await statuses(db, tenant.id) == ["active"]


async def test_a_suspended_agent_is_never_revived_by_an_activation(db):
    tenant, agent = await factories.make_tenant(db), await factories.make_agent(db)
    await activate(db, tenant.id, agent.id)
    await db.tenant(tenant.id).execute(SUSPEND, tenant_id=tenant.id, now=now())
    with pytest.raises(AgentSuspended):
        await activate(db, tenant.id, agent.id)
    assert await statuses(db, tenant.id) == ["suspended"]


async def test_the_plans_limit_holds_when_many_activate_at_once(db):
    tenant = await factories.make_tenant(db)
    agents = [await factories.make_agent(db) for _ in range(12)]
    outcomes = await asyncio.gather(*(activate(db, tenant.id, agent.id) for agent in agents), return_exceptions=True)
    assert sum(isinstance(outcome, AgentLimitReached) for outcome in outcomes) == 4
    assert len(await statuses(db, tenant.id)) == tenant.max_agents == 8


async def test_unknown_agents_and_companies_are_not_found(db):
    tenant, agent = await factories.make_tenant(db), await factories.make_agent(db)
    with pytest.raises(UnknownAgent):
        await activate(db, tenant.id, new_id())
    with pytest.raises(UnknownTenant):
        await activate(db, new_id(), agent.id)


async def test_publishing_an_agent_again_keeps_its_id(db):
    first = await factories.make_agent(db, slug="sdr-spin", name="SDR")
    again = await factories.make_agent(db, slug="sdr-spin", name="SDR SPIN")
    assert (again.id, again.name) == (first.id, "SDR SPIN")
    assert "sdr-spin" in {agent.slug for agent in await service.catalogue(db.staff())}

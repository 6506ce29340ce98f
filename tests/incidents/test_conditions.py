"""One open incident for each condition, whoever sees it first, and in each company by itself."""

import asyncio

from msgspec.structs import replace

import factories
from alquimista.clock import new_id, now
from alquimista.db.tenancy import tenant_transaction
from alquimista.incidents import service
from alquimista.incidents.models import NewIncident, Severity, Visibility

DOWN = NewIncident(
    severity=Severity.CRITICAL, title="Down", description="It is down.", source="test", dedupe_key="test.down"
)


async def see(db, tenant_id):
    async with tenant_transaction(db, tenant_id) as conn:
        return await service.open_incident(conn, tenant_id, DOWN, now())


async def settle(db, tenant_id):
    async with tenant_transaction(db, tenant_id) as conn:
        return await service.resolve(conn, tenant_id, DOWN.dedupe_key, now())


async def test_many_who_see_a_condition_at_once_open_one_incident(db):
    tenant = await factories.make_tenant(db)
    opened = await asyncio.gather(*(see(db, tenant.id) for _ in range(6)))
    assert sum(opened) == 1
    _, total = await service.page(db.tenant(tenant.id), tenant.id, 10, 0)
    assert total == 1


async def test_a_condition_that_returns_opens_a_new_one_and_the_old_one_stays_resolved(db):
    tenant = await factories.make_tenant(db)
    assert await see(db, tenant.id)
    assert await settle(db, tenant.id)
    assert not await settle(db, tenant.id)
    assert await see(db, tenant.id)
    page, total = await service.page(db.tenant(tenant.id), tenant.id, 10, 0)
    assert total == 2
    assert [one.resolved_at is None for one in page] == [True, False]


async def test_the_same_condition_in_two_companies_is_two_incidents(db):
    one, other = await factories.make_tenant(db), await factories.make_tenant(db)
    assert await see(db, one.id)
    assert await see(db, other.id)
    assert await settle(db, one.id)
    page, _ = await service.page(db.tenant(other.id), other.id, 10, 0)
    assert page[0].resolved_at is None


async def test_what_is_open_about_an_agent_is_found_by_the_agent(db):
    tenant, agent = await factories.make_tenant(db), new_id()
    about = replace(DOWN, dedupe_key="test.agent", details={"agent_id": str(agent)})
    hidden = replace(about, dedupe_key="test.hidden", visibility=Visibility.INTERNAL)
    async with tenant_transaction(db, tenant.id) as conn:
        for one in (DOWN, about, hidden):
            await service.open_incident(conn, tenant.id, one, now())
    found = await service.open_of_agents(db.tenant(tenant.id), tenant.id)
    assert {key: [one.title for one in those] for key, those in found.items()} == {str(agent): ["Down"]}
    async with tenant_transaction(db, tenant.id) as conn:
        await service.resolve(conn, tenant.id, about.dedupe_key, now())
    assert await service.open_of_agents(db.tenant(tenant.id), tenant.id) == {}

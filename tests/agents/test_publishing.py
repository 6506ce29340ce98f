"""An agent that begins or stops to work is published once, with the act that did it."""

from datetime import UTC, datetime

import pytest

import factories
from alquimista.agents import service
from alquimista.clock import now
from alquimista.db.tenancy import tenant_transaction
from support.published import published, types

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
ON, OFF = "agent.activated", "agent.deactivated"


@pytest.fixture
async def tenant(db):
    return (await factories.make_tenant(db)).id


async def of(db, tenant, agent):
    return [one.event_type for one in await published(db, tenant) if one.detail["agent_id"] == str(agent.id)]


async def test_switching_on_and_off_is_published_once_each(db, tenant):
    agent = await factories.make_agent(db)
    for act in (service.activate, service.deactivate):
        for _ in range(2):
            async with tenant_transaction(db, tenant) as conn:
                await act(conn, None, tenant, agent.id, now())
    assert [(one.event_type, one.detail, one.status) for one in await published(db, tenant)] == [
        (ON, {"agent_id": str(agent.id), "agent": agent.slug}, "processed"),
        (OFF, {"agent_id": str(agent.id), "agent": agent.slug}, "processed"),
    ]


async def test_what_is_rolled_back_was_never_published(db, tenant):
    agent = await factories.make_agent(db)
    with pytest.raises(ZeroDivisionError):
        async with tenant_transaction(db, tenant) as conn:
            await service.activate(conn, None, tenant, agent.id, now())
            raise ZeroDivisionError
    assert await published(db, tenant) == []


async def test_a_change_of_many_is_an_event_for_each_that_really_changes(db, tenant):
    kept, gone, fresh, off = [await factories.make_agent(db) for _ in range(4)]

    async def select(*chosen, stopped=False):
        async with tenant_transaction(db, tenant) as conn:
            await service.select(conn, tenant, dict.fromkeys(one.id for one in chosen), now(), stopped=stopped)

    await select(kept, gone, off)
    async with tenant_transaction(db, tenant) as conn:
        await service.deactivate(conn, None, tenant, off.id, now())
    for _ in range(2):
        await select(kept, fresh, off)
    assert [await of(db, tenant, one) for one in (kept, gone, fresh, off)] == [[ON], [ON, OFF], [ON], [ON, OFF]]
    for _ in range(2):
        async with tenant_transaction(db, tenant) as conn:
            await service.suspend_all(conn, tenant, now())
    await select(kept, fresh, stopped=True)
    assert [await of(db, tenant, one) for one in (kept, fresh)] == [[ON, OFF], [ON, OFF]], "stopped agents stay so"
    await select(kept, fresh)
    assert (await types(db, tenant))[-2:] == [ON, ON]

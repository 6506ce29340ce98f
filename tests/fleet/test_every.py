"""How all the agents of a company stand, in one read: the same as each agent by itself."""

from datetime import timedelta

import factories
from alquimista.clock import new_id, now
from alquimista.fleet import service
from alquimista.fleet.models.states import AgentState, Beat


async def test_each_agent_stands_as_it_does_by_itself(db):
    tenant = await factories.make_tenant(db)
    stranger = await factories.make_tenant(db)
    agents = [await factories.make_agent(db, name=f"Agente {n}") for n in range(4)]
    for agent in agents:
        await factories.activate_agent(db, tenant.id, agent.id)
    await factories.activate_agent(db, stranger.id, agents[3].id)
    moment = now()
    for agent, ages in zip(agents, ((5, 400), (60,), (400,), ()), strict=True):
        for number, age in enumerate(ages):
            beat = Beat(instance_id=f"web-{number}", boot_id=new_id(), version="1.0", sdk="", host="")
            await service.beat(db, tenant.id, agent.slug, beat, moment - timedelta(seconds=age))
    stranger_beat = Beat(instance_id="web-0", boot_id=new_id(), version="1.0", sdk="", host="")
    await service.beat(db, stranger.id, agents[3].slug, stranger_beat, moment)
    conn = db.tenant(tenant.id)
    stands = {one.agent_id: one for one in await service.every(conn, tenant.id, moment)}
    assert [stands[agent.id].state for agent in agents] == [
        AgentState.ONLINE,
        AgentState.LATE,
        AgentState.OFFLINE,
        None,
    ]
    assert stands[agents[0].id].seen_at == moment - timedelta(seconds=5)
    for agent in agents:
        assert stands[agent.id].state == (await service.read(conn, tenant.id, agent.id, moment)).state

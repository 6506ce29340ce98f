"""A running agent of the first demo company, with a past: started, restarted for a new version, and paused since.

It is paused because nobody runs it while the demo stands: an agent that works and is silent would be missed.
"""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid5

from alquimista.access import Actor, ActorKind
from alquimista.agents import service as agents
from alquimista.db.pool import Database
from alquimista.db.tenancy import tenant_transaction
from alquimista.demo.story import TENANTS
from alquimista.fleet import service as fleet
from alquimista.fleet.models.controls import Control
from alquimista.fleet.models.states import Beat

_SLUG: Final = "pesquisa-de-satisfacao"
_SOON: Final = timedelta(seconds=4)
_TEAM: Final = Actor(kind=ActorKind.SYSTEM, permissions=frozenset())


async def run(db: Database, now: datetime) -> None:
    """Give the agent its past, once."""
    tenant_id = TENANTS[0].id
    agent = next(one for one in await agents.list_agents(db.tenant(tenant_id), tenant_id) if one.slug == _SLUG)
    if (await fleet.read(db.tenant(tenant_id), tenant_id, agent.agent_id, now)).boots:
        return
    released, paused = now - timedelta(days=6, hours=3), now - timedelta(hours=2)
    await _beat(db, tenant_id, "1.3.0", now - timedelta(days=20))
    await _beat(db, tenant_id, "1.3.0", released)
    async with tenant_transaction(db, tenant_id) as conn:
        await fleet.restart(conn, _TEAM, tenant_id, agent.agent_id, "Nova versão do questionário", released)
    await _answer(db, tenant_id, agent.agent_id, released + _SOON)
    await _beat(db, tenant_id, "1.4.0", released + 3 * _SOON)
    await _beat(db, tenant_id, "1.4.0", paused)
    async with tenant_transaction(db, tenant_id) as conn:
        await fleet.pause(conn, _TEAM, tenant_id, agent.agent_id, "Pesquisa do trimestre encerrada", paused)
    await _answer(db, tenant_id, agent.agent_id, paused + _SOON)


async def _beat(db: Database, tenant_id: UUID, version: str, moment: datetime) -> None:
    """A sign of life; each version is a start of its own."""
    told = Beat("recepcao-1", uuid5(tenant_id, version), version, "python 0.1.0", "recepcao-1")
    await fleet.beat(db, tenant_id, _SLUG, told, moment)


async def _answer(db: Database, tenant_id: UUID, agent_id: UUID, moment: datetime) -> None:
    """Do what the process was told."""
    running = await fleet.read(db.tenant(tenant_id), tenant_id, agent_id, moment)
    told: list[Control] = [*running.restarts, *running.wishes]
    for one in told:
        if one.acknowledged_at is None:
            async with tenant_transaction(db, tenant_id) as conn:
                await fleet.acknowledge(conn, tenant_id, _SLUG, one.id, "done", "", moment)

"""What people see of a running agent."""

from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from alquimista.agents.models.agents import UnknownAgent
from alquimista.db.statement import Conn
from alquimista.fleet.models.controls import Control
from alquimista.fleet.models.states import AgentState, Boot, Instance, state_of
from alquimista.fleet.queries import beats, controls
from alquimista.fleet.queries.controls import Standing

_SHOWN: Final = 100


class Running(msgspec.Struct, frozen=True):
    """A running agent: its state, its processes, and the history of their starts."""

    agent: Standing
    state: AgentState | None
    instances: list[Instance]
    boots: list[Boot]
    restarts: list[Control]


async def read(conn: Conn, tenant_id: UUID, agent_id: UUID, now: datetime) -> Running:
    """One agent of the tenant, with at most a hundred of each. Takes the tenant's connection or a staff one.

    Raises:
        UnknownAgent: the tenant has no such agent.
    """
    agent = await controls.by_id(conn, tenant_id, agent_id)
    if agent is None:
        raise UnknownAgent
    instances = await beats.instances(conn, tenant_id, agent_id, _SHOWN)
    state = state_of(agent.status, agent.paused_at, (one.seen_at for one in instances), now)
    boots = await beats.boots(conn, tenant_id, agent_id, _SHOWN)
    return Running(agent, state, instances, boots, await controls.restarts(conn, tenant_id, agent_id, _SHOWN))

"""What people see of running agents."""

from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from alquimista.agents.models.agents import UnknownAgent
from alquimista.db.statement import Conn
from alquimista.fleet.models.controls import Asked
from alquimista.fleet.models.states import AgentState, Boot, Instance, RunningAgent, state_of
from alquimista.fleet.queries import reading as queries
from alquimista.fleet.queries.controls import Standing

_SHOWN: Final = 100


class Running(msgspec.Struct, frozen=True):
    """A running agent: its state, its processes, the history of their starts, and what else they were told."""

    agent: Standing
    state: AgentState | None
    instances: list[Instance]
    boots: list[Boot]
    restarts: list[Asked]
    wishes: list[Asked]


async def every(conn: Conn, tenant_id: UUID, now: datetime) -> list[RunningAgent]:
    """How each agent stands that the tenant has or had, by name. Takes the tenant's connection or a staff one."""
    return [
        RunningAgent(
            agent_id=one.agent_id,
            slug=one.slug,
            name=one.name,
            status=one.status,
            state=state_of(one.status, one.paused_at, (one.seen_at,) if one.seen_at else (), now),
            seen_at=one.seen_at,
        )
        for one in await queries.every(conn, tenant_id)
    ]


async def read(conn: Conn, tenant_id: UUID, agent_id: UUID, now: datetime) -> Running:
    """One agent of the tenant, with at most a hundred of each. Takes the tenant's connection or a staff one.

    Raises:
        UnknownAgent: the tenant has no such agent.
    """
    found = await queries.story(conn, tenant_id, agent_id, _SHOWN)
    if found is None:
        raise UnknownAgent
    agent = found.agent
    return Running(
        agent=agent,
        state=state_of(agent.status, agent.paused_at, (one.seen_at for one in found.instances), now),
        instances=list(found.instances),
        boots=list(found.boots),
        restarts=list(found.restarts),
        wishes=list(found.wishes),
    )

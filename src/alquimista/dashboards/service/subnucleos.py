"""What a tenant's SubNúcleos do: their agents' states, open incidents and sums of a period."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import msgspec

from alquimista.billing.models.catalogue import HeldSubNucleo
from alquimista.billing.service import catalogue
from alquimista.dashboards.models.client import AgentFigures
from alquimista.dashboards.models.figures import Period
from alquimista.dashboards.models.subnucleos import Fibonacci, OtherSubNucleo, OwnSubNucleo, SubNucleoAgent
from alquimista.dashboards.service.client import tenant_usage
from alquimista.db.statement import Conn
from alquimista.fleet import service as fleet
from alquimista.fleet.models.states import RunningAgent
from alquimista.incidents import service as incidents


async def fibonacci(conn: Conn, tenant_id: UUID, period: Period, now: datetime) -> Fibonacci:
    """Every SubNúcleo, the tenant's own with what they did in the period that ends today.

    Raises:
        UnknownTenant: no such tenant.
    """
    usage = await tenant_usage(conn, tenant_id, period, None, now)
    figures = {} if usage.by_agent is msgspec.UNSET else {one.agent_id: one for one in usage.by_agent}
    running = {one.agent_id: one for one in await fleet.every(conn, tenant_id, now)}
    told = {agent: len(those) for agent, those in (await incidents.open_of_agents(conn, tenant_id)).items()}
    every = await catalogue.held_subnucleos(conn, tenant_id)
    return Fibonacci(
        period=period,
        own=tuple(_own(one, one.held_since, running, figures, told) for one in every if one.held_since is not None),
        others=tuple(_other(one) for one in every if one.held_since is None),
    )


def _own(
    one: HeldSubNucleo,
    since: datetime,
    running: Mapping[UUID, RunningAgent],
    figures: Mapping[UUID, AgentFigures],
    told: Mapping[str, int],
) -> OwnSubNucleo:
    agents = []
    for member in one.members:
        if (agent := running.get(member.agent_id)) is None:
            continue
        sums = figures.get(member.agent_id)
        agents.append(
            SubNucleoAgent(
                agent_id=agent.agent_id,
                name=agent.name,
                required=member.required,
                status=agent.status,
                state=agent.state,
                requests=sums.total_requests if sums else 0,
                successes=sums.successful_requests if sums else 0,
                incidents=told.get(str(agent.agent_id), 0),
            )
        )
    return OwnSubNucleo(
        id=one.id,
        name=one.name,
        display_name=one.display_name,
        description=one.description,
        held_since=since,
        agents=tuple(agents),
        missing=tuple(each.name for each in one.members if each.offered and each.agent_id not in running),
    )


def _other(one: HeldSubNucleo) -> OtherSubNucleo:
    offered = tuple((each.name, each.required) for each in one.members if each.offered)
    return OtherSubNucleo(one.id, one.name, one.display_name, one.description, offered)

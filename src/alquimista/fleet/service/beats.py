"""Signs of life."""

from datetime import datetime
from uuid import UUID

from alquimista.agents.models.agents import AgentStatus, UnknownAgent
from alquimista.cache import store
from alquimista.db.pool import Database
from alquimista.db.tenancy import tenant_transaction
from alquimista.fleet.models.states import MOST_INSTANCES, RUNNING, TOPIC, AgentRefused, Beat, TooManyInstances
from alquimista.fleet.queries import beats as queries
from alquimista.fleet.queries.beats import Heard
from alquimista.fleet.service.watching import recover


async def beat(db: Database, tenant_id: UUID, slug: str, told: Beat, now: datetime) -> Heard:
    """Take a process's sign of life, in one round trip; the first one after an outage also ends its incident.

    Raises:
        UnknownAgent: the tenant has no such agent, or has given it up.
        AgentRefused: the agent is suspended. Nothing was written.
        TooManyInstances: the agent has too many other processes.
    """
    heard = await queries.beat(db.tenant(tenant_id), tenant_id, slug, told, now)
    require_running(heard.status if heard else None)
    assert heard is not None
    if not heard.taken:
        raise TooManyInstances(limit=MOST_INSTANCES)
    if heard.offline_at is not None:
        async with tenant_transaction(db, tenant_id) as conn:
            await recover(conn, tenant_id, heard.agent_id, now)
    if heard.news:
        await store.invalidate(db.tenant(tenant_id), tenant_id, "agents", TOPIC)  # Open pages see that it is there.
    return heard


def require_running(status: AgentStatus | None) -> None:
    """Whether a process of an agent in this state may speak here.

    Raises:
        UnknownAgent: there is none, or it was given up.
        AgentRefused: it is suspended.
    """
    if status is AgentStatus.SUSPENDED:
        raise AgentRefused
    if status not in RUNNING:
        raise UnknownAgent

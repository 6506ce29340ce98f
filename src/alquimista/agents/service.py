"""Use cases of agents."""

from datetime import datetime
from uuid import UUID

from alquimista.access import Actor
from alquimista.agents import queries
from alquimista.agents.models import (
    Agent,
    AgentLimitReached,
    AgentStatus,
    AgentSuspended,
    TenantAgent,
    UnknownAgent,
    clean_slug,
)
from alquimista.audit import service as audit
from alquimista.cache import store
from alquimista.db.statement import Conn
from alquimista.tenants.models import UnknownTenant, clean_name


async def publish(conn: Conn, agent: Agent, now: datetime) -> Agent:
    """Write one entry of the catalogue by its slug. Takes the owner's connection: the catalogue is global."""
    clean_slug(agent.slug)
    clean_name(agent.name, "name")
    return await queries.upsert_agent(conn, agent, now)


async def catalogue(conn: Conn) -> list[Agent]:
    """Every agent of the catalogue, by slug."""
    return await queries.catalogue(conn)


async def list_agents(conn: Conn, tenant_id: UUID) -> list[TenantAgent]:
    """Every agent that the tenant has or had, by name."""
    return await queries.list_agents(conn, tenant_id)


async def activate(conn: Conn, actor: Actor | None, tenant_id: UUID, agent_id: UUID, now: datetime) -> None:
    """Activate an agent of the catalogue for the tenant; doing it twice changes nothing.

    Raises:
        UnknownTenant, UnknownAgent: no such tenant, or no such active agent in the catalogue.
        AgentSuspended: only the subscription revives a suspended agent.
        AgentLimitReached: the plan has no room for one more.
    """
    seats = await queries.lock_seats(conn, tenant_id)
    if seats is None:
        raise UnknownTenant
    found = await queries.before_activation(conn, tenant_id, agent_id)
    if not found.known:
        raise UnknownAgent
    if found.status == AgentStatus.SUSPENDED:
        raise AgentSuspended
    if found.active_others >= seats:
        raise AgentLimitReached(limit=seats)
    if await queries.activate(conn, tenant_id, agent_id, now):
        await _changed(conn, actor, tenant_id, agent_id, "agent.activated")


async def deactivate(conn: Conn, actor: Actor | None, tenant_id: UUID, agent_id: UUID, now: datetime) -> None:
    """Deactivate an agent; doing it twice changes nothing."""
    if await queries.deactivate(conn, tenant_id, agent_id, now):
        await _changed(conn, actor, tenant_id, agent_id, "agent.deactivated")


async def _changed(conn: Conn, actor: Actor | None, tenant_id: UUID, agent_id: UUID, action: str) -> None:
    await audit.record(
        conn,
        actor,
        action,
        category="agent",
        resource_type="agent",
        resource_id=str(agent_id),
        tenant_id=tenant_id,
    )
    await store.invalidate(conn, tenant_id, "agents")

"""Use cases of agents."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from alquimista.access import PLATFORM_TENANT, Actor
from alquimista.agents import queries
from alquimista.agents.models.agents import (
    Agent,
    AgentLimitReached,
    AgentRules,
    AgentStatus,
    AgentSuspended,
    Loaded,
    Source,
    TenantAgent,
    UnknownAgent,
    VersionTaken,
    entry,
)
from alquimista.agents.models.definitions import Definition, Sheet
from alquimista.audit import service as audit
from alquimista.cache import store
from alquimista.clock import new_id
from alquimista.db.statement import Conn
from alquimista.tenants.models import UnknownTenant


async def catalogue(conn: Conn) -> list[Agent]:
    """Every agent of the catalogue with its rules, in the catalogue's order."""
    return await queries.catalogue(conn)


async def take_turn(conn: Conn) -> None:
    """Wait until no other transaction changes the catalogue, and keep others waiting until this one ends."""
    await queries.take_turn(conn)


async def load(conn: Conn, sheets: Sequence[Sheet], now: datetime, *, replace: bool = False) -> Loaded:
    """Bring the catalogue to what its files say; what agrees already is not touched, and nothing is taken away.

    What staff have written stays, unless `replace`. Takes a transaction of the platform tenant.

    Raises:
        VersionTaken: a file has other rules than the stored version of its number.
    """
    await queries.take_turn(conn)
    stored = {agent.slug: agent for agent in await queries.catalogue(conn)}
    written, kept = [], []
    for sheet in sheets:
        before = stored.get(sheet.slug)
        agent = entry(sheet, before.id if before else new_id(), Source.FILE)
        if before == agent:
            continue
        if before is not None and before.source is Source.STAFF and not replace:
            kept.append(sheet.slug)
            continue
        await _put(conn, agent, sheet.definition, None, now)
        written.append(sheet.slug)
    if written:
        await _changed_catalogue(conn, None, written)
    return Loaded(tuple(written), tuple(kept))


async def revise(conn: Conn, actor: Actor, sheet: Sheet, now: datetime) -> Agent:
    """Write an agent of the catalogue as staff want it. Takes a transaction of the platform tenant.

    Raises:
        VersionTaken: the version has other rules already.
    """
    await queries.take_turn(conn)
    stored = {agent.slug: agent.id for agent in await queries.catalogue(conn)}
    agent = entry(sheet, stored.get(sheet.slug) or new_id(), Source.STAFF)
    await _put(conn, agent, sheet.definition, actor.user_id, now)
    await _changed_catalogue(conn, actor, [sheet.slug])
    return agent


async def rules(conn: Conn, tenant_id: UUID, slug: str, version: str | None) -> AgentRules:
    """What an agent that the tenant has active must keep to; a version of it, or the one in force.

    Raises:
        UnknownAgent: the tenant has no such active agent, or there is no such version.
    """
    found = await queries.rules_of_tenant(conn, tenant_id, slug, version)
    if found is None:
        raise UnknownAgent
    return found


async def _put(conn: Conn, agent: Agent, definition: Definition, author: UUID | None, now: datetime) -> None:
    agent_id = await queries.put_agent(conn, agent, now)
    if await queries.put_version(conn, agent_id, agent.version, definition, author, now) != definition:
        raise VersionTaken(slug=agent.slug, version=agent.version)


async def _changed_catalogue(conn: Conn, actor: Actor | None, slugs: Sequence[str]) -> None:
    await audit.record(
        conn,
        actor,
        "catalogue.agents_changed",
        category="agent",
        resource_type="catalogue",
        details={"agents": list(slugs)},
        tenant_id=PLATFORM_TENANT,
    )
    await store.invalidate(conn, PLATFORM_TENANT, "catalogue")


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


async def select(conn: Conn, tenant_id: UUID, chosen: Mapping[UUID, UUID | None], now: datetime) -> None:
    """Make these the tenant's active agents, and no others; the caller sees to the plan's room and audits why.

    `chosen` gives for each agent the SubNúcleo that brings it, None when it was chosen alone. Agents that staff have
    suspended come back with it.
    """
    await queries.select(conn, tenant_id, chosen, now)
    await store.invalidate(conn, tenant_id, "agents")


async def suspend_all(conn: Conn, tenant_id: UUID, now: datetime) -> None:
    """Pause every active agent of the tenant, with its subscription; `select` brings them back."""
    await queries.suspend_all(conn, tenant_id, now)
    await store.invalidate(conn, tenant_id, "agents")


async def begin_trial(conn: Conn, actor: Actor | None, tenant_id: UUID, agent_id: UUID, now: datetime) -> None:
    """Have an agent of the catalogue metered for the tenant as long as somebody tries it, without taking a seat.

    An agent that is active stays so; doing it twice changes nothing. Until the transaction ends, nobody ends a trial of
    this agent.

    Raises:
        AgentSuspended: only the subscription revives a suspended agent.
    """
    await queries.keep_seats(conn, tenant_id)
    if await queries.begin_trial(conn, tenant_id, agent_id, now):
        await _changed(conn, actor, tenant_id, agent_id, "agent.trial_started")
    elif await queries.state(conn, tenant_id, agent_id) is AgentStatus.SUSPENDED:
        raise AgentSuspended


async def lock_on_trial(conn: Conn, tenant_id: UUID) -> list[UUID]:
    """The tenant's agents on trial. Nobody begins to try one of them until the transaction ends."""
    await queries.keep_seats(conn, tenant_id)
    return await queries.lock_on_trial(conn, tenant_id)


async def end_trial(conn: Conn, tenant_id: UUID, agent_id: UUID, now: datetime) -> None:
    """Give up an agent that nobody tries any more; an active one, or one given up already, stays as it is."""
    if await queries.end_trial(conn, tenant_id, agent_id, now):
        await _changed(conn, None, tenant_id, agent_id, "agent.trial_ended")


async def tenants_on_trial(conn: Conn) -> list[UUID]:
    """The tenants that have an agent on trial; takes a connection of the internal role."""
    return await queries.tenants_on_trial(conn)


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

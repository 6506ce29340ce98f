"""Use cases of agents."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from alquimista.access import PLATFORM_TENANT, Actor
from alquimista.agents.models.agents import (
    Agent,
    AgentLimitReached,
    AgentOnTrial,
    AgentRules,
    AgentSheet,
    AgentStatus,
    AgentSuspended,
    Configuration,
    Loaded,
    Source,
    TenantAgent,
    UnknownAgent,
    VersionTaken,
    entry,
)
from alquimista.agents.models.definitions import Definition, Sheet
from alquimista.agents.models.settings import ConfigurationChanged, Value, check, in_force
from alquimista.agents.queries import catalogue as catalogue_queries
from alquimista.agents.queries import settings as settings_queries
from alquimista.agents.queries import tenants as tenant_queries
from alquimista.audit import service as audit
from alquimista.cache import store
from alquimista.clock import new_id
from alquimista.db.statement import Conn
from alquimista.events import EventType
from alquimista.orchestrator import service as orchestrator
from alquimista.tenants.models import UnknownTenant


async def catalogue(conn: Conn) -> list[Agent]:
    """Every agent of the catalogue with its rules, in the catalogue's order."""
    return await catalogue_queries.catalogue(conn)


async def take_turn(conn: Conn) -> None:
    """Wait until no other transaction changes the catalogue, and keep others waiting until this one ends."""
    await catalogue_queries.take_turn(conn)


async def load(conn: Conn, sheets: Sequence[Sheet], now: datetime, *, replace: bool = False) -> Loaded:
    """Bring the catalogue to what its files say; what agrees already is not touched, and nothing is taken away.

    What staff have written stays, unless `replace`. Takes a transaction of the platform tenant.

    Raises:
        VersionTaken: a file has other rules than the stored version of its number.
    """
    await catalogue_queries.take_turn(conn)
    stored = {agent.slug: agent for agent in await catalogue_queries.catalogue(conn)}
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
    await catalogue_queries.take_turn(conn)
    stored = {agent.slug: agent.id for agent in await catalogue_queries.catalogue(conn)}
    agent = entry(sheet, stored.get(sheet.slug) or new_id(), Source.STAFF)
    await _put(conn, agent, sheet.definition, actor.user_id, now)
    await _changed_catalogue(conn, actor, [sheet.slug])
    return agent


async def rules(conn: Conn, tenant_id: UUID, slug: str, version: str | None) -> AgentRules:
    """What an agent that the tenant has active must keep to; a version of it, or the one in force.

    Raises:
        UnknownAgent: the tenant has no such active agent, or there is no such version.
    """
    found = await tenant_queries.rules_of_tenant(conn, tenant_id, slug, version)
    if found is None:
        raise UnknownAgent
    return found


async def _put(conn: Conn, agent: Agent, definition: Definition, author: UUID | None, now: datetime) -> None:
    agent_id = await catalogue_queries.put_agent(conn, agent, now)
    if await catalogue_queries.put_version(conn, agent_id, agent.version, definition, author, now) != definition:
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
    return await tenant_queries.list_agents(conn, tenant_id)


async def get(conn: Conn, tenant_id: UUID, agent_id: UUID) -> TenantAgent:
    """One of them. Raises UnknownAgent when the tenant never had it."""
    found = next((one for one in await list_agents(conn, tenant_id) if one.agent_id == agent_id), None)
    if found is None:
        raise UnknownAgent
    return found


async def lock_seats(conn: Conn, tenant_id: UUID) -> None:
    """Keep others from changing which agents the tenant has until the transaction ends, of which this is the first act.

    Raises:
        UnknownTenant: no such tenant.
    """
    if await tenant_queries.lock_seats(conn, tenant_id) is None:
        raise UnknownTenant


async def activate(conn: Conn, actor: Actor | None, tenant_id: UUID, agent_id: UUID, now: datetime) -> None:
    """Activate an agent of the catalogue for the tenant; doing it twice changes nothing.

    Raises:
        UnknownTenant, UnknownAgent: no such tenant, or no such active agent in the catalogue.
        AgentSuspended: only the subscription revives a suspended agent.
        AgentLimitReached: the plan has no room for one more.
    """
    seats = await tenant_queries.lock_seats(conn, tenant_id)
    if seats is None:
        raise UnknownTenant
    found = await tenant_queries.before_activation(conn, tenant_id, agent_id)
    if not found.known:
        raise UnknownAgent
    if found.status == AgentStatus.SUSPENDED:
        raise AgentSuspended
    if found.active_others >= seats:
        raise AgentLimitReached(limit=seats)
    if await tenant_queries.activate(conn, tenant_id, agent_id, now):
        await _changed(conn, actor, tenant_id, agent_id, "agent.activated")
        slug = await tenant_queries.slug(conn, agent_id)
        await _publish(conn, tenant_id, EventType.AGENT_ACTIVATED, agent_id, slug)


async def deactivate(conn: Conn, actor: Actor | None, tenant_id: UUID, agent_id: UUID, now: datetime) -> None:
    """Switch an agent off until it is activated again, whatever its subscription does; twice changes nothing.

    Raises:
        UnknownAgent: the tenant never had it.
        AgentSuspended, AgentOnTrial: the subscription, or the trial, has the say.
    """
    if await tenant_queries.deactivate(conn, tenant_id, agent_id, now):
        await _changed(conn, actor, tenant_id, agent_id, "agent.deactivated")
        slug = await tenant_queries.slug(conn, agent_id)
        await _publish(conn, tenant_id, EventType.AGENT_DEACTIVATED, agent_id, slug)
        return
    match await tenant_queries.state(conn, tenant_id, agent_id):
        case None:
            raise UnknownAgent
        case AgentStatus.SUSPENDED:
            raise AgentSuspended
        case AgentStatus.TRIAL:
            raise AgentOnTrial


async def select(
    conn: Conn, tenant_id: UUID, chosen: Mapping[UUID, UUID | None], now: datetime, *, stopped: bool = False
) -> None:
    """Make these the tenant's active agents, and no others; the caller sees to the plan's room and audits why.

    With `stopped` they are suspended at once: no more use is wanted this month, whatever else changed. One that the
    tenant has switched off stays off as long as it is chosen; suspended ones come back. `chosen` gives for each agent
    the SubNúcleo that brings it, None when it was chosen alone.
    """
    before = await tenant_queries.hold(conn, tenant_id)
    await tenant_queries.select(conn, tenant_id, chosen, now)
    if stopped:
        await tenant_queries.suspend_all(conn, tenant_id, now)
    await _publish_changes(conn, tenant_id, before)
    await store.invalidate(conn, tenant_id, "agents")


async def suspend_all(conn: Conn, tenant_id: UUID, now: datetime) -> None:
    """Pause every active agent of the tenant, with its subscription; `select` brings them back."""
    before = await tenant_queries.hold(conn, tenant_id)
    await tenant_queries.suspend_all(conn, tenant_id, now)
    await _publish_changes(conn, tenant_id, before)
    await store.invalidate(conn, tenant_id, "agents")


async def begin_trial(conn: Conn, actor: Actor | None, tenant_id: UUID, agent_id: UUID, now: datetime) -> None:
    """Have an agent of the catalogue metered for the tenant as long as somebody tries it, without taking a seat.

    An agent that is active stays so; doing it twice changes nothing. Until the transaction ends, nobody ends a trial of
    this agent.

    Raises:
        AgentSuspended: only the subscription revives a suspended agent.
    """
    await tenant_queries.keep_seats(conn, tenant_id)
    if await tenant_queries.begin_trial(conn, tenant_id, agent_id, now):
        await _changed(conn, actor, tenant_id, agent_id, "agent.trial_started")
    elif await tenant_queries.state(conn, tenant_id, agent_id) is AgentStatus.SUSPENDED:
        raise AgentSuspended


async def lock_on_trial(conn: Conn, tenant_id: UUID) -> list[UUID]:
    """The tenant's agents on trial. Nobody begins to try one of them until the transaction ends."""
    await tenant_queries.keep_seats(conn, tenant_id)
    return await tenant_queries.lock_on_trial(conn, tenant_id)


async def end_trial(conn: Conn, tenant_id: UUID, agent_id: UUID, now: datetime) -> None:
    """Give up an agent that nobody tries any more; an active one, or one given up already, stays as it is."""
    if await tenant_queries.end_trial(conn, tenant_id, agent_id, now):
        await _changed(conn, None, tenant_id, agent_id, "agent.trial_ended")


async def tenants_on_trial(conn: Conn) -> list[UUID]:
    """The tenants that have an agent on trial; takes a connection of the internal role."""
    return await tenant_queries.tenants_on_trial(conn)


async def configuration(conn: Conn, tenant_id: UUID, agent_id: UUID) -> Configuration:
    """What the tenant has set of an agent that it has or had, and what may be set.

    Raises:
        UnknownAgent: the tenant never had it.
    """
    found = await settings_queries.get(conn, tenant_id, agent_id)
    if found is None:
        raise UnknownAgent
    return _configuration(found)


async def sheet(conn: Conn, tenant_id: UUID, agent_id: UUID) -> AgentSheet:
    """An agent that the tenant has or had, as a page about it needs it: in one round trip.

    Raises:
        UnknownAgent: the tenant never had it.
    """
    found = await settings_queries.sheet(conn, tenant_id, agent_id)
    if found is None:
        raise UnknownAgent
    return AgentSheet(
        agent=TenantAgent(
            found.agent_id,
            found.slug,
            found.name,
            found.segment,
            found.status,
            found.activated_at,
            found.deactivated_at,
        ),
        description=found.description,
        configuration=_configuration(found),
        company=found.company,
        time_zone=found.time_zone,
    )


async def configure(
    conn: Conn, actor: Actor, tenant_id: UUID, agent_id: UUID, config: dict[str, Value], seen: int, now: datetime
) -> Configuration:
    """Set everything of an agent that is not to be as its defaults; `seen` is the version that the writer has read.

    Raises:
        UnknownAgent: the tenant never had it.
        Invalid: each value that the agent's rules do not take.
        AgentSuspended: only the subscription brings it back.
        ConfigurationChanged: somebody else has written meanwhile.
    """
    before = await configuration(conn, tenant_id, agent_id)
    check(before.settings, config)
    if before.status is AgentStatus.SUSPENDED:
        raise AgentSuspended
    if before.version != seen:
        raise ConfigurationChanged
    if config == before.config:
        return before
    version = await settings_queries.put(conn, tenant_id, agent_id, config, seen, now)
    if version is None:
        raise ConfigurationChanged
    names = [one for one in {**before.config, **config} if before.config.get(one) != config.get(one)]
    details = {
        "version": version,
        "before": {one: before.config.get(one) for one in names},
        "after": {one: config.get(one) for one in names},
    }
    await _changed(conn, actor, tenant_id, agent_id, "agent.configured", details)
    data = {"agent_id": agent_id, "agent": before.slug, "by": actor.user_id}
    await orchestrator.publish(conn, tenant_id, EventType.AGENT_CONFIGURED, data)
    return await configuration(conn, tenant_id, agent_id)


def _configuration(found: settings_queries.Configured | settings_queries.SheetRow) -> Configuration:
    settings = found.definition.configuration if found.definition else ()
    return Configuration(
        agent_id=found.agent_id,
        slug=found.slug,
        name=found.name,
        status=found.status,
        version=found.config_version,
        config=found.config,
        in_force=in_force(settings, found.config),
        settings=settings,
    )


async def _publish_changes(conn: Conn, tenant_id: UUID, before: Mapping[UUID, str]) -> None:
    """Publish what a change of several agents came to: an event for each that works now and did not, or no more."""
    after = await tenant_queries.hold(conn, tenant_id)
    for agent_id in before.keys() - after.keys():
        await _publish(conn, tenant_id, EventType.AGENT_DEACTIVATED, agent_id, before[agent_id])
    for agent_id in after.keys() - before.keys():
        await _publish(conn, tenant_id, EventType.AGENT_ACTIVATED, agent_id, after[agent_id])


async def _publish(conn: Conn, tenant_id: UUID, what: EventType, agent_id: UUID, slug: str) -> None:
    await orchestrator.publish(conn, tenant_id, what, {"agent_id": agent_id, "agent": slug})


async def _changed(
    conn: Conn,
    actor: Actor | None,
    tenant_id: UUID,
    agent_id: UUID,
    action: str,
    details: Mapping[str, object] | None = None,
) -> None:
    await audit.record(
        conn,
        actor,
        action,
        category="agent",
        resource_type="agent",
        resource_id=str(agent_id),
        details=details,
        tenant_id=tenant_id,
    )
    await store.invalidate(conn, tenant_id, "agents")

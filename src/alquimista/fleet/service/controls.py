"""Telling agents' processes what to do, and what became of it."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from alquimista import clock
from alquimista.access import Actor
from alquimista.agents.models.agents import AgentStatus, AgentSuspended, UnknownAgent
from alquimista.audit import service as audit
from alquimista.cache import store
from alquimista.db.statement import Conn
from alquimista.events import EventType
from alquimista.fleet.models.controls import (
    ACKNOWLEDGED_WITHIN,
    AgentNotConnected,
    ControlAnswered,
    ControlExpired,
    ControlKind,
    Outcome,
    Restart,
    RestartPending,
    RestartProgress,
    RestartState,
    UnknownControl,
    UnknownRestart,
    progress_of,
    state_of_restart,
)
from alquimista.fleet.models.states import LISTENS_FOR, OFFLINE_AFTER, RUNNING, TOPIC
from alquimista.fleet.queries import controls as queries
from alquimista.fleet.queries.controls import Standing
from alquimista.fleet.service.beats import require_running
from alquimista.http.streams import wake
from alquimista.orchestrator import service as orchestrator

_WISHES: Final = (ControlKind.PAUSE, ControlKind.RESUME)
_LAST_RESTARTS: Final = 100


async def restart(
    conn: Conn,
    actor: Actor | None,
    tenant_id: UUID,
    agent_id: UUID,
    reason: str,
    now: datetime,
    *,
    restart_id: UUID | None = None,
    within: timedelta = ACKNOWLEDGED_WITHIN,
    silent: bool = False,
) -> Restart:
    """Ask every connected process of an agent to restart; ask `restarted` what became of it. Takes a transaction.

    The same `restart_id` asks once, however often this is called. With `silent` it is an agent that is missed, and its
    processes that were heard of lately are asked, since one that hangs may listen still; nobody is asked when it is
    not missed any more or was paused meanwhile.

    Raises:
        UnknownAgent: the tenant has no such agent.
        AgentSuspended: only the subscription revives a suspended agent.
        AgentNotConnected: no process of it was heard of in the last 90 seconds; if `silent`, lately.
        RestartPending: another restart of it is not over yet.
    """
    agent = await _lock(conn, tenant_id, agent_id, now)
    asked = await queries.of_request(conn, tenant_id, restart_id) if restart_id else []
    if asked:
        return Restart(asked[0].request_id, tuple(one.instance_id for one in asked), asked[0].expires_at)
    await _require_none_pending(conn, tenant_id, agent_id, now)
    request_id = restart_id or clock.new_id()
    if silent and (agent.offline_at is None or agent.paused_at is not None):
        return Restart(request_id, (), now + within)
    heard = now - (LISTENS_FOR if silent else OFFLINE_AFTER)
    told = await _tell(conn, actor, tenant_id, agent, request_id, ControlKind.RESTART, reason, now, within, heard)
    if not told:
        raise AgentNotConnected
    await _audit(conn, actor, tenant_id, agent, "agent.restart_requested", reason)
    return Restart(request_id, tuple(told), now + within)


async def restartable(conn: Conn, tenant_id: UUID, agent_id: UUID, now: datetime) -> tuple[str, list[str]]:
    """The agent's name and the processes that `restart` would ask now. It changes nothing.

    Raises:
        UnknownAgent, AgentSuspended, AgentNotConnected, RestartPending: as `restart`.
    """
    agent = _startable(await queries.by_id(conn, tenant_id, agent_id))
    await _require_none_pending(conn, tenant_id, agent_id, now)
    heard = await queries.connected(conn, tenant_id, agent_id, now - OFFLINE_AFTER)
    if not heard:
        raise AgentNotConnected
    return agent.name, heard


async def restarted(conn: Conn, tenant_id: UUID, restart_id: UUID) -> RestartState:
    """How far a restart is, by this process's clock.

    Raises:
        UnknownRestart: the tenant has none with this id.
    """
    asked = await queries.of_request(conn, tenant_id, restart_id)
    if not asked or asked[0].kind is not ControlKind.RESTART:
        raise UnknownRestart
    return state_of_restart(asked, clock.now())


async def withdraw(conn: Conn, tenant_id: UUID, restart_id: UUID) -> list[str]:
    """Take a restart back from the processes that have not agreed to it; those that had, which start anew all the same.

    A process that was told and comes to agree afterwards is answered that there is no such message, and stays.
    Takes a transaction.
    """
    await queries.withdraw(conn, tenant_id, restart_id)
    await store.invalidate(conn, tenant_id, "agents", TOPIC)
    return [one.instance_id for one in await queries.of_request(conn, tenant_id, restart_id) if one.outcome == "done"]


async def pause(conn: Conn, actor: Actor, tenant_id: UUID, agent_id: UUID, reason: str, now: datetime) -> None:
    """Wish an agent to pause until it is resumed; doing it twice changes nothing. Takes a transaction.

    Raises:
        UnknownAgent, AgentSuspended: as `restart`.
    """
    agent = await _lock(conn, tenant_id, agent_id, now)
    if await queries.pause(conn, tenant_id, agent_id, actor.user_id, reason, now):
        await _wish(conn, actor, tenant_id, agent, ControlKind.PAUSE, reason, now)
        await _audit(conn, actor, tenant_id, agent, "agent.paused", reason)
        await _publish(conn, actor, tenant_id, EventType.AGENT_PAUSED, agent)


async def resume(conn: Conn, actor: Actor, tenant_id: UUID, agent_id: UUID, reason: str, now: datetime) -> None:
    """Take back the wish that an agent pause; doing it twice changes nothing. Takes a transaction.

    Raises:
        UnknownAgent, AgentSuspended: as `restart`.
    """
    agent = await _lock(conn, tenant_id, agent_id, now)
    if await queries.resume(conn, tenant_id, agent_id, now):
        await _wish(conn, actor, tenant_id, agent, ControlKind.RESUME, reason, now)
        await _audit(conn, actor, tenant_id, agent, "agent.resumed", reason)
        await _publish(conn, actor, tenant_id, EventType.AGENT_RESUMED, agent)


async def configuration_changed(
    conn: Conn, actor: Actor | None, tenant_id: UUID, agent_id: UUID, now: datetime
) -> None:
    """Tell an agent's connected processes to read their configuration anew; whoever changed it calls this.

    Takes the transaction of the change. An agent that is not connected learns of it by its next heartbeat.
    """
    agent = await queries.by_id(conn, tenant_id, agent_id)
    if agent is None or agent.status not in RUNNING:
        return
    await queries.supersede(conn, tenant_id, agent_id, [ControlKind.CONFIGURATION_CHANGED])
    kind = ControlKind.CONFIGURATION_CHANGED
    await _tell(conn, actor, tenant_id, agent, clock.new_id(), kind, "", now, ACKNOWLEDGED_WITHIN)


async def acknowledge(
    conn: Conn, tenant_id: UUID, slug: str, control_id: UUID, outcome: Outcome, detail: str, now: datetime
) -> None:
    """Take a process's answer to a message; the same answer twice is one.

    Raises:
        UnknownAgent, AgentRefused: the agent is not the tenant's, or suspended.
        UnknownControl: the agent was told nothing under this id.
        ControlExpired: it is too late; the process must not act on it.
        ControlAnswered: it was answered otherwise.
    """
    agent = await queries.by_slug(conn, tenant_id, slug)
    require_running(agent.status if agent else None)
    assert agent is not None
    if await queries.acknowledge(conn, tenant_id, agent.agent_id, control_id, outcome, detail, now):
        await store.invalidate(conn, tenant_id, "agents", TOPIC)  # Open pages see the restart go on.
        return
    known = await queries.one(conn, tenant_id, agent.agent_id, control_id)
    if known is None:
        raise UnknownControl
    if known.acknowledged_at is None:
        raise ControlExpired
    if known.outcome != outcome:
        raise ControlAnswered


def channel(tenant_id: UUID, agent_id: UUID) -> str:
    """The channel that wakes the streams of an agent."""
    return f"fleet:{tenant_id}:{agent_id}"


async def _lock(conn: Conn, tenant_id: UUID, agent_id: UUID, now: datetime) -> Standing:
    if await queries.by_id(conn, tenant_id, agent_id) is None:
        raise UnknownAgent
    await queries.lock(conn, tenant_id, agent_id, now)
    return _startable(await queries.by_id(conn, tenant_id, agent_id))


def _startable(agent: Standing | None) -> Standing:
    if agent is None or agent.status is AgentStatus.INACTIVE:
        raise UnknownAgent
    if agent.status is AgentStatus.SUSPENDED:
        raise AgentSuspended
    return agent


async def _wish(
    conn: Conn, actor: Actor, tenant_id: UUID, agent: Standing, kind: ControlKind, reason: str, now: datetime
) -> None:
    await queries.supersede(conn, tenant_id, agent.agent_id, _WISHES)
    await _tell(conn, actor, tenant_id, agent, clock.new_id(), kind, reason, now, ACKNOWLEDGED_WITHIN)


async def _tell(
    conn: Conn,
    actor: Actor | None,
    tenant_id: UUID,
    agent: Standing,
    request_id: UUID,
    kind: ControlKind,
    reason: str,
    now: datetime,
    within: timedelta,
    heard: datetime | None = None,
) -> list[str]:
    """Tell every connected process, or all that were heard of since then; which ones."""
    instances = await queries.connected(conn, tenant_id, agent.agent_id, heard or now - OFFLINE_AFTER)
    person = actor.user_id if actor else None
    messages = {instance: clock.new_id() for instance in instances}
    if messages:
        await queries.tell(
            conn, tenant_id, agent.agent_id, request_id, kind, reason, person, messages, now, now + within
        )
        await wake(conn, channel(tenant_id, agent.agent_id))
    await store.invalidate(conn, tenant_id, "agents", TOPIC)
    return instances


async def _require_none_pending(conn: Conn, tenant_id: UUID, agent_id: UUID, now: datetime) -> None:
    way = {RestartProgress.PENDING, RestartProgress.ACKNOWLEDGED}
    asked = await queries.restarts(conn, tenant_id, agent_id, _LAST_RESTARTS)
    if any(progress_of(one, now) in way for one in asked):
        raise RestartPending


async def _publish(conn: Conn, actor: Actor, tenant_id: UUID, what: EventType, agent: Standing) -> None:
    data = {"agent_id": agent.agent_id, "agent": agent.slug, "by": actor.user_id}
    await orchestrator.publish(conn, tenant_id, what, data)


async def _audit(conn: Conn, actor: Actor | None, tenant_id: UUID, agent: Standing, action: str, reason: str) -> None:
    await audit.record(
        conn,
        actor,
        action,
        category="agent",
        resource_type="agent",
        resource_id=str(agent.agent_id),
        details={"reason": reason},
        tenant_id=tenant_id,
    )

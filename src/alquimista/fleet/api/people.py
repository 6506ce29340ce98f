"""For people: the state of a running agent and the history of its restarts; to pause, resume and restart it."""

from datetime import UTC, datetime
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from msgspec import Meta

from alquimista.access import Permission
from alquimista.agents.models.agents import AgentSuspended, UnknownAgent
from alquimista.audit.guards import seen
from alquimista.db.tenancy import tenant_transaction
from alquimista.fleet import service
from alquimista.fleet.api.agents import LINE
from alquimista.fleet.guards import TELLING
from alquimista.fleet.models.controls import AgentNotConnected, RestartPending, RestartProgress, progress_of
from alquimista.fleet.models.states import AgentState, state_of_instance
from alquimista.http.context import Context
from alquimista.http.routes import ALL_KINDS, Route, TenantScope
from alquimista.http.shares import READING, READING_ONE

Reason = Annotated[str, Meta(max_length=200, pattern=LINE)]


class AgentAct(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why."""

    reason: Reason = ""


class RestartAsked(msgspec.Struct, frozen=True):
    """A restart on its way, and the processes that were asked."""

    restart_id: UUID
    instances: list[str]
    expires_at: datetime


class InstanceView(msgspec.Struct, frozen=True):
    """One process of an agent."""

    instance_id: str
    state: AgentState
    boot_id: UUID
    version: str
    sdk_version: str
    host: str
    started_at: datetime
    seen_at: datetime


class BootView(msgspec.Struct, frozen=True):
    """One start of a process, asked for or not."""

    instance_id: str
    boot_id: UUID
    version: str
    booted_at: datetime


class RestartView(msgspec.Struct, frozen=True):
    """A restart that was asked of one process."""

    restart_id: UUID
    instance_id: str
    progress: RestartProgress
    reason: str
    detail: str
    asked_by: UUID | None
    asked_at: datetime
    acknowledged_at: datetime | None
    booted_at: datetime | None


class AgentInstances(msgspec.Struct, frozen=True):
    """A running agent. `state` is null when no process of it was ever heard of."""

    agent_id: UUID
    slug: str
    name: str
    state: AgentState | None
    paused_at: datetime | None
    pause_reason: str
    instances: list[InstanceView]
    boots: list[BootView]
    restarts: list[RestartView]


async def tenant_instances(context: Context) -> AgentInstances:
    """A running agent of the tenant."""
    return await _read(context, context.tenant)


async def internal_instances(context: Context) -> AgentInstances:
    """The same for staff, by the tenant's id in the path."""
    return await _read(context, context.uuid("tenant_id"))


async def pause(context: Context) -> None:
    """Wish an agent to pause."""
    async with tenant_transaction(context.db, context.tenant) as conn:
        await service.pause(
            conn, context.who, context.tenant, context.uuid("agent_id"), context.body.reason, context.now
        )


async def resume(context: Context) -> None:
    """Wish it to go on."""
    async with tenant_transaction(context.db, context.tenant) as conn:
        await service.resume(
            conn, context.who, context.tenant, context.uuid("agent_id"), context.body.reason, context.now
        )


async def restart(context: Context) -> RestartAsked:
    """Ask its processes to restart."""
    async with tenant_transaction(context.db, context.tenant) as conn:
        asked = await service.restart(
            conn, context.who, context.tenant, context.uuid("agent_id"), context.body.reason, context.now
        )
    return RestartAsked(asked.id, list(asked.instances), asked.expires_at)


async def _read(context: Context, tenant_id: UUID) -> AgentInstances:
    conn = context.db.tenant(tenant_id)
    running = await service.read(conn, tenant_id, context.uuid("agent_id"), context.now)
    await seen(context, tenant_id)
    return _view(running, context.now)


def _view(running: service.Running, now: datetime) -> AgentInstances:
    agent = running.agent
    return AgentInstances(
        agent_id=agent.agent_id,
        slug=agent.slug,
        name=agent.name,
        state=running.state,
        paused_at=agent.paused_at,
        pause_reason=agent.pause_reason,
        instances=[
            InstanceView(
                one.instance_id,
                state_of_instance(one.seen_at, now),
                one.boot_id,
                one.version,
                one.sdk,
                one.host,
                one.started_at,
                one.seen_at,
            )
            for one in running.instances
        ],
        boots=[BootView(one.instance_id, one.boot_id, one.version, one.booted_at) for one in running.boots],
        restarts=[
            RestartView(
                one.request_id,
                one.instance_id,
                progress_of(one, now),
                one.reason,
                one.detail,
                one.created_by,
                one.created_at,
                one.acknowledged_at,
                one.booted_at,
            )
            for one in running.restarts
        ],
    )


_ID: Final = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
_MOMENT: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)
_VIEW: Final = AgentInstances(
    agent_id=_ID,
    slug="retencao",
    name="Retenção",
    state=AgentState.ONLINE,
    paused_at=None,
    pause_reason="",
    instances=[InstanceView("web-1", AgentState.ONLINE, _ID, "1.4.0", "python 0.1.0", "web-1", _MOMENT, _MOMENT)],
    boots=[BootView("web-1", _ID, "1.4.0", _MOMENT)],
    restarts=[],
)
_MANAGE: Final[dict[str, Any]] = {
    "tag": "agents",
    "permission": Permission.AGENT_MANAGE,
    "scope": TenantScope.OWN,
    "body": AgentAct,
    "limits": TELLING,
    "example": AgentAct("Nova versão do modelo"),
}
ROUTES: Final = (
    Route(
        method="GET",
        path="/tenant/agents/{agent_id:uuid}/instances",
        handler=tenant_instances,
        summary="The state of one of your agents, its processes and their restarts",
        tag="agents",
        permission=Permission.AGENT_READ,
        kinds=ALL_KINDS,
        scope=TenantScope.OWN,
        response=AgentInstances,
        limits=READING,
        problems=(UnknownAgent,),
        example=_VIEW,
    ),
    Route(
        method="GET",
        path="/internal/tenants/{tenant_id:uuid}/agents/{agent_id:uuid}/instances",
        handler=internal_instances,
        summary="The state of a company's agent, its processes and their restarts",
        tag="internal",
        permission=Permission.PLATFORM_READ,
        scope=TenantScope.PLATFORM,
        response=AgentInstances,
        limits=READING_ONE,
        problems=(UnknownAgent,),
        example=_VIEW,
    ),
    Route(
        method="POST",
        path="/tenant/agents/{agent_id:uuid}/pause",
        handler=pause,
        summary="Have one of your agents pause until it is resumed; what it serves meanwhile is still metered",
        problems=(UnknownAgent, AgentSuspended),
        **_MANAGE,
    ),
    Route(
        method="POST",
        path="/tenant/agents/{agent_id:uuid}/resume",
        handler=resume,
        summary="Have a paused agent go on",
        problems=(UnknownAgent, AgentSuspended),
        **_MANAGE,
    ),
    Route(
        method="POST",
        path="/tenant/agents/{agent_id:uuid}/restart",
        handler=restart,
        summary="Ask the processes of one of your agents to restart",
        response=RestartAsked,
        status=202,
        problems=(UnknownAgent, AgentSuspended, AgentNotConnected, RestartPending),
        **_MANAGE,
    ),
)

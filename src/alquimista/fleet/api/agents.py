"""For agents' processes: heartbeats, control messages and their acknowledgement."""

from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from msgspec import Meta

from alquimista.access import ActorKind, Permission
from alquimista.agents.models.agents import UnknownAgent
from alquimista.db.tenancy import tenant_transaction
from alquimista.fleet import service
from alquimista.fleet.models.controls import ControlAnswered, ControlExpired, Outcome, UnknownControl
from alquimista.fleet.models.states import BEAT_EVERY, AgentRefused, AgentState, Beat, TooManyInstances
from alquimista.http.context import Context
from alquimista.http.routes import Limit, Route, TenantScope
from alquimista.http.streams import MEDIA, EventStream, TooManyStreams

LINE: Final = r"^[^\x00-\x1f\x7f]*$(?!\n)"
InstanceId = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$(?!\n)", max_length=64)]
Release = Annotated[str, Meta(min_length=1, max_length=64, pattern=LINE)]
Detail = Annotated[str, Meta(max_length=500, pattern=LINE)]


class Heartbeat(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A process's sign of life. `boot_id` is another one after each start, `instance_id` the same."""

    instance_id: InstanceId
    boot_id: UUID
    version: Release
    sdk_version: Annotated[str, Meta(max_length=64, pattern=LINE)] = ""
    host: Annotated[str, Meta(max_length=100, pattern=LINE)] = ""


class HeartbeatAnswer(msgspec.Struct, frozen=True):
    """Whether to work (`online`) or to pause, and when to beat next. Another `config_version`: read the rules again."""

    state: AgentState
    config_version: str
    next_beat_s: int


class ControlQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which process listens."""

    instance_id: InstanceId


class Acknowledgement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a process makes of a control message. A restart is acknowledged before it begins."""

    outcome: Outcome
    detail: Detail = ""


async def heartbeat(context: Context) -> HeartbeatAnswer:
    """Take a sign of life."""
    body: Heartbeat = context.body
    told = Beat(body.instance_id, body.boot_id, body.version, body.sdk_version, body.host)
    heard = await service.beat(context.db, context.tenant, context.path["slug"], told, context.now)
    state = AgentState.PAUSED if heard.paused_at else AgentState.ONLINE
    return HeartbeatAnswer(state, heard.config_version, int(BEAT_EVERY.total_seconds()))


async def control(context: Context) -> EventStream:
    """What a process is told."""
    streams = context.services.get(service.ControlStreams)
    return await streams.open(context, context.path["slug"], context.query.instance_id)


async def acknowledge(context: Context) -> None:
    """What a process makes of it."""
    body: Acknowledgement = context.body
    async with tenant_transaction(context.db, context.tenant) as conn:
        await service.acknowledge(
            conn,
            context.tenant,
            context.path["slug"],
            context.uuid("control_id"),
            body.outcome,
            body.detail,
            context.now,
        )


_ID: Final = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
_AGENT: Final[dict[str, Any]] = {
    "tag": "agents",
    "permission": Permission.AGENT_RUN,
    "kinds": frozenset({ActorKind.API_KEY}),
    "scope": TenantScope.OWN,
}
ROUTES: Final = (
    Route(
        method="POST",
        path="/v1/agents/{slug}/heartbeat",
        handler=heartbeat,
        summary="An agent's sign of life, every ten seconds: whether it is to work, and whether its rules changed",
        body=Heartbeat,
        response=HeartbeatAnswer,
        limits=(Limit(count=12_000, seconds=60, per=("tenant",)),),
        problems=(UnknownAgent, AgentRefused, TooManyInstances),
        example=Heartbeat("web-1", _ID, "1.4.0", "python 0.1.0", "web-1"),
        **_AGENT,
    ),
    Route(
        method="GET",
        path="/v1/agents/{slug}/control",
        handler=control,
        summary="What an agent's process is told (restart, pause, resume, configuration_changed), as it happens",
        query=ControlQuery,
        response=str,
        answers=(MEDIA,),
        limits=(Limit(count=1_200, seconds=60, per=("tenant",)),),
        problems=(UnknownAgent, AgentRefused, TooManyStreams),
        example=(
            f"id: {_ID}\nevent: control\n"
            f'data: {{"id":"{_ID}","kind":"restart","reason":"","expires_at":"2026-03-01T12:05:00Z"}}\n\n'
        ),
        **_AGENT,
    ),
    Route(
        method="POST",
        path="/v1/agents/{slug}/control/{control_id:uuid}/ack",
        handler=acknowledge,
        summary="What an agent's process makes of a control message: done or refused",
        body=Acknowledgement,
        limits=(Limit(count=1_200, seconds=60, per=("tenant",)),),
        problems=(UnknownAgent, AgentRefused, UnknownControl, ControlExpired, ControlAnswered),
        example=Acknowledgement("done"),
        **_AGENT,
    ),
)

"""The long-lived answers over which agents' processes hear what they are told."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID
from weakref import WeakSet

from alquimista import clock
from alquimista.access import Permission
from alquimista.cache import store
from alquimista.cache.bus import Bus
from alquimista.db.pool import Database
from alquimista.errors import Unavailable
from alquimista.fleet.models.controls import Control
from alquimista.fleet.models.states import RUNNING
from alquimista.fleet.queries import controls as queries
from alquimista.fleet.service.beats import require_running
from alquimista.fleet.service.controls import channel
from alquimista.http.context import Context
from alquimista.http.streams import EventStream, StreamEvent, Streams, Wakes
from alquimista.wiring import Services

_AGENTS_TOPIC = "agents"


class ControlStreams:
    """The open control streams of a process, so that a change of a tenant's agents is looked at in each of them."""

    def __init__(self, db: Database, bus: Bus) -> None:
        self._db = db
        self._open: defaultdict[str, WeakSet[EventStream]] = defaultdict(WeakSet)
        bus.subscribe(store.TOPIC, self._changed)

    async def open(self, context: Context, slug: str, instance: str) -> EventStream:
        """A stream of what a process of the tenant's agent has not acknowledged, from the beginning.

        Raises:
            UnknownAgent, AgentRefused: the agent is not the tenant's, or suspended.
            TooManyStreams: there is no room for one more.
        """
        tenant_id = context.tenant
        agent = await queries.by_slug(self._db.tenant(tenant_id), tenant_id, slug)
        require_running(agent.status if agent else None)
        assert agent is not None
        source = _Source(self._db, tenant_id, agent.agent_id, instance)
        stream = context.services.get(Streams).open(
            context, Permission.AGENT_RUN, [channel(tenant_id, agent.agent_id)], source.news
        )
        if not self._open[str(tenant_id)]:
            self._forget()
        self._open[str(tenant_id)].add(stream)
        return stream

    def _changed(self, message: dict[str, Any]) -> None:
        if _AGENTS_TOPIC in message.get("topics", ()):
            for stream in self._open.get(message["tenant_id"], ()):
                stream.wake({})

    def _forget(self) -> None:
        for tenant in [tenant for tenant, streams in self._open.items() if not streams]:
            del self._open[tenant]


class _Source:
    """What one stream has told, so that it tells each message once; the next stream tells it again."""

    def __init__(self, db: Database, tenant_id: UUID, agent_id: UUID, instance: str) -> None:
        self._db = db
        self._tenant_id = tenant_id
        self._agent_id = agent_id
        self._instance = instance
        self._told: set[UUID] = set()

    async def news(self, _wakes: Wakes) -> Sequence[StreamEvent]:
        """What is to be told now.

        Raises:
            Unavailable: the agent may not run any more: the stream ends, and the next request says why.
        """
        conn, now = self._db.tenant(self._tenant_id), clock.now()
        agent = await queries.by_id(conn, self._tenant_id, self._agent_id)
        if agent is None or agent.status not in RUNNING:
            raise Unavailable
        waiting = await queries.waiting(conn, self._tenant_id, self._agent_id, self._instance, now)
        fresh = [one for one in waiting if one.id not in self._told]
        if fresh:
            await queries.delivered(conn, self._tenant_id, [one.id for one in fresh], now)
        self._told = {one.id for one in waiting}
        return [_event(one) for one in fresh]


def _event(control: Control) -> StreamEvent:
    data = {"id": control.id, "kind": control.kind, "reason": control.reason, "expires_at": control.expires_at}
    return StreamEvent("control", data, str(control.id))


def install(services: Services, bus: Bus) -> None:
    """Wire the control streams into a web process."""
    services.add(ControlStreams(services.db, bus))

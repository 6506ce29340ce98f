"""Which agents a tenant has: a small map in memory, dropped when an activation changes it."""

import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from alquimista.cache import store
from alquimista.cache.bus import Bus
from alquimista.db.pool import Database
from alquimista.usage.queries import upkeep

KEEP_S: Final = 30.0  # In case the bus is down, and an activation unheard of.
REFRESH_S: Final = 1.0  # A name that is not in the map is looked up again at most this often.
_MAX_TENANTS: Final = 10_000
AGENTS_TOPIC: Final = "agents"


@dataclass(frozen=True, slots=True)
class Agents:
    """A tenant's agents by id and by slug: the id, and until when events of it are taken (None: it is active).

    Ids stand as whole numbers, which are looked up in a fifth of the time that a UUID takes.
    """

    currency: str
    by_name: dict[int | str, tuple[UUID, datetime | None]]
    loaded: float

    def find(self, name: UUID | str, occurred_at: datetime) -> UUID | None:
        """The agent, if the tenant had activated it. What an agent did before it was given up still counts."""
        found = self.by_name.get(name.int if isinstance(name, UUID) else name)
        if found is None or (found[1] is not None and occurred_at > found[1]):
            return None
        return found[0]


class Directory:
    """The maps of the tenants that send events to this process."""

    def __init__(self, db: Database, bus: Bus) -> None:
        self._db = db
        self._tenants: dict[UUID, Agents] = {}
        self._changes = 0
        bus.subscribe(store.TOPIC, self._changed)
        bus.on_reset(self._reset)

    async def agents(self, tenant_id: UUID, *, newer_than: float = KEEP_S) -> Agents:
        """The tenant's agents as they were at most `newer_than` seconds ago."""
        known = self._tenants.get(tenant_id)
        if known is not None and time.monotonic() - known.loaded < newer_than:
            return known
        loaded, changes = time.monotonic(), self._changes
        rows = await upkeep.directory(self._db.tenant(tenant_id), tenant_id)
        names: dict[int | str, tuple[UUID, datetime | None]] = {}
        for row in rows:
            if row.agent_id is None or row.slug is None or row.status == "suspended":
                continue
            names[row.agent_id.int] = names[row.slug] = (row.agent_id, row.deactivated_at)
        agents = Agents(rows[0].currency if rows else "BRL", names, loaded)
        if len(self._tenants) >= _MAX_TENANTS:
            self._tenants.clear()
        if changes == self._changes:  # Otherwise it may have been read just before the change.
            self._tenants[tenant_id] = agents
        return agents

    def _changed(self, message: dict[str, Any]) -> None:
        if AGENTS_TOPIC in message.get("topics", ()):
            self._changes += 1
            self._tenants.pop(UUID(message["tenant_id"]), None)

    def _reset(self) -> None:
        self._changes += 1
        self._tenants.clear()

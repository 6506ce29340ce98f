"""Who a verified token, key or cookie is, remembered for at most 30 seconds and forgotten at once on revocation."""

from collections import OrderedDict
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from alquimista.access import Actor
from alquimista.cache.bus import Bus
from alquimista.clock import now

LIFE: Final = timedelta(seconds=30)
CAPACITY: Final = 50_000
SESSION_TOPIC: Final = "session"
TENANT_TOPIC: Final = "tenant"


class _Entry(NamedTuple):
    actor: Actor
    until: datetime
    tags: tuple[str, ...]


class ActorCache:
    """Keyed by the SHA-256 of what was presented. While the bus cannot be heard, nothing is kept or served."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._entries: OrderedDict[bytes, _Entry] = OrderedDict()
        self._tagged: dict[str, set[bytes]] = {}
        self.generation = 0
        bus.subscribe(SESSION_TOPIC, self._hear)
        bus.subscribe(TENANT_TOPIC, self._hear)
        bus.on_reset(self.clear)

    def get(self, digest: bytes) -> Actor | None:
        """The actor, if it was verified less than 30 seconds ago and nothing was revoked since."""
        entry = self._entries.get(digest)
        if entry is None or not self._bus.healthy:
            return None
        if entry.until <= now():
            self._drop(digest)
            return None
        return entry.actor

    def put(self, digest: bytes, actor: Actor, expires_at: datetime | None, generation: int) -> None:
        """Remember an actor.

        `generation` is the cache's at the time before the database was read: if anything was revoked in between, what
        was read may be out of date, and is not kept.
        """
        if not self._bus.healthy or generation != self.generation:
            return
        until = min(now() + LIFE, expires_at) if expires_at else now() + LIFE
        tenant = actor.viewing.tenant_id if actor.viewing is not None else actor.tenant_id
        names = {"session": actor.session_id, "user": actor.user_id, "tenant": tenant, "key": actor.api_key_id}
        tags = tuple(f"{name}_id:{value}" for name, value in names.items() if value is not None)
        self._drop(digest)
        if len(self._entries) >= CAPACITY:
            self._drop(next(iter(self._entries)))
        self._entries[digest] = _Entry(actor, until, tags)
        for tag in tags:
            self._tagged.setdefault(tag, set()).add(digest)

    def purge(self, **subject: object) -> None:
        """Forget everything about a session_id, user_id, tenant_id or key_id."""
        self.generation += 1
        for name, value in subject.items():
            for digest in tuple(self._tagged.get(f"{name}:{value}", ())):
                self._drop(digest)

    def clear(self) -> None:
        """Forget everything."""
        self.generation += 1
        self._entries.clear()
        self._tagged.clear()

    def _hear(self, message: dict[str, Any]) -> None:
        self.purge(**message)

    def _drop(self, digest: bytes) -> None:
        entry = self._entries.pop(digest, None)
        for tag in entry.tags if entry else ():
            holders = self._tagged[tag]
            holders.discard(digest)
            if not holders:
                del self._tagged[tag]

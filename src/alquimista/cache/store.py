"""The cache of answers: bounded in bytes and time, invalidated by (tenant, topic) in every process at once.

Reading a HIT never suspends unless Redis is configured. While the bus is not healthy, nothing is read and nothing is
kept, since nobody would hear an invalidation.
"""

import asyncio
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, Protocol
from uuid import UUID
from weakref import WeakSet
from zlib import crc32

import structlog

from alquimista.access import PLATFORM_TENANT
from alquimista.cache.bus import Bus, publish
from alquimista.db.statement import Conn

TOPIC: Final = "cache"
USAGE_TOPIC: Final = "usage"
DEFAULT_BYTES: Final = 64 * 1024 * 1024
_OVERHEAD: Final = 400  # Bytes of bookkeeping that an entry costs beside its body and key, roughly.
_SPREAD: Final = 0.4  # A tenant's entries are kept for their whole time, or for up to this share less.
_MAX_VERSIONS: Final = 100_000
_REOPEN_EVERY_S: Final = 1.0
_log = structlog.get_logger("alquimista.cache")

Tag = tuple[UUID, str]


@dataclass(slots=True)
class Entry:
    """A cached answer. `prepared` is room for what a reader of the cache made ready for the next HIT."""

    etag: bytes
    body: bytes
    prepared: Any = field(default=None, compare=False)


class SharedFailed(Exception):  # noqa: N818 - It says what happened.
    """The shared cache did not answer."""


class Shared(Protocol):
    """A cache that all processes share. Its methods raise SharedFailed; it is cleared before it is used again."""

    async def get(self, key: str) -> Entry | None:
        """The entry, if it is there."""
        ...

    async def put(self, key: str, entry: Entry, ttl: float, tags: Iterable[Tag]) -> None:
        """Keep the entry for `ttl` seconds."""
        ...

    async def drop(self, tag: Tag) -> None:
        """Forget the tag's entries."""
        ...

    async def clear(self) -> None:
        """Forget everything."""
        ...


class Fill:
    """An answer being computed; stale when one of its tags is invalidated meanwhile, so that it is not kept."""

    __slots__ = ("__weakref__", "_stale", "tags", "tenant_id")

    def __init__(self, tenant_id: UUID, tags: frozenset[Tag]) -> None:
        self.tenant_id = tenant_id
        self.tags = tags
        self._stale = False

    def spoil(self) -> None:
        """Mark it stale."""
        self._stale = True

    def stale(self) -> bool:
        """Whether something that it may be made of has changed since it began."""
        return self._stale


class _Kept(NamedTuple):
    entry: Entry
    expires: float
    size: int
    tags: frozenset[Tag]


async def invalidate(conn: Conn, tenant_id: UUID, *topics: str) -> None:
    """Drop the tenant's cached answers of these topics in every process, once the caller's transaction commits."""
    await publish(conn, TOPIC, tenant_id=str(tenant_id), topics=topics)


def of_any_tenant(topic: str) -> str:
    """The topic, under the platform tenant, of answers about all tenants: dropped when it is for any of them."""
    return f"any {topic}"


class Cache:
    """A process's cache, before a shared one when there is one."""

    def __init__(
        self,
        bus: Bus,
        *,
        max_bytes: int = DEFAULT_BYTES,
        shared: Shared | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._bus = bus
        self._max_bytes = max_bytes
        self._shared = shared
        self._clock = clock
        self._entries: OrderedDict[str, _Kept] = OrderedDict()
        self._by_tag: dict[Tag, set[str]] = {}
        self._fills: WeakSet[Fill] = WeakSet()
        self._versions: dict[UUID, str] = {}
        self._unknown_version = secrets.token_hex(8)
        self._shared_open = False
        self._reopening = False
        self._missed = False
        self._background: set[asyncio.Task[None]] = set()
        self.size = 0
        bus.on_reset(self._reset)
        bus.subscribe(TOPIC, self._on_invalidation)
        bus.subscribe(USAGE_TOPIC, self._on_usage)

    @property
    def usable(self) -> bool:
        """Whether answers may be read from and kept in it."""
        return self._bus.healthy

    async def get(self, key: str) -> Entry | None:
        """The entry of a key, unless it is too old or the cache is not usable."""
        if (entry := self.kept(key)) is not None:
            return entry
        return await self._from_shared(key) if self._bus.healthy else None

    def kept(self, key: str) -> Entry | None:
        """The entry, if this process itself has it."""
        kept = self._entries.get(key)
        if kept is None or not self._bus.healthy:
            return None
        if kept.expires > self._clock():
            self._entries.move_to_end(key)
            return kept.entry
        self._forget(key)
        return None

    def begin(self, tenant_id: UUID, topics: Iterable[str]) -> Fill:
        """Announce an answer about to be computed: call before reading what it is made of."""
        fill = Fill(tenant_id, frozenset((tenant_id, topic) for topic in topics))
        self._fills.add(fill)
        return fill

    async def put(self, key: str, entry: Entry, fill: Fill, *, ttl: float) -> None:
        """Keep an answer for at most `ttl` seconds, unless it was invalidated while it was computed."""
        if fill.stale() or not self._bus.healthy:
            return
        # What was kept in the same second must not end in the same second: after a start, when everybody's page asks
        # for the first time, all of it would have to be made anew at once, and again each minute. A tenant's own
        # entries keep their common end: a page may be made of answers that are kept, too.
        ttl *= 1 - _SPREAD * (crc32(fill.tenant_id.bytes) & 0xFF) / 0xFF
        self._keep(key, entry, fill, ttl)
        if self._shared is None or not self._shared_open:
            return
        try:
            await self._shared.put(key, entry, ttl, fill.tags)
            if fill.stale():  # Invalidated while it travelled: the drop may have come first.
                await asyncio.gather(*(self._shared.drop(tag) for tag in fill.tags))
        except SharedFailed:
            self._reopen_shared()

    def usage_version(self, tenant_id: UUID) -> str:
        """The tenant's rollup version as last heard; before that, a text that no other process or period uses."""
        return self._versions.get(tenant_id, self._unknown_version)

    def _keep(self, key: str, entry: Entry, fill: Fill, ttl: float) -> None:
        self._forget(key)
        size = len(entry.body) + 2 * len(key) + _OVERHEAD
        if size > self._max_bytes // 10:
            return
        self._entries[key] = _Kept(entry, self._clock() + ttl, size, fill.tags)
        self.size += size
        for tag in fill.tags:
            self._by_tag.setdefault(tag, set()).add(key)
        while self.size > self._max_bytes:
            self._forget(next(iter(self._entries)))

    def _forget(self, key: str) -> None:
        kept = self._entries.pop(key, None)
        if kept is None:
            return
        self.size -= kept.size
        for tag in kept.tags:
            keys = self._by_tag[tag]
            keys.discard(key)
            if not keys:
                del self._by_tag[tag]

    def _reset(self) -> None:
        """After a gap in hearing, whatever is here may be out of date."""
        self._entries.clear()
        self._by_tag.clear()
        self.size = 0
        self._versions.clear()
        self._unknown_version = secrets.token_hex(8)
        for fill in list(self._fills):
            fill.spoil()
        self._reopen_shared()

    async def _from_shared(self, key: str) -> Entry | None:
        if self._shared is None or not self._shared_open:
            return None
        try:
            return await self._shared.get(key)
        except SharedFailed:
            self._reopen_shared()
            return None

    async def _drop_shared(self, shared: Shared, tag: Tag) -> None:
        try:
            await shared.drop(tag)
        except SharedFailed:
            self._reopen_shared()

    def _reopen_shared(self) -> None:
        """Leave the shared cache alone until it could be cleared: nobody knows what it missed."""
        self._shared_open = False
        self._missed = True
        if self._shared is not None and not self._reopening:
            self._reopening = True
            self._later(self._clear_shared(self._shared))

    async def _clear_shared(self, shared: Shared) -> None:
        while self._missed:
            self._missed = False
            try:
                await shared.clear()
            except SharedFailed as error:
                _log.warning("cache.shared_failed", error=str(error))
                self._missed = True
                await asyncio.sleep(_REOPEN_EVERY_S)
        self._reopening = False
        self._shared_open = True

    def _on_invalidation(self, message: dict[str, Any]) -> None:
        tenant_id = UUID(message["tenant_id"])
        for topic in message["topics"]:
            self._drop((tenant_id, topic))
            self._drop((PLATFORM_TENANT, of_any_tenant(topic)))

    def _on_usage(self, message: dict[str, Any]) -> None:
        if len(self._versions) >= _MAX_VERSIONS:
            self._versions.clear()
            self._unknown_version = secrets.token_hex(8)
        self._versions[UUID(message["tenant_id"])] = str(message["version"])

    def _drop(self, tag: Tag) -> None:
        for key in list(self._by_tag.get(tag, ())):
            self._forget(key)
        for fill in list(self._fills):
            if tag in fill.tags:
                fill.spoil()
        if self._shared is not None:
            self._later(self._drop_shared(self._shared, tag))

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

"""What has changed, by name: so that an open page asks again when there is something to ask for.

Whoever changes something tells every process already, for the sake of the caches (`cache.store.invalidate`, and the
version of a tenant's sums). Those who follow a tenant are told the names of it, `incidents` or `usage`, never contents:
what they then ask for is answered as to anybody who asks. Nothing is looked up, and no message is sent for them.

However much happens, a follower is told once a second at most, and of usage, which changes with every fold, once in
three. The first change after a quiet time is told at once.

What was told in the last minute is remembered, by name: who begins to follow can say when what they have was made, and
hears what has changed since. A page that was just made has no reason to ask for its parts again.
"""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any, Final
from uuid import UUID

from alquimista.access import PLATFORM_TENANT
from alquimista.cache.bus import Bus
from alquimista.cache.store import TOPIC, USAGE_TOPIC
from alquimista.clock import now

ANYTHING: Final = "*"  # Nobody knows what was missed.
_PAUSE_S: Final = 1.0
_PAUSE_OF_USAGE_S: Final = 3.0
_KEPT_S: Final = 60.0
# Another process may have made the page from what a message, heard here by then, was yet to make void there.
_MARGIN_S: Final = 2.0
Listener = Callable[[frozenset[str]], None]


class Changes:
    """Who follows which tenant, in this process. Who follows the platform's own follows every tenant: staff."""

    def __init__(self, ear: Bus) -> None:
        self._groups: dict[UUID, _Group] = {}
        self._past = _Past()
        ear.on_reset(self._past.forget)
        ear.subscribe(TOPIC, self._invalidated)
        ear.subscribe(USAGE_TOPIC, self._counted)

    def follow(self, tenant_id: UUID, listener: Listener) -> None:
        """Tell this listener of a tenant's changes from now on. It must be quick."""
        group = self._groups.setdefault(tenant_id, _Group())
        group.listeners.add(listener)

    def leave(self, tenant_id: UUID, listener: Listener) -> None:
        """Tell it no more."""
        group = self._groups[tenant_id]
        group.listeners.discard(listener)
        if not group.listeners:
            group.stop()
            del self._groups[tenant_id]

    def since(self, tenant_id: UUID, moment: float) -> frozenset[str]:
        """What of a tenant has changed since then (seconds since 1970); ANYTHING when that is not known any more."""
        return self._past.since(tenant_id, moment - _MARGIN_S)

    def note(self, tenant_id: UUID, names: Iterable[str]) -> None:
        """Something of a tenant has changed."""
        for key in {tenant_id, PLATFORM_TENANT}:
            self._past.note(key, names)
            if (group := self._groups.get(key)) is not None:
                group.note(names)

    def _invalidated(self, message: dict[str, Any]) -> None:
        self.note(UUID(message["tenant_id"]), message["topics"])

    def _counted(self, message: dict[str, Any]) -> None:
        self.note(UUID(message["tenant_id"]), (USAGE_TOPIC,))


class _Past:
    """When each name of each tenant was last told, in two halves: the older one is dropped when a new one begins."""

    def __init__(self) -> None:
        self._known_from = float("inf")  # Nothing is known before the bus first listens.
        self._begun = 0.0
        self._older: dict[UUID, dict[str, float]] = {}
        self._newer: dict[UUID, dict[str, float]] = {}

    def forget(self) -> None:
        """What was told until now may not be all there was."""
        self._older, self._newer = {}, {}
        self._known_from = self._begun = now().timestamp()

    def note(self, key: UUID, names: Iterable[str]) -> None:
        moment = now().timestamp()
        if moment - self._begun > _KEPT_S:
            self._older, self._newer = self._newer, {}
            self._known_from, self._begun = max(self._known_from, self._begun), moment
        self._newer.setdefault(key, {}).update(dict.fromkeys(names, moment))

    def since(self, key: UUID, moment: float) -> frozenset[str]:
        if moment < self._known_from:
            return frozenset((ANYTHING,))
        told = (half.get(key, {}) for half in (self._older, self._newer))
        return frozenset(name for half in told for name, at in half.items() if at >= moment)


class _Group:
    """Those who follow one tenant: they are told together."""

    def __init__(self) -> None:
        self.listeners: set[Listener] = set()
        self._pending: set[str] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = 0.0
        self._told_at = float("-inf")
        self._told_usage_at = float("-inf")

    def note(self, names: Iterable[str]) -> None:
        self._pending.update(names)
        self._plan()

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _plan(self) -> None:
        if not self._pending:
            return
        due = min(map(self._due, self._pending))
        if self._timer is not None and self._timer_at <= due:
            return
        self.stop()
        self._timer_at = due
        loop = asyncio.get_running_loop()
        self._timer = loop.call_at(max(due, loop.time()), self._tell)

    def _due(self, name: str) -> float:
        due = self._told_at + _PAUSE_S
        return max(due, self._told_usage_at + _PAUSE_OF_USAGE_S) if name == USAGE_TOPIC else due

    def _tell(self) -> None:
        self._timer = None
        now = asyncio.get_running_loop().time()
        ready = frozenset(name for name in self._pending if self._due(name) <= max(now, self._timer_at))
        self._pending -= ready
        self._told_at = now
        if USAGE_TOPIC in ready:
            self._told_usage_at = self._told_at
        for listener in self.listeners:
            listener(ready)
        self._plan()

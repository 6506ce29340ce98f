"""What has changed, by name: so that an open page asks again when there is something to ask for.

Whoever changes something tells every process already, for the sake of the caches (`cache.store.invalidate`, and the
version of a tenant's sums). Those who follow a tenant are told the names of it, `incidents` or `usage`, never contents:
what they then ask for is answered as to anybody who asks. Nothing is looked up, and no message is sent for them.

However much happens, a follower is told once a second at most, and of usage, which changes with every fold, once in
three. The first change after a quiet time is told at once.
"""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any, Final
from uuid import UUID

from alquimista.access import PLATFORM_TENANT
from alquimista.cache.bus import Bus
from alquimista.cache.store import TOPIC, USAGE_TOPIC

ANYTHING: Final = "*"  # Nobody knows what was missed.
_PAUSE_S: Final = 1.0
_PAUSE_OF_USAGE_S: Final = 3.0
Listener = Callable[[frozenset[str]], None]


class Changes:
    """Who follows which tenant, in this process. Who follows the platform's own follows every tenant: staff."""

    def __init__(self, ear: Bus) -> None:
        self._groups: dict[UUID, _Group] = {}
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

    def note(self, tenant_id: UUID, names: Iterable[str]) -> None:
        """Something of a tenant has changed."""
        for key in {tenant_id, PLATFORM_TENANT}:
            if (group := self._groups.get(key)) is not None:
                group.note(names)

    def _invalidated(self, message: dict[str, Any]) -> None:
        if self._groups:
            self.note(UUID(message["tenant_id"]), message["topics"])

    def _counted(self, message: dict[str, Any]) -> None:
        if self._groups:
            self.note(UUID(message["tenant_id"]), (USAGE_TOPIC,))


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

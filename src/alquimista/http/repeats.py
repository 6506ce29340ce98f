"""Cached answers to a request that came before, word for word: given before it is parsed, without a task or its steps.

Whoever looks at a dashboard asks the same again and again. What the steps found out about such a request (whose it is,
which limits it is taken from, where its answer is kept) follows from its words, so it is remembered with them; what may
have changed since is looked at each time: whether its credential still stands, what is left of the limits, and whether
the answer is still kept. A HIT takes half of the time.
"""

from collections.abc import Callable
from hashlib import blake2b
from time import perf_counter
from typing import Final, NamedTuple
from uuid import UUID

from alquimista.access import Actor
from alquimista.cache.store import Cache
from alquimista.clock import now
from alquimista.http import caching
from alquimista.http.context import Context, new_trace_id
from alquimista.http.limits import Lease, Limiter
from alquimista.http.maintenance import Maintenance
from alquimista.http.metrics import Metrics
from alquimista.http.plan import Plan
from alquimista.http.responses import WORDS, Whole
from alquimista.http.routes import Remembered
from alquimista.wiring import Services

_MOST: Final = 4_096
# With these a request has more to say than an earlier one, or its answer depends on more.
_PARTICULAR: Final = frozenset({b"cookie", b"traceparent", b"if-none-match", b"content-length", b"transfer-encoding"})


class _Repeat(NamedTuple):
    """What follows from a request's words."""

    route: str
    actor: Actor
    standing: Callable[[], Actor | None]
    leases: tuple[Lease, ...]
    tenant: UUID
    place: caching.Place


class Repeats:
    """The requests that were answered from the cache lately."""

    def __init__(
        self, services: Services, remembered: Remembered | None, metrics: Metrics, maintenance: Maintenance
    ) -> None:
        self._limiter = services.get(Limiter)
        self._cache: Cache | None = services.extras.get(Cache)
        self._remembered = remembered
        self._metrics = metrics
        self._maintenance = maintenance
        self._known: dict[bytes, _Repeat] = {}

    def note(self, plan: Plan, context: Context, place: caching.Place) -> None:
        """Remember a request that has just been answered from the cache, if all of it lies in its words."""
        words = context.scope.get("extensions", {}).get(WORDS)
        if words is None or self._remembered is None or b"authorization" not in context.headers:
            return
        if context.actor is None or context.actor.internal or context.scope["method"] != "GET":
            return
        leases = self._limiter.leases(plan, context)
        if not leases or not _PARTICULAR.isdisjoint(context.headers):
            return
        if len(self._known) >= _MOST:
            self._known.clear()
        client = context.scope["client"]
        self._known[_digest(client[0] if client else "", words)] = _Repeat(
            plan.name, context.actor, self._remembered(context), leases, context.tenant, place
        )

    def answer(self, host: str, words: bytes) -> Whole | None:
        """The answer to a request that is repeated; None when it must take the usual way.

        Args:
            host: the address that it comes from.
            words: the whole request as it came, from its first letter to its last.
        """
        digest = _digest(host, words)
        repeat = self._known.get(digest)
        if repeat is None or self._cache is None or self._maintenance.on:
            return None
        started = perf_counter()
        if repeat.standing() is not repeat.actor:
            del self._known[digest]
            return None
        entry = self._cache.kept(caching.key(self._cache, repeat.tenant, repeat.place))
        if entry is None or entry.prepared is None:
            return None
        standing = Limiter.take_at_hand(repeat.leases, now().timestamp())
        if standing is None:
            return None
        self._metrics.cached(repeat.route, "HIT")
        own = b"x-trace-id: %b\r\n%b" % (new_trace_id().encode("ascii"), standing.text)
        self._metrics.served(repeat.route, 200, perf_counter() - started)
        return 200, entry.prepared.text, own, entry.body


def _digest(host: str, words: bytes) -> bytes:
    """Of a request, whose credential should not stay in memory; an address has no line break."""
    return blake2b(b"%b\n%b" % (host.encode(), words), digest_size=32).digest()

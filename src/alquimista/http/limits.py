"""Rate limits in fixed windows, counted in PostgreSQL so that any number of processes keeps one limit.

The windows of different keys begin at different seconds: at a minute that all had in common, each active reader would
ask the database again within the next few seconds.

An exact limit counts every request in the database. Any other limit lends each process blocks of a tenth of the quota:
a process asks the database once per block, and blocks never overlap, so all processes together never pass the limit.
(They may stop a little short of it, when a process sits on a part of a block that it does not use.)

When the database does not answer, a limited request is refused with 503: a limiter that opens when it fails is one
that an attacker can open.
"""

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Final
from zlib import crc32

from alquimista.access import PLATFORM_TENANT
from alquimista.clock import now
from alquimista.db.pool import Database
from alquimista.db.statement import Conn
from alquimista.errors import TooManyRequests
from alquimista.http import queries
from alquimista.http.context import Context, Standing
from alquimista.http.plan import Counting, Plan
from alquimista.http.proxies import limit_group
from alquimista.http.routes import Limit

BLOCKS: Final = 10  # A quota is lent in this many blocks.
_MAX_LEASES: Final = 20_000
_MAX_KEY: Final = 200


@dataclass(slots=True)
class Lease:
    """A process's part of one window of a limit, from `start` until before `end` (seconds since 1970)."""

    limit: int
    start: int
    end: int
    left: int = 0
    elsewhere: int = 0  # What no process had borrowed at the last look.
    dry: bool = False  # All was lent at the last look.
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    def standing(self, seconds: float) -> Standing:
        """How it stands at a moment."""
        return Standing(self.limit, self.left + self.elsewhere, max(1, ceil(self.end - seconds)))


class Limiter:
    """Takes requests from limits; one for each process."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._leases: dict[str, Lease] = {}

    async def enforce(self, limits: Sequence[Counting], context: Context) -> Standing | None:
        """Take this request from all of these limits; the standing that is nearest to its end.

        Raises:
            TooManyRequests: one is used up; Retry-After and X-RateLimit headers say when to come back.
            Unavailable: the database did not answer.
        """
        seconds = context.now.timestamp()
        nearest: Lease | None = None
        for limit, kind, prefix in limits:
            if (subject := _subject(kind, context)) is None:
                continue
            key = prefix + subject
            lease = self._leases.get(key)
            if lease is None or lease.left < 1 or not lease.start <= seconds < lease.end:
                lease = await self._take(key, limit, 1, seconds)
            else:
                lease.left -= 1
            if nearest is None or lease.left + lease.elsewhere < nearest.left + nearest.elsewhere:
                nearest = lease
        return None if nearest is None else nearest.standing(seconds)

    def leases(self, plan: Plan, context: Context) -> tuple[Lease, ...]:
        """What this process has of each limit that `enforce` takes this request from; empty when one is not here."""
        subjects = ((prefix, _subject(kind, context)) for _, kind, prefix in plan.limits)
        keys = [prefix + subject for prefix, subject in subjects if subject is not None]
        found = tuple(self._leases[key] for key in keys if key in self._leases)
        return found if len(found) == len(keys) else ()

    @staticmethod
    def take_at_hand(leases: tuple[Lease, ...], seconds: float) -> Standing | None:
        """Take a request from all of these, if there is enough of each.

        Returns:
            The standing that is nearest to its end; None when nothing was taken, and `enforce` must be asked.
        """
        for lease in leases:
            if lease.left < 1 or not lease.start <= seconds < lease.end:
                return None
        nearest = leases[0]
        for lease in leases:
            lease.left -= 1
            if lease.left + lease.elsewhere < nearest.left + nearest.elsewhere:
                nearest = lease
        return nearest.standing(seconds)

    async def take(self, key: str, limit: Limit, amount: int = 1) -> Standing:
        """Take one request, or `amount` things at once, from the limit of `key`: a text that names rule and subject.

        All of the amount is taken, or none of it.

        Raises:
            TooManyRequests: the limit is used up.
            Unavailable: the database did not answer.
        """
        seconds = now().timestamp()
        return (await self._take(key, limit, amount, seconds)).standing(seconds)

    async def take_later(self, limit: Limit, context: Context) -> None:
        """Take this request from a named limit that is not its route's: so a form with a mistake is not counted.

        Raises:
            TooManyRequests, Unavailable: as `take`.
        """
        assert limit.name, "a limit without a name is its route's own"
        for kind in limit.per:
            if (subject := _subject(kind, context)) is not None:
                await self.take(limit.prefix("", kind) + subject, limit)

    async def _take(self, key: str, limit: Limit, amount: int, seconds: float) -> Lease:
        lease = self._leases.get(key)
        if lease is None or not lease.start <= seconds < lease.end:
            lease = self._new_lease(key, limit, seconds)
        if lease.left < amount:
            async with lease.lock:
                if lease.left < amount:
                    await self._borrow(key, limit, lease, amount - lease.left)
        if lease.left < amount:
            raise _used_up(lease.standing(seconds)._replace(remaining=0))
        lease.left -= amount
        return lease

    def _new_lease(self, key: str, limit: Limit, seconds: float) -> Lease:
        if len(self._leases) >= _MAX_LEASES:
            self._leases.clear()
        shift = crc32(key.encode()) % limit.seconds  # The same in every process.
        start = int((seconds - shift) // limit.seconds) * limit.seconds + shift
        lease = self._leases[key] = Lease(limit.count, start, start + limit.seconds)
        return lease

    async def _borrow(self, key: str, limit: Limit, lease: Lease, missing: int) -> None:
        if lease.dry:
            return  # Used up: no need to ask again before the window ends.
        block = max(missing, 0 if limit.exact else limit.count // BLOCKS)
        start = datetime.fromtimestamp(lease.start, UTC)
        stored = key if len(key) <= _MAX_KEY else hashlib.sha256(key.encode()).hexdigest()
        count = await queries.raise_window(self._db.tenant(PLATFORM_TENANT), stored, start, block)
        unlent = limit.count - count
        lease.left += max(0, min(block, block + unlent))
        lease.elsewhere, lease.dry = max(0, unlent), unlent <= 0


def _used_up(standing: Standing) -> TooManyRequests:
    problem = TooManyRequests(retry_after=standing.reset)
    problem.headers |= {name.decode(): value.decode() for name, value in standing.raw_headers}
    return problem


def _subject(kind: str, context: Context) -> str | None:
    """Whom a limit counts; None when the request has no such subject."""
    if kind == "ip":
        return limit_group(context.client_ip)
    if kind == "tenant":
        tenant_id = context.tenant_id or context.about
        return None if tenant_id is None else tenant_id.hex
    actor = context.actor
    subject = actor and (actor.user_id or actor.api_key_id)
    return subject.hex if subject else None


async def purge(conn: Conn, moment: datetime, *, keep: timedelta = timedelta(days=1)) -> int:
    """Delete windows that ended long ago (no limit's window may be longer than `keep`); how many."""
    return await queries.purge_windows(conn, moment - keep)

"""Partitions made ahead and dropped by retention; keys and spans forgotten when they can no longer matter."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from uuid import UUID

import structlog

from alquimista.db.pool import Database
from alquimista.db.statement import Conn
from alquimista.db.tenancy import owner_tenant_transaction, owner_transaction
from alquimista.usage.models.events import KEY_DAYS, LATEST
from alquimista.usage.queries import traces
from alquimista.usage.queries import upkeep as queries

log = structlog.get_logger(__name__)

AHEAD_DAYS: Final = 14  # The job runs daily: two weeks of failures pass before events find no partition.
_PURGE_LIMIT: Final = 5_000
_WEEK: Final = 7
_KEYS: Final = 2**128 - 1


async def make_partitions(db: Database, now: datetime, *, ahead: int = AHEAD_DAYS) -> int:
    """Make the partitions that events may fall in, from the latest to `ahead` days on; how many were missing.

    Called at every start and daily. Several processes may do it at once: the table's lock lets them take turns.
    """
    today = now.astimezone(UTC).date()
    return await make_partitions_of(db, {today + timedelta(days=n) for n in range(-LATEST.days - 1, ahead + 1)})


async def make_partitions_of(db: Database, wanted: set[date]) -> int:
    """Make the partitions of some UTC days; how many were missing."""
    missing = sorted(wanted - set(await queries.partitions(db.staff())))
    if not missing:
        return 0
    async with owner_transaction(db) as conn:
        await queries.take_turn(conn)
        missing = sorted(wanted - set(await queries.partitions(conn)))
        for day in missing:
            await queries.make_partition(conn, day)
    return len(missing)


async def drop_partitions(db: Database, now: datetime) -> list[date]:
    """Drop the days of raw events whose retention has ended; which ones. The rollups stay."""
    first_kept = months_before(now.astimezone(UTC).date(), db.settings.raw_retention_months)
    dropped: list[date] = []
    for day in await queries.partitions(db.staff()):
        if day < first_kept:
            # A transaction each: dropping locks the whole table, for as short a time as can be.
            async with owner_transaction(db) as conn:
                await queries.drop_partition(conn, day)
            dropped.append(day)
    if dropped:
        log.info("usage.raw_dropped", first=str(dropped[0]), last=str(dropped[-1]), days=len(dropped))
    return dropped


async def purge(db: Database, tenant_id: UUID, now: datetime) -> int:
    """Forget what the tenant no longer needs, in small batches; how many rows.

    Event keys and the work of spans after 40 days; spans with the raw requests, which a tenant may keep for fewer days
    than the installation.
    """
    today = now.astimezone(UTC).date()
    seen_before = today - timedelta(days=KEY_DAYS)
    spans_before = months_before(today, db.settings.raw_retention_months)
    conn = db.tenant(tenant_id)
    own_days = await queries.raw_days(conn, tenant_id)
    own_before = today - timedelta(days=own_days) if own_days is not None else None
    if own_before is not None:
        spans_before = max(spans_before, own_before)
    forgotten = await _purge_keys(conn, tenant_id, today, seen_before)
    for forget, before in ((queries.purge_spans, seen_before), (traces.purge_traces, spans_before)):
        while count := await forget(conn, tenant_id, before, _PURGE_LIMIT):
            forgotten += count
    if own_before is not None:
        forgotten += await _forget_raw(db, tenant_id, own_before, now)
    return forgotten


async def _forget_raw(db: Database, tenant_id: UUID, first_kept: date, now: datetime) -> int:
    """Delete raw requests that this tenant keeps for fewer days than the installation; how many. The rollups stay."""
    async with owner_tenant_transaction(db, tenant_id) as conn:
        before = datetime.combine(first_kept, time(), UTC)
        return await queries.forget_raw(conn, tenant_id, first_kept, before, now)


async def _purge_keys(conn: Conn, tenant_id: UUID, today: date, before: date) -> int:
    """Forget old keys among a seventh of the tenant's keys, another one each day; how many.

    Keys are hashes, so that the sevenths are equal; each key is looked at once a week.
    """
    place = today.toordinal() % _WEEK
    after, last = (UUID(int=_KEYS * n // _WEEK) for n in (place, place + 1))
    forgotten = 0
    while (seen := await queries.purge_keys(conn, tenant_id, after, last, before, _PURGE_LIMIT)) is not None:
        forgotten += seen.forgotten
        after = seen.last
    return forgotten


def months_before(day: date, months: int) -> date:
    """The same day of an earlier month, or that month's last day."""
    index = day.year * 12 + day.month - 1 - months
    first = date(index // 12, index % 12 + 1, 1)
    following = date((index + 1) // 12, (index + 1) % 12 + 1, 1)
    return min(first + timedelta(days=day.day - 1), following - timedelta(days=1))

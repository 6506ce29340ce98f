"""Following a sum of usage down to its events."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Final
from uuid import UUID

from alquimista.db.statement import Conn
from alquimista.usage.models.drilldown import AgentDay, Evidence, Place, UsageEvent
from alquimista.usage.models.reports import day_range, utc_span
from alquimista.usage.queries import drilldown as queries
from alquimista.usage.queries import upkeep
from alquimista.usage.queries.reports import totals

_BEGINNING: Final = Place(datetime(2000, 1, 1, tzinfo=UTC), UUID(int=0))


async def days(conn: Conn, tenant_id: UUID, first: date, last: date) -> list[AgentDay]:
    """The tenant's local days, both included, by agent: they add up to what `totals` says of them."""
    return await queries.days(conn, tenant_id, first, last)


async def received_days(
    conn: Conn, tenant_id: UUID, first: date, last: date, after: datetime | None, until: datetime | None
) -> list[AgentDay]:
    """The same from the events themselves, of those received after a moment and until another."""
    return await queries.received_days(conn, tenant_id, first, last, after, until)


async def events(
    conn: Conn,
    tenant_id: UUID,
    day: date,
    place: Place | None,
    limit: int,
    after: datetime | None = None,
    until: datetime | None = None,
) -> list[UsageEvent]:
    """At most `limit` events of a local day, in order, from where a page ended; perhaps only those received in a time.

    Empty when they are no longer kept.
    """
    return await queries.events(conn, tenant_id, day, place or _BEGINNING, limit, after, until)


async def evidence(conn: Conn, tenant_id: UUID, first: date, last: date, moments: Sequence[datetime]) -> Evidence:
    """The requests of local days by events and by rollups, to be compared; `moments` are two, for `after`.

    Needs a transaction: it keeps the partitions of the raw events from being dropped meanwhile. Each day is counted in
    a snapshot of its own, in which both ways must agree; so their sums must, too.
    """
    start, _ = utc_span(first)
    first_kept = await upkeep.hold_partitions(conn)
    if first_kept is None or start.date() < first_kept:
        rows = await totals(conn, tenant_id, first, last)
        return Evidence(None, sum(row.requests for row in rows), ())
    raw, rollup, after = 0, 0, [0] * len(moments)
    for day in day_range(first, last):
        counted = await queries.count(conn, tenant_id, day, moments)
        raw, rollup = raw + counted.raw, rollup + counted.rollup
        after = [sum(pair) for pair in zip(after, counted.after, strict=True)]
    return Evidence(raw, rollup, tuple(after))

"""What tests ask of usage's tables."""

from datetime import date

import msgspec

from alquimista.db.statement import Statement
from alquimista.usage import service


class Count(msgspec.Struct, frozen=True):
    """A number."""

    count: int


class DayCount(msgspec.Struct, frozen=True):
    """A day's requests."""

    day: date
    requests: int


VERSION = Statement(
    "SELECT version AS count FROM alquimista_platform.usage_versions WHERE tenant_id = %(tenant_id)s", Count
)
DAILY = Statement(
    """
    SELECT day, sum(requests)::bigint AS requests FROM alquimista_platform.tenant_usage_daily
    WHERE tenant_id = %(tenant_id)s GROUP BY day HAVING sum(requests) <> 0
    """,
    DayCount,
)


async def fold_everything(db, sender):
    """Fold until nothing waits."""
    while await service.fold(db, sender.tenant_id) is not None:
        pass


async def version(db, sender):
    """The rollups' version; 0 before the first event."""
    row = await db.tenant(sender.tenant_id).fetch_one(VERSION, tenant_id=sender.tenant_id)
    return row.count if row else 0


async def daily(db, sender):
    """The requests of each day that has some."""
    rows = await db.tenant(sender.tenant_id).fetch(DAILY, tenant_id=sender.tenant_id)
    return {row.day: row.requests for row in rows}


async def totals(db, sender):
    """The sums of all days, once nothing waits to be folded."""
    await fold_everything(db, sender)
    return await service.totals(db.tenant(sender.tenant_id), sender.tenant_id, date(2000, 1, 1), date(2100, 1, 1))

"""Reading rollups."""

from datetime import date, datetime
from uuid import UUID

import msgspec

from alquimista.db.statement import Conn, Statement
from alquimista.usage.models.reports import SumsRow
from alquimista.usage.queries.sums import SUMS


class LastHour(msgspec.Struct, frozen=True):
    agent_id: UUID
    hour: datetime


TOTALS = Statement(
    f"""
    SELECT currency, {SUMS}
    FROM alquimista_platform.tenant_usage_daily
    WHERE tenant_id = %(tenant_id)s AND day BETWEEN %(first_day)s AND %(last_day)s
    GROUP BY currency
    """,  # noqa: S608 - The interpolation is a constant column list.
    SumsRow,
)

LAST_REQUESTS = Statement(
    """
    SELECT agent_id, max(hour) AS hour FROM alquimista_platform.usage_hourly
    WHERE tenant_id = %(tenant_id)s AND hour >= %(since)s
    GROUP BY agent_id
    """,
    LastHour,
)


async def last_hours(conn: Conn, tenant_id: UUID, since: datetime) -> dict[UUID, datetime]:
    """The latest UTC hour in which each of the tenant's agents had a request, of those since then."""
    rows = await conn.fetch(LAST_REQUESTS, tenant_id=tenant_id, since=since)
    return {row.agent_id: row.hour for row in rows}


async def totals(conn: Conn, tenant_id: UUID, first_day: date, last_day: date) -> list[SumsRow]:
    """Sums of the tenant's local days, one row for each currency."""
    return await conn.fetch(TOTALS, tenant_id=tenant_id, first_day=first_day, last_day=last_day)

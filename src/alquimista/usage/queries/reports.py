"""Reading rollups."""

from datetime import date
from uuid import UUID

from alquimista.db.statement import Conn, Statement
from alquimista.usage.models.reports import SumsRow
from alquimista.usage.queries.sums import SUMS

TOTALS = Statement(
    f"""
    SELECT currency, {SUMS}
    FROM alquimista_platform.tenant_usage_daily
    WHERE tenant_id = %(tenant_id)s AND day BETWEEN %(first_day)s AND %(last_day)s
    GROUP BY currency
    """,  # noqa: S608 - The interpolation is a constant column list.
    SumsRow,
)


async def totals(conn: Conn, tenant_id: UUID, first_day: date, last_day: date) -> list[SumsRow]:
    """Sums of the tenant's local days, one row for each currency."""
    return await conn.fetch(TOTALS, tenant_id=tenant_id, first_day=first_day, last_day=last_day)

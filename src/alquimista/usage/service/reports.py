"""Reading usage. The answers that people see are composed by the dashboards room, from the same sums."""

from datetime import date, datetime
from uuid import UUID

from alquimista.db.statement import Conn
from alquimista.usage.models.reports import Sums, merge
from alquimista.usage.queries import reports as queries


async def totals(conn: Conn, tenant_id: UUID, first_day: date, last_day: date) -> Sums:
    """The sums of a tenant's local days, both included, in one statement."""
    return merge(await queries.totals(conn, tenant_id, first_day, last_day))


async def last_hours(conn: Conn, tenant_id: UUID, since: datetime) -> dict[UUID, datetime]:
    """The latest UTC hour in which each of the tenant's agents had a request, of those since then."""
    return await queries.last_hours(conn, tenant_id, since)

"""The vendor's revenue of all tenants, from the ledger alone."""

from datetime import date, datetime, timedelta
from typing import Final

from alquimista.access import PLATFORM_TENANT, PLATFORM_ZONE
from alquimista.billing.models import revenue
from alquimista.billing.models.monthly import MonthRevenue, monthly
from alquimista.billing.models.periods import add_months, local_day, midnight
from alquimista.billing.models.revenue import Books, RevenueDay, RevenueOverview, RevenuePeriod
from alquimista.billing.queries import revenue as queries
from alquimista.db.statement import Conn

_TICK: Final = timedelta(microseconds=1)


async def overview(conn: Conn, period: RevenuePeriod, now: datetime, locale: str) -> RevenueOverview:
    """The figures of a period that ends today; takes a connection of the internal role.

    As in the other figures of the platform, companies marked as demo count and the platform's own tenant does not.
    """
    today, books = await _books(conn, period, now)
    return revenue.overview(period, today, books, locale)


async def trend(conn: Conn, period: RevenuePeriod, now: datetime) -> list[RevenueDay]:
    """The days of the same period alone."""
    today, books = await _books(conn, period, now)
    return revenue.trend(period, today, books)


async def months(conn: Conn, first: date, count: int) -> list[MonthRevenue]:
    """So many months from the first day of one, as they were; takes a connection of the internal role."""
    start, until = midnight(first, PLATFORM_ZONE), midnight(add_months(first, count), PLATFORM_ZONE)
    books = await queries.books(conn, PLATFORM_TENANT, start, until - _TICK, PLATFORM_ZONE, revenue.CURRENCY)
    money = await queries.money(conn, PLATFORM_TENANT, start, until, PLATFORM_ZONE, revenue.CURRENCY)
    return monthly(first, count, books, money)


async def _books(conn: Conn, period: RevenuePeriod, now: datetime) -> tuple[date, Books]:
    today = local_day(now, PLATFORM_ZONE)
    start = midnight(revenue.first_day(period, today), PLATFORM_ZONE)
    return today, await queries.books(conn, PLATFORM_TENANT, start, now, PLATFORM_ZONE, revenue.CURRENCY)

"""Calendar arithmetic of subscriptions, in the tenant's own days."""

import calendar
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

# A local day is closed three hours after its midnight, so that its usage can be billed then.
SETTLED: Final = timedelta(hours=3)


def add_months(day: date, months: int) -> date:
    """The same day so many months on; the month's last day where it has no such day.

    Count from the anchor, never from a result: so the 31st comes back after a February.
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def local_day(moment: datetime, zone: str) -> date:
    """The day that a moment is in, at the tenant's."""
    return moment.astimezone(ZoneInfo(zone)).date()


def midnight(day: date, zone: str) -> datetime:
    """The moment, in UTC, when a local day begins."""
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)


def settled(day: date, zone: str) -> datetime:
    """The moment when all that happened before a local day is counted."""
    return midnight(day, zone) + SETTLED

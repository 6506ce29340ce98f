"""Periods of use: a month of a subscription, and what was billed for it."""

from datetime import date, datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

import msgspec

THRESHOLDS: Final = (80, 95, 100)  # Parts of the plan's requests, in percent, of which people are told.


class PeriodStatus(StrEnum):
    """A billed period may still be adjusted, by the next invoice."""

    OPEN = "open"
    BILLED = "billed"


class UsagePeriod(msgspec.Struct, frozen=True):
    """A row of usage_periods; days are the tenant's, `until_on` is the day after the last."""

    id: UUID
    subscription_id: UUID
    plan_id: UUID
    from_on: date
    until_on: date
    status: PeriodStatus
    requests: int
    overage_cents: int
    currency: str
    noticed_percent: int
    stopped_at: datetime | None
    raw_requests: int | None
    rollup_requests: int | None
    reconciled_at: datetime | None
    billed_at: datetime | None


def reached(requests: int, included: int) -> int:
    """The highest threshold that is reached, in percent; 0 when none is, or nothing is included."""
    if included <= 0:
        return 0
    return max((part for part in THRESHOLDS if requests * 100 >= part * included), default=0)

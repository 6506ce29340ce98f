"""Whether events, rollups and invoices agree about a period of use."""

from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple
from uuid import UUID

import msgspec

from alquimista.billing.models.usage import PeriodStatus

# A period is compared while it is open and so long after it was last billed: events come 35 days late at most.
COMPARED: Final = timedelta(days=45)
# What is received while an invoice is being written may be on it or not: its rollup is read a little after its moment.
_SLACK: Final = timedelta(minutes=10)


class Finding(StrEnum):
    """What a comparison found."""

    UNCHECKED = "unchecked"  # Not compared yet.
    RUNNING = "running"  # Events and rollups agree; nothing is billed yet.
    MATCHES = "matches"  # Events, rollups and invoices agree.
    LATE = "late"  # What is not billed came after the invoice: the next one adjusts it.
    RAW_GONE = "raw_gone"  # Events are no longer kept, so that nothing can be proven any more.
    DIFFERS = "differs"  # Somebody should look at it.


class Proof(msgspec.Struct, frozen=True):
    """A period with what is known about it: what was billed, what its lines say, what was counted at the last look.

    `usage_lines` counts the lines that billed it first. There is none where a month between two renewals cost nothing:
    no invoice is made for that.
    """

    tenant_id: UUID
    tenant_name: str
    id: UUID
    from_on: date
    until_on: date
    status: PeriodStatus
    requests: int
    overage_cents: int
    currency: str
    usage_lines: int
    line_requests: int
    line_cents: int
    raw_requests: int | None
    rollup_requests: int | None
    late_requests: int | None
    billed_at: datetime | None
    reconciled_at: datetime | None
    updated_at: datetime

    @property
    def last_day(self) -> date:
        """The last day of the period."""
        return self.until_on - timedelta(days=1)

    @property
    def finding(self) -> Finding:
        """What the last comparison found, together with the lines as they are."""
        if self.reconciled_at is None:
            return Finding.UNCHECKED
        if self.raw_requests is None:
            return Finding.RAW_GONE
        if self.raw_requests != self.rollup_requests or not self._lines_agree:
            return Finding.DIFFERS
        if self.status is PeriodStatus.OPEN:
            return Finding.RUNNING
        if self.rollup_requests == self.requests:
            return Finding.MATCHES
        return Finding.LATE if self.rollup_requests - self.requests == self.late_requests else Finding.DIFFERS

    @property
    def _lines_agree(self) -> bool:
        counted = not self.usage_lines or self.line_requests == self.requests
        return counted and self.line_cents == self.overage_cents


class Around(NamedTuple):
    """Two moments around that of an invoice."""

    before: datetime
    after: datetime


def around(moment: datetime) -> Around:
    """Between them an event may or may not have been on the invoice of a moment."""
    return Around(moment - _SLACK, moment + _SLACK)


def explained(difference: int, after: tuple[int, ...]) -> int:
    """The part of a difference that was received after the invoice.

    `after` counts what was received since a little before it, and since a little after it: what lies between the two
    was received while it was written, and any part of that may be on it.
    """
    return min(max(difference, min(after)), max(after))

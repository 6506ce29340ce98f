"""What the reads have in common: limits, and how fresh an answer is."""

from typing import Final

import msgspec

from alquimista.dashboards.models.figures import Period
from alquimista.http.context import Context
from alquimista.http.routes import Limit

# Per tenant and per user (requirements 1.5).
READS_OF_ALL: Final = (Limit(count=1_200, seconds=60, per=("user",)),)
READS: Final = (Limit(count=6_000, seconds=60, per=("tenant",)), *READS_OF_ALL)


class PeriodQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How far back, today included."""

    period: Period = Period.MONTH


def includes_today(_context: Context) -> bool:
    """Answers that count requests up to this moment: a browser must ask again each time."""
    return True

"""When too many of a tenant's requests fail."""

from datetime import datetime, timedelta

import msgspec


class Recent(msgspec.Struct, frozen=True):
    """Requests of the latest time, and those of them that failed."""

    requests: int
    failures: int

    def too_many(self, requests: int, percent: int) -> bool:
        """Whether more than `percent` failed, of at least `requests`."""
        return self.requests >= requests and self.failures * 100 > self.requests * percent

    @property
    def percent(self) -> float:
        """How many percent failed, with one decimal."""
        return round(self.failures * 100 / self.requests, 1) if self.requests else 0.0


def judged_since(now: datetime) -> datetime:
    """Where the judged time begins: the last full hour and what there is of this one."""
    return now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=1)

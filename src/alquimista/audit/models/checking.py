"""What a page tells of a chain: where it ends, what was signed of it, and what recomputing it found."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from alquimista.audit.models.verifying import Report


class ChainEnd(msgspec.Struct, frozen=True, kw_only=True):
    """The end of a tenant's chain, and the last of its signed heads; that is None before the first one."""

    tenant_id: UUID
    tenant_name: str
    seq: int
    hash: str
    sealed_at: datetime
    head_seq: int | None
    head_signed_at: datetime | None
    head_key_id: str | None


class AnchorFile(StrEnum):
    """What became of reading the anchor outside the database."""

    READ = "read"
    NOT_SET = "not_set"
    MISSING = "missing"
    UNREADABLE = "unreadable"
    TOO_LARGE = "too_large"


class Checked(msgspec.Struct, frozen=True):
    """A chain and what was found. `first` is the place from which on it was recomputed."""

    chain: ChainEnd
    report: Report

    @property
    def intact(self) -> bool:
        """Whether nothing is wrong."""
        return not self.report.total

    @property
    def first(self) -> int:
        """The first place that was recomputed; what is below was taken as it is."""
        return self.report.last - self.report.entries + 1 if self.report.entries else self.report.last

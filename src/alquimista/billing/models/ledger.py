"""Movements of monthly revenue: what counts as what, and sums of them. Definitions: docs/billing.md."""

from enum import StrEnum


class Movement(StrEnum):
    """Each change of a tenant's monthly revenue is exactly one of these."""

    NEW = "new"
    EXPANSION = "expansion"
    CONTRACTION = "contraction"
    CHURNED = "churned"
    REACTIVATED = "reactivated"
    MOVED = "moved"  # To another plan of the same price: it moves no revenue, and tells which plan brings it.


def movement(before_cents: int, after_cents: int, *, first: bool, other_plan: bool) -> Movement | None:
    """What a change is; None when nothing moved. `first`: the tenant never brought anything before."""
    if before_cents == after_cents:
        return Movement.MOVED if other_plan and after_cents else None
    if before_cents == 0:
        return Movement.NEW if first else Movement.REACTIVATED
    if after_cents == 0:
        return Movement.CHURNED
    return Movement.EXPANSION if after_cents > before_cents else Movement.CONTRACTION

"""Movements of monthly revenue: what counts as what, and sums of them. Definitions: docs/billing.md."""

from enum import StrEnum


class Movement(StrEnum):
    """Each change of a tenant's monthly revenue is exactly one of these."""

    NEW = "new"
    EXPANSION = "expansion"
    CONTRACTION = "contraction"
    CHURNED = "churned"
    REACTIVATED = "reactivated"


def movement(before_cents: int, after_cents: int, *, first: bool) -> Movement | None:
    """What a change is; None when nothing moved. `first`: the tenant never brought anything before."""
    if before_cents == after_cents:
        return None
    if before_cents == 0:
        return Movement.NEW if first else Movement.REACTIVATED
    if after_cents == 0:
        return Movement.CHURNED
    return Movement.EXPANSION if after_cents > before_cents else Movement.CONTRACTION

"""Money in integer cents, and the one rounding rule.

Whatever does not come out even is rounded to the nearest cent, halves to the even one (ABNT NBR 5891). Nothing is ever
computed in floating point.
"""

from collections.abc import Iterable

from alquimista.billing.models.catalogue import Tier


def half_even(numerator: int, denominator: int) -> int:
    """A quotient as a whole number, halves to the even one. The denominator is above zero."""
    quotient, rest = divmod(numerator, denominator)
    above = 2 * rest - denominator
    return quotient + (above > 0 or (above == 0 and quotient % 2 == 1))


def prorate(cents: int, days: int, of_days: int) -> int:
    """The part of a price that some days of a cycle bear, in cents."""
    return half_even(cents * days, of_days)


def percentage(cents: int, hundredths: int) -> int:
    """So many hundredths of a percent of an amount, in cents: 500 is 5 %."""
    return half_even(cents * hundredths, 10_000)


def overage(tiers: Iterable[Tier], included: int, requests: int) -> int:
    """What a month's requests beyond the plan cost, in cents.

    Each tier prices its own part of them; a part of `per` that was begun counts whole. `up_to` counts from the first
    request beyond the plan. What lies beyond a closed last tier, and everything without tiers, is not charged.
    """
    beyond = max(0, requests - included)
    cents = done = 0
    for tier in tiers:
        end = beyond if tier.up_to is None else min(beyond, tier.up_to)
        if end > done:
            cents += -(-(end - done) // tier.per) * tier.price_cents
            done = end
    return cents

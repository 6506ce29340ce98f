"""Prices, a calendar and a rounding that are not the product's: for `support.yearbook`."""

import calendar
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction

# Price list B by the month and by the year, the requests included (scaled), agents included, and the demo's tiers:
# up to so many requests beyond, each at a price; then each at another.
PRICES = {
    "starter": (29_700, 297_000, 10, 8, ((10, 2_490), (None, 1_990))),
    "profissional": (69_700, 697_000, 50, 16, ((50, 1_490), (None, 1_190))),
    "expert": (149_700, 1_497_000, 150, 24, ((150, 990), (None, 790))),
    "enterprise": (299_700, 2_997_000, 500, 32, ((None, 590),)),
}
AGENT = (2_990, 35_880)


def rounded(amount):
    """To whole cents, halves to the even one."""
    exact = Fraction(amount)
    return int((Decimal(exact.numerator) / Decimal(exact.denominator)).quantize(Decimal(1), ROUND_HALF_EVEN))


def months_on(day, months):
    year, month = day.year + (day.month - 1 + months) // 12, (day.month - 1 + months) % 12 + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def price(terms):
    plan, cycle, agents = terms
    yearly = cycle == "yearly"
    beyond = max(0, agents - PRICES[plan][3])
    return PRICES[plan][yearly] + beyond * AGENT[yearly]


def mrr_of(terms):
    return rounded(Fraction(price(terms), 12 if terms[1] == "yearly" else 1))


def room(terms):
    """Agents that the plan has room for."""
    return PRICES[terms[0]][3]


def overage(plan, requests):
    beyond, cents, begun = max(0, requests - PRICES[plan][2]), 0, 0
    for up_to, each in PRICES[plan][4]:
        here = (beyond if up_to is None else min(beyond, up_to)) - begun
        cents += max(0, here) * each
        begun += max(0, here)
    return cents

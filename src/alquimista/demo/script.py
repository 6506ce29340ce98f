"""What the customers of a simulated year do: plain acts from a seeded generator, no I/O."""

import random
from collections.abc import Iterator
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

import msgspec

START: Final = date(2026, 1, 1)
DAYS: Final = 365
SEGMENTS: Final = ("Saúde", "Logística", "Educação", "Varejo", "Imobiliário", "Serviços")
_PLANS: Final = ("starter", "profissional", "expert", "enterprise")
_SHARES: Final = (50, 30, 15, 5)
# Requests of a month that the simulated plans include: the shipped ones divided by a thousand.
SCALE: Final = 1_000
_INCLUDED: Final = {"starter": 10, "profissional": 50, "expert": 150, "enterprise": 500}
_STAYS: Final = 45  # Days from the arrival on which nothing goes wrong, so that most first invoices are paid.


class Kind(StrEnum):
    """What a customer does."""

    HABIT = "habit"  # From now on pays every invoice so many days after its issue; None: no longer pays.
    TRIAL = "trial"  # Is granted a trial by staff.
    SUBSCRIBE = "subscribe"  # Chooses a plan, or changes to it.
    CANCEL = "cancel"
    RESUME = "resume"
    USE = "use"  # Its agents serve so many requests.


class Act(msgspec.Struct, frozen=True):
    """One customer's act of a day; the fields that its kind needs."""

    day: date
    tenant: int
    kind: Kind
    plan: str = ""
    cycle: str = "monthly"
    agents: int = 2
    days: int | None = None
    requests: int = 0


def script(tenants: int, seed: int, start: date = START) -> list[Act]:
    """The acts of a year, in order of days; the same for the same seed, and of a customer whatever the others do.

    Customers do not look at what has become of their subscription: what its state does not allow is refused to them, as
    it would be on the pages.
    """
    acts = [act for tenant in range(tenants) for act in _customer(tenant, random.Random(f"{seed}/{tenant}"), start)]  # noqa: S311 - Repeatable, not secret.
    last = start + timedelta(days=DAYS)
    return sorted((act for act in acts if act.day < last), key=lambda act: (act.day, act.tenant))


def segment_of(tenant: int) -> str:
    """A customer's line of business."""
    return SEGMENTS[tenant % len(SEGMENTS)]


def _customer(tenant: int, rng: random.Random, start: date) -> Iterator[Act]:
    arrives = start + timedelta(days=int(330 * rng.random() ** 1.2))
    plan = rng.choices(_PLANS, _SHARES)[0]
    cycle = "yearly" if rng.random() < 0.25 else "monthly"
    agents = 10 if plan == "starter" and rng.random() < 0.2 else rng.randint(2, 4)
    pays: int | None = rng.choice((0, 0, 1, 2, 3, 4))
    if rng.random() < 0.06:
        pays = None  # Never pays at all.
    yield Act(arrives, tenant, Kind.HABIT, days=pays)
    if rng.random() < 0.25:
        yield Act(arrives, tenant, Kind.TRIAL, plan, cycle, agents, days=rng.choice((7, 14)))
    else:
        yield Act(arrives, tenant, Kind.SUBSCRIBE, plan, cycle, agents)
    yield from _changes(tenant, rng, arrives, plan, cycle, agents)
    yield from _troubles(tenant, rng, arrives)
    yield from _leaving(tenant, rng, arrives, plan)
    yield from _use(tenant, rng, arrives, plan)


def _changes(tenant: int, rng: random.Random, arrives: date, plan: str, cycle: str, agents: int) -> Iterator[Act]:
    """More of a plan, less of it, or the year instead of the month."""
    place, day = _PLANS.index(plan), arrives
    for _ in range(rng.choice((0, 0, 1, 1, 2, 3))):
        day += timedelta(days=rng.randint(20, 120))
        turn = rng.random()
        if turn < 0.5 and place + 1 < len(_PLANS):
            place += 1
        elif turn < 0.8 and place:
            place -= 1
        else:
            cycle = "yearly" if cycle == "monthly" else "monthly"
        yield Act(day, tenant, Kind.SUBSCRIBE, _PLANS[place], cycle, agents)


def _troubles(tenant: int, rng: random.Random, arrives: date) -> Iterator[Act]:
    """Payments that come late, much too late, or no longer."""
    day = arrives + timedelta(days=_STAYS + rng.randint(0, 60))
    turn = rng.random()
    if turn < 0.2:
        yield Act(day, tenant, Kind.HABIT, days=rng.randint(6, 12))
    elif turn < 0.35:
        yield Act(day, tenant, Kind.HABIT, days=rng.randint(19, 25))
    elif turn < 0.45:
        yield Act(day, tenant, Kind.HABIT, days=None)
        if rng.random() < 0.6:
            yield Act(day + timedelta(days=rng.randint(40, 150)), tenant, Kind.HABIT, days=1)


def _leaving(tenant: int, rng: random.Random, arrives: date, plan: str) -> Iterator[Act]:
    """A cancellation, taken back or not; some come again months later."""
    if rng.random() > 0.3:
        return
    day = arrives + timedelta(days=_STAYS + rng.randint(0, 150))
    yield Act(day, tenant, Kind.CANCEL)
    turn = rng.random()
    if turn < 0.3:
        yield Act(day + timedelta(days=rng.randint(1, 15)), tenant, Kind.RESUME)
    elif turn < 0.7:
        back = day + timedelta(days=rng.randint(35, 120))
        yield Act(back, tenant, Kind.HABIT, days=1)
        yield Act(back, tenant, Kind.SUBSCRIBE, plan, "monthly", 2)


def _use(tenant: int, rng: random.Random, arrives: date, plan: str) -> Iterator[Act]:
    """A burst of requests in each thirty days, sometimes more than the plan includes."""
    day = arrives + timedelta(days=rng.randint(3, 25))
    while day < arrives + timedelta(days=DAYS):
        requests = max(1, round(_INCLUDED[plan] * rng.uniform(0.3, 1.3)))
        yield Act(day, tenant, Kind.USE, requests=requests)
        day += timedelta(days=30)

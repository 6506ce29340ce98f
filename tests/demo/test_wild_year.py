"""Companies that do anything at any time, most of it refused: the other telling still comes to the same."""

import random
from datetime import timedelta

import msgspec

from alquimista.demo.script import DAYS, START, Act, Kind
from alquimista.demo.year import play
from support.yearbook import told

TENANTS, SEED = 12, 1
PLANS = ("starter", "profissional", "expert")
HABITS = (0, 0, 0, 2, 5, 7, 10, 15, 20, 23, 26, None)


def acts_of(tenant):
    dice = random.Random(f"{SEED}/{tenant}")
    day = START + timedelta(days=dice.randint(0, 60))
    yield Act(day, tenant, Kind.HABIT, days=dice.choice(HABITS[:5]))
    while day < START + timedelta(days=DAYS):
        kind = dice.choice([Kind.SUBSCRIBE] * 5 + [Kind.HABIT, Kind.USE] * 3 + [Kind.CANCEL, Kind.RESUME, Kind.TRIAL])
        match kind:
            case Kind.SUBSCRIBE | Kind.TRIAL:
                cycle, days = dice.choice(("monthly", "monthly", "yearly")), dice.choice((3, 7, 14))
                yield Act(day, tenant, kind, dice.choice(PLANS), cycle, dice.choice((2, 2, 10)), days)
            case Kind.HABIT:
                yield Act(day, tenant, kind, days=dice.choice(HABITS))
            case _:
                yield Act(day, tenant, kind, requests=dice.randint(1, 40))
        day += timedelta(days=dice.choice((0, 0, 1, 3, 7, 15, 31)))


async def test_a_year_of_anything_comes_to_the_same(db):
    acts = sorted((act for tenant in range(TENANTS) for act in acts_of(tenant)), key=lambda a: (a.day, a.tenant))
    year = await play(db, acts)
    lines, refused = told(acts, START, DAYS)
    assert [msgspec.structs.asdict(month) for month in year.months] == [
        {name: line[name] for name in year.months[0].__struct_fields__} for line in lines
    ]
    assert year.refused == refused

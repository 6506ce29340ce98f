"""The simulated year comes to what its acts come to when somebody else adds them up."""

from dataclasses import replace
from datetime import date, timedelta

import msgspec
import pytest

from alquimista.access import PLATFORM_TENANT
from alquimista.config import ConfigError
from alquimista.db.pool import Database
from alquimista.db.statement import Statement
from alquimista.demo.script import DAYS, START, Act, Kind, script
from alquimista.demo.year import play, require_empty
from support.yearbook import told

# Between them these companies do everything that the script knows, refused acts included.
TENANTS, SEED = 12, 7


class Cents(msgspec.Struct, frozen=True):
    cents: int


OF_TENANTS = Statement(
    "SELECT sum(mrr_cents)::bigint AS cents FROM alquimista_platform.tenants WHERE id <> %(platform)s", Cents
)


async def test_a_year_of_companies_comes_to_what_their_acts_come_to(db):
    acts = script(TENANTS, SEED)
    days = []
    year = await play(db, acts, days.append)
    lines, refused = told(acts, START, DAYS)
    assert [msgspec.structs.asdict(month) for month in year.months] == [
        {name: line[name] for name in year.months[0].__struct_fields__} for line in lines
    ]
    assert year.refused == refused
    assert (days[0], days[-1]) == (START, START + timedelta(days=DAYS - 1))
    sums = {name: sum(line[name] for line in lines) for name in lines[0] if name != "month"}
    assert all(sums.values()), f"choose a seed that has some of everything: {sums}"
    of_tenants = await db.staff().fetch_one(OF_TENANTS, platform=PLATFORM_TENANT)
    assert of_tenants.cents == year.months[-1].mrr_end
    with pytest.raises(ConfigError, match="not empty"):
        await play(db, acts)


async def test_production_is_no_place_for_it(db):
    strict = Database(replace(db.settings, environment="production"), 1)
    with pytest.raises(ConfigError, match="production"):
        await require_empty(strict)


def test_the_same_seed_is_the_same_year_and_a_customer_does_not_depend_on_others():
    few, many = script(5, 1), script(9, 1)
    assert few == script(5, 1)
    assert [act for act in many if act.tenant < 5] == few
    assert script(5, 2) != few
    assert {act.kind for act in script(200, 1)} == set(Kind)
    assert few == sorted(few, key=lambda act: (act.day, act.tenant))
    assert all(START <= act.day < START + timedelta(days=DAYS) for act in many)


def test_the_other_telling_knows_a_month_by_hand():
    """297.00 on 15 January, 12 requests of 10 at 24.90 each beyond, billed with the renewal."""
    acts = [
        Act(date(2026, 1, 15), 0, Kind.HABIT, days=0),
        Act(date(2026, 1, 15), 0, Kind.SUBSCRIBE, "starter"),
        Act(date(2026, 1, 20), 0, Kind.USE, requests=12),
    ]
    lines, refused = told(acts, START, 59)
    assert refused == 0
    assert (lines[0]["new"], lines[0]["collected"], lines[0]["mrr_end"]) == (29_700, 29_700, 29_700)
    assert (lines[1]["invoiced"], lines[1]["overage"]) == (29_700 + 2 * 2_490, 2 * 2_490)

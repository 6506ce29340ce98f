"""The shipped catalogue holds together, and a mistake in a catalogue is told by its place."""

import shutil

import pytest

from alquimista.catalogue import files
from alquimista.config import ConfigError
from alquimista.tenants.models import PLAN_LIMITS

# Price list B of requirements 4.1: cents a month and a year; SubNúcleos, agents, people, requests a month.
LIST_B = {
    "starter": (29_700, 297_000, 1, 8, 3, 10_000),
    "profissional": (69_700, 697_000, 2, 16, 10, 50_000),
    "expert": (149_700, 1_497_000, 4, 24, 25, 150_000),
    "enterprise": (299_700, 2_997_000, 7, 32, 999_999, 500_000),
}


@pytest.fixture
def folder(tmp_path):
    for name in ("plans.toml", "subnucleos.toml"):
        shutil.copy(files.SHIPPED / name, tmp_path)
    shutil.copytree(files.SHIPPED / "agents", tmp_path / "agents")
    return tmp_path


def test_the_shipped_catalogue_has_all_agents_and_each_belongs_to_one_subnucleo():
    found = files.read()
    assert sorted(agent.number for agent in found.agents) == list(range(1, 33))
    assert len(found.subnucleos) == 7
    members = sorted(slug for one in found.subnucleos for slug in one.agents)
    assert members == sorted(agent.slug for agent in found.agents)
    of = {slug: one.name for one in found.subnucleos for slug in one.agents}
    assert {agent.slug: agent.category for agent in found.agents} == of


def test_prices_and_limits_are_list_b_and_nothing_is_charged_beyond():
    found = files.read()
    assert {
        plan.name: (
            plan.price_monthly_cents,
            plan.price_yearly_cents,
            plan.max_subnucleos,
            plan.max_agents,
            plan.max_users,
            plan.max_requests_per_month,
        )
        for plan in found.plans
    } == LIST_B
    assert not any(plan.overage_tiers for plan in found.plans)
    assert [(addon.kind, addon.price_monthly_cents) for addon in found.addons] == [("agent", 2_990)]


def test_a_tenant_made_by_hand_gets_the_limits_of_the_catalogue():
    limits = {name: (one.max_agents, one.max_users, one.max_requests_per_month) for name, one in PLAN_LIMITS.items()}
    assert limits == {
        plan.name: (plan.max_agents, plan.max_users, plan.max_requests_per_month) for plan in files.read().plans
    }


def test_every_agent_has_rules_of_its_own():
    found = files.read().agents
    texts = [rule.text for agent in found for rule in (*agent.never, *agent.hand_over, *agent.functions)]
    assert len(set(texts)) == len(texts)
    assert {agent.limits.offers for agent in found if agent.slug == "retencao"} == {1}
    for agent in found:
        assert 3 <= len(agent.functions) <= 5, agent.slug
        assert len(agent.hand_over) >= 2, agent.slug
        books = {function.name for function in agent.functions if "calendar.book" in function.tools}
        checked = {name for one in agent.confirm if one.kind == "availability" for name in one.before}
        assert books <= checked, f"{agent.slug} books what it has not looked up"
        for one in agent.confirm:
            verifies = {function.name for function in agent.functions if "payment.check" in function.tools}
            if one.kind == "payment":
                assert verifies - set(one.before), f"{agent.slug} can never verify {one.what}"


@pytest.mark.parametrize(
    ("name", "old", "new", "told"),
    [
        ("plans.toml", 'name = "starter"', 'name = "expert"', "the plan expert twice"),
        ("plans.toml", "price_monthly_cents = 29_700", "price_monthly_cents = 297.0", "plans.toml: Expected `int`"),
        ("plans.toml", "[[plans]]", "[[plans]", "plans.toml: "),
        ("plans.toml", "max_users = 3\n", "max_users = 3\nmax_people = 3\n", "unknown field `max_people`"),
        ("subnucleos.toml", '"sdr-spin"', '"sdr-spim"', "vendas names the agent sdr-spim"),
        ("subnucleos.toml", '"vendas-ativas"', '"sdr-spin"', "name each agent once"),
        (
            "agents/retencao.toml",
            'kind = "pressure"',
            'kind = "presure"',
            "retencao.toml: Invalid enum value 'presure'",
        ),
        ("agents/retencao.toml", "number = 10", "number = 11", "the number 11 twice"),
        ("agents/clinica-medica.toml", 'before = ["', 'before = ["voar", "', "guards `voar`"),
    ],
)
def test_a_mistake_is_told_by_its_place(folder, name, old, new, told):
    path = folder / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(ConfigError, match=told.replace("[", "\\[")):
        files.read(folder)


def test_a_folder_without_agents_or_prices_is_refused(folder):
    (folder / "plans.toml").unlink()
    with pytest.raises(ConfigError, match=r"plans\.toml"):
        files.read(folder)
    with pytest.raises(ConfigError, match="a file for each agent"):
        files.read(folder / "nowhere")


@pytest.mark.parametrize(
    ("tiers", "good"),
    [
        ("[{up_to=10, per=1, price_cents=5}, {per=1, price_cents=4}]", True),
        ("[{per=1, price_cents=5}, {up_to=10, per=1, price_cents=4}]", False),
        ("[{up_to=10, per=1, price_cents=5}]", True),
        ("[{up_to=10, per=1, price_cents=5}, {up_to=20, per=10, price_cents=4}]", True),
        ("[{up_to=10, per=1, price_cents=5}, {up_to=10, per=10, price_cents=4}]", False),
        ("[{up_to=10, per=0, price_cents=5}]", False),
        ("[{up_to=10, per=1, price_cents=-5}]", False),
    ],
)
def test_tiers_rise(folder, tiers, good):
    path = folder / "plans.toml"
    path.write_text(path.read_text().replace("overage_tiers = []", f"overage_tiers = {tiers}", 1))
    if good:
        assert files.read(folder).plans[0].overage_tiers
    else:
        with pytest.raises(ConfigError, match=r"plans\.toml"):
            files.read(folder)

"""Staff keep the catalogue through the API: versions, history, and nobody else."""

from datetime import timedelta

import msgspec
import pytest

import factories
from alquimista import clock
from alquimista.access import Role
from alquimista.billing.service import catalogue as billing
from alquimista.catalogue import files
from alquimista.catalogue.load import load
from support.whole import whole


@pytest.fixture(scope="module")
async def process(db, settings):
    await load(db, files.read(), clock.now())
    async with whole(settings) as running:
        yield running


@pytest.fixture(scope="module")
async def admin(db, process):
    person = await factories.make_user(db)
    async with process.client(await process.token(person.email, person.password)) as client:
        yield client


@pytest.fixture
async def plan(db):
    """The terms of a plan as they are now, as a body."""
    found = {one.name: one for one in await billing.plans(db.staff(), clock.now())}
    return msgspec.to_builtins(found["starter"].terms)


async def test_a_plan_on_new_terms_is_a_new_version(admin, plan):
    before = (await admin.get("/internal/catalogue/prices")).json()["plans"]
    answer = await admin.post("/internal/catalogue/plans", json=plan | {"price_monthly_cents": 30_700})
    assert answer.status_code == 201, answer.text
    sold = answer.json()
    assert (sold["price_monthly_cents"], sold["source"], sold["valid_to"]) == (30_700, "staff", None)
    after = [one for one in (await admin.get("/internal/catalogue/prices")).json()["plans"] if one["name"] == "starter"]
    assert [one["version"] for one in after] == list(range(len(after), 0, -1))
    assert after[0]["id"] == sold["id"]
    assert after[1]["valid_to"] == sold["valid_from"]
    assert len(after) == len([one for one in before if one["name"] == "starter"]) + 1


async def test_a_change_can_be_set_for_later_and_one_only(admin, plan, db):
    later = clock.now() + timedelta(days=30)
    body = plan | {"name": "trimestral", "display_name": "Trimestral"}
    assert (await admin.post("/internal/catalogue/plans", json=body)).status_code == 201
    dearer = body | {"price_monthly_cents": 99_900, "valid_from": later.isoformat()}
    assert (await admin.post("/internal/catalogue/plans", json=dearer)).status_code == 201
    now_on_sale = {one.name: one.price_monthly_cents for one in await billing.plans(db.staff(), clock.now())}
    assert now_on_sale["trimestral"] == plan["price_monthly_cents"]
    then = {one.name: one.price_monthly_cents for one in await billing.plans(db.staff(), later)}
    assert then["trimestral"] == 99_900
    again = await admin.post("/internal/catalogue/plans", json=dearer)
    assert (again.status_code, again.json()["error"]) == (409, "version_scheduled")


async def test_the_past_is_not_changed(admin, plan):
    for moment in ((clock.now() - timedelta(days=1)).isoformat(), "9999-12-31T23:59:59-10:00"):
        answer = await admin.post("/internal/catalogue/plans", json=plan | {"valid_from": moment})
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "valid_from")


@pytest.mark.parametrize(
    "wrong",
    [
        {"price_monthly_cents": -1},
        {"price_monthly_cents": 297.5},
        {"currency": "reais"},
        {"overage_tiers": [{"per": 0, "price_cents": 1}]},
        {"overage_tiers": [{"per": 1, "price_cents": 1}, {"per": 1, "price_cents": 1, "up_to": 5}]},
        {"name": "'; DROP TABLE"},
        {"name": "novo\n"},
        {"tenant_id": "01890a5d-ac96-774b-bcce-b302099a8057"},
    ],
)
async def test_terms_that_make_no_sense_are_refused(admin, plan, wrong):
    answer = await admin.post("/internal/catalogue/plans", json=plan | wrong)
    assert answer.status_code == 400, answer.text


async def test_add_ons_subnucleos_and_agents_too(admin):
    prices = (await admin.get("/internal/catalogue/prices")).json()
    addon = {
        k: v for k, v in prices["addons"][0].items() if k not in {"id", "version", "source", "valid_from", "valid_to"}
    }
    answer = await admin.post("/internal/catalogue/addons", json=addon | {"price_monthly_cents": 3_190})
    assert (answer.status_code, answer.json()["version"]) == (201, prices["addons"][0]["version"] + 1)

    bundle = {
        "name": "vendas",
        "display_name": "Vendas",
        "description": "",
        "category": "vendas",
        "sort_order": 4,
        "required": ["sdr-spin", "vendas-ativas"],
        "optional": [],
    }
    answer = await admin.put("/internal/catalogue/subnucleos/vendas", json=bundle)
    assert (answer.status_code, set(answer.json()["required"])) == (200, {"sdr-spin", "vendas-ativas"})
    unknown = await admin.put("/internal/catalogue/subnucleos/vendas", json=bundle | {"optional": ["nobody"]})
    assert unknown.status_code == 404
    other = await admin.put("/internal/catalogue/subnucleos/saude", json=bundle)
    assert (other.status_code, other.json()["errors"][0]["field"]) == (400, "name")

    agents = {one["slug"]: one for one in (await admin.get("/internal/catalogue/agents")).json()["agents"]}
    stored = agents["retencao"]
    header = {name: value for name, value in stored.items() if name not in {"id", "source", "definition"}}
    sheet = header | stored["definition"]
    sheet["limits"] = {"offers": 2}
    taken = await admin.put("/internal/catalogue/agents/retencao", json=sheet)
    assert (taken.status_code, taken.json()["error"]) == (409, "agent_version_taken")
    answer = await admin.put("/internal/catalogue/agents/retencao", json=sheet | {"version": "1.0.1"})
    assert (answer.status_code, answer.json()["source"]) == (200, "staff")
    assert answer.json()["definition"]["limits"] == {"offers": 2}


async def test_support_reads_prices_with_everybody_and_changes_none(db, process, plan):
    person = await factories.make_user(db, role=Role.INTERNAL_SUPPORT)
    async with process.client(await process.token(person.email, person.password)) as client:
        assert (await client.post("/internal/catalogue/plans", json=plan)).status_code == 403
        assert (await client.get("/api/plans")).status_code == 200

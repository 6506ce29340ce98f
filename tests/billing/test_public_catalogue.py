"""What is offered, for everybody: without a login, kept, and true as soon as it changes."""

import msgspec
import pytest

import factories
from alquimista import clock
from alquimista.access import PLATFORM_TENANT, Actor, ActorKind
from alquimista.billing.service import catalogue as billing
from alquimista.catalogue import files
from alquimista.catalogue.load import load
from alquimista.db.tenancy import tenant_transaction
from support.identity import eventually
from support.whole import whole

STAFF = Actor(kind=ActorKind.SESSION, permissions=frozenset())
PATHS = ("/api/agents", "/api/plans", "/api/billing/plans", "/api/billing/subnucleos")


@pytest.fixture(scope="module")
async def public(db, settings):
    await load(db, files.read(), clock.now())
    async with whole(settings) as process, process.client(None) as client:
        yield client


@pytest.mark.parametrize("path", PATHS)
async def test_everybody_reads_it_and_caches_may_keep_it(public, path):
    answer = await public.get(path)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "public, max-age=60"
    assert answer.headers["vary"] == "Accept-Language"
    assert "set-cookie" not in answer.headers
    again = await public.get(path)
    assert (again.headers["x-cache-status"], again.content) == ("HIT", answer.content)
    unchanged = await public.get(path, headers={"If-None-Match": answer.headers["etag"]})
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    # A credential, good or bad, changes nothing: nobody is authenticated here.
    assert (await public.get(path, headers={"Authorization": "Bearer nonsense"})).content == answer.content


async def test_agents_with_what_they_do_and_their_price(public):
    agents = (await public.get("/api/agents")).json()["agents"]
    assert [one["number"] for one in agents] == list(range(1, 33))
    dentist = agents[2]
    assert (dentist["slug"], dentist["category"]) == ("clinica-odontologica", "saude")
    assert len(dentist["functions"]) == 5
    assert dentist["price"] == {"currency": "BRL", "monthly_cents": 2990, "yearly_cents": 35880}
    some = (await public.get("/api/agents", params={"category": "vendas"})).json()["agents"]
    assert {one["slug"] for one in some} == {"sdr-spin", "vendas-ativas", "cross-sell-e-upsell"}
    assert (await public.get("/api/agents", params={"category": "' OR 1=1 --"})).json() == {"agents": []}
    assert (await public.get("/api/agents", params={"wrong": "1"})).status_code == 400


async def test_plans_say_what_a_year_saves(public):
    answer = (await public.get("/api/billing/plans")).json()
    assert [(one["name"], one["saved_percent"]) for one in answer["plans"]] == [
        ("starter", 16),
        ("profissional", 16),
        ("expert", 16),
        ("enterprise", 16),
    ]
    assert [one["name"] for one in answer["addons"]] == ["agente-avulso"]
    assert answer == (await public.get("/api/plans")).json()


async def test_subnucleos_say_which_agents_are_required(public):
    bundles = {one["name"]: one["agents"] for one in (await public.get("/api/billing/subnucleos")).json()["subnucleos"]}
    assert len(bundles) == 7
    assert sum(map(len, bundles.values())) == 32
    assert {one["slug"]: one["required"] for one in bundles["vendas"]} == {
        "sdr-spin": True,
        "cross-sell-e-upsell": False,
        "vendas-ativas": False,
    }


async def test_a_new_price_is_seen_at_once(public, db):
    await public.get("/api/plans")
    plan = next(one for one in await billing.plans(db.staff(), clock.now()) if one.name == "starter")
    async with tenant_transaction(db, PLATFORM_TENANT) as conn:
        dearer = msgspec.structs.replace(plan.terms, price_monthly_cents=31_900)
        await billing.sell_plan(conn, STAFF, dearer, clock.now(), clock.now())

    async def price() -> int:
        return (await public.get("/api/plans")).json()["plans"][0]["price"]["monthly_cents"]

    await eventually(price, 31_900)


async def test_an_agent_that_is_no_longer_offered_is_not_listed(public, db):
    await factories.make_agent(db, slug="fora-de-linha", status="deprecated")
    assert "fora-de-linha" not in (await public.get("/api/agents")).text

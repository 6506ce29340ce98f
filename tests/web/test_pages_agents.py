"""/agents: what there is, what a selection costs, and each agent's rules; for everybody, and true at once."""

import re
from uuid import uuid4

import msgspec
import pytest

from alquimista import clock
from alquimista.access import PLATFORM_TENANT, Actor, ActorKind
from alquimista.agents import service as agents
from alquimista.billing.service import catalogue
from alquimista.db.tenancy import tenant_transaction
from alquimista.web.public.agents import plain
from factories import make_user
from support.identity import eventually
from web.reading import send, text_of

STAFF = Actor(kind=ActorKind.SESSION, permissions=frozenset())


@pytest.fixture(scope="module")
async def ids(site, db):
    """Ids of agents by slug, and of SubNúcleos by name."""
    found = {one.slug: str(one.id) for one in await agents.catalogue(db.staff()) if one.definition}
    return found | {f"sub:{one.name}": str(one.id) for one in await catalogue.subnucleos(db.staff())}


async def read(site, path="/agents", language="en", **query):
    async with site.browser() as browser:
        answer = await browser.get(path, params=query, headers={"accept-language": language})
        assert answer.status_code == 200, answer.text[:500]
        return answer.text


def cards(html):
    return re.findall(r'<li id="agent-([0-9a-f-]+)"', html)


async def test_strangers_see_every_agent_with_its_price_and_ways_on(site, ids):
    html = await read(site)
    assert len(cards(html)) == 34  # The shipped ones, and the two that the fixtures made.
    assert "R$29.90 a month, beside a plan" in text_of(html)
    assert f'href="/app/trials/agent/{ids["retencao"]}"' in html
    assert f'href="/app/billing/plan?agents={ids["retencao"]}"' in html
    assert f'href="/contact?subnucleos={ids["sub:vendas"]}"' in html
    assert "SDR com método SPIN Always included" in text_of(html)
    assert "R$ 29,90 por mês" in text_of(await read(site, language="pt-BR"))


async def test_it_is_searched_and_filtered_without_scripts(site, ids):
    assert cards(await read(site, q="ODONTOLOGICA convenio")) == [ids["clinica-odontologica"]]
    assert set(cards(await read(site, category="vendas"))) == {
        ids[slug] for slug in ("sdr-spin", "vendas-ativas", "cross-sell-e-upsell")
    }
    nothing = await read(site, q='<script>alert("x")</script>')
    assert "<script>alert" not in nothing
    assert "No agent fits that" in nothing
    assert plain("Reunião ÀS 9") == "reuniao as 9"


async def test_the_server_says_what_a_selection_costs(site, ids, db):
    everyone = [str(one.id) for one in await agents.catalogue(db.staff())]
    one = text_of(await read(site, agents=ids["retencao"]))
    assert "Agents: 1 · SubNúcleos: 0 R$297.00 a month with the plan Starter, the cheapest that holds it" in one
    nine = text_of(await read(site, agents=everyone[:9]))
    assert "R$326.90 a month with the plan Starter" in nine  # One agent beyond its eight.
    many = text_of(await read(site, agents=everyone[:30]))
    assert "R$954.80 a month with the plan Starter" in many
    three = text_of(await read(site, subnucleos=[ids[f"sub:{name}"] for name in ("vendas", "eventos", "educacao")]))
    assert "required with them: 3 R$1,497.00 a month with the plan Expert" in three


async def test_a_chosen_subnucleo_leads_to_sales_first(site, ids):
    without = await read(site, agents=ids["retencao"])
    assert 'name="go" value="sales"' not in without
    html = await read(site, subnucleos=ids["sub:saude"])
    assert 'name="go" value="sales"' in html
    assert 'name="go" value="plan"' in html  # A plan includes one.


async def test_the_selection_goes_on_to_the_plan_or_to_sales(site, ids):
    agent, bundle = ids["retencao"], ids["sub:vendas"]
    async with site.browser() as browser:
        plan = await browser.get("/agents", params={"agents": [agent, str(uuid4())], "go": "plan"})
        assert plan.headers["location"] == f"/app/billing/plan?agents={agent}"
        both = await browser.get("/agents", params={"agents": agent, "subnucleos": bundle, "q": "x", "go": "sales"})
        assert both.headers["location"] == f"/contact?agents={agent}&subnucleos={bundle}"
        assert (await browser.get("/agents", params={"go": "plan"})).headers["location"] == "/app/billing/plan"
        assert (await browser.get("/agents", params={"agents": "x"})).status_code == 400


async def test_what_the_filter_hides_stays_chosen(site, ids):
    html = await read(site, category="vendas", agents=ids["retencao"])
    assert f'<input type="hidden" name="agents" value="{ids["retencao"]}">' in html
    assert "Agents: 1" in text_of(html)


async def test_a_large_selection_survives_the_sign_in(site, ids, db):
    user = await make_user(db, site.people["admin"].tenant_id)
    chosen = [value for name, value in ids.items() if not name.startswith("sub:")]
    here = "/agents?" + "&".join(f"agents={one}" for one in chosen)
    async with site.browser() as browser:
        html = (await browser.get(here)).text
        way = re.search(r'id="sign-in" class="btn" href="([^"]+)"', html)[1]
        login = await browser.get(way)
        assert f"agents={chosen[-1]}" in login.text
        tried = await browser.get(f"/app/trials/agent/{chosen[0]}")
        assert tried.headers["location"] == f"/login?redirect=%2Fapp%2Ftrials%2Fagent%2F{chosen[0]}"
        entered = await send(browser, way, "/login", email=user.email, password=user.password, redirect=here)
        assert entered.headers["location"] == here


async def test_an_agent_shows_its_rules(site):
    html = text_of(await read(site, "/agents/retencao"))
    for said in ("Especialista em relacionamento", "What it confirms first", "Nunca faz uma segunda oferta", "At once"):
        assert said in html
    assert "It makes one offer in a conversation." in html
    async with site.browser() as browser:
        missing = await browser.get("/agents/nada")
    assert missing.status_code == 404
    assert "no such agent" in text_of(missing.text)


async def test_a_new_price_and_hostile_texts_are_shown_at_once_and_as_they_are(site, db):
    async with site.browser() as browser:
        await browser.get("/agents")
        (addon,) = await catalogue.addons(db.staff(), clock.now())
        bundle = next(one for one in await catalogue.subnucleos(db.staff()) if one.name == "organizacoes")
        names = (name for name in type(bundle).__base__.__struct_fields__)
        changed = type(bundle).__base__(**{name: getattr(bundle, name) for name in names})
        async with tenant_transaction(db, PLATFORM_TENANT) as conn:
            dearer = msgspec.structs.replace(addon.terms, price_monthly_cents=3_333)
            await catalogue.sell_addon(conn, STAFF, dearer, clock.now(), clock.now())
            hostile = msgspec.structs.replace(changed, description="<img src=x onerror=alert(1)>")
            await catalogue.change_subnucleo(conn, STAFF, hostile, clock.now())

        async def seen() -> int:
            return min(1, (await browser.get("/agents")).text.count("R$33.33"))

        await eventually(seen, 1)
        assert "<img src=x" not in (await browser.get("/agents")).text

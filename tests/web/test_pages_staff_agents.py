"""/app/company/agents: the catalogue over all companies, and the companies of one agent."""

import re
from uuid import uuid4

import pytest

from alquimista import clock
from alquimista.agents import service as agents
from alquimista.fleet import service as fleet
from alquimista.fleet.models.states import LATE_AFTER, OFFLINE_AFTER, Beat
from alquimista.usage.service import rollups
from factories import activate_agent, make_api_key, make_tenant, make_user
from web.reading import sign_in, text_of

PAGE = "/app/company/agents"


@pytest.fixture(scope="module")
async def support(site):
    async with site.browser() as browser:
        await sign_in(browser, await make_user(site.db, role="INTERNAL_SUPPORT"))
        yield browser


@pytest.fixture(scope="module")
async def catalogue(site):
    """The catalogue's agents by their slug."""
    return {one.slug: one for one in await agents.catalogue(site.db.staff())}


@pytest.fixture(scope="module")
async def used(site, catalogue):
    """Three companies have one agent; of the first two, its processes are heard of now and long ago."""
    agent = next(one for one in catalogue.values() if one.number == 2)
    now, tenants = clock.now(), []
    for name, silent in (("Salão Um", None), ("Salão Dois", OFFLINE_AFTER), ("Salão Três", LATE_AFTER)):
        tenant = await make_tenant(site.db, name=name)
        await activate_agent(site.db, tenant.id, agent.id)
        beat = Beat(instance_id="web-1", boot_id=uuid4(), version="1.0.0", sdk="", host="")
        seen_at = now if silent is None else now - silent * 2 if silent is OFFLINE_AFTER else now - silent * 1.5
        await fleet.beat(site.db, tenant.id, agent.slug, beat, seen_at)
        tenants.append(tenant)
    key = await make_api_key(site.db, tenants[0].id)
    async with site.browser() as api:
        for number in range(10):
            body = {"agent_id": str(agent.id), "response_time_ms": 400, "idempotency_key": uuid4().hex}
            body["status"] = "error" if number == 0 else "success"
            answer = await api.post("/v1/agent-requests", json=body, headers={"authorization": f"Bearer {key}"})
            assert answer.status_code < 300, answer.text
    while await rollups.fold(site.db, tenants[0].id):
        pass
    return agent, tenants


async def test_every_agent_of_the_catalogue_is_listed_with_what_all_companies_make_of_it(support, catalogue, used):
    agent, _ = used
    html = (await support.get(PAGE, params={"period": "7d"})).text
    for one in catalogue.values():
        assert f'id="agent-{one.id}"' in html
    row = text_of(re.search(rf'<tr id="agent-{agent.id}">.*?</tr>', html, re.DOTALL)[0]).replace("\u00a0", " ")
    assert row.startswith(f"{agent.name} No. 2")
    assert "3 10 90.0% success 90.0% 400 ms" in row
    assert "Online · 1" in row
    assert "Late · 1" in row
    assert "Offline · 1" in row
    first = re.search(r'<tr id="agent-([^"]+)"', html)[1]
    assert first == str(agent.id)  # The most requests.


async def test_an_agent_that_nobody_uses_has_no_figure(support, catalogue):
    lonely = next(one for one in catalogue.values() if one.number == 32)
    html = (await support.get(PAGE)).text
    row = text_of(re.search(rf'<tr id="agent-{lonely.id}">.*?</tr>', html, re.DOTALL)[0])
    assert "No customer has it" in row
    assert "0 0 – – No customer has it" in row


async def test_search_segment_and_order_are_in_the_address(support, catalogue, used):
    agent, _ = used
    html = (await support.get(PAGE, params={"q": agent.name.upper(), "segment": agent.segment})).text
    assert re.findall(r'<tr id="agent-([^"]+)"', html) == [str(agent.id)]
    assert f'form="agents-filters" name="period" value="30d"' in html  # noqa: F541 - As the page writes it.
    assert "No agent is like that" in text_of((await support.get(PAGE, params={"segment": "nenhum"})).text)
    html = (await support.get(PAGE, params={"sort": "name", "order": "asc"})).text
    shown = re.findall(r'<tr id="agent-([^"]+)"', html)
    names = {str(one.id): one.name.casefold() for one in catalogue.values()}
    assert shown == sorted(shown, key=names.__getitem__)
    assert (await support.get(PAGE, params={"sort": "x", "page": "99"})).status_code == 200
    assert (await support.get(PAGE, params={"period": "1y"})).status_code == 400


async def test_one_agent_shows_its_companies_and_leads_to_them(support, used):
    agent, tenants = used
    html = (await support.get(f"{PAGE}/{agent.id}", params={"period": "7d"})).text
    text = text_of(html).replace("\u00a0", " ")
    assert "Customers that run it 3" in text
    assert "Success 90.0%" in text
    for tenant in tenants:
        assert f'href="/app/company/tenants/{tenant.id}"' in html
    assert "Salão Um Starter Active Online Active Online 10" in text
    rows = (await support.get(f"{PAGE}/{agent.id}", params={"sort": "name", "order": "asc"})).text
    assert [rows.index(name) for name in ("Salão Dois", "Salão Três", "Salão Um")] == sorted(
        rows.index(name) for name in ("Salão Dois", "Salão Três", "Salão Um")
    )
    assert (await support.get(f"{PAGE}/{agent.id}", params={"sort": "x"})).status_code == 400


async def test_an_unknown_agent_is_404_and_a_company_never_sees_the_page(site, support, used):
    agent, tenants = used
    assert (await support.get(f"{PAGE}/{tenants[0].id}")).status_code == 404
    async with site.browser() as browser:
        await sign_in(browser, site.people["admin"])
        for path in (PAGE, f"{PAGE}/{agent.id}"):
            assert (await browser.get(path)).headers["location"] == "/app/dashboard?error=forbidden"

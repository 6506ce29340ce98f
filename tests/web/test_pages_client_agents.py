"""/app/dashboard/agents: how each agent stands and runs, found, sorted, live, and nobody else's."""

import re
from datetime import timedelta

import pytest

from alquimista import clock
from factories import make_tenant, make_user
from support.agent_pages import LIST, company, statements
from web.reading import sign_in, text_of


@pytest.fixture
async def one(site):
    async with site.browser() as browser:
        yield await company(site, browser, ("cobranca", "retencao", "delivery"))


def names(html):
    """The agents of the table, in its order."""
    return re.findall(r'<th scope="row"[^>]*>\s*<a [^>]*>([^<]+)</a>', html)


async def test_each_agent_shows_how_it_stands_and_runs_and_what_it_served(one):
    await one.serve("cobranca", 20, failed=2)
    await one.beat("cobranca")
    await one.beat("retencao", clock.now() - timedelta(minutes=5))
    html = (await one.browser.get(LIST)).text
    shown = text_of(html)
    assert "Agents: 3" in shown
    row = shown[shown.rindex("Cobrança Cobrança") :]
    assert re.match(r"Cobrança Cobrança e recuperação Active Online 20 90\.0% 500\sms", row), row[:120]
    assert re.search(r"Retenção de clientes [^.]*? Active Offline 0 – –", shown)
    assert re.search(r"Delivery [^.]*? Active Never connected 0 – –", shown)
    assert html.count(f'href="{one.path("cobranca")}"') == 2  # A card for phones, a row for others.


async def test_they_are_searched_filtered_and_sorted_by_the_address(one):
    assert names((await one.browser.get(LIST, params={"q": "RETENCAO"})).text) == ["Retenção de clientes"]
    by_name = (await one.browser.get(LIST, params={"sort": "name", "order": "desc"})).text
    assert names(by_name) == sorted(names(by_name), reverse=True)
    assert 'aria-sort="descending"' in by_name
    nothing = (await one.browser.get(LIST, params={"status": "suspended", "q": "<b>x"})).text
    assert "No agent fits that" in nothing
    assert "<b>x" not in nothing
    kept = (await one.browser.get(LIST, params={"status": "active", "q": "a"})).text
    assert "q=a&amp;status=active&amp;sort=name" in kept
    assert (await one.browser.get(LIST, params={"sort": "nonsense", "page": "-3"})).status_code == 200
    assert (await one.browser.get(LIST, params={"status": "nonsense"})).status_code == 400


async def test_the_part_refreshes_itself_and_only_when_something_changed(one):
    page = (await one.browser.get(LIST)).text
    seen = re.search(r'id="seen" name="seen" value="([0-9a-f]+)"', page)[1]
    live = re.search(r'hx-get="(/app/dashboard/agents/live[^"]+)"', page)[1].replace("&amp;", "&")
    assert (await one.browser.get(f"{live}&seen={seen}")).status_code == 204
    await one.serve("delivery", 3)
    changed = await one.browser.get(f"{live}&seen={seen}")
    while changed.status_code == 204:  # The process hears of new sums some milliseconds after they are there.
        changed = await one.browser.get(f"{live}&seen={seen}")
    assert changed.text.lstrip().startswith('<div id="agents"')


async def test_without_agents_the_page_says_what_to_do(site):
    user = await make_user(site.db, (await make_tenant(site.db)).id, role="TENANT_USER")
    async with site.browser() as browser:
        await sign_in(browser, user)
        html = (await browser.get(LIST)).text
    assert "No agents yet" in html
    assert 'href="/agents"' in html


async def test_staff_read_them_by_name_of_the_company_and_it_is_audited(site, one):
    async with site.browser() as browser:
        await sign_in(browser, site.people["staff"])
        html = (await browser.get(LIST, params={"tenant_id": str(one.tenant_id)})).text
        assert f'href="{one.path("delivery")}?tenant_id={one.tenant_id}"' in html
        assert f'<input type="hidden" name="tenant_id" value="{one.tenant_id}">' in html
        opened = await browser.get(f"{one.path('delivery')}?tenant_id={one.tenant_id}")
    assert opened.status_code == 200
    async with site.browser() as stranger:
        await sign_in(stranger, site.people["admin"])
        assert (await stranger.get(LIST, params={"tenant_id": str(one.tenant_id)})).status_code in {303, 403}


async def test_no_page_asks_the_database_more_than_five_times(one, monkeypatch):
    await one.beat("cobranca")
    for path in (LIST, one.path("cobranca"), "/app/dashboard/fibonacci"):
        with statements(monkeypatch) as asked:
            assert (await one.browser.get(path)).status_code == 200
        assert 0 < len(asked) <= 5, (path, asked)


async def test_the_overview_leads_to_an_agents_page(one):
    html = (await one.browser.get("/app/dashboard")).text
    assert f'href="{one.path("cobranca")}"' in html

"""The catalogue's pages in headless Chromium: they fit, they are accessible, and people get done what they came for."""

import re

import pytest
from playwright.async_api import expect

from alquimista import clock
from alquimista.access import PLATFORM_TENANT
from alquimista.agents import service as agents
from alquimista.commercial import service as commercial
from alquimista.commercial.models import CommercialContact
from alquimista.db.tenancy import tenant_transaction
from support.model import answered_by, running_model
from web.test_browser_pages import AXE, RULES, Visit, open_page

pytestmark = pytest.mark.browser
CATALOGUE = "/app/company/catalogue"
VISITS = [
    Visit("/agents", 320, "dark", "pt-BR"),
    Visit("/agents?category=vendas", 1440, "light", "en"),
    Visit("/agents?q=nada+disso", 768, "dark", "en"),
    Visit("/agents/cobranca", 320, "light", "pt-BR"),
    Visit("/agents/cobranca", 1440, "dark", "en", "admin"),
    Visit("/contact", 320, "dark", "en"),
    Visit("/contact", 1440, "light", "pt-BR"),
    Visit("/contact?sent=true", 320, "light", "en"),
    Visit("/app/trials/agent/{cobranca}", 320, "light", "pt-BR", "user"),
    Visit("/app/trials/agent/{cobranca}", 1440, "dark", "en", "staff"),
    Visit(CATALOGUE, 320, "dark", "en", "staff"),
    Visit(CATALOGUE, 1440, "light", "pt-BR", "staff"),
    Visit(f"{CATALOGUE}/plans/expert/new-version", 320, "light", "pt-BR", "staff"),
    Visit(f"{CATALOGUE}/plans/expert/new-version", 1440, "dark", "en", "staff"),
    Visit(f"{CATALOGUE}/subnucleos", 320, "dark", "pt-BR", "staff"),
    Visit(f"{CATALOGUE}/subnucleos/eventos", 320, "light", "en", "staff"),
    Visit(f"{CATALOGUE}/subnucleos/eventos", 1440, "dark", "pt-BR", "staff"),
    Visit(f"{CATALOGUE}/agents", 320, "light", "en", "staff"),
    Visit(f"{CATALOGUE}/agents/cobranca", 320, "dark", "pt-BR", "staff"),
    Visit(f"{CATALOGUE}/agents/cobranca", 1440, "light", "en", "staff"),
    Visit("/app/company/sales", 320, "dark", "en", "staff"),
    Visit("/app/company/sales/{request}", 320, "light", "pt-BR", "staff"),
    Visit("/app/company/sales/{request}", 1440, "dark", "en", "staff"),
]


@pytest.fixture(scope="module")
async def endpoint():
    async with running_model() as running:
        yield running


@pytest.fixture(scope="module")
def site_settings(settings, endpoint):
    return answered_by(endpoint, settings)


@pytest.fixture(scope="module")
async def ids(site, db):
    """What stands in the addresses: agents by slug, and a request to sales."""
    contact = CommercialContact("Empresa Muito Comprida " * 4, "Ana", "ana@empresa.com.br", "11987654321", message="Oi")
    async with tenant_transaction(db, PLATFORM_TENANT) as conn:
        request = await commercial.receive(conn, contact, "", clock.now())
    return {one.slug: one.id for one in await agents.catalogue(db.staff())} | {"request": request.id}


async def check(page):
    """No violation, nothing wider than the window, nothing that the content policy refused."""
    found = await AXE.run(page, options={"resultTypes": ["violations"], "runOnly": RULES})
    violations = found.response["violations"]
    assert [(v["id"], [node["target"] for node in v["nodes"]][:3], v["help"]) for v in violations] == []
    assert await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    assert page.mistakes == []


@pytest.mark.parametrize("visit", VISITS, ids=str)
async def test_a_page_is_accessible_and_fits(site, ids, chromium, visit):
    known = {name.replace("-", "_"): value for name, value in ids.items()}
    path = visit.path.format(**known) if "{" in visit.path else visit.path
    page = await open_page(chromium, site, Visit(path, visit.width, visit.theme, visit.language, visit.who))
    await check(page)
    assert await page.evaluate("document.documentElement.classList.contains('dark')") == (visit.theme == "dark")
    await page.context.close()


async def test_a_selection_is_priced_as_it_grows_and_leads_to_the_plan(site, ids, chromium):
    page = await open_page(chromium, site, Visit("/agents", 1440, "light", "en"))
    await page.get_by_role("checkbox", name="Select Cobrança", exact=True).check()
    await page.get_by_text("$297.00").first.wait_for()
    await page.fill("#q", "retencao")
    await expect(page.locator("li[id^=agent-]")).to_have_count(1)
    assert await page.input_value("#q") == "retencao"
    await page.get_by_label("Select Retenção de clientes").check()
    await page.get_by_text("Agents: 2").wait_for()
    assert f"agents={ids['cobranca']}" in page.url
    href = await page.get_attribute("#sign-in", "href")
    assert str(ids["retencao"]) in href
    await check(page)
    await page.fill("#q", "")
    await expect(page.locator("li[id^=agent-]")).to_have_count(34)
    await page.get_by_label("Select Saúde & Telemedicina").check()
    await page.locator("#selection").get_by_role("button", name="Talk to sales").click()
    await page.wait_for_url(re.compile(r"/contact\?"))
    assert await page.get_by_text("Cobrança").is_visible()
    assert await page.get_by_text("Saúde & Telemedicina").is_visible()
    await page.context.close()


async def test_a_person_tries_an_agent(site, ids, chromium, endpoint):
    visit = Visit(f"/app/trials/agent/{ids['retencao']}", 390, "dark", "en", "user")
    page = await open_page(chromium, site, visit)
    await page.get_by_role("button", name="Start the trial").click()
    for number in range(1, 6):
        await page.get_by_label("Your message").fill(f"Pergunta {number}\ne mais")
        await page.get_by_role("button", name="Send").click()
        await page.get_by_text(f"Resposta {number}").wait_for()
        if number < 5:
            assert await page.get_by_text(f"Messages left: {5 - number} of 5").is_visible()
            assert await page.get_by_label("Your message").input_value() == ""
            assert await page.evaluate("document.activeElement.name") == "message"
    assert await page.get_by_text("You have used the messages of this trial.").is_visible()
    assert endpoint.asked[-1]["messages"][1]["content"] == "Pergunta 1\ne mais"
    await check(page)
    await page.context.close()


async def test_staff_sell_a_plan_at_a_new_price(site, ids, chromium):
    page = await open_page(chromium, site, Visit(CATALOGUE, 1440, "light", "pt-BR", "staff"))
    await page.locator("#starter").get_by_role("link", name="Nova versão").click()
    await page.fill("#price_monthly_cents", "319,90")
    await page.keyboard.press("Enter")
    await page.get_by_role("heading", name="Quem é afetado").wait_for()
    await check(page)
    await page.get_by_role("button", name="Salvar a nova versão").click()
    await page.wait_for_url(re.compile("saved=starter"))
    await page.goto("/plans")
    await page.get_by_text("R$ 319,90").first.wait_for()
    await page.context.close()

"""Usage, integrations and webhooks in Chromium: accessible at every width, and saying so while they work."""

import dataclasses

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import expect

from alquimista import clock
from alquimista.access import Actor, ActorKind
from alquimista.db.crypto import Sealer
from alquimista.db.tenancy import tenant_transaction
from alquimista.integrations import service as integrations
from alquimista.integrations.models.connections import DEMO
from alquimista.integrations.models.integrations import Integration
from alquimista.webhooks import service as webhooks
from web.test_browser_pages import RULES, Visit, open_page
from web.test_pages_overview import sent  # noqa: F401 - A fixture.

pytestmark = pytest.mark.browser
AXE = Axe()
USAGE = "/app/dashboard/usage"
HOOKS = "/app/dashboard/settings/webhooks"
CONNECTIONS = "/app/dashboard/integrations"
VISITS = [
    Visit(f"{USAGE}?period=7d", 320, "dark", "pt-BR", "admin"),
    Visit(USAGE, 768, "light", "en", "user"),
    Visit(f"{USAGE}?sort=p95", 1440, "dark", "en", "admin"),
    Visit(CONNECTIONS, 320, "light", "pt-BR", "admin"),
    Visit(CONNECTIONS, 1440, "dark", "en", "user"),
    Visit(f"{CONNECTIONS}/{{integration}}", 768, "dark", "pt-BR", "admin"),
    Visit(f"{CONNECTIONS}/new", 320, "dark", "en", "admin"),
    Visit(f"{CONNECTIONS}/new?provider=smtp", 320, "light", "pt-BR", "admin"),
    Visit(f"{CONNECTIONS}/new?provider=google", 1440, "light", "en", "admin"),
    Visit(HOOKS, 320, "light", "en", "admin"),
    Visit(f"{HOOKS}/new", 768, "dark", "pt-BR", "admin"),
    Visit(f"{HOOKS}/{{webhook}}", 320, "dark", "pt-BR", "admin"),
    Visit(f"{HOOKS}/{{webhook}}", 1440, "light", "en", "admin"),
    Visit(f"{HOOKS}/{{webhook}}/deliveries/{{delivery}}", 320, "light", "pt-BR", "admin"),
]


@pytest.fixture(scope="module")
def site_settings(settings):
    return dataclasses.replace(settings, outbound_private=True)


@pytest.fixture(scope="module")
async def things(site):
    """The ids of an integration that fails, and of a webhook with a message."""
    tenant_id, actor = site.people["admin"].tenant_id, Actor(kind=ActorKind.SYSTEM, permissions=frozenset())
    failing = Integration(clock.new_id(), "crm", "HubSpot", "error", clock.now(), "Token expirado", DEMO)
    async with tenant_transaction(site.db, tenant_id) as conn:
        sealer = Sealer(site.services.settings)
        await integrations.store(conn, None, tenant_id, failing, None, sealer, clock.now())
        webhook, _ = await webhooks.create(
            conn,
            actor,
            tenant_id,
            url="https://crm.example.com/a-very-long-address-that-nobody-wants-to-read/at-all",
            description="",
            event_types=["lead.recebido", "agendamento.confirmado"],
            settings=site.services.settings,
            now=clock.now(),
        )
        delivery = await webhooks.send_test(conn, actor, tenant_id, webhook.id, clock.now())
    return {"integration": failing.id, "webhook": webhook.id, "delivery": delivery.id}


@pytest.mark.parametrize("visit", VISITS, ids=str)
async def test_a_page_is_accessible_and_fits(site, sent, chromium, things, visit):  # noqa: F811
    page = await open_page(chromium, site, dataclasses.replace(visit, path=visit.path.format(**things)))
    try:
        found = await AXE.run(page, options={"resultTypes": ["violations"], "runOnly": RULES})
        problems = [
            (v["id"], [node["target"] for node in v["nodes"]][:3], v["help"]) for v in found.response["violations"]
        ]
        assert problems == []
        too_wide = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert too_wide <= 0
        assert page.mistakes == []
    finally:
        await page.context.close()


async def test_a_form_says_that_it_is_working_and_is_sent_once(site, chromium):
    page = await open_page(chromium, site, Visit(f"{CONNECTIONS}/new?provider=ics", 390, "light", "en", "admin"))
    # While a form is on its way Chromium lets nobody look at the page: here it is stopped at the very last moment.
    await page.evaluate(
        "addEventListener('submit', (e) => { if (!e.defaultPrevented) window.times = (window.times ?? 0) + 1;"
        " e.preventDefault(); })"
    )
    await page.fill("#name", "Agenda")
    await page.fill("#url", "http://127.0.0.1:9/agenda.ics")
    await page.locator("form[data-working] button.btn").last.click()
    await expect(page.locator(".working")).to_contain_text("Trying the connection")
    await expect(page.locator("form[data-working] button.btn").last).to_be_disabled()
    await page.locator("form[data-working]").evaluate("(form) => form.requestSubmit()")
    assert await page.evaluate("window.times") == 1
    assert page.mistakes == []
    await page.context.close()


async def test_an_agent_is_picked_without_leaving_the_page(site, sent, chromium):  # noqa: F811
    page = await open_page(chromium, site, Visit(USAGE, 1280, "light", "en", "admin"))
    await page.select_option("select[name=agent]", label="Prospecção ativa")
    await expect(page.locator("#by-agent")).to_have_count(0)
    assert "agent=" in page.url
    await page.go_back()
    await expect(page.locator("#by-agent")).to_have_count(1)
    assert page.mistakes == []
    await page.context.close()


async def test_asking_before_a_webhook_is_removed(site, chromium, things):
    page = await open_page(chromium, site, Visit(f"{HOOKS}/{things['webhook']}", 390, "dark", "en", "admin"))
    await page.click("[data-open=remove]")
    await expect(page.locator("#remove")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.locator("#remove")).to_be_hidden()
    await expect(page.locator("#deliveries")).to_contain_text("webhook.test")
    await page.context.close()

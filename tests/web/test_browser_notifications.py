"""The bell in Chromium: live, one stream for all tabs, handed on when a tab goes, and asking where there is none."""

import asyncio

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import expect

from alquimista import clock
from alquimista.db.tenancy import tenant_transaction
from alquimista.http.streams import Streams
from alquimista.notifications import service
from alquimista.notifications.models import Owner
from factories import make_user
from web.test_browser_pages import RULES, Visit, open_page
from web.test_pages_notifications import one_of, tell  # noqa: F401 - A fixture.

pytestmark = pytest.mark.browser
PATH = "/app/notifications"
AXE = Axe()
BUSY = 15_000  # Milliseconds: other tests may have the machine.


@pytest.fixture
async def person(site):
    """Somebody new, who is signed in as `reader` where a page asks for it."""
    site.people["reader"] = await make_user(site.db, site.people["admin"].tenant_id, name="Íris Melo")
    yield site.people["reader"]
    site.cookies.pop("reader", None)


def visit(path="/app/dashboard", width=1280, theme="light"):
    return Visit(path, width, theme, "en", "reader")


def streams_of(page):
    """The requests for a stream that a tab makes from now on."""
    found = []
    page.on("request", lambda one: found.append(one) if "/notifications/stream?" in one.url else None)
    return found


async def held(site, person, count):
    """Wait until somebody's browser holds so many streams."""
    async with asyncio.timeout(15):
        while site.services.get(Streams)._count[person.id] != count:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def test_what_is_told_shows_at_once_and_is_gone_once_read(site, person, chromium, tell):  # noqa: F811
    page = await open_page(chromium, site, visit())
    await held(site, person, 1)
    count = page.locator("[data-count]")
    await expect(count).to_be_hidden(timeout=BUSY)
    await tell(person, "Agente fora do ar")
    await expect(count).to_have_text("1", timeout=BUSY)
    await expect(page.locator("#toasts")).to_contain_text("Agente fora do ar", timeout=BUSY)
    await page.click(".bell summary")
    await expect(page.locator(".bell-list li")).to_have_count(1, timeout=BUSY)
    await tell(person, "Outro agente")
    await expect(page.locator(".bell-list li")).to_have_count(2, timeout=BUSY)
    await expect(page.locator(".bell summary")).to_have_attribute("aria-label", "Notifications: 2 unread")
    await page.locator(".bell-list button").first.click()
    await page.wait_for_url("**/app/dashboard#incidents")
    await expect(count).to_have_text("1", timeout=BUSY)
    assert page.mistakes == []
    await page.context.close()


async def test_the_list_hears_of_what_is_told_and_of_what_is_read_elsewhere(site, person, chromium, tell):  # noqa: F811
    page = await open_page(chromium, site, visit(PATH))
    await held(site, person, 1)
    await expect(page.locator("#list")).to_contain_text("Nothing yet")
    await page.evaluate("window.same = true")
    await tell(person, "Agente fora do ar")
    await expect(page.locator("#list li")).to_have_count(1, timeout=BUSY)
    await expect(page.locator("main")).to_contain_text("One is unread.")
    async with tenant_transaction(site.db, person.tenant_id) as conn:
        await service.read_all(conn, Owner(person.tenant_id, person.id), clock.now())
    await expect(page.locator("main")).to_contain_text("Everything is read.", timeout=BUSY)
    assert await page.evaluate("window.same") is True
    assert page.mistakes == []
    await page.context.close()


async def test_two_tabs_share_one_stream_and_hand_it_on(site, person, chromium, tell):  # noqa: F811
    first = await open_page(chromium, site, visit())
    await held(site, person, 1)
    await tell(person, "Antes da segunda aba")
    await expect(first.locator("[data-count]")).to_have_text("1", timeout=BUSY)
    second = await first.context.new_page()
    asked = streams_of(second)
    await second.goto(PATH)
    await expect(second.locator("[data-count]")).to_have_text("1", timeout=BUSY)
    await tell(person, "Com duas abas")
    for page in (first, second):
        await expect(page.locator("[data-count]")).to_have_text("2", timeout=BUSY)
    assert asked == []
    assert site.services.get(Streams)._count[person.id] == 1
    await first.close()
    async with asyncio.timeout(15):
        while not asked:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    await held(site, person, 1)
    await tell(person, "Com a que ficou")
    await expect(second.locator("[data-count]")).to_have_text("3", timeout=BUSY)
    await second.context.close()


async def test_without_locks_it_asks_now_and_then(site, person, chromium, tell):  # noqa: F811
    page = await open_page(chromium, site, visit())
    await page.add_init_script("Object.defineProperty(Navigator.prototype, 'locks', { value: undefined })")
    await page.clock.install()
    asked = streams_of(page)
    await page.reload()
    await tell(person, "Sem fluxo")
    await page.clock.run_for(31_000)
    await expect(page.locator("[data-count]")).to_have_text("1", timeout=BUSY)
    assert asked == []
    await page.context.close()


async def test_without_scripts_the_bell_leads_to_the_list(site, person, chromium, tell):  # noqa: F811
    await tell(person, "Agente fora do ar")
    await (await open_page(chromium, site, visit())).context.close()  # Signs in, which needs a script here.
    page = await open_page(chromium, site, visit(width=390), java_script_enabled=False)
    await page.click(".bell summary")
    await page.click(".bell a[href='/app/notifications']")
    await page.click("main form[action$='/read'] button")
    await expect(page.locator("main")).to_contain_text("Everything is read.", timeout=BUSY)
    assert (await one_of(site, person)).read_at is not None
    await page.context.close()


@pytest.mark.parametrize(("width", "theme"), [(320, "dark"), (1280, "light")])
@pytest.mark.parametrize("path", [PATH, f"{PATH}/preferences", "panel"])
async def test_it_is_accessible_and_fits(site, person, chromium, tell, path, width, theme):  # noqa: F811
    await tell(person, "Integração com o calendário fora do ar desde as nove da manhã")
    await tell(person, "B" * 150)
    page = await open_page(chromium, site, visit("/app/dashboard" if path == "panel" else path, width, theme))
    if path == "panel":
        await page.click(".bell summary")
        await expect(page.locator(".bell-list li")).to_have_count(2, timeout=BUSY)
    within = ".bell" if path == "panel" else None  # It lies over other things, which are covered then.
    found = await AXE.run(page, context=within, options={"resultTypes": ["violations"], "runOnly": RULES})
    assert [(v["id"], [n["target"] for n in v["nodes"]][:3]) for v in found.response["violations"]] == []
    assert await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    small = await page.evaluate(
        """() => [...document.querySelectorAll("main a, main button, .bell a, .bell button, .bell summary")]
          .filter((e) => e.checkVisibility() && getComputedStyle(e).display !== "inline")
          .filter((e) => !e.matches(".tip > button"))  // What it draws around itself takes the finger.
          .map((e) => [e.outerHTML.slice(0, 80), e.getBoundingClientRect().height]).filter(([, h]) => h < 43.5)"""
    )
    assert width > 768 or small == []
    assert page.mistakes == []
    await page.context.close()

"""What readers see when something is in the way, in headless Chromium: accessible, and no wider than the window."""

import re
from dataclasses import replace

import pyotp
import pytest
from axe_playwright_python.async_playwright import Axe

from factories import make_user
from web.reading import send, sign_in, token_of
from web.test_browser_pages import RULES, Visit, open_page

pytestmark = pytest.mark.browser
AXE = Axe()

LOOKS = [(320, "dark", "pt-BR"), (1440, "light", "en")]


@pytest.fixture(scope="module")
def site_settings(settings):
    """Strangers may open accounts."""
    return replace(settings, signup_enabled=True)


async def broken(*_args, **_options):
    raise RuntimeError("secret words")


async def is_fine(page, look, title):
    _width, theme, language = look
    try:
        found = await AXE.run(page, options={"resultTypes": ["violations"], "runOnly": RULES})
        problems = [(one["id"], [node["target"] for node in one["nodes"]][:3]) for one in found.response["violations"]]
        assert problems == []
        assert re.search(title, await page.inner_text("main"))
        wide = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0
        assert await page.evaluate("document.documentElement.lang") == language
        assert await page.evaluate("document.documentElement.classList.contains('dark')") == (theme == "dark")
        assert page.mistakes == []
    finally:
        await page.context.close()


@pytest.mark.parametrize("look", LOOKS, ids=str)
@pytest.mark.parametrize(
    ("path", "who", "title"),
    [
        ("/nowhere", "", r"404"),
        ("/offline", "", r"offline|sem conexão|Sem conexão"),
        ("/signup", "", r"@|mail"),
    ],
)
async def test_a_page_in_the_way_is_accessible(site, chromium, path, who, title, look):
    await is_fine(await open_page(chromium, site, Visit(path, *look, who)), look, title)


@pytest.mark.parametrize("look", LOOKS, ids=str)
async def test_a_form_that_is_refused_is_accessible(site, chromium, look):
    page = await open_page(chromium, site, Visit("/app/notifications/preferences", *look, "admin"))
    await page.evaluate("document.querySelectorAll('[name=_csrf]').forEach((one) => { one.value = '0'.repeat(64); })")
    async with page.expect_navigation() as answered:
        await page.evaluate("document.querySelector('main form[method=post]').submit()")
    assert (await answered.value).status == 403
    await is_fine(page, look, r".")


@pytest.mark.parametrize("look", LOOKS, ids=str)
async def test_what_failed_inside_is_accessible(site, chromium, monkeypatch, look):
    page = await open_page(chromium, site, Visit("/app/notifications", *look, "admin"))
    monkeypatch.setattr("alquimista.dashboards.service.tenant_home", broken)
    assert (await page.goto("/app/dashboard?period=90d&sort=name")).status == 500
    await is_fine(page, look, r".")


@pytest.mark.parametrize("look", LOOKS, ids=str)
async def test_maintenance_is_accessible(site, chromium, monkeypatch, look):
    monkeypatch.setattr("alquimista.http.maintenance.Maintenance.on", property(lambda _self: True))
    page = await open_page(chromium, site, Visit("/login", *look))
    await is_fine(page, look, "Under maintenance|Em manutenção")


@pytest.fixture(scope="module")
async def careful(site):
    """Somebody whose account asks for a code."""
    user = await make_user(site.db, name="Ana Dois Fatores")
    async with site.browser() as browser:
        await sign_in(browser, user)
        enrolled = await send(browser, "/account/second-factor", "/account/second-factor", password=user.password)
        secret = re.search(r"<code[^>]*>([A-Z2-7]+)</code>", enrolled.text)[1]
        form = {"_csrf": token_of(enrolled.text), "code": pyotp.TOTP(secret).now()}
        assert (await browser.post("/account/second-factor/confirm", data=form)).status_code == 200
    return user


@pytest.mark.parametrize("look", LOOKS, ids=str)
async def test_the_second_step_of_signing_in_is_accessible(site, chromium, careful, look):
    page = await open_page(chromium, site, Visit("/login", *look))
    await page.fill("#email", careful.email)
    await page.fill("#password", careful.password)
    await page.click("main form button.btn")
    await page.wait_for_selector("#code")
    await is_fine(page, look, r"Second step|Segunda etapa|Segundo passo")

"""Pages in headless Chromium: nothing overflows, nothing is inaccessible, nothing breaks the content policy.

Pairwise: every width with both themes and both languages over the pages; `make test-full` sees every combination.
"""

from dataclasses import dataclass
from itertools import product

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page

from alquimista.http.locale import COOKIE
from factories import MadeUser
from web.test_pages_overview import sent  # noqa: F401 - A fixture.

pytestmark = pytest.mark.browser
AXE = Axe()
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@dataclass(frozen=True)
class Visit:
    path: str
    width: int
    theme: str
    language: str
    who: str = ""

    def __str__(self) -> str:
        return f"{self.path}-{self.width}-{self.theme}-{self.language}"


VISITS = [
    Visit("/login", 320, "dark", "pt-BR"),
    Visit("/login", 768, "light", "en"),
    Visit("/login?expired=true", 1440, "dark", "en"),
    Visit("/login", 1440, "light", "pt-BR"),
    Visit("/forgot-password", 320, "light", "en"),
    Visit("/reset-password?token=x", 768, "dark", "pt-BR"),
    Visit("/accept-invitation?token=x", 1440, "light", "en"),
    Visit("/confirm-signup?token=x", 320, "dark", "pt-BR"),
    Visit("/nowhere", 320, "dark", "en"),
    Visit("/plans", 320, "light", "pt-BR"),
    Visit("/plans?cycle=yearly", 768, "dark", "en"),
    Visit("/plans", 1440, "light", "en", "admin"),
    Visit("/outbox", 768, "light", "pt-BR"),
    Visit("/app/dashboard", 320, "light", "pt-BR", "admin"),
    Visit("/app/dashboard?period=7d", 320, "dark", "en", "user"),
    Visit("/app/dashboard?error=forbidden", 768, "dark", "pt-BR", "user"),
    Visit("/app/dashboard?period=90d", 1440, "light", "en", "admin"),
    Visit("/app/dashboard?period=7d", 1440, "dark", "pt-BR", "admin"),
    Visit("/app/company", 320, "dark", "pt-BR", "staff"),
    Visit("/app/company", 768, "light", "en", "staff"),
    Visit("/app/company", 1440, "dark", "en", "staff"),
    Visit("/account/second-factor", 320, "light", "pt-BR", "staff"),
]
PLACES = sorted({(visit.path, visit.who) for visit in VISITS})
COMBINATIONS = product(PLACES, (320, 768, 1024, 1440), ("light", "dark"), ("pt-BR", "en"))
OTHERS = sorted({Visit(path, *rest, who) for (path, who), *rest in COMBINATIONS} - set(VISITS), key=str)


async def open_page(browser, site, visit: Visit, **options) -> Page:
    """A page of a fresh profile, signed in when the visit says so. Broken policies and scripts fail the test."""
    context = await browser.new_context(
        base_url=site.url,
        viewport={"width": visit.width, "height": 900},
        color_scheme=visit.theme,
        locale=visit.language,
        has_touch=visit.width < 768,
        reduced_motion="reduce",
        **options,
    )
    context.set_default_timeout(15_000)
    page = await context.new_page()
    page.mistakes = []
    page.on("pageerror", lambda error: page.mistakes.append(str(error)))
    page.on("console", lambda line: page.mistakes.append(line.text) if "Content Security" in line.text else None)
    # As chosen on this device: people of the demo have a language of their own.
    await context.add_cookies([{"name": COOKIE, "value": visit.language, "url": site.url}])
    await context.add_cookies(site.cookies.get(visit.who, []))
    await page.goto(visit.path)
    if visit.who and "/login" in page.url:
        await sign_in(page, site.people[visit.who])
        site.cookies[visit.who] = [c for c in await context.cookies() if c["name"] == "session"]
        await page.goto(visit.path)
    return page


async def sign_in(page: Page, person: MadeUser) -> None:
    """Through the form. A person may do so five times a minute, so visits share a session while it lasts."""
    await page.fill("#email", person.email)
    await page.fill("#password", person.password)
    await page.click("main form button.btn")
    await page.wait_for_url(lambda url: "/login" not in url)  # Back to the page that was asked for.


@pytest.mark.parametrize("visit", [*VISITS, *(pytest.param(one, marks=pytest.mark.load) for one in OTHERS)], ids=str)
async def test_a_page_is_accessible_and_fits(site, sent, chromium, visit):  # noqa: F811
    page = await open_page(chromium, site, visit)
    try:
        found = await AXE.run(page, options={"resultTypes": ["violations"], "runOnly": RULES})
        problems = [
            (v["id"], [node["target"] for node in v["nodes"]][:3], v["help"]) for v in found.response["violations"]
        ]
        assert problems == []
        too_wide = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert too_wide <= 0
        assert await page.evaluate("document.documentElement.lang") == visit.language
        assert await page.evaluate("document.documentElement.classList.contains('dark')") == (visit.theme == "dark")
        assert page.mistakes == []
    finally:
        await page.context.close()


@pytest.mark.parametrize("path", ["/login", "/app/dashboard"])
async def test_thumbs_have_room(site, sent, chromium, path):  # noqa: F811
    visit = Visit(path, 390, "light", "pt-BR", "admin" if path.startswith("/app") else "")
    page = await open_page(chromium, site, visit)
    small = await page.evaluate(
        """() => [...document.querySelectorAll("main a, main button, main input, header button, header summary")]
          .filter((e) => !e.closest(".tip"))  // Its finger's room reaches beyond its circle.
          .filter((e) => e.checkVisibility() && e.type !== "hidden" && getComputedStyle(e).display !== "inline")
          .map((e) => [e.outerHTML.slice(0, 80), e.getBoundingClientRect().height])
          .filter(([, height]) => height > 0 && height < 43.5)"""
    )
    await page.context.close()
    assert small == []


async def test_every_page_can_be_read_and_used_without_scripts(site, sent, chromium):  # noqa: F811
    page = await open_page(
        chromium, site, Visit("/app/dashboard", 390, "light", "en", "admin"), java_script_enabled=False
    )
    await page.click("#period-7d")
    assert "period=7d" in page.url
    await page.click("#requests-table summary")
    assert await page.locator("#requests-table tbody tr").count() == 7
    await page.click("#agents-by-name")
    assert "sort=name" in page.url
    await page.click("button[popovertarget=menu][aria-label='Open the menu']")
    assert await page.locator("#menu nav a").first.is_visible()
    await page.context.close()

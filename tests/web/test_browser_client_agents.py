"""The client's agents and SubNúcleos in Chromium: accessible and fitting, and what scripts add."""

import pytest
from playwright.async_api import expect

from support.agent_pages import LIST, company
from web.test_browser_pages import AXE, RULES, Visit, open_page

pytestmark = pytest.mark.browser
FIBONACCI = "/app/dashboard/fibonacci"


@pytest.fixture(scope="module")
async def one(site):
    """A company whose agent runs, with an incident and a history."""
    async with site.browser() as browser:
        made = await company(site, browser, ("agendamento", "clinica-medica", "cobranca"), subnucleos=("eventos",))
        await made.serve("agendamento", 5, failed=1)
        await made.beat("agendamento")
        await made.miss("agendamento")
        site.people["agents"] = made.reader.person
        yield made


@pytest.mark.parametrize(
    ("page", "width", "theme", "language"),
    [
        ("list", 320, "dark", "pt-BR"),
        ("list", 1440, "light", "en"),
        ("agent", 320, "light", "pt-BR"),
        ("agent", 768, "dark", "en"),
        ("agent", 1440, "dark", "pt-BR"),
        ("fibonacci", 320, "dark", "en"),
        ("fibonacci", 1440, "light", "pt-BR"),
    ],
)
async def test_a_page_is_accessible_and_fits(site, one, chromium, page, width, theme, language):
    path = {"list": LIST, "agent": one.path("agendamento"), "fibonacci": FIBONACCI}[page]
    opened = await open_page(chromium, site, Visit(path, width, theme, language, "agents"))
    try:
        found = await AXE.run(opened, options={"resultTypes": ["violations"], "runOnly": RULES})
        assert [(one["id"], [node["target"] for node in one["nodes"]]) for one in found.response["violations"]] == []
        root = "document.documentElement"
        assert await opened.evaluate(f"{root}.scrollWidth - {root}.clientWidth") <= 0
        if width < 768:
            small = await opened.evaluate(
                """() => [...document.querySelectorAll("main a, main button, main input, main select")]
                  .filter((e) => e.checkVisibility() && e.type !== "hidden" && getComputedStyle(e).display !== "inline")
                  .filter((e) => !e.closest("label, .tip"))
                  .map((e) => [e.outerHTML.slice(0, 80), e.getBoundingClientRect().height])
                  .filter(([, height]) => height > 0 && height < 43.5)"""
            )
            assert small == []
        assert opened.mistakes == []
    finally:
        await opened.context.close()


async def test_the_list_is_searched_while_one_types(site, one, chromium):
    page = await open_page(chromium, site, Visit(LIST, 1440, "light", "en", "agents"))
    await page.click("#agents-table-by-name")
    await expect(page.locator("#agents th[aria-sort]")).to_contain_text("Agent")
    await page.fill("input[type=search]", "cobran")
    await expect(page.locator("#agents tbody tr")).to_have_count(1)
    assert "q=cobran" in page.url
    assert "sort=name" in page.url
    await page.fill("input[type=search]", "")
    await expect(page.locator("#agents tbody tr")).to_have_count(3)
    assert page.mistakes == []
    await page.context.close()


async def test_an_act_asks_first_and_what_happens_shows_by_itself(site, one, chromium):
    path = one.path("clinica-medica")
    page = await open_page(chromium, site, Visit(path, 1280, "light", "en", "agents"))
    await page.click("[data-open=ask-deactivate]")
    dialog = page.locator("#ask-deactivate")
    await expect(dialog).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()
    await one.beat("clinica-medica")
    await expect(page.locator("#agent > div").nth(1)).to_contain_text("Online", timeout=20_000)
    await page.click("[data-open=ask-deactivate]")
    await dialog.locator("button:not([type=button])").click()
    await expect(page.locator("main")).to_contain_text("The agent is switched off.")
    await page.click("[data-open=ask-activate]")
    await page.locator("#ask-activate button:not([type=button])").click()
    await expect(page.locator("main")).to_contain_text("The agent is active")
    assert page.mistakes == []
    await page.context.close()


async def test_it_can_be_done_without_scripts(site, one, chromium):
    page = await open_page(
        chromium, site, Visit(one.path("cobranca"), 390, "light", "en", "agents"), java_script_enabled=False
    )
    await page.fill("[id='config.parcelas-maximas']", "99")
    await page.click("#settings button.btn")
    await expect(page.locator("#settings .field-error")).to_contain_text("Write a number from 1 to 24.")
    await page.goto(LIST)
    await page.fill("input[type=search]", "cobran")
    await page.click("form[role=search] button")
    assert "q=cobran" in page.url
    assert await page.locator("#agents li").count() == 1
    await page.context.close()

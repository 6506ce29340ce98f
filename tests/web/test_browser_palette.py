"""The keyboard: the command palette, its list of shortcuts, and pages by two keys."""

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import expect

from factories import make_tenant
from web.test_browser_pages import RULES, Visit, open_page

pytestmark = pytest.mark.browser
AXE = Axe()


@pytest.fixture
def visiting(chromium, site):
    """`await visiting("staff")`: a page of somebody's, in English unless told."""

    async def open_for(who, path="", width=1280, theme="light", language="en"):
        path = path or ("/app/company" if who == "staff" else "/app/dashboard")
        return await open_page(chromium, site, Visit(path, width, theme, language, who))

    return open_for


async def test_a_page_is_found_by_a_part_of_its_name_and_opened(visiting):
    page = await visiting("admin")
    await page.keyboard.press("Control+k")
    palette = page.locator("#palette")
    await expect(palette).to_be_visible()
    box = palette.get_by_role("combobox")
    await expect(box).to_be_focused()
    await page.keyboard.type("plan")
    chosen = palette.locator("[aria-selected=true]")
    await expect(chosen).to_contain_text("Plan and invoices")
    assert await box.get_attribute("aria-activedescendant") == await chosen.get_attribute("id")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/app/billing")
    assert page.mistakes == []
    await page.context.close()


async def test_arrows_go_round_and_escape_closes(visiting):
    page = await visiting("admin")
    await page.click("header [data-palette]")
    options = page.locator("#palette [role=option]")
    await expect(options.nth(0)).to_have_attribute("aria-selected", "true")
    await page.keyboard.press("ArrowDown")
    await expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    await page.keyboard.press("ArrowUp")
    await page.keyboard.press("ArrowUp")
    await expect(options.last).to_have_attribute("aria-selected", "true")
    await page.keyboard.type("zzzz")
    await expect(page.locator("#palette [data-nothing]")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.locator("#palette")).to_be_hidden()
    await expect(page.locator("header [data-palette]")).to_be_focused()
    await page.context.close()


async def test_staff_find_a_company_as_they_type_and_a_command(visiting, site):
    company = await make_tenant(site.db, name="Padaria Três Irmãos")
    page = await visiting("staff")
    await page.keyboard.press("Control+k")
    await page.keyboard.type("tres irm")
    await expect(page.locator("#palette [aria-selected=true]")).to_contain_text("Padaria Três Irmãos")
    assert await page.locator("#palette [aria-selected=true]").get_attribute("data-href") == (
        f"/app/company/tenants/{company.id}"
    )
    await page.get_by_role("combobox").fill("restart")
    await expect(page.locator("#palette [aria-selected=true]")).to_contain_text("Restart an agent")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/app/company/operations/new?command_type=RESTART_AGENT")
    await page.context.close()


async def test_theme_language_and_the_way_out_are_acts(visiting):
    page = await visiting("admin")
    await page.keyboard.press("Control+k")
    await page.keyboard.type("dark")
    await page.keyboard.press("Enter")
    await expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    await page.keyboard.press("Control+k")
    await page.keyboard.type("portugues")
    async with page.expect_navigation():
        await page.keyboard.press("Enter")
    await expect(page.locator("html")).to_have_attribute("lang", "pt-BR")
    await page.reload()
    await expect(page.locator("html")).to_have_attribute("lang", "pt-BR")
    await expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    await page.context.close()


async def test_two_keys_lead_to_a_page_unless_they_are_typed_or_turned_off(visiting):
    page = await visiting("admin")
    await page.keyboard.press("?")
    await expect(page.locator("#shortcuts")).to_be_visible()
    await expect(page.locator("#shortcuts dt")).to_contain_text(["Search and commands", "This list", "Overview"])
    await page.locator("#shortcuts [data-single-keys]").uncheck()
    await page.keyboard.press("Escape")
    await expect(page.locator("#shortcuts")).to_be_hidden()
    await page.keyboard.press("g")
    await page.keyboard.press("b")
    await page.wait_for_timeout(300)
    assert page.url.endswith("/app/dashboard")
    await page.evaluate("localStorage.removeItem('single-keys')")
    await page.reload()
    await page.keyboard.press("g")
    await page.keyboard.press("b")
    await page.wait_for_url("**/app/billing")
    await page.context.close()


@pytest.mark.parametrize(
    ("who", "width", "theme", "language"),
    [("staff", 1280, "light", "en"), ("staff", 320, "dark", "pt-BR"), ("admin", 320, "light", "en")],
)
async def test_they_are_accessible_and_fit(visiting, who, width, theme, language):
    page = await visiting(who, "", width, theme, language)
    await page.click("header [data-palette]")
    await page.keyboard.type("a")
    await expect(page.locator("#palette [role=option]").first).to_be_visible()
    await no_violations(page, "#palette")
    box = await page.locator("#palette").bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
    heights = await page.locator("#palette [role=option]").evaluate_all("(all) => all.map((e) => e.offsetHeight)")
    assert min(heights) >= 44
    await page.keyboard.press("Escape")
    await expect(page.locator("#palette")).to_be_hidden()
    await page.keyboard.press("?")
    await expect(page.locator("#shortcuts")).to_be_visible()
    await no_violations(page, "#shortcuts")
    assert await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    assert page.mistakes == []
    await page.context.close()


async def no_violations(page, within):
    found = await AXE.run(page, context=within, options={"resultTypes": ["violations"], "runOnly": RULES})
    assert [(v["id"], [n["target"] for n in v["nodes"]][:3]) for v in found.response["violations"]] == []

"""The first steps and the guide in headless Chromium: accessible, and no wider than the window."""

import pytest

from web.test_browser_pages import AXE, RULES, Visit, open_page

pytestmark = pytest.mark.browser
HERE = "/app/dashboard/welcome"
VISITS = [
    Visit(HERE, 320, "dark", "pt-BR", "admin"),
    Visit(f"{HERE}?step=agents", 768, "light", "en", "admin"),
    Visit(f"{HERE}?step=plan", 1440, "dark", "en", "admin"),
    Visit("/docs", 320, "light", "en"),
    Visit("/docs/overview", 1440, "dark", "pt-BR"),
    Visit("/docs/users-and-security", 320, "dark", "pt-BR"),
    Visit("/docs/commands", 768, "light", "en"),
]


@pytest.mark.parametrize("visit", VISITS, ids=str)
async def test_a_page_is_accessible_and_fits(site, chromium, visit):
    page = await open_page(chromium, site, visit)
    try:
        found = await AXE.run(page, options={"resultTypes": ["violations"], "runOnly": RULES})
        assert [
            (one["id"], [node["target"] for node in one["nodes"]][:3]) for one in found.response["violations"]
        ] == []
        wide = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0
        assert page.mistakes == []
    finally:
        await page.context.close()

"""What scripts add: charts, live figures, sorting in place, the theme, the warning before a session ends."""

import re

import pytest
from playwright.async_api import expect

from web.test_browser_pages import Visit, open_page
from web.test_pages_overview import sent  # noqa: F401 - A fixture.

pytestmark = pytest.mark.browser
OVERVIEW = Visit("/app/dashboard?period=7d", 1280, "light", "en", "admin")


async def test_new_usage_appears_by_itself_and_open_parts_stay_open(site, sent, chromium):  # noqa: F811
    page = await open_page(chromium, site, OVERVIEW)
    figure = page.locator("article.card p.num").first
    before = int((await figure.inner_text()).replace(",", ""))
    await page.click("#requests-table summary")
    await sent(3)
    await expect(figure).to_have_text(str(before + 3), timeout=9_000)
    await expect(page.locator("#requests-table")).to_have_attribute("open", "")
    await expect(page.locator("#requests-table tbody tr").last).to_contain_text(str(before + 3))
    assert await page.locator("#requests canvas").count() == 1
    assert page.mistakes == []
    await page.context.close()


async def test_sorting_and_periods_change_in_place_and_keep_the_address(site, sent, chromium):  # noqa: F811
    page = await open_page(chromium, site, OVERVIEW)
    await page.evaluate("window.same = true")
    await page.click("#agents-by-name")
    await expect(page.locator("#agents th[aria-sort]")).to_contain_text("Agent")
    await page.click("#period-30d")
    await expect(page.locator("#period-30d")).to_have_attribute("aria-current", "true")
    await expect(page.locator("#requests[data-drawn] canvas")).to_have_count(1)
    assert await page.evaluate("window.same") is True
    assert "period=30d" in page.url
    assert "sort=name" in page.url
    await page.go_back()
    await expect(page.locator("#period-7d")).to_have_attribute("aria-current", "true")
    assert page.mistakes == []
    await page.context.close()


async def test_the_theme_is_kept_and_the_navigation_folds(site, chromium):
    page = await open_page(chromium, site, OVERVIEW)
    await page.click(".menu:not(.bell) summary")
    await page.click("[data-theme-choice=dark]")
    await page.keyboard.press("Escape")
    await expect(page.locator(".menu:not(.bell)")).not_to_have_attribute("open", "")
    await page.click("[data-nav-fold]")
    await page.reload()
    assert await page.evaluate("document.documentElement.className") == "dark js"
    assert (await page.locator(".shell-nav").bounding_box())["width"] < 100
    await page.context.close()


async def test_a_lost_connection_is_said_and_live_is_not_claimed(site, chromium):
    page = await open_page(chromium, site, OVERVIEW)
    await page.route(re.compile(r"/live\?"), lambda route: route.abort())
    await expect(page.locator(".live-badge")).to_be_hidden(timeout=9_000)
    await expect(page.locator("#toasts")).to_contain_text("Connection lost", timeout=20_000)
    await page.unroute(re.compile(r"/live\?"))
    await expect(page.locator(".live-badge")).to_be_visible(timeout=20_000)
    await page.context.close()


async def test_a_session_that_is_about_to_end_warns_and_can_be_kept(site, chromium):
    page = await open_page(chromium, site, OVERVIEW)
    await page.clock.install()
    await page.reload()
    await page.clock.fast_forward("58:30")
    dialog = page.locator("#session-ending")
    await expect(dialog).to_be_visible()
    await expect(dialog.locator("[data-left]")).to_have_text(re.compile(r"1:\d\d"))
    await dialog.locator("[data-stay]").click()
    await expect(dialog).to_be_hidden()
    await page.clock.fast_forward("59:00")
    await expect(dialog).to_be_visible()
    await page.clock.fast_forward("05:00")
    await page.wait_for_url("**/login?**expired=true**")
    await page.context.close()


async def test_the_first_stop_is_the_way_past_the_navigation(site, chromium):
    page = await open_page(chromium, site, OVERVIEW)
    await page.keyboard.press("Tab")
    await expect(page.locator("a[href='#content']")).to_be_focused()
    await page.keyboard.press("Enter")
    assert await page.evaluate("location.hash") == "#content"
    await page.context.close()

"""What scripts add: charts, live figures, sorting in place, the theme, the warning before a session ends."""

import asyncio
import re
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from playwright.async_api import expect

from alquimista.cache.store import invalidate
from alquimista.http.streams import Streams
from factories import make_user
from web.test_browser_pages import Visit, open_page, sign_in
from web.test_pages_overview import sent  # noqa: F401 - A fixture.

pytestmark = pytest.mark.browser
STREAM = "**/notifications/stream*"
KEPT_PAGES = """async () => {
  const caches_ = await Promise.all((await caches.keys()).map((name) => caches.open(name)));
  return (await Promise.all(caches_.map((one) => one.keys()))).flat().map(({ url }) => url);
}"""
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


async def held(site, person):
    """Wait until somebody's browser holds a stream."""
    async with asyncio.timeout(15):
        while not site.services.get(Streams)._count[person.id]:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


def asked_by(page):
    """The requests for a part that a tab makes from now on."""
    found = []
    page.on("request", lambda one: found.append(one.url) if "/live?" in one.url else None)
    return found


async def test_the_stream_names_what_has_changed_and_nothing_is_asked_without_need(site, sent, chromium):  # noqa: F811
    page = await open_page(chromium, site, OVERVIEW)
    await held(site, site.people["admin"])
    await asyncio.sleep(4)  # What is asked for as the page and its stream begin.
    asked = asked_by(page)
    await asyncio.sleep(7)
    assert asked == [], "nothing has changed"
    began = asyncio.get_running_loop().time()
    await sent(2)
    async with asyncio.timeout(10):
        while not asked:  # noqa: ASYNC110 - The browser's own time.
            await asyncio.sleep(0.02)
    assert asyncio.get_running_loop().time() - began < 3
    assert page.mistakes == []
    await page.context.close()


async def test_a_page_asks_as_its_stream_begins_only_for_what_has_changed_meanwhile(site, sent, chromium):  # noqa: F811
    page = await open_page(chromium, site, OVERVIEW)
    await held(site, site.people["admin"])
    tenant = site.people["admin"].tenant_id
    await asyncio.sleep(4)
    asked = asked_by(page)
    await page.reload()
    await held(site, site.people["admin"])
    await asyncio.sleep(2.5)
    assert asked == [], "it was made a moment ago"

    async def late(route):
        await invalidate(site.db.tenant(tenant), tenant, "incidents")
        await route.continue_()

    await page.route(STREAM, late)
    await page.reload()
    async with asyncio.timeout(10):
        while not asked:  # noqa: ASYNC110 - As above.
            await asyncio.sleep(0.02)
    assert page.mistakes == []
    await page.context.close()


async def test_tabs_that_do_not_hold_the_stream_hear_too(site, sent, chromium):  # noqa: F811
    first = await open_page(chromium, site, OVERVIEW)
    await held(site, site.people["admin"])
    second = await first.context.new_page()
    await second.goto(OVERVIEW.path)
    await asyncio.sleep(4)
    asked = asked_by(second)
    before = int((await second.locator("article.card p.num").first.inner_text()).replace(",", ""))
    await sent(1)
    await expect(second.locator("article.card p.num").first).to_have_text(str(before + 1), timeout=9_000)
    assert len(asked) <= 2
    await first.context.close()


async def test_a_part_hears_of_its_own_topics_alone(site, sent, chromium):  # noqa: F811
    page = await open_page(chromium, site, OVERVIEW)
    await held(site, site.people["admin"])
    await page.evaluate("document.querySelector('[data-live=part]').dataset.topics = 'incidents tickets'")
    await asyncio.sleep(4)
    asked = asked_by(page)
    tenant = site.people["admin"].tenant_id
    await invalidate(site.db.tenant(tenant), tenant, "agents")
    await asyncio.sleep(2.5)
    assert asked == []
    await invalidate(site.db.tenant(tenant), tenant, "tickets")
    async with asyncio.timeout(10):
        while not asked:  # noqa: ASYNC110 - As above.
            await asyncio.sleep(0.02)
    await page.context.close()


async def test_without_a_stream_it_asks_every_three_seconds(site, chromium):
    page = await open_page(chromium, site, OVERVIEW)
    await page.route(STREAM, lambda route: route.abort())
    await page.reload()
    asked = asked_by(page)
    await asyncio.sleep(7.5)
    assert len(asked) >= 2
    await page.context.close()


@pytest.mark.parametrize("path", [OVERVIEW.path, "/app/dashboard/integrations", "/account/profile"])
async def test_a_session_that_is_revoked_elsewhere_leads_to_the_login_and_back(site, chromium, path):
    site.people["guest"] = await make_user(site.db, site.people["admin"].tenant_id)
    visit = replace(OVERVIEW, who="guest", path=path)
    page = await open_page(chromium, site, visit)
    await held(site, site.people["guest"])
    other = await page.context.new_page()  # Does not hold the stream itself.
    await other.goto("/app/notifications/preferences")
    await asyncio.sleep(1)
    await page.context.request.post(
        "/logout", form={"_csrf": await page.locator("[name=_csrf]").first.input_value()}, max_redirects=0
    )
    await page.context.add_cookies(site.cookies["guest"])  # As on another machine: this browser knows nothing of it.
    for tab in (page, other):
        await tab.wait_for_url("**/login?**", timeout=8_000)
    await sign_in(page, site.people["guest"])
    await page.wait_for_url(f"**{path}")
    site.cookies.pop("guest")
    await page.context.close()


async def test_a_page_whose_stream_is_refused_from_the_start_does_not_load_again_and_again(site, chromium):
    page = await open_page(chromium, site, replace(OVERVIEW, path="/app/notifications/preferences"))
    await page.route(re.compile(r"/notifications(/stream|\?)"), lambda route: route.fulfill(status=403, body="{}"))
    loads = []
    page.on("domcontentloaded", lambda _: loads.append(page.url))
    await page.reload()
    await asyncio.sleep(4)
    assert len(loads) == 1
    await page.context.close()


async def test_charts_are_saved_as_csv_and_as_a_picture(site, sent, chromium):  # noqa: F811
    page = await open_page(chromium, site, OVERVIEW)
    await expect(page.locator("#requests canvas")).to_have_count(1)
    async with page.expect_download() as saved:
        await page.click("[data-save=csv]")
    file = await saved.value
    assert re.fullmatch(r"overview-requests-\d{4}-\d\d-\d\d-\d{4}-\d\d-\d\d\.csv", file.suggested_filename)
    lines = (await file.path()).read_text("utf-8-sig").splitlines()
    assert lines[0].startswith('"Day","This period"')
    assert len(lines) == 8
    last = await page.locator("#requests-table tbody tr").last.locator("td").first.text_content()
    assert lines[-1].split(",")[1] == last.replace(",", "")
    async with page.expect_download() as saved:
        await page.click("[data-save=png]")
    picture = (await (await saved.value).path()).read_bytes()
    assert picture.startswith(b"\x89PNG")
    assert len(picture) > 5_000
    assert page.mistakes == []
    await page.context.close()


async def test_what_failed_in_passing_can_be_tried_again(site, sent, chromium):  # noqa: F811
    page = await open_page(chromium, site, OVERVIEW)
    trace = {"X-Trace-Id": "0123abcd"}
    busy = re.compile(r"/app/dashboard\?.*period=30d")
    await page.route(busy, lambda route: route.fulfill(status=503, body="busy", headers=trace))
    await page.click("#period-30d")
    toast = page.locator("#toasts [data-name=busy]")
    await expect(toast).to_contain_text("That did not work")
    await expect(toast).to_contain_text("Support id: 0123abcd")
    await page.unroute(busy)
    await toast.get_by_role("button", name="Try again").click()
    await expect(page.locator("#period-30d")).to_have_attribute("aria-current", "true")
    await page.route(busy, lambda route: route.abort())
    await page.click("#period-7d")
    await expect(page.locator("#period-7d")).to_have_attribute("aria-current", "true")
    await page.click("#period-30d")
    await expect(page.locator("#toasts [data-name=unreached]")).to_be_visible()
    await page.context.close()


async def test_what_does_not_pass_leads_to_its_own_page_with_the_support_id(site, chromium):
    path = f"/app/company/tenants/{site.people['admin'].tenant_id}/commands"
    page = await open_page(chromium, site, replace(OVERVIEW, path=path, who="staff"))
    await page.locator("#commands-filters").evaluate(
        "form => form.insertAdjacentHTML('beforeend', '<input type=hidden name=page value=none>')"
    )
    await page.locator("select[name=status]").select_option("SUCCESS")
    await expect(page.locator("main code")).to_have_text(re.compile("[0-9a-f]{32}"))
    assert page.url.endswith("/commands?status=SUCCESS&page=none"), "it can be loaded again, and sent to support"
    await page.go_back()
    await expect(page.locator("#commands")).to_be_visible()
    await page.context.close()


async def test_what_does_not_pass_within_a_page_is_said_as_the_server_says_it(site, chromium):
    page = await open_page(chromium, site, replace(OVERVIEW, path="/app/company/incidents/new", who="staff"))
    await page.route("**/incidents/new?*", lambda route: route.continue_(url=f"{site.url}/app/nowhere"))
    async with page.expect_response(lambda answer: answer.status == 404) as answered:
        await page.locator("input[name=search]").fill("clínica")
    toast = page.locator("#toasts [data-name=failed]")
    await expect(toast).to_contain_text("There is nothing here under this address.")
    await expect(toast).not_to_contain_text("Load the page again")
    await expect(toast).to_contain_text(f"Support id: {(await answered.value).headers['x-trace-id']}")
    assert page.url.endswith("/app/company/incidents/new")
    await page.context.close()


async def test_offline_is_said_and_a_form_stays_as_it_is(site, chromium):
    page = await open_page(chromium, site, replace(OVERVIEW, path="/app/notifications/preferences"))
    await page.context.set_offline(True)
    await expect(page.locator("#toasts [data-name=disconnected]")).to_contain_text("You are offline")
    await page.locator("main form button.btn").last.click()
    again = page.locator("#toasts [data-name=unreached]")
    await expect(again).to_be_visible()
    assert page.url.endswith("/app/notifications/preferences")
    await page.context.set_offline(False)
    await expect(page.locator("#toasts [data-name=disconnected]")).to_have_count(0)
    await page.locator("main form button.btn").last.click()
    await expect(page.locator("main")).to_contain_text("Saved. It holds for what comes from now on.")
    assert page.url.endswith("/app/notifications/preferences"), "what was said once is not in the address"
    await page.reload()
    await expect(page.locator("main")).not_to_contain_text("Saved. It holds")
    await page.context.close()


async def test_a_page_that_cannot_be_reached_says_so_and_opens_by_itself(site, chromium):
    page = await open_page(chromium, site, OVERVIEW)
    await page.wait_for_function("navigator.serviceWorker.ready.then(() => true)")
    assert await page.evaluate(KEPT_PAGES) == [f"{site.url}/offline"]
    await page.context.set_offline(True)
    await page.goto("/app/notifications")
    await expect(page.locator("h1")).to_have_text("You are offline")
    assert page.url.endswith("/app/notifications")
    await page.context.set_offline(False)
    await expect(page.locator("h1")).to_have_text("Notifications", timeout=20_000)
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
    for lost in (STREAM, re.compile(r"/live\?")):
        await page.route(lost, lambda route: route.abort())
    await page.reload()
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


async def test_a_tab_that_is_left_alone_does_not_sign_out_one_in_which_pages_are_opened(site, chromium):
    first = await open_page(chromium, site, OVERVIEW)
    await first.context.clock.install()
    await first.reload()
    second = await first.context.new_page()
    await first.clock.fast_forward("50:00")
    await second.goto("/app/notifications")
    await first.clock.fast_forward("20:00")
    await asyncio.sleep(1)
    assert [urlsplit(one.url).path for one in (first, second)] == ["/app/dashboard", "/app/notifications"]
    await expect(first.locator("#session-ending")).to_be_hidden()
    await first.clock.fast_forward("39:00")
    await expect(first.locator("#session-ending")).to_be_visible()
    await first.context.close()


async def test_the_first_stop_is_the_way_past_the_navigation(site, chromium):
    page = await open_page(chromium, site, OVERVIEW)
    await page.keyboard.press("Tab")
    await expect(page.locator("a[href='#content']")).to_be_focused()
    await page.keyboard.press("Enter")
    assert await page.evaluate("location.hash") == "#content"
    await page.context.close()

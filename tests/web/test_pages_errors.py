"""Pages of failures: what happened, what to do, and an id that finds the line of the log."""

import re

import pytest
import structlog

from alquimista.errors import Unavailable
from alquimista.web import assets
from web.reading import send, sign_in, text_of, token_of

SUPPORT_ID = re.compile(r"Support id: ([0-9a-f]{32})")


@pytest.fixture(scope="module")
async def admin(site):
    async with site.browser() as browser:
        await sign_in(browser, site.people["admin"])
        yield browser


@pytest.fixture
def logs():
    with structlog.testing.capture_logs() as lines:
        yield lines


def line_of(logs, shown, event):
    """The lines of the log that the page's support id finds."""
    trace_id = SUPPORT_ID.search(text_of(shown.text))[1]
    assert trace_id == shown.headers["x-trace-id"]
    return [line for line in logs if line.get("trace_id") == trace_id and line["event"] == event]


async def test_an_unknown_page_leads_home_and_its_id_finds_the_line(admin, logs):
    shown = await admin.get("/app/nowhere")
    assert shown.status_code == 404
    assert re.search(r'href="/" class="btn', shown.text), "which leads each reader to their own start"
    (line,) = line_of(logs, shown, "page.refused")
    assert (line["path"], line["status"], line["code"]) == ("/app/nowhere", 404, "not_found")


async def test_what_failed_inside_is_told_by_its_id_alone(site, admin, logs, monkeypatch):
    async def broken(*_args, **_options):
        raise RuntimeError("secret words")

    monkeypatch.setattr("alquimista.dashboards.service.tenant_home", broken)
    shown = await admin.get("/app/dashboard?period=90d&sort=name")
    assert shown.status_code == 500
    assert "secret words" not in shown.text
    assert 'href="/app/dashboard?period=90d&amp;sort=name"' in shown.text, "it can be tried again"
    (line,) = line_of(logs, shown, "http.failed")
    assert "secret words" in line["failure"]


async def test_what_is_busy_says_when_to_come_back(admin, monkeypatch):
    async def busy(*_args, **_options):
        raise Unavailable(retry_after=7)

    monkeypatch.setattr("alquimista.dashboards.service.tenant_home", busy)
    shown = await admin.get("/app/dashboard?period=90d&sort=requests")
    assert (shown.status_code, shown.headers["retry-after"]) == (503, "7")
    assert "Try again in 7 seconds" in text_of(shown.text)


async def test_a_form_that_failed_leads_back_to_it(site, admin):
    here = f"{site.url}/app/notifications/preferences"
    answer = await admin.post("/app/notifications/preferences", data={"_csrf": "0" * 64}, headers={"referer": here})
    assert answer.status_code == 403
    assert re.search(r'href="/app/notifications/preferences"[^>]* data-back', answer.text)
    elsewhere = await admin.post(
        "/app/notifications/preferences", data={"_csrf": "0" * 64}, headers={"referer": "https://evil.example/x"}
    )
    assert "data-back" not in elsewhere.text


async def test_a_form_of_an_ended_session_leads_to_the_login_and_back_to_its_page(site):
    async with site.browser() as browser:
        browser.cookies.set("session", "gone", domain="127.0.0.1")
        headers = {"referer": f"{site.url}/app/notifications?unread=true"}
        answer = await browser.post("/app/notifications/read-all", data={"_csrf": "x"}, headers=headers)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/login?redirect=%2Fapp%2Fnotifications%3Funread%3Dtrue&expired=true"


async def test_a_session_that_was_revoked_elsewhere_takes_the_reader_back_after_signing_in(site):
    user = site.people["user"]
    async with site.browser() as here, site.browser() as there:
        await sign_in(here, user)
        cookies = dict(here.cookies)
        there.cookies.update(cookies)
        await send(there, "/app/dashboard", "/logout")
        headers = {"hx-request": "true", "hx-current-url": f"{site.url}/app/dashboard?period=90d&sort=name"}
        answer = await here.get("/app/dashboard/live", headers=headers)
        assert answer.status_code == 401
        login = await here.get(answer.headers["hx-redirect"])
        found = re.findall(r'name="redirect" value="([^"]+)"', login.text)[-1]
        form = {"_csrf": token_of(login.text), "email": user.email, "password": user.password}
        entered = await here.post("/login", data=form | {"redirect": found.replace("&amp;", "&")})
    assert entered.headers["location"] == "/app/dashboard?period=90d&sort=name"


@pytest.mark.parametrize("language", ["pt-BR", "en"])
async def test_maintenance_has_its_own_words(site, language, monkeypatch):
    monkeypatch.setattr("alquimista.http.maintenance.Maintenance.on", property(lambda _self: True))
    async with site.browser() as browser:
        shown = await browser.get("/login", headers={"accept-language": language})
        assert (await browser.get("/health/live")).status_code == 200
        assert (await browser.get("/static/x/app.css")).status_code == 200
        api = await browser.get("/tenant/me", headers={"accept": "application/json"})
    assert (shown.status_code, shown.headers["retry-after"]) == (503, "120")
    assert ("Under maintenance" if language == "en" else "Em manutenção") in text_of(shown.text)
    assert api.json()["error"] == "maintenance"


async def test_the_page_without_a_connection_holds_nothing_of_the_reader(site, admin):
    shown = await admin.get("/offline", headers={"accept-language": "en"})
    assert "You are offline" in text_of(shown.text)
    assert site.people["admin"].email not in shown.text
    assert "_csrf" not in shown.text
    worker = await admin.get("/offline.js")
    assert worker.headers["content-type"].startswith("text/javascript")
    assert worker.headers["cache-control"] == "no-cache"
    assert f"// {assets.version()}" in worker.text


async def test_what_was_done_is_said_once_however_the_reader_comes_back(admin):
    shown = await admin.get("/app/notifications/preferences?saved=true")
    assert "Saved." in text_of(shown.text)
    assert 'name="redirect" value="/app/notifications/preferences"' in shown.text

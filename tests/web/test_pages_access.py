"""Where readers land, and what a browser sees when something is not for them."""

import pytest

from factories import make_user
from web.reading import send, sign_in, text_of, token_of


async def test_a_stranger_is_sent_to_the_login_and_back(site):
    async with site.browser() as browser:
        answer = await browser.get("/app/dashboard?period=7d")
        assert answer.status_code == 303
        assert answer.headers["location"] == "/login?redirect=%2Fapp%2Fdashboard%3Fperiod%3D7d"
        login = await browser.get(answer.headers["location"])
        token = token_of(login.text)
        user = site.people["admin"]
        form = {"_csrf": token, "email": user.email, "password": user.password, "redirect": "/app/dashboard?period=7d"}
        entered = await browser.post("/login", data=form)
        assert entered.headers["location"] == "/app/dashboard?period=7d"


@pytest.mark.parametrize(
    ("who", "home"), [("admin", "/app/dashboard"), ("user", "/app/dashboard"), ("staff", "/app/company")]
)
async def test_each_role_lands_on_its_page(site, who, home):
    async with site.browser() as browser:
        entered = await sign_in(browser, site.people[who])
        assert entered.status_code == 303
        landed = await browser.get(entered.headers["location"])
        assert landed.headers["location"] == home
        assert (await browser.get(home)).status_code == 200
        assert (await browser.get("/login")).headers["location"] == home


async def test_a_tenant_is_bounced_from_the_company_panel_with_a_reason(site):
    async with site.browser() as browser:
        await sign_in(browser, site.people["admin"])
        bounced = await browser.get("/app/company")
        assert bounced.headers["location"] == "/app/dashboard?error=forbidden"
        shown = await browser.get(bounced.headers["location"])
        assert "Your role does not open that page" in text_of(shown.text)


async def test_staff_are_bounced_to_the_company_panel_unless_they_name_a_tenant(site):
    async with site.browser() as browser:
        await sign_in(browser, site.people["staff"])
        assert (await browser.get("/app/dashboard")).headers["location"] == "/app/company"
        tenant_id = site.people["admin"].tenant_id
        shown = await browser.get(f"/app/dashboard?tenant_id={tenant_id}")
        assert shown.status_code == 200
        assert f"tenant_id={tenant_id}&amp;period=7d" in shown.text


async def test_an_ended_session_goes_to_the_login_as_expired(site):
    async with site.browser() as browser:
        browser.cookies.set("session", "gone", domain="127.0.0.1")
        answer = await browser.get("/app/dashboard")
        assert answer.headers["location"] == "/login?redirect=%2Fapp%2Fdashboard&expired=true"
        assert "session=;" in answer.headers["set-cookie"]
        login = await browser.get(answer.headers["location"])
        assert "Your session has ended" in text_of(login.text)


async def test_a_fragment_of_a_signed_out_reader_moves_the_whole_page(site):
    async with site.browser() as browser:
        headers = {"hx-request": "true", "hx-current-url": f"{site.url}/app/dashboard?period=90d"}
        answer = await browser.get("/app/dashboard/live", headers=headers)
        assert answer.status_code == 401
        assert answer.headers["hx-redirect"] == "/login?redirect=%2Fapp%2Fdashboard%3Fperiod%3D90d&expired=true"


async def test_signing_out_ends_the_session(site):
    async with site.browser() as browser:
        await sign_in(browser, site.people["user"])
        out = await send(browser, "/app/dashboard", "/logout")
        assert out.headers["location"] == "/login?notice=out"
        assert (await browser.get("/app/dashboard")).headers["location"].startswith("/login")


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
async def test_a_redirect_never_leaves_the_site(site, target):
    user = await make_user(site.db, site.people["admin"].tenant_id)
    async with site.browser() as browser:
        answer = await send(browser, "/login", "/login", email=user.email, password=user.password, redirect=target)
        assert answer.headers["location"] == "/app"


async def test_an_unknown_page_is_a_page(site):
    async with site.browser() as browser:
        answer = await browser.get("/nowhere")
        assert answer.status_code == 404
        assert answer.headers["content-type"].startswith("text/html")
        assert "Go to the start" in text_of(answer.text)


async def test_a_form_without_its_token_is_refused_in_words(site):
    async with site.browser() as browser:
        answer = await browser.post("/login", data={"email": "a@example.com", "password": "x"})
        assert answer.status_code == 403
        assert "Reload the page" in text_of(answer.text)

"""Browsers: one opaque cookie, CSRF, idle time-out, and the list of one's own sessions."""

from datetime import timedelta

import pytest

from alquimista import clock
from alquimista.access import Role
from alquimista.http.csrf import _masked, _sign
from alquimista.identity.guards import session_cookie
from alquimista.identity.models.problems import WrongCredentials
from alquimista.identity.models.sessions import Client
from alquimista.identity.service import open_browser_session
from alquimista.identity.service.authentication import by_cookie
from factories import PASSWORD, add_member, make_tenant, make_user
from support.identity import bearer, eventually

CLIENT = Client("192.0.2.77", "Firefox", "pt-BR")


@pytest.fixture
async def user(db):
    return await make_user(db, (await make_tenant(db)).id)


async def open_browser(process, user):
    """A client that holds the cookie, and the token that its pages' forms carry."""
    signed_in = await open_browser_session(process.services, user.email, PASSWORD, "", CLIENT)
    browser = process.client()
    browser.cookies.set("session", signed_in.opened.token)
    browser.headers["x-csrf-token"] = _masked(
        _sign(process.services.settings, f"session:{signed_in.opened.session_id}")
    )
    browser.headers["origin"] = "http://localhost:8080"
    return browser, signed_in


async def test_the_cookie_opens_what_the_role_opens(first, user):
    browser, _ = await open_browser(first, user)
    me = await browser.get("/auth/me")
    assert (me.status_code, me.json()["email"]) == (200, user.email)
    assert (await browser.get("/tenant/users")).status_code == 200


async def test_the_cookie_is_httponly_lax_and_secure_over_https(first, user, with_settings):
    _, signed_in = await open_browser(first, user)
    plain = session_cookie(first.services.settings, signed_in.opened)
    assert "HttpOnly" in plain
    assert "SameSite=Lax" in plain
    assert "Secure" not in plain
    async with with_settings(public_url="https://example.com") as secure:
        cookie = session_cookie(secure.services.settings, signed_in.opened)
        assert cookie.startswith("__Host-session=")
        assert "; Secure" in cookie


async def test_a_cookie_is_no_refresh_token_and_no_access_token(first, user):
    _, signed_in = await open_browser(first, user)
    token = signed_in.opened.token
    assert (await first.client().post("/auth/refresh", json={"refresh_token": token})).status_code == 401
    assert (await first.me(token)).status_code == 401
    refresh = (await first.login(user))["refresh_token"]
    stranger = first.client()
    stranger.cookies.set("session", refresh)
    assert (await stranger.get("/auth/me")).status_code == 401


async def test_a_cookie_in_use_is_still_no_bearer_token(first, user):
    browser, signed_in = await open_browser(first, user)
    assert (await browser.get("/auth/me")).status_code == 200
    assert (await first.me(signed_in.opened.token)).status_code == 401


async def test_unsafe_requests_need_the_pages_token_and_our_own_origin(first, user):
    browser, _ = await open_browser(first, user)
    without = dict(browser.headers) | {"x-csrf-token": "forged"}
    refused = await browser.post("/auth/logout-all", headers=without)
    assert (refused.status_code, refused.json()["error"]) == (403, "csrf_failed")
    assert (await browser.post("/auth/logout-all", headers={"origin": "https://evil.example"})).status_code == 403
    assert (await browser.get("/auth/me")).status_code == 200
    assert (await browser.post("/auth/logout-all")).status_code == 204


async def test_an_unused_browser_session_ends_and_its_cookie_is_cleared(first, user):
    browser, _ = await open_browser(first, user)
    moment = clock.now()
    for minutes in (40, 80, 120):
        with clock.frozen(moment + timedelta(minutes=minutes)):
            assert (await browser.get("/auth/me")).status_code == 200, "each use postpones the end"
    with clock.frozen(moment + timedelta(minutes=181)):
        answer = await browser.get("/auth/me")
        assert (answer.status_code, answer.json()["error"]) == (401, "session_ended")
        assert "session=;" in answer.headers["set-cookie"]
        assert "Max-Age=0" in answer.headers["set-cookie"]


async def test_what_a_page_asks_by_itself_does_not_keep_an_unused_session_open(first, user):
    _, signed_in = await open_browser(first, user)
    moment, cookie = clock.now(), signed_in.opened.token
    for minutes in (20, 40, 59):
        with clock.frozen(moment + timedelta(minutes=minutes)):
            assert await by_cookie(first.services, cookie, passive=True) is not None
    with clock.frozen(moment + timedelta(minutes=62)):
        assert await by_cookie(first.services, cookie, passive=True) is None
        assert await by_cookie(first.services, cookie) is None


async def test_what_a_page_asks_by_itself_hides_no_use_by_its_reader(first, user):
    _, signed_in = await open_browser(first, user)
    moment, cookie = clock.now(), signed_in.opened.token
    with clock.frozen(moment + timedelta(minutes=50)):
        assert await by_cookie(first.services, cookie, passive=True) is not None
        assert await by_cookie(first.services, cookie) is not None, "and this postpones the end"
    with clock.frozen(moment + timedelta(minutes=100)):
        assert await by_cookie(first.services, cookie, passive=True) is not None


async def test_a_browser_session_ends_after_seven_days_however_used(first, user):
    browser, _ = await open_browser(first, user)
    moment = clock.now()
    for hours in range(0, 7 * 24 * 60, 50):
        with clock.frozen(moment + timedelta(minutes=hours)):
            first.kit.actors.clear()
            assert (await browser.get("/auth/me")).status_code == 200
    with clock.frozen(moment + timedelta(days=7, seconds=1)):
        assert (await browser.get("/auth/me")).status_code == 401


async def test_last_use_is_written_at_most_once_a_minute(first, user, sql):
    browser, signed_in = await open_browser(first, user)
    moment = clock.now()

    async def seen():
        rows = await sql(
            "SELECT last_seen_at FROM alquimista_platform.sessions WHERE id = %s", signed_in.opened.session_id
        )
        return rows[0][0]

    opened = await seen()
    with clock.frozen(moment + timedelta(seconds=50)):
        await browser.get("/auth/me")
        assert await seen() == opened
    with clock.frozen(moment + timedelta(seconds=90)):
        await browser.get("/auth/me")
        assert await seen() > opened


async def test_logging_out_ends_the_session_in_every_process(first, second, user):
    browser, signed_in = await open_browser(first, user)
    elsewhere = second.client()
    elsewhere.cookies.set("session", signed_in.opened.token)
    assert (await elsewhere.get("/auth/me")).status_code == 200
    answer = await browser.post("/auth/logout")
    assert answer.status_code == 204
    assert "session=;" in answer.headers["set-cookie"]

    async def gone():
        return (await elsewhere.get("/auth/me")).status_code == 401

    await eventually(gone)


async def test_signing_out_makes_the_browser_forget_cached_answers(first, user):
    browser, _ = await open_browser(first, user)
    answer = await browser.post("/auth/logout")
    assert answer.status_code == 204
    assert answer.headers["clear-site-data"] == '"cache"'
    assert "session=;" in answer.headers["set-cookie"]


async def test_a_person_sees_and_ends_their_own_sessions_only(first, user, db):
    browser, _ = await open_browser(first, user)
    phone = await first.login(user)
    rows = (await browser.get("/auth/sessions")).json()["sessions"]
    assert {(row["kind"], row["current"]) for row in rows} == {("browser", True), ("api", False)}
    assert next(row for row in rows if row["current"])["user_agent"] == "Firefox"
    other = await make_user(db, user.tenant_id)
    others_token = bearer((await first.login(other))["access_token"])
    theirs = (await first.client().get("/auth/sessions", headers=others_token)).json()["sessions"][0]["id"]
    assert (await browser.delete(f"/auth/sessions/{theirs}")).status_code == 404
    mine = next(row["id"] for row in rows if not row["current"])
    assert (await browser.delete(f"/auth/sessions/{mine}")).status_code == 204
    assert (await browser.delete(f"/auth/sessions/{mine}")).status_code == 404
    assert (await first.me(phone["access_token"])).status_code == 401
    assert (await browser.get("/auth/me")).status_code == 200
    assert (await browser.delete("/auth/sessions/x")).status_code == 400


async def test_logging_out_everywhere_ends_every_device(first, second, user):
    devices = [await first.login(user) for _ in range(3)]
    answer = await second.client().post("/auth/logout-all", headers=bearer(devices[0]["access_token"]))
    assert answer.status_code == 204
    for device in devices:
        assert (await second.me(device["access_token"])).status_code == 401
        refresh = {"refresh_token": device["refresh_token"]}
        assert (await first.client().post("/auth/refresh", json=refresh)).status_code == 401


async def test_switching_tenants_needs_a_membership_there(first, user, db):
    elsewhere, foreign = await make_tenant(db), await make_tenant(db)
    await add_member(db, elsewhere.id, user.id, Role.TENANT_USER)
    tokens = await first.login(user)
    client, headers = first.client(), bearer(tokens["access_token"])
    for wanted in (str(foreign.id), None):
        refused = await client.post("/auth/switch-tenant", headers=headers, json={"tenant_id": wanted})
        assert refused.status_code == 403
    answer = await client.post("/auth/switch-tenant", headers=headers, json={"tenant_id": str(elsewhere.id)})
    assert answer.status_code == 200
    me = (await first.me(answer.json()["access_token"])).json()
    assert (me["tenant_id"], me["role"]) == (str(elsewhere.id), "TENANT_USER")
    assert len(me["tenants"]) == 2
    refreshed = await client.post("/auth/refresh", json={"refresh_token": tokens["refresh_token"]})
    assert (await first.me(refreshed.json()["access_token"])).json()["tenant_id"] == str(elsewhere.id)


async def test_a_browser_that_switches_tenants_keeps_its_cookie(first, user, db):
    elsewhere = await make_tenant(db)
    await add_member(db, elsewhere.id, user.id, Role.TENANT_USER)
    browser, _ = await open_browser(first, user)
    answer = await browser.post("/auth/switch-tenant", json={"tenant_id": str(elsewhere.id)})
    assert answer.json() == {"tenant_id": str(elsewhere.id), "access_token": None}
    assert (await browser.get("/auth/me")).json()["tenant_id"] == str(elsewhere.id)


async def test_every_sign_in_makes_a_new_cookie(first, user):
    tokens = {(await open_browser(first, user))[1].opened.token for _ in range(3)}
    assert len(tokens) == 3
    with pytest.raises(WrongCredentials):
        await open_browser_session(first.services, user.email, "Wrong-Horse-9", "", CLIENT)

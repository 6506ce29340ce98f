"""The browser's sign-in at an external issuer: code, PKCE, state, nonce, and the end of both sessions."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import httpx
import pytest

from alquimista import clock
from alquimista.access import PLATFORM_TENANT, Role
from alquimista.identity.models.problems import VouchedElsewhere
from alquimista.identity.models.sessions import Client
from alquimista.identity.service import logout_url, switch_tenant
from alquimista.identity.service.authentication import by_cookie
from factories import add_member, make_tenant
from support.issuer import CLIENT_ID, running_issuer


@pytest.fixture(scope="module")
async def issuer():
    async with running_issuer() as running:
        yield running


@pytest.fixture
async def federated(with_settings, issuer, db):
    tenant = await make_tenant(db, plan="expert")
    subject = str(clock.new_id())
    issuer.claims = {
        "sub": subject,
        "email": f"{subject[-12:]}@pool.example",
        "email_verified": True,
        "name": "Rui Federado",
        "cognito:groups": ["TENANT_USER"],
        "custom:tenant_id": str(tenant.id),
    }
    trusting = {"oidc_issuer": issuer.url, "oidc_client_id": CLIENT_ID, "oidc_client_secret": "hush"}
    async with with_settings(**trusting) as running:
        yield running


async def start(browser, redirect="/app/dashboard"):
    """The callback that the issuer sends the browser to."""
    answer = await browser.get("/auth/oidc/start", params={"redirect": redirect})
    assert answer.status_code == 303
    async with httpx.AsyncClient() as outside:
        back = await outside.get(answer.headers["location"])
    assert back.status_code == 307
    return back.headers["location"].removeprefix("http://localhost:8080")


async def test_a_person_signs_in_at_the_issuer_and_returns_where_they_wanted(federated, sql):
    browser = federated.client()
    landed = await browser.get(await start(browser))
    assert (landed.status_code, landed.headers["location"]) == (303, "/app/dashboard")
    me = await browser.get("/auth/me")
    assert (me.status_code, me.json()["name"]) == (200, "Rui Federado")
    audit = await sql(
        "SELECT action FROM alquimista_platform.audit_logs WHERE actor_id = %s ORDER BY id", me.json()["id"]
    )
    assert [a for (a,) in audit] == ["user.linked", "user.joined", "auth.login"]
    again = federated.client()
    await again.get(await start(again))
    assert (await again.get("/auth/me")).json()["id"] == me.json()["id"]


async def test_the_issuers_session_stays_in_the_company_that_it_vouched_for(federated, db):
    browser = federated.client()
    await browser.get(await start(browser))
    me = (await browser.get("/auth/me")).json()
    await add_member(db, PLATFORM_TENANT, UUID(me["id"]), Role.INTERNAL_ADMIN)
    other = await make_tenant(db)
    await add_member(db, other.id, UUID(me["id"]), Role.TENANT_ADMIN)
    actor = await by_cookie(federated.services, browser.cookies["session"])
    for wanted in (None, other.id):
        with pytest.raises(VouchedElsewhere):
            await switch_tenant(federated.services, actor, wanted, Client("192.0.2.1", "Firefox", "en"))
    assert (await browser.get("/auth/me")).json()["tenant_id"] == me["tenant_id"]


@pytest.mark.parametrize("redirect", ["https://evil.example/", "//evil.example", "/\\evil.example"])
async def test_it_never_leads_to_another_site(federated, redirect):
    browser = federated.client()
    assert (await browser.get(await start(browser, redirect))).headers["location"] == "/app"


async def test_another_browser_another_state_and_an_old_flow_are_refused(federated):
    browser = federated.client()
    callback = await start(browser)
    assert (await federated.client().get(callback)).status_code == 401
    browser2 = federated.client()
    other = await start(browser2)
    mixed = callback.split("state=")[0] + "state=" + parse_qs(urlsplit(other).query)["state"][0]
    assert (await browser.get(mixed)).status_code == 401
    browser3 = federated.client()
    late = await start(browser3)
    cookie = browser3.cookies["oidc"]
    with clock.frozen(clock.now() + timedelta(minutes=11)):
        assert (await browser3.get(late, headers={"cookie": f"oidc={cookie}"})).status_code == 401


async def test_a_code_works_once_and_refusals_of_the_issuer_are_told(federated):
    browser = federated.client()
    callback = await start(browser)
    cookie = {"cookie": f"oidc={browser.cookies['oidc']}"}
    assert (await browser.get(callback)).status_code == 303
    assert (await federated.client().get(callback, headers=cookie)).status_code == 401
    denied = await browser.get("/auth/oidc/callback?error=access_denied&error_description=no&state=x")
    assert (denied.status_code, denied.json()["error"]) == (401, "oidc_refused")


async def test_a_token_with_another_nonce_is_refused(federated, issuer, monkeypatch):
    real = issuer.token
    monkeypatch.setattr(issuer, "token", lambda **changes: real(**changes | {"nonce": "replayed"}))
    browser = federated.client()
    assert (await browser.get(await start(browser))).status_code == 401


async def test_logging_out_names_where_the_issuers_session_ends(federated, issuer, with_settings):
    url = urlsplit(await logout_url(federated.services))
    assert f"{url.scheme}://{url.netloc}{url.path}" == f"{issuer.url}/logout"
    back = "http://localhost:8080/login"
    assert parse_qs(url.query) == {
        "client_id": [CLIENT_ID],
        "logout_uri": [back],
        "post_logout_redirect_uri": [back],
    }
    place = "https://pool.auth.example/logout"
    async with with_settings(oidc_issuer=issuer.url, oidc_client_id=CLIENT_ID, oidc_logout_url=place) as cognito:
        assert (await logout_url(cognito.services)).startswith(f"{place}?client_id=")


async def test_without_an_issuer_there_is_nothing_to_start(first):
    answer = await first.client().get("/auth/oidc/start")
    assert (answer.status_code, answer.json()["error"]) == (404, "oidc_not_configured")
    assert await logout_url(first.services) is None

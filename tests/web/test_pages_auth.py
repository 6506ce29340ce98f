"""Forms before the sign-in: errors beside the field, nothing given away, links that work once."""

import re
from dataclasses import replace

import pyotp
import pytest

from alquimista.identity.models.sessions import Client
from alquimista.identity.service.passwords import ResetOf, send_reset_link
from factories import make_user
from web.reading import send, sign_in, text_of, token_of

HERE = Client("198.51.100.7", "pytest", "en")
GOOD = "Gold-From-Lead-42"


async def mailed_link(site, recipient: str) -> str:
    """The newest link that the local outbox shows for a person."""
    async with site.browser() as browser:
        shown = await browser.get("/outbox")
    articles = [part for part in shown.text.split("<article")[1:] if recipient in part]
    return re.search(r'href="http://localhost:8080(/[^"]+)"', articles[0])[1]


async def test_wrong_password_and_unknown_account_are_answered_alike(site):
    user = await make_user(site.db, site.people["admin"].tenant_id)
    async with site.browser() as browser:
        wrong = await sign_in(browser, user, "Wrong-Password-1")
        unknown = await sign_in(browser, replace(user, email="nobody@example.com"), "Wrong-Password-1")
    assert wrong.status_code == unknown.status_code == 401
    say = "The e-mail or the password is wrong"
    assert say in text_of(wrong.text)
    assert text_of(wrong.text) == text_of(unknown.text)
    assert f'value="{user.email}"' in wrong.text
    assert "Wrong-Password-1" not in wrong.text


async def test_missing_fields_are_named_beside_the_field(site):
    async with site.browser() as browser:
        answer = await send(browser, "/login", "/login", email="", password="")
    assert answer.status_code == 400
    assert 'id="error-email"' in answer.text
    assert 'aria-describedby="error-password"' in answer.text


async def test_a_field_shows_hostile_text_as_text(site):
    async with site.browser() as browser:
        answer = await send(browser, "/login", "/login", email='"><script>alert(1)</script>', password="x")
    assert "<script>alert" not in answer.text
    assert "&#34;&gt;&lt;script&gt;" in answer.text


async def test_too_many_attempts_say_how_long_to_wait(site):
    user = await make_user(site.db, site.people["admin"].tenant_id)
    async with site.browser() as browser:
        answers = [await sign_in(browser, user, "Wrong-Password-1") for _ in range(6)]
    assert answers[-1].status_code == 429
    assert re.search(r"Wait \d+ seconds", text_of(answers[-1].text))


async def test_the_second_step_takes_a_code_of_the_app(site):
    user = await make_user(site.db, name="Ana Dois Fatores")
    async with site.browser() as browser:
        await sign_in(browser, user)
        enrolled = await send(browser, "/account/second-factor", "/account/second-factor", password=user.password)
        secret = re.search(r"<code[^>]*>([A-Z2-7]+)</code>", enrolled.text)[1]
        confirm = {"_csrf": token_of(enrolled.text), "code": "000000"}
        wrong = await browser.post("/account/second-factor/confirm", data=confirm)
        assert 'id="error-code"' in wrong.text
        done = await browser.post("/account/second-factor/confirm", data=confirm | {"code": pyotp.TOTP(secret).now()})
        recovery = re.findall(r"<li>([0-9a-zA-Z-]+)</li>", done.text)
        assert len(recovery) == 10
    async with site.browser() as browser:
        asked = await sign_in(browser, user)
        assert "Second step" in text_of(asked.text)
        challenge = re.search(r'name="challenge" value="([^"]+)"', asked.text)[1]
        step = {"_csrf": token_of(asked.text), "challenge": challenge, "redirect": "/app/company"}
        wrong = await browser.post("/login/code", data=step | {"code": "000000"})
        assert wrong.status_code == 401
        assert f'value="{challenge}"' in wrong.text
        entered = await browser.post("/login/code", data=step | {"code": recovery[0]})
        assert entered.headers["location"] == "/app/company"
        assert (await browser.get("/app/company")).status_code == 200


async def test_a_forgotten_password_is_reset_by_mail_once(site):
    user = await make_user(site.db, site.people["admin"].tenant_id)
    async with site.browser() as browser:
        known = await send(browser, "/forgot-password", "/forgot-password", email=user.email)
        unknown = await send(browser, "/forgot-password", "/forgot-password", email="nobody@example.com")
        assert text_of(known.text) == text_of(unknown.text)
        await send_reset_link(site.services, None, ResetOf(user.id, HERE))
        link = await mailed_link(site, user.email)
        token = link.partition("=")[2]
        weak = await send(browser, link, "/reset-password", token=token, password="short")
        assert weak.status_code == 400
        assert 'id="error-password"' in weak.text
        saved = await send(browser, link, "/reset-password", token=token, password=GOOD)
        assert saved.headers["location"] == "/login?notice=reset"
        assert (await sign_in(browser, user, GOOD)).status_code == 303
    async with site.browser() as browser:
        again = await send(browser, link, "/reset-password", token=token, password=GOOD)
        assert "This link was used already" in text_of(again.text)


async def test_an_invitation_is_accepted_with_a_name_and_a_password(site):
    admin = site.people["admin"]
    async with site.browser() as browser:
        tokens = await browser.post("/auth/login", json={"email": admin.email, "password": admin.password})
        bearer = {"authorization": f"Bearer {tokens.json()['access_token']}"}
        invitation = {"email": "nova@example.com", "role": "TENANT_USER"}
        assert (await browser.post("/tenant/invitations", json=invitation, headers=bearer)).status_code == 201
    link = await mailed_link(site, "nova@example.com")
    token = link.partition("=")[2]
    async with site.browser() as browser:
        shown = await browser.get(link)
        assert "Clínica Aurora invites nova@example.com as User" in text_of(shown.text)
        missing = await send(browser, link, "/accept-invitation", token=token, full_name="", password="")
        assert 'id="error-full_name"' in missing.text
        joined = await send(browser, link, "/accept-invitation", token=token, full_name="Nova Pessoa", password=GOOD)
        assert joined.headers["location"] == "/login?notice=joined"
        newcomer = replace(admin, email="nova@example.com")
        assert (await sign_in(browser, newcomer, GOOD)).status_code == 303
    async with site.browser() as browser:
        used = await browser.get(link)
        assert used.status_code == 400
        assert "This link was used already" in text_of(used.text)


async def test_an_address_that_is_not_for_everyone_is_not_found(site):
    async with site.browser() as browser:
        assert (await browser.get("/signup")).status_code == 403
        assert (await browser.get("/outbox")).status_code == 200


@pytest.mark.parametrize("header", [{"host": "rebound.example"}, {"x-forwarded-for": "203.0.113.9"}])
async def test_the_outbox_is_closed_to_other_sites_and_to_whoever_comes_through_a_tunnel(site, header):
    async with site.browser() as browser:
        assert (await browser.get("/outbox", headers=header)).status_code == 404


@pytest.mark.parametrize("path", ["/login", "/forgot-password", "/reset-password?token=x", "/login?error=unauthorized"])
async def test_pages_before_the_sign_in_are_never_kept_by_caches(site, path):
    async with site.browser() as browser:
        assert (await browser.get(path)).headers["cache-control"] == "no-store"


async def test_the_language_is_chosen_and_kept(site):
    async with site.browser() as browser:
        chosen = await send(browser, "/login", "/preferences/language", language="pt-BR", redirect="/login")
        assert chosen.headers["location"] == "/login"
        shown = await browser.get("/login")
        assert '<html lang="pt-BR">' in shown.text
        assert "Esqueceu a senha?" in text_of(shown.text)

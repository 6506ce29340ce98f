"""/account: one's own profile, what protects the account, and where one is signed in."""

import re

import pyotp
import pytest

from alquimista import clock
from alquimista.access import Role
from alquimista.i18n import Text
from alquimista.web.account.devices import device_of
from factories import PASSWORD, add_member, make_tenant, make_user
from web.reading import send, sign_in, text_of, token_of

PROFILE, SECURITY, SESSIONS = "/account/profile", "/account/security", "/account/sessions"
FACTOR = "/account/second-factor"
NEW = "Outra-Senha-Boa-4711"


@pytest.fixture
async def person(site):
    return await make_user(site.db, site.people["admin"].tenant_id, role=Role.TENANT_USER, name="Íris <b>Melo</b>")


@pytest.fixture
async def browser(site, person):
    async with site.browser() as one:
        await sign_in(one, person)
        yield one


async def test_the_profile_says_who_one_is(browser, person):
    html = (await browser.get(PROFILE)).text
    shown = text_of(html)
    assert "Íris &lt;b&gt;Melo&lt;/b&gt;" in html
    assert person.email in shown
    assert "Clínica Aurora" in shown
    assert "America/Sao_Paulo" in shown
    assert 'href="/account/profile" aria-current="page"' in html


async def test_name_and_language_are_changed_and_this_device_follows(browser):
    saved = await send(browser, PROFILE, PROFILE, full_name="Íris  Melo", locale="pt-BR")
    assert saved.headers["location"] == f"{PROFILE}?saved=true"
    shown = await browser.get(saved.headers["location"])
    assert shown.headers["content-language"] == "pt-BR"
    assert "Salvo." in text_of(shown.text)
    assert 'value="Íris Melo"' in shown.text
    assert re.search(r'value="pt-BR" selected', shown.text)
    back = await send(browser, PROFILE, PROFILE, full_name="Íris Melo", locale="")
    assert (await browser.get(back.headers["location"])).headers["content-language"] == "en"


@pytest.mark.parametrize(("field", "value"), [("full_name", " "), ("full_name", "x" * 201), ("locale", "fr")])
async def test_a_refused_profile_comes_back_as_it_was_sent(browser, field, value):
    answer = await send(browser, PROFILE, PROFILE, **{"full_name": "Íris", "locale": "en", field: value})
    assert answer.status_code == 400
    assert f'id="error-{field}"' in answer.text
    assert 'value="Íris"' in answer.text or field == "full_name"


async def test_who_belongs_to_several_companies_goes_from_one_to_another(site, person, browser):
    assert "Your companies" not in text_of((await browser.get(PROFILE)).text)
    other = await make_tenant(site.db, name="Segunda Empresa")
    await add_member(site.db, other.id, person.id, Role.TENANT_ADMIN)
    assert "Segunda Empresa Administrator Go there" in text_of((await browser.get(PROFILE)).text)
    gone = await send(browser, PROFILE, f"{PROFILE}/company", tenant_id=str(other.id))
    assert gone.headers["location"] == "/app"
    assert "Segunda Empresa" in text_of((await browser.get("/app/dashboard")).text)
    stranger = await make_tenant(site.db)
    refused = await send(browser, PROFILE, f"{PROFILE}/company", tenant_id=str(stranger.id))
    assert refused.status_code == 403
    assert "Your role does not allow this." in text_of(refused.text)
    assert (await send(browser, PROFILE, f"{PROFILE}/company", tenant_id="x")).status_code == 400


async def test_the_password_is_changed_with_the_present_one_and_others_are_signed_out(site, person, browser):
    async with site.browser() as other:
        await sign_in(other, person)
        wrong = await send(browser, SECURITY, f"{SECURITY}/password", current_password="Errada-1", new_password=NEW)
        assert wrong.status_code == 400
        assert 'id="error-current_password"' in wrong.text
        weak = await send(browser, SECURITY, f"{SECURITY}/password", current_password=PASSWORD, new_password="curta")
        assert weak.status_code == 400
        assert 'id="error-new_password"' in weak.text
        assert "curta" not in weak.text
        done = await send(browser, SECURITY, f"{SECURITY}/password", current_password=PASSWORD, new_password=NEW)
        assert done.headers["location"] == f"{SECURITY}?done=password"
        assert "The new password holds." in text_of((await browser.get(done.headers["location"])).text)
        assert (await other.get(SECURITY)).headers["location"].startswith("/login")


async def test_a_second_factor_begins_with_the_password(browser):
    assert "Not set up" in text_of((await browser.get(SECURITY)).text)
    wrong = await send(browser, FACTOR, FACTOR, password="Errada-1")
    assert (wrong.status_code, 'id="error-password"' in wrong.text) == (400, True)
    assert "<svg" in (await send(browser, FACTOR, FACTOR, password=PASSWORD)).text


async def enrolled(browser):
    """The secret of a second factor that is on, and its recovery codes."""
    shown = await send(browser, FACTOR, FACTOR, password=PASSWORD)
    secret = re.search(r"<code[^>]*>([A-Z2-7]+)</code>", shown.text)[1]
    form = {"_csrf": token_of(shown.text), "code": pyotp.TOTP(secret).at(clock.now())}
    done = await browser.post(f"{FACTOR}/confirm", data=form)
    return secret, re.findall(r"<li>([0-9a-z-]+)</li>", done.text)


async def test_recovery_codes_are_renewed_and_the_factor_given_up(browser):
    _, codes = await enrolled(browser)
    shown = text_of((await browser.get(SECURITY)).text)
    assert "10 of 10" in shown
    assert (await send(browser, FACTOR, FACTOR, password=PASSWORD)).headers["location"] == SECURITY
    wrong = await send(browser, SECURITY, f"{SECURITY}/recovery-codes", renew_password=PASSWORD, renew_code="000000")
    assert wrong.status_code == 400
    assert 'id="error-renew_code"' in wrong.text
    made = await send(browser, SECURITY, f"{SECURITY}/recovery-codes", renew_password=PASSWORD, renew_code=codes[0])
    fresh = re.findall(r"<li>([0-9a-z-]{19})</li>", made.text)
    assert len(set(fresh) - set(codes)) == 10
    assert made.headers["cache-control"] == "no-store"
    old = await send(browser, SECURITY, f"{SECURITY}/turn-off", off_password=PASSWORD, off_code=codes[1])
    assert 'id="error-off_code"' in old.text
    off = await send(browser, SECURITY, f"{SECURITY}/turn-off", off_password=PASSWORD, off_code=fresh[0])
    assert off.headers["location"] == f"{SECURITY}?done=off"
    assert "The second factor is off" in text_of((await browser.get(off.headers["location"])).text)


async def test_sessions_are_listed_and_ended(site, person, browser):
    agent = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605 CriOS/120.0 Mobile Safari/604"
    async with site.browser() as phone, site.browser() as third:
        phone.headers["user-agent"] = agent
        await sign_in(phone, person)
        await sign_in(third, person)
        html = (await browser.get(SESSIONS)).text
        assert text_of(html).count("This session") == 1
        assert "Chrome on iPhone" in text_of(html)
        assert "127.0.0.1" in html
        theirs = re.findall(rf'action="({SESSIONS}/[0-9a-f-]{{36}}/end)"', html)
        assert len(theirs) == 2
        asked = re.findall(r'data-open="(end-[0-9a-f-]{36})"', html)
        assert [f'<dialog id="{one}"' in html for one in asked] == [True, True], "each asks first"
        assert "End the session on Chrome on iPhone, 127.0.0.1?" in text_of(html)
        done = await send(browser, SESSIONS, theirs[0])
        assert done.headers["location"] == f"{SESSIONS}?done=one"
        gone = [(await one.get(PROFILE)).status_code for one in (phone, third)]
        assert sorted(gone) == [200, 303]
        again = await send(browser, SESSIONS, theirs[0])
        assert again.status_code == 404
        assert "You have no open session with this id." in text_of(again.text)
        await send(browser, SESSIONS, f"{SESSIONS}/end-others")
        assert [(await one.get(PROFILE)).status_code for one in (phone, third)] == [303, 303]
        assert "End all others" not in text_of((await browser.get(SESSIONS)).text)


async def test_nobody_ends_somebody_elses_session(site, person, browser):
    async with site.browser() as other, site.browser() as second:
        await sign_in(other, await make_user(site.db, person.tenant_id))
        await sign_in(second, person)
        theirs = re.findall(rf'action="({SESSIONS}/[0-9a-f-]{{36}}/end)"', (await browser.get(SESSIONS)).text)
        assert (await send(other, SESSIONS, theirs[0])).status_code == 404
    assert (await browser.get(SESSIONS)).status_code == 200


async def test_staff_have_the_same_pages_in_their_own_navigation(site):
    async with site.browser() as browser:
        await sign_in(browser, site.people["staff"])
        for path in (PROFILE, SECURITY, SESSIONS, "/app/notifications/preferences"):
            html = (await browser.get(path)).text
            assert "Operations panel" in text_of(html)
            assert f'href="{path}" aria-current="page"' in html
            assert "/app/dashboard/settings/users" not in html
        assert (await browser.get("/app/dashboard/settings")).headers["location"] == PROFILE


async def test_the_account_menu_leads_to_them(browser):
    html = (await browser.get("/app/dashboard")).text
    for path in (PROFILE, SECURITY, SESSIONS, "/app/notifications/preferences"):
        assert f'<a href="{path}"' in html


@pytest.mark.parametrize(
    ("agent", "name", "kind"),
    [
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/1 Safari/1 Edg/1", "Edge on Windows", "computer"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 14) Version/17 Safari/605", "Safari on macOS", "computer"),
        ("Mozilla/5.0 (Linux; Android 14) SamsungBrowser/2 Chrome/1 Safari/1", "Samsung Internet on Android", "phone"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:1) Gecko/1 Firefox/1", "Firefox on Linux", "computer"),
        ("python-httpx/0.27", "Python", "computer"),
        ("", "Unknown device", "computer"),
    ],
)
def test_a_device_is_told_by_what_it_says(agent, name, kind):
    found = device_of(agent, program=False)
    assert (str(found.name), found.kind) == (name, kind)
    assert isinstance(found.name, Text)
    assert device_of(agent, program=True).kind == "program"

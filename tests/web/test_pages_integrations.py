"""/app/dashboard/integrations: what is connected, connecting it, and what is done about what fails."""

import re
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from alquimista import clock
from alquimista.audit import service as audit
from alquimista.audit.models import Wanted
from alquimista.clock import new_id
from alquimista.db.crypto import Sealer
from alquimista.db.tenancy import tenant_transaction
from alquimista.integrations import service
from alquimista.integrations.models.connections import DEMO, PROVIDERS
from alquimista.integrations.models.integrations import Integration
from alquimista.web.client.integrations import SHOWN
from alquimista.web.client.providers import FIELDS, KINDS, LABELS, inputs_of
from factories import make_tenant, make_user
from support.connections import API_KEY, STRIPE_KEY, bodies, gateways, on_premises, running_services
from web.reading import sign_in, text_of, token_of

HERE = "/app/dashboard/integrations"


@pytest.fixture(scope="module")
def site_settings(settings):
    return on_premises(settings)


@pytest.fixture(scope="module")
async def outside():
    async with running_services() as running:
        yield running


@pytest.fixture
def fake(site, outside):
    outside.reset()
    site.services.add(gateways(site.services.settings, outside, timeout_s=3))
    return outside


@dataclass
class Company:
    tenant_id: object
    browser: httpx.AsyncClient
    user: httpx.AsyncClient

    async def send(self, page, action="", **fields):
        shown = await self.browser.get(page)
        return await self.browser.post(action or page, data={"_csrf": token_of(shown.text), **fields})

    async def connect(self, fake, provider="stripe", name="Caixa", **changed):
        body = bodies(fake)[provider]
        fields = {**body.get("config", {}), **body["credentials"], **changed}
        return await self.send(f"{HERE}/new?provider={provider}", name=name, **fields)

    async def only(self):
        """The page of the only integration."""
        found = set(re.findall(rf'href="({HERE}/[0-9a-f-]{{36}})"', (await self.browser.get(HERE)).text))
        assert len(found) == 1
        return found.pop()


@pytest.fixture
async def company(site):
    tenant = await make_tenant(site.db)
    async with site.browser() as browser, site.browser() as user:
        await sign_in(browser, await make_user(site.db, tenant.id, name="Marina Costa"))
        await sign_in(user, await make_user(site.db, tenant.id, role="TENANT_USER"))
        yield Company(tenant.id, browser, user)


async def stored(site, company, name="CRM", status="error"):
    failing = Integration(new_id(), "crm", name, status, None, "the provider's own words", DEMO)
    async with tenant_transaction(site.db, company.tenant_id) as conn:
        await service.store(conn, None, company.tenant_id, failing, None, Sealer(site.services.settings), clock.now())
    return failing.id


def test_every_provider_and_field_has_its_words():
    assert set(LABELS) == set(PROVIDERS) | {DEMO}
    assert set(KINDS) == {one.kind for one in PROVIDERS.values()}
    assert {one.name for provider in PROVIDERS.values() for one in inputs_of(provider)} == set(FIELDS)
    secret = {one.name for provider in PROVIDERS.values() for one in inputs_of(provider) if one.kind == "password"}
    assert secret == {"password", "access_token", "api_key", "url", "secret"}


async def test_an_empty_page_says_what_to_do(company):
    shown = await company.browser.get(HERE)
    assert "No integrations yet Connect your mail" in text_of(shown.text)
    assert f'href="{HERE}/new"' in shown.text
    read = await company.user.get(HERE)
    assert "An administrator of your company connects them." in text_of(read.text)
    assert f"{HERE}/new" not in read.text


async def test_every_service_can_be_chosen_and_has_its_form(company):
    shown = await company.browser.get(f"{HERE}/new")
    offered = re.findall(rf'href="({HERE}/new\?provider=(\w+))"', shown.text)
    assert {name for _, name in offered} == set(PROVIDERS)
    for href, name in offered:
        form = (await company.browser.get(href)).text
        for one in inputs_of(PROVIDERS[name]):
            assert f'name="{one.name}"' in form
            if one.kind == "password":
                assert re.search(rf'name="{one.name}" type="password"', form)
    assert (await company.browser.get(f"{HERE}/new?provider=other")).status_code == 404


async def test_what_works_is_connected_and_its_secret_is_never_shown(company, fake):
    done = await company.connect(fake, "evolution", "Recepção")
    assert (done.status_code, done.headers["location"]) == (303, f"{HERE}?done=connected")
    listed = await company.browser.get(done.headers["location"])
    assert "Connected: it was tried, and it works." in text_of(listed.text)
    page = await company.browser.get(await company.only())
    shown = text_of(page.text)
    for text in ("Recepção", "WhatsApp · Evolution API", "Instance recepção 1", "Tests that succeeded 1"):
        assert text in shown
    assert "by Marina Costa" in shown
    assert API_KEY not in listed.text + page.text


async def test_what_does_not_work_comes_back_with_the_reason_and_without_the_secret(company, fake):
    fake.refused = 401
    refused = await company.connect(fake, "evolution", "Recepção")
    assert refused.status_code == 400
    assert "does not accept the credentials" in text_of(refused.text)
    assert 'value="recepção 1"' in refused.text
    assert API_KEY not in refused.text
    assert "Write what is secret once more" in text_of(refused.text)
    assert "No integrations yet" in text_of((await company.browser.get(HERE)).text)


async def test_what_is_wrong_stands_at_its_field(company, fake):
    empty = await company.connect(fake, "stripe", name="", api_key="")
    assert empty.status_code == 400
    assert re.search(r'id="error-name".*Write a name of 1 to 100', empty.text, re.DOTALL)
    wrong = await company.connect(fake, "stripe", api_key="nonsense")
    assert re.search(r'id="error-api_key".*does not have the expected form', wrong.text, re.DOTALL)
    port = await company.send(f"{HERE}/new?provider=smtp", name="x", host="mail.example", sender="a@b.c", port="many")
    assert re.search(r'id="error-port"', port.text)
    assert re.search(r'id="error-username".*This field is required', port.text, re.DOTALL)
    assert "nonsense" not in wrong.text
    await company.connect(fake)
    again = await company.connect(fake)
    assert again.status_code == 409
    assert "There is an integration of this kind with this name" in text_of(again.text)


async def test_a_test_says_what_it_found(company, fake):
    await company.connect(fake)
    one = await company.only()
    works = await company.send(HERE, f"{one}/test")
    assert works.status_code == 303
    assert "Caixa was tested just now: it works." in text_of(
        (await company.browser.get(works.headers["location"])).text
    )
    fake.refused = 401
    fails = await company.send(HERE, f"{one}/test")
    shown = text_of((await company.browser.get(fails.headers["location"])).text)
    assert "Caixa was tested just now and does not work." in shown
    assert "Unsteady" in shown
    for _ in range(2):
        await company.send(HERE, f"{one}/test")
    assert "Failing: 1" in text_of((await company.browser.get(f"{HERE}?state=error")).text)
    history = text_of((await company.browser.get(one)).text)
    assert "Stopped working" in history
    assert history.count("Tested") >= 4


async def test_reconnecting_keeps_the_settings_and_takes_new_credentials(company, fake):
    await company.connect(fake, "evolution", "Recepção")
    one = await company.only()
    form = (await company.browser.get(f"{one}/reconnect")).text
    assert 'value="recepção 1"' in form
    assert 'name="name"' not in form
    body = bodies(fake)["evolution"]
    fake.refused = 401
    bad = await company.send(f"{one}/reconnect", **body["config"], **body["credentials"])
    assert bad.status_code == 400
    fake.refused = None
    done = await company.send(f"{one}/reconnect", **body["config"], **body["credentials"])
    assert (done.status_code, done.headers["location"]) == (303, f"{one}?done=reconnected")
    assert "Connected again" in text_of((await company.browser.get(done.headers["location"])).text)


async def test_disconnecting_asks_first_and_keeps_the_history(company, fake):
    await company.connect(fake)
    one = await company.only()
    page = (await company.browser.get(HERE)).text
    assert re.search(rf'<dialog [^>]*class="modal ask".*action="{one}/disconnect"', page, re.DOTALL)
    done = await company.send(HERE, f"{one}/disconnect")
    assert done.headers["location"] == f"{HERE}?done=disconnected"
    shown = await company.browser.get(one)
    assert f"{one}/test" not in shown.text
    assert f"{one}/disconnect" not in shown.text
    assert "Disconnected" in text_of(shown.text)
    refused = await company.browser.post(f"{one}/test", data={"_csrf": token_of(shown.text)})
    assert refused.status_code == 409
    assert "has no credentials" in text_of(refused.text)


async def test_a_consent_goes_to_google_and_comes_back_to_the_list(company, fake):
    sent = await company.send(f"{HERE}/new?provider=google", name="Agenda", calendar_id="primary")
    assert sent.status_code == 303
    asked = {name: values[0] for name, values in parse_qs(urlsplit(sent.headers["location"]).query).items()}
    assert sent.headers["location"].startswith(f"{fake.url}/consent?")
    fake.codes["4/code"] = asked["code_challenge"]
    back = await company.browser.get("/integrations/oauth/callback", params={"state": asked["state"], "code": "4/code"})
    assert (back.status_code, back.headers["location"]) == (303, f"{HERE}?done=connected")
    assert "Google Calendar" in text_of((await company.browser.get(back.headers["location"])).text)
    one = await company.only()
    again = await company.send(f"{one}/reconnect", calendar_id="primary")
    assert again.headers["location"].startswith(f"{fake.url}/consent?")


async def test_demonstration_data_says_so_and_cannot_be_tried(site, company):
    one = f"{HERE}/{await stored(site, company)}"
    shown = await company.browser.get(one)
    assert "demonstration data: it leads nowhere" in text_of(shown.text)
    assert f"{one}/test" not in shown.text
    assert (await company.browser.get(f"{one}/reconnect")).status_code == 409


async def test_the_list_has_pages_and_totals(site, company):
    for number in range(SHOWN + 1):
        await stored(site, company, name=f"CRM {number:02}", status="active" if number else "error")
    page = text_of((await company.browser.get(HERE)).text)
    assert "Integrations 13 Connected now 12 Failing now 1" in page
    assert "1–12 of 13" in page
    assert page.index("CRM 00") < page.index("CRM 01")
    assert "13–13 of 13" in text_of((await company.browser.get(f"{HERE}?page=99")).text)
    assert "None in this state" in text_of((await company.browser.get(f"{HERE}?state=pending")).text)
    assert (await company.browser.get(f"{HERE}?state=x")).status_code == 400


async def test_others_only_read_and_do_not_see_why_one_fails(site, company):
    one = f"{HERE}/{await stored(site, company)}"
    for path in (HERE, one):
        assert "provider&#39;s own words" in (await company.browser.get(path)).text
        shown = (await company.user.get(path)).text
        assert "provider&#39;s own words" not in shown
        assert "Disconnect" not in shown
    token = token_of((await company.user.get(HERE)).text)
    for path in (f"{one}/disconnect", f"{one}/test", f"{one}/reconnect", f"{HERE}/new?provider=stripe"):
        assert (await company.user.post(path, data={"_csrf": token})).status_code == 403
    for path in (f"{HERE}/new", f"{one}/reconnect"):
        assert (await company.user.get(path)).status_code == 403


async def test_anothers_integration_is_not_there(site, company):
    foreign = await make_tenant(site.db)
    async with site.browser() as browser:
        await sign_in(browser, await make_user(site.db, foreign.id))
        one = f"{HERE}/{await stored(site, company)}"
        token = token_of((await browser.get(HERE)).text)
        assert (await browser.get(one)).status_code == 404
        assert (await browser.get(f"{one}/reconnect")).status_code == 404
        assert (await browser.get(HERE, params={"tested": one.rpartition("/")[2]})).status_code == 404
        for act in ("test", "disconnect"):
            assert (await browser.post(f"{one}/{act}", data={"_csrf": token})).status_code == 404


async def test_staff_act_for_a_company_and_their_links_carry_it(site, company, fake):
    tenant = {"tenant_id": str(company.tenant_id)}
    async with site.browser() as browser:
        await sign_in(browser, site.people["staff"])
        page = (await browser.get(HERE, params=tenant)).text
        form = re.search(rf'href="({HERE}/new[^"]*)"', page)[1]
        assert str(company.tenant_id) in form
        body = {"_csrf": token_of(page), "name": "Caixa", "api_key": STRIPE_KEY}
        done = await browser.post(f"{HERE}/new", params={**tenant, "provider": "stripe"}, data=body)
        assert str(company.tenant_id) in done.headers["location"]
        body = {"_csrf": token_of(page), "name": "Agenda", "calendar_id": "primary"}
        theirs = await browser.post(f"{HERE}/new", params={**tenant, "provider": "google"}, data=body)
        assert theirs.status_code == 403
        assert "Only somebody of the company can authorise" in text_of(theirs.text)
    assert "Caixa" in (await company.browser.get(HERE)).text


async def test_who_looks_as_an_administrator_sees_no_act(site, company):
    one = f"{HERE}/{await stored(site, company)}"
    async with site.browser() as staff:
        await sign_in(staff, await make_user(site.db))
        page = await staff.get(HERE, params={"tenant_id": str(company.tenant_id)})
        assert f"{one}/disconnect" in page.text
        form = {
            "_csrf": token_of(page.text),
            "tenant_id": str(company.tenant_id),
            "reason": "Chamado 4711: não conecta.",
        }
        assert (await staff.post("/app/company/view-as", data=form)).status_code == 303
        for path in (HERE, one, "/app/dashboard/usage", "/app/dashboard/settings/webhooks"):
            shown = await staff.get(path)
            assert "as its administrator" in text_of(shown.text), path
            assert "/disconnect" not in shown.text
            assert "/new" not in shown.text


async def test_the_settings_that_a_refused_form_shows_staff_are_audited(site, company, fake):
    await company.connect(fake, "evolution", "Recepção")
    one, tenant = await company.only(), {"tenant_id": str(company.tenant_id)}
    async with site.browser() as browser:
        await sign_in(browser, site.people["staff"])
        token = token_of((await browser.get("/app/company/tenants")).text)
        refused = await browser.post(f"{one}/reconnect", params=tenant, data={"_csrf": token})
    assert refused.status_code == 400
    rows = await audit.entries(site.db.tenant(company.tenant_id), company.tenant_id, Wanted(action="tenant.read"), 10)
    assert [(row.actor_role, row.resource_id) for row in rows] == [("INTERNAL_ADMIN", HERE)]

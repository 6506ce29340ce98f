"""/app/company/integrations: who uses which provider, and what fails."""

import re

import pytest

from alquimista import clock
from alquimista.db.crypto import Sealer
from alquimista.db.tenancy import tenant_transaction
from alquimista.integrations import service as integrations
from alquimista.integrations.models.integrations import Integration
from factories import make_tenant, make_user
from web.reading import sign_in, text_of

PAGE = "/app/company/integrations"


@pytest.fixture(scope="module")
async def support(site):
    async with site.browser() as browser:
        await sign_in(browser, await make_user(site.db, role="INTERNAL_SUPPORT"))
        yield browser


async def connected(site, name, *kinds):
    tenant = await make_tenant(site.db, name=name)
    async with tenant_transaction(site.db, tenant.id) as conn:
        for kind, provider, status, error in kinds:
            one = Integration(clock.new_id(), kind, f"{kind} de {name}", status, None, error, provider)
            credential = None if status in {"pending", "inactive"} else b"sk-live-0123"
            await integrations.store(
                conn, None, tenant.id, one, credential, Sealer(site.services.settings), clock.now()
            )
    return tenant


async def test_without_any_integration_the_page_says_so(support):
    text = text_of((await support.get(PAGE)).text)
    assert "Nobody has connected a service" in text
    assert "Used by no customer: IMAP, SMTP" in text.replace("SMTP, IMAP", "IMAP, SMTP")
    assert "Failing integrations 0" in text


async def test_the_map_counts_companies_by_provider_and_state_and_the_list_has_those_that_fail_first(site, support):
    alfa = await connected(
        site, "Empresa Alfa", ("email", "smtp", "active", None), ("payment", "stripe", "error", "key <b>revoked</b>")
    )
    beta = await connected(
        site, "Empresa Beta", ("email", "smtp", "error", "no such host"), ("crm", "webhook", "pending", None)
    )
    html = (await support.get(PAGE)).text
    text = text_of(html)
    assert "Working integrations 1" in text
    assert "Failing integrations 2" in text
    card = text_of(re.search(r'id="provider-email-smtp".*?</article>', html, re.DOTALL)[0])
    assert "SMTP E-mail 2 customers Connected · 1 Failing · 1 no such host Last error: Empresa Beta" in card
    assert "<b>revoked" not in html
    assert "key &lt;b&gt;revoked" in html
    for tenant in (alfa, beta):
        assert f'href="/app/company/tenants/{tenant.id}"' in html
    listed = text_of(html[html.index('id="list"') :])
    assert listed.index("no such host") < listed.index("Waiting")


async def test_filters_of_type_state_and_company_are_in_the_address(support):
    text = text_of((await support.get(PAGE, params={"type": "payment"})).text)
    assert "Stripe" in text
    assert "SMTP" not in text
    failing = text_of((await support.get(PAGE, params={"state": "error", "q": "alfa"})).text)
    listed = failing[failing.index("Integrations of the customers") :]
    assert "payment de Empresa Alfa" in listed
    assert "Empresa Beta" not in listed
    nothing = text_of((await support.get(PAGE, params={"state": "error", "type": "calendar"})).text)
    assert "Nothing fails" in nothing
    only = text_of((await support.get(PAGE, params={"type": "email", "provider": "smtp", "state": "active"})).text)
    assert "Only SMTP" in only
    assert "email de Empresa Alfa" in only
    assert "email de Empresa Beta" not in only


async def test_only_staff_read_it(site):
    async with site.browser() as browser:
        await sign_in(browser, site.people["admin"])
        assert (await browser.get(PAGE)).headers["location"] == "/app/dashboard?error=forbidden"

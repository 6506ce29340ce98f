"""/app/dashboard/settings: the way in, the tabs, and what the platform holds of the company."""

import pytest

from alquimista.access import Role
from factories import make_tenant, make_user
from web.reading import sign_in, text_of

HERE = "/app/dashboard/settings"
COMPANY = f"{HERE}/company"
OWN = ("/account/profile", "/account/security", "/account/sessions", "/app/notifications/preferences")
OF_ADMINISTRATORS = ("users", "api-keys", "webhooks", "approvals", "audit")


@pytest.fixture
async def browser(site):
    async with site.browser() as one:
        yield one


async def test_the_way_in_is_ones_own_profile(site, browser):
    await sign_in(browser, site.people["user"])
    assert (await browser.get(HERE)).headers["location"] == "/account/profile"


@pytest.mark.parametrize(("who", "sees"), [("admin", True), ("user", False)])
async def test_the_tabs_are_those_that_the_reader_may_open(site, browser, who, sees):
    await sign_in(browser, site.people[who])
    for path in (*OWN, COMPANY):
        html = (await browser.get(path)).text
        assert f'href="{path}" aria-current="page"' in html
        for tab in (*OWN, COMPANY):
            assert f'href="{tab}"' in html
        for tab in OF_ADMINISTRATORS:
            assert (f'href="{HERE}/{tab}"' in html) == sees, (path, tab)


async def test_settings_stay_marked_in_the_navigation(site, browser):
    await sign_in(browser, site.people["admin"])
    for path in ("/account/security", COMPANY, "/app/notifications/preferences"):
        html = (await browser.get(path)).text
        assert f'class="nav-link" href="{HERE}" title="Settings" data-key="e" aria-current="page"' in html


async def test_the_company_says_what_it_is_and_what_it_uses(site, browser):
    tenant = await make_tenant(site.db, name="Oficina & Filhos", plan="starter", time_zone="America/Manaus")
    await sign_in(browser, await make_user(site.db, tenant.id))
    html = (await browser.get(COMPANY)).text
    shown = text_of(html)
    assert "Oficina &amp; Filhos" in html
    assert f"{tenant.cnpj[:2]}.{tenant.cnpj[2:5]}." in shown
    assert '<option value="America/Manaus" selected>' in html
    assert "Starter" in shown
    assert "1 of 3" in shown
    assert "0 of 10,000" in shown
    assert 'href="/app/billing"' in html


async def test_a_user_reads_it_without_what_is_administrators(site, browser):
    await sign_in(browser, site.people["user"])
    html = (await browser.get(COMPANY)).text
    assert "Clínica Aurora" in text_of(html)
    assert 'href="/app/billing"' not in html


async def test_staff_name_the_company_in_each_link(site, browser):
    tenant_id = site.people["admin"].tenant_id
    await sign_in(browser, await make_user(site.db, role=Role.INTERNAL_SUPPORT))
    way = await browser.get(f"{HERE}?tenant_id={tenant_id}")
    assert way.headers["location"] == f"{COMPANY}?tenant_id={tenant_id}"
    html = (await browser.get(way.headers["location"])).text
    assert f'href="{HERE}/users?tenant_id={tenant_id}"' in html
    assert 'href="/account/profile"' in html
    assert "Clínica Aurora" in text_of(html)


async def test_who_looks_as_the_administrator_sees_the_companys_tabs_alone(site, browser):
    tenant_id = site.people["admin"].tenant_id
    await sign_in(browser, await make_user(site.db))
    page = await browser.get(f"{COMPANY}?tenant_id={tenant_id}")
    token = page.text.partition('name="_csrf" value="')[2].partition('"')[0]
    form = {"_csrf": token, "tenant_id": str(tenant_id), "reason": "Chamado 4711"}
    assert (await browser.post("/app/company/view-as", data=form)).status_code == 303
    assert (await browser.get(HERE)).headers["location"] == COMPANY
    html = (await browser.get(COMPANY)).text
    assert f'href="{HERE}/users"' in html
    assert 'href="/account/profile"' not in html
    users = (await browser.get(f"{HERE}/users")).text
    assert "Marina Costa" in text_of(users)

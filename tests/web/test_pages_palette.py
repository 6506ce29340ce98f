"""What the server finds for the command palette, and for whom."""

import msgspec
import pytest

from alquimista.access import PLATFORM_TENANT
from alquimista.db.statement import Statement
from alquimista.web import formats
from factories import make_tenant, make_user
from web.reading import sign_in, text_of

PATH = "/app/palette"


class Count(msgspec.Struct):
    n: int


READS = Statement(
    "SELECT count(*) AS n FROM alquimista_platform.audit_logs WHERE tenant_id = %(tenant)s AND resource_id = %(path)s",
    Count,
)


async def reads(site):
    """How often staff have looked for companies."""
    return (await site.db.tenant(PLATFORM_TENANT).fetch_one(READS, tenant=PLATFORM_TENANT, path=PATH)).n


@pytest.fixture(scope="module")
async def staff(site):
    async with site.browser() as browser:
        await sign_in(browser, site.people["staff"])
        yield browser


@pytest.fixture(scope="module")
async def company(site):
    return await make_tenant(site.db, name="Ótica São José")


async def test_companies_are_found_by_name_and_cnpj_however_they_are_typed(staff, company):
    for typed in ("otica sao", formats.cnpj(company.cnpj)[:15], company.cnpj):
        found = await staff.get(PATH, params={"q": typed})
        assert f'data-href="/app/company/tenants/{company.id}"' in found.text, typed
        assert f"Ótica São José {formats.cnpj(company.cnpj)}" in text_of(found.text)
    assert "Ótica" not in (await staff.get(PATH, params={"q": "o"})).text, "one letter would find everybody"
    assert text_of((await staff.get(PATH, params={"q": "zzzz"})).text) == ""


async def test_commands_are_found_by_their_names_in_the_readers_language(staff):
    found = await staff.get(PATH, params={"q": "restart"})
    assert 'data-href="/app/company/operations/new?command_type=RESTART_AGENT"' in found.text
    assert "HEALTH_CHECK" not in found.text
    portuguese = await staff.get(PATH, params={"q": "reiniciar"}, headers={"accept-language": "pt-BR"})
    assert "RESTART_AGENT" in portuguese.text
    assert "EXPORT_TENANT" in (await staff.get(PATH)).text


async def test_support_is_offered_only_what_it_may_do(site):
    async with site.browser() as browser:
        await sign_in(browser, await make_user(site.db, role="INTERNAL_SUPPORT"))
        shown = (await browser.get(PATH)).text
    assert "RESTART_AGENT" in shown
    assert "EXPORT_TENANT" not in shown
    assert "RECOMPUTE_USAGE" not in shown


async def test_looking_for_companies_is_audited_and_not_for_tenants(site, staff):
    before = await reads(site)
    assert (await staff.get(PATH)).status_code == 200
    assert await reads(site) == before, "commands are nobody's data"
    await staff.get(PATH, params={"q": "clinica"})
    assert await reads(site) == before + 1
    async with site.browser() as browser:
        await sign_in(browser, site.people["admin"])
        refused = await browser.get(PATH, params={"q": "clinica"})
    assert refused.status_code in {303, 403}
    assert "Clínica" not in refused.text


async def test_only_staff_have_something_to_ask_the_server(site, staff):
    assert 'data-find="/app/palette"' in (await staff.get("/app/company")).text
    async with site.browser() as browser:
        await sign_in(browser, site.people["admin"])
        page = (await browser.get("/app/dashboard")).text
    assert 'id="palette"' in page
    assert "data-find" not in page


@pytest.mark.parametrize("typed", ["\x00", "a\nb", "x" * 101])
async def test_nonsense_is_refused(staff, typed):
    assert (await staff.get(PATH, params={"q": typed})).status_code == 400

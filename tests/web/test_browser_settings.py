"""Settings in Chromium: accessible and within each width; what needs scripts: asking first, copying, finding."""

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import expect

from alquimista import clock
from alquimista.access import Role
from alquimista.db.tenancy import tenant_transaction
from alquimista.identity.service.api_keys import create_api_key, list_api_keys
from alquimista.identity.service.members import list_members
from factories import add_member, make_tenant, make_user
from web.test_browser_pages import RULES, Visit, open_page

pytestmark = pytest.mark.browser
AXE = Axe()
BUSY = 15_000  # Milliseconds: other tests may have the machine.
HERE = "/app/dashboard/settings"
PERSON = f"{HERE}/users/PERSON"
VISITS = [
    Visit("/account/profile", 320, "dark", "pt-BR", "boss"),
    Visit("/account/profile", 1440, "light", "en", "staff"),
    Visit("/account/security", 320, "light", "en", "boss"),
    Visit("/account/security", 1440, "dark", "pt-BR", "staff"),
    Visit("/account/sessions", 320, "dark", "en", "boss"),
    Visit("/account/sessions", 768, "light", "pt-BR", "staff"),
    Visit("/app/notifications/preferences", 768, "dark", "en", "boss"),
    Visit(f"{HERE}/company", 320, "light", "pt-BR", "boss"),
    Visit(f"{HERE}/company", 1440, "dark", "en", "boss"),
    Visit(f"{HERE}/users", 320, "dark", "pt-BR", "boss"),
    Visit(f"{HERE}/users", 1440, "light", "en", "boss"),
    Visit(f"{HERE}/users/invitations", 320, "light", "en", "boss"),
    Visit(f"{HERE}/users/grants", 768, "dark", "pt-BR", "boss"),
    Visit(PERSON, 320, "dark", "en", "boss"),
    Visit(PERSON, 1440, "light", "pt-BR", "boss"),
    Visit(f"{HERE}/api-keys", 320, "light", "pt-BR", "boss"),
    Visit(f"{HERE}/api-keys", 1440, "dark", "en", "boss"),
]


@pytest.fixture(scope="module")
async def company(site):
    """A company with an administrator, who belongs to another one too, a user and a key."""
    tenant = await make_tenant(site.db, name="Oficina Boa Vista", plan="profissional")
    site.people["boss"] = await make_user(site.db, tenant.id, name="Ana Chefe")
    await add_member(site.db, (await make_tenant(site.db)).id, site.people["boss"].id, Role.TENANT_USER)
    await make_user(site.db, tenant.id, role=Role.TENANT_USER, name="Zilda Maria de Albuquerque Vasconcelos")
    async with tenant_transaction(site.db, tenant.id) as conn:
        await create_api_key(conn, None, tenant.id, "Atendimento da recepção", ["ingest", "read"], None)
    yield tenant
    site.cookies.pop("boss", None)


async def teammate(site, company):
    found, _ = await list_members(site.db.tenant(company.id), company.id, 10, 0)
    return next(one for one in found if one.full_name.startswith("Zilda"))


@pytest.mark.parametrize("visit", VISITS, ids=str)
async def test_a_page_is_accessible_and_fits(site, company, chromium, visit):
    path = visit.path.replace("PERSON", str((await teammate(site, company)).id))
    page = await open_page(chromium, site, Visit(path, visit.width, visit.theme, visit.language, visit.who))
    found = await AXE.run(page, options={"resultTypes": ["violations"], "runOnly": RULES})
    assert [(v["id"], [n["target"] for n in v["nodes"]][:3]) for v in found.response["violations"]] == []
    assert await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    small = await page.evaluate(
        """() => [...document.querySelectorAll("main a, main button, main summary, main select")]
          .filter((e) => e.checkVisibility() && getComputedStyle(e).display !== "inline")
          .map((e) => [e.outerHTML.slice(0, 80), e.getBoundingClientRect().height]).filter(([, h]) => h < 43.5)"""
    )
    assert visit.width >= 768 or small == []
    tab = await page.locator(".tabs-bar [aria-current=page]").bounding_box()
    assert tab is not None
    assert 0 <= tab["x"] <= visit.width - tab["width"], "the open tab is in sight"
    assert page.mistakes == []
    await page.context.close()


async def test_a_key_is_made_in_a_dialog_copied_and_revoked_after_a_question(site, company, chromium):
    page = await open_page(chromium, site, Visit(f"{HERE}/api-keys", 1280, "light", "en", "boss"))
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await page.click("main [data-open=new-key]")
    dialog = page.locator("#new-key")
    await expect(dialog).to_be_visible(timeout=BUSY)
    box = await dialog.bounding_box()
    assert box["y"] > 20, "it lies in the middle"
    found = await AXE.run(page, context="#new-key", options={"resultTypes": ["violations"], "runOnly": RULES})
    assert [v["id"] for v in found.response["violations"]] == []
    await dialog.locator("button", has_text="Cancel").click()
    await expect(dialog).to_be_hidden(timeout=BUSY)
    await page.click("main [data-open=new-key]")
    await dialog.locator("[name=name]").fill("Painel")
    await dialog.locator("button", has_text="Make the key").click()
    await expect(dialog).to_be_visible(timeout=BUSY)  # Nothing is ticked: it comes back, open.
    await expect(page.locator("#error-scopes")).to_be_visible(timeout=BUSY)
    await dialog.locator("[value=read]").check()
    await dialog.locator("button", has_text="Make the key").click()
    await expect(page.locator("#secret")).to_be_visible(timeout=BUSY)
    secret = await page.locator("#secret").input_value()
    await page.click("[data-copy=secret]")
    await expect(page.locator("#toasts")).to_contain_text("Copied", timeout=BUSY)
    assert await page.evaluate("navigator.clipboard.readText()") == secret
    await page.goto(f"{HERE}/api-keys")
    await page.locator("main li", has_text="Painel").locator("[data-open^=revoke]").click()
    await page.locator("dialog[open] .btn[data-variant=destructive]").click()
    await expect(page.locator("main")).to_contain_text("The key is revoked", timeout=BUSY)
    names = [key.name for key in (await list_api_keys(site.db.tenant(company.id), company.id, 10, 0))[0]]
    assert "Painel" not in names
    assert page.mistakes == []
    await page.context.close()


async def test_people_are_found_while_typing_and_invited(site, company, chromium):
    page = await open_page(chromium, site, Visit(f"{HERE}/users", 1280, "dark", "en", "boss"))
    await page.locator("input[type=search]").press_sequentially("zil")
    await expect(page.locator("#people tbody tr")).to_have_count(1, timeout=BUSY)
    assert "search=zil" in page.url
    await page.click("main [data-open=invite]")
    await page.fill("#invite [name=email]", f"nova{clock.now():%f}@example.com")
    await page.click("#invite button.btn:not([type=button])")
    await expect(page.locator("main")).to_contain_text("The invitation is on its way.", timeout=BUSY)
    await page.locator("main li [data-open^=withdraw]").click()
    await page.locator("dialog[open] .btn[data-variant=destructive]").click()
    await expect(page.locator("main")).to_contain_text("The invitation is withdrawn", timeout=BUSY)
    assert page.mistakes == []
    await page.context.close()


async def test_who_is_deactivated_is_let_in_again_by_undo(site, company, chromium):
    person = await teammate(site, company)
    page = await open_page(chromium, site, Visit(f"{HERE}/users/{person.id}", 390, "light", "en", "boss"))
    await page.click("main [data-open=deactivate]")
    await page.locator("dialog[open] .btn[data-variant=destructive]").click()
    await expect(page.locator("main")).to_contain_text("The person is out", timeout=BUSY)
    await page.locator("main .notice button").click()
    await expect(page.locator("main")).to_contain_text("The person may sign in again", timeout=BUSY)
    assert page.mistakes == []
    await page.context.close()


async def test_a_session_ends_after_a_question(site, company, chromium):
    site.people["twice"] = await make_user(site.db, company.id, name="Duas Telas")
    other = await open_page(chromium, site, Visit("/account/profile", 1280, "light", "en", "twice"))
    site.cookies.pop("twice")
    page = await open_page(chromium, site, Visit("/account/sessions", 390, "light", "en", "twice"))
    opener = page.locator("main [data-open^=end-]:not([data-open=end-others])")
    await opener.click()
    dialog = page.locator("dialog[open]")
    await expect(dialog).to_contain_text("must sign in again", timeout=BUSY)
    await dialog.get_by_role("button", name="Cancel").click()
    await expect(page.locator("#sessions li")).to_have_count(2, timeout=BUSY)
    await opener.click()
    await dialog.get_by_role("button", name="End").click()
    await expect(page.locator("#sessions li")).to_have_count(1, timeout=BUSY)
    await other.wait_for_url("**/login?**", timeout=BUSY)
    for one in (page, other):
        assert one.mistakes == []
        await one.context.close()
    site.cookies.pop("twice")


async def test_everything_can_be_used_without_scripts(site, company, chromium):
    await (await open_page(chromium, site, Visit("/account/profile", 1280, "light", "en", "boss"))).context.close()
    visit = Visit(f"{HERE}/users", 390, "light", "en", "boss")
    page = await open_page(chromium, site, visit, java_script_enabled=False)
    await page.fill("input[type=search]", "zilda")
    await page.click("form[role=search] button")
    assert await page.locator("#people tbody tr").count() == 1
    await page.fill("#invite [name=email]", "sem-script@example.com")
    await page.click("#invite button.btn:not([type=button])")
    assert "done=invited" in page.url
    await page.locator("main dialog .btn[data-variant=destructive]").first.click()
    assert "done=withdrawn" in page.url
    await page.context.close()

"""In headless Chromium: from the public page through the wizard and a payment by hand to agents that work."""

import re
from dataclasses import replace

import pytest
from playwright.async_api import Page, expect

import factories
from alquimista import clock
from factories import PASSWORD
from support.billing import Customer
from web.test_browser_pages import AXE, RULES, Visit, open_page, sign_in

pytestmark = pytest.mark.browser
AS_SEEN = ((320, "light"), (1440, "dark"))


@pytest.fixture(scope="module")
def settings(migrated):
    """An installation that takes Pix."""
    return replace(migrated.settings, pix_key="financeiro@example.com", pix_name="Alquimista", pix_city="Sao Paulo")


async def sound(page: Page) -> None:
    """The page is accessible in both themes and fits a phone and a desk; nothing broke the content policy."""
    for width, theme in AS_SEEN:
        await page.set_viewport_size({"width": width, "height": 900})
        await page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        shown = expect(page.locator("html"))
        await (shown.to_have_class if theme == "dark" else shown.not_to_have_class)(re.compile(r"\bdark\b"))
        await page.evaluate("scrollTo(0, 0)")  # What is half under the header cannot be judged.
        found = await AXE.run(page, options={"resultTypes": ["violations"], "runOnly": RULES})
        problems = [(v["id"], [n["target"] for n in v["nodes"]][:3], v["help"]) for v in found.response["violations"]]
        assert problems == [], (page.url, width, theme)
        too_wide = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert too_wide <= 0, (page.url, width)
    assert page.mistakes == []


async def step(page: Page, name: str) -> None:
    """Go on to the next step."""
    await page.get_by_role("button", name="Continue").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text(name)


async def confirm(site, tenant_id, invoice) -> None:
    """What staff do when the bank's statement shows the money."""
    staff = site.people["staff"]
    async with site.browser() as api:
        signed_in = await api.post("/auth/login", json={"email": staff.email, "password": PASSWORD})
        answer = await api.post(
            f"/internal/billing/tenants/{tenant_id}/invoices/{invoice.id}/received",
            json={"amount_cents": invoice.total_cents},
            headers={"authorization": f"Bearer {signed_in.json()['access_token']}"},
        )
        assert answer.status_code == 200, answer.text


async def test_a_person_chooses_a_plan_pays_by_hand_and_sees_the_agents_work(site, chromium):
    tenant = await factories.make_tenant(site.db, name="Padaria Três Irmãos")
    one = Customer(site.db, tenant, clock.now())
    page = await open_page(chromium, site, Visit("/plans", 1440, "light", "en"))
    await page.get_by_role("link", name="Choose Starter").click()
    await page.wait_for_url("**/login?**")
    await sign_in(page, await factories.make_user(site.db, tenant.id))
    await expect(page.locator("#plan-starter")).to_be_checked()
    await sound(page)

    await page.evaluate("window.same = true")
    await page.click("#cycle-yearly")
    await expect(page.locator("#today")).to_have_text("R$2,970.00")
    await page.check("#plan-profissional")
    await expect(page.locator("#today")).to_have_text("R$6,970.00")
    assert "plan=profissional" in page.url
    await page.click("#cycle-monthly")
    await expect(page.locator("#today")).to_have_text("R$697.00")
    await page.check("#plan-starter")
    await expect(page.locator("#today")).to_have_text("R$297.00")
    assert await page.evaluate("window.same") is True
    await step(page, "Choose the SubNúcleos")

    await page.check("#subnucleo-vendas")
    await page.check("#subnucleo-educacao")
    await expect(page.get_by_role("link", name="Talk to sales").first).to_have_attribute(
        "href", re.compile(r"^/contact\?")
    )
    await sound(page)
    await page.uncheck("#subnucleo-educacao")
    await expect(page.locator("form [role=status]")).to_have_text("1 of 1 chosen")
    await step(page, "Choose the agents")

    await expect(page.locator("#agent-sdr-spin")).to_be_checked()
    await expect(page.locator("#agent-sdr-spin")).to_be_disabled()
    await page.focus("#agent-vendas-ativas")
    await page.keyboard.press("Space")
    await expect(page.locator("form [role=status]")).to_have_text("2 of 8 chosen")
    await expect(page.locator("#agent-vendas-ativas")).to_be_focused()
    await sound(page)
    await step(page, "Check and confirm")
    await sound(page)

    await page.get_by_role("button", name="Go to payment").click()
    await page.wait_for_url("**/billing/pay/*")
    await expect(page.locator("#pix")).to_have_value(re.compile(r"^000201.*br\.gov\.bcb\.pix.*6304[0-9A-F]{4}$"))
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await page.get_by_role("button", name="Copy the code").click()
    await expect(page.locator("#toasts")).to_contain_text("Copied")
    copied = await page.evaluate("navigator.clipboard.readText()")
    assert copied == await page.input_value("#pix")
    await sound(page)
    assert await one.active_agents() == []

    (invoice,) = await one.invoices()
    await confirm(site, tenant.id, invoice)
    await expect(page.get_by_role("heading", level=1)).to_have_text("Payment confirmed", timeout=9_000)
    await expect(page.locator("main")).to_contain_text("Plan Starter, by the month")
    assert await one.active_agents() == ["active"] * 2
    await sound(page)

    await page.get_by_role("link", name="Plan and invoices").last.click()
    await expect(page.locator("main")).to_contain_text("Everything is paid")
    await sound(page)
    await page.get_by_role("button", name="Cancel the subscription").click()
    await expect(page.get_by_role("button", name="Keep the subscription")).to_be_focused()
    await sound(page)
    await page.keyboard.press("Escape")
    await expect(page.locator("#cancel")).to_be_hidden()
    await page.get_by_role("link", name="No. 1").click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Invoice 1")
    await sound(page)
    await page.context.close()


async def test_the_wizard_and_the_cancellation_work_without_scripts(site, chromium):
    tenant = await factories.make_tenant(site.db)
    one = Customer(site.db, tenant, clock.now())
    site.people["baker"] = await factories.make_user(site.db, tenant.id)
    visit = Visit("/app/billing/plan?plan=starter&cycle=monthly", 390, "light", "en", "baker")
    page = await open_page(chromium, site, visit, java_script_enabled=False)
    await step(page, "Choose the SubNúcleos")
    await page.check("#subnucleo-vendas")
    await step(page, "Choose the agents")
    await page.check("#agent-vendas-ativas")
    await step(page, "Check and confirm")
    await page.get_by_role("button", name="Go to payment").click()
    await page.wait_for_url("**/billing/pay/*")
    assert len((await one.subscription()).selected_agents) == 2
    await one.pay((await one.invoices())[0])
    await page.goto("/app/billing")
    await page.get_by_role("button", name="Cancel the subscription").click()
    await page.get_by_role("button", name="Cancel with the period").click()
    await expect(page.locator("main")).to_contain_text("The cancellation is noted")
    await page.context.close()

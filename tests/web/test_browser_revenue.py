"""The staff's pages of revenue in headless Chromium: accessible, within every width, and with what figures mean."""

import pytest

from alquimista import clock
from alquimista.tenants import service as tenants
from factories import make_tenant, make_user
from support.billing import Customer
from web.test_browser_pages import AXE, RULES, Visit, open_page

pytestmark = pytest.mark.browser
PAGE = "/app/company/billing"
TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="module")
async def places(site):
    """The page of revenue; of tenants that pay and owe, that owe, and that have nothing; and the forms of invoices."""
    made = []
    for name in ("Empresa Pagante", "Empresa Devedora com um Nome Comprido", "Empresa Nova"):
        tenant = await make_tenant(site.db, name=name)
        await make_user(site.db, tenant.id)
        made.append(Customer(site.db, await tenants.get(site.db.tenant(tenant.id), tenant.id), clock.now()))
    payer, owing, fresh = made
    paid = await payer.subscribe()
    await payer.pay(paid)
    await payer.subscribe("expert")
    owed = await owing.subscribe("enterprise", "yearly")

    def place(one, *further):
        return "/".join(map(str, (f"/app/company/tenants/{one.tenant.id}/billing", *further)))

    return {
        "revenue": PAGE,
        "payer": place(payer),
        "fresh": place(fresh),
        "received": place(owing, "invoices", owed.id, "received"),
        "refund": place(payer, "invoices", paid.id, "refund"),
        "closed": place(payer, "invoices", paid.id, "received"),
    }


@pytest.mark.parametrize(
    ("name", "width", "theme", "language"),
    [
        ("revenue", 320, "light", "pt-BR"),
        ("revenue", 320, "dark", "en"),
        ("revenue", 768, "light", "en"),
        ("revenue", 1440, "light", "en"),
        ("revenue", 1440, "dark", "pt-BR"),
        ("payer", 320, "dark", "pt-BR"),
        ("payer", 1440, "light", "pt-BR"),
        ("fresh", 320, "light", "en"),
        ("fresh", 1440, "dark", "pt-BR"),
        ("received", 320, "light", "pt-BR"),
        ("received", 1440, "dark", "en"),
        ("refund", 320, "dark", "pt-BR"),
        ("refund", 1440, "light", "en"),
        ("closed", 320, "light", "pt-BR"),
    ],
)
async def test_a_page_of_revenue_is_accessible_and_fits(site, places, chromium, name, width, theme, language):
    page = await open_page(chromium, site, Visit(places[name], width, theme, language, "staff"))
    try:
        for tip in await page.locator(".tip button").all():
            await tip.focus()
            assert await page.locator("[role=tooltip]:visible").count() == 1
            assert await page.evaluate(TOO_WIDE) <= 0
        found = await AXE.run(page, options={"resultTypes": ["violations"], "runOnly": RULES})
        assert [
            (one["id"], [node["target"] for node in one["nodes"]][:3]) for one in found.response["violations"]
        ] == []
        assert await page.evaluate(TOO_WIDE) <= 0
        assert page.mistakes == []
    finally:
        await page.context.close()


async def test_a_definition_goes_away_on_escape_and_comes_back(site, places, chromium):
    page = await open_page(chromium, site, Visit(places["revenue"], 1440, "light", "en", "staff"))
    button, shown = page.locator(".tip button").first, page.locator("[role=tooltip]:visible")
    await button.focus()
    assert await button.get_attribute("aria-describedby") == await shown.get_attribute("id")
    await page.keyboard.press("Escape")
    assert await shown.count() == 0
    await page.locator(".tip button").nth(1).focus()
    assert await shown.count() == 1
    await button.hover()
    assert await page.locator("#tip-mrr").is_visible()
    await page.context.close()


async def test_a_payment_is_registered_by_hand(site, places, chromium):
    page = await open_page(chromium, site, Visit(places["received"], 390, "light", "pt-BR", "staff"))
    await page.fill("#amount", "29.970,00")
    await page.check("#confirmed")
    await page.click("main form button.btn")
    await page.wait_for_url(f"**{PAGE}?done=received")
    assert await page.locator(".notice").inner_text() == "O pagamento foi registrado e a fatura está paga."
    await page.click("#period-7d")
    await page.wait_for_url("**period=7d*")
    assert await page.locator("#mrr-table tbody tr").count() == 7
    await page.context.close()

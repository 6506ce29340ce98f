"""An invoice's page, and the page where it is paid by hand."""

import re
from uuid import UUID

import pytest

from alquimista import clock
from alquimista.billing.models.invoices import InvoiceStatus, Tax
from alquimista.billing.service import collecting
from alquimista.payments.service import Providers
from alquimista.usage.service import make_partitions
from factories import make_user
from support.billing_pages import reader
from support.metered import use
from web.reading import sign_in, text_of


@pytest.fixture
async def one(site):
    async with site.browser() as browser:
        yield await reader(site, browser)


async def to_pay(one, invoice) -> str:
    """The address where an invoice is paid."""
    answer = await one.act("/app/billing/pay", invoice_id=str(invoice.id))
    assert answer.status_code == 303
    return str(answer.headers["location"])


async def test_an_invoice_shows_its_lines_sums_and_payments(one):
    one.customer = one.customer.with_rules(taxes=(Tax("ISS", 500),))
    await one.customer.credit(500)
    invoice = await one.customer.subscribe("starter", agents_of=10)
    page = await one.see(f"/app/billing/invoices/{invoice.id}")
    shown = text_of(page)
    for said in (
        "Invoice 1",
        "Open",
        "Begin of the subscription",
        "quantity 2",
        "R$59.80",
        "Subtotal R$356.80",
        "ISS (5,00 %) R$17.84",
        "-R$5.00",
        "Total R$369.64",
        "Pay R$369.64",
        "No payment yet",
    ):
        assert said in shown, said
    assert f'href="/api/billing/invoices/{invoice.id}/csv"' in page
    assert re.search(r"\d\w\.\w{3}\.\w{3}/\w{4}-\d\d|\w{2}\.\w{3}\.\w{3}/\w{4}-\d\d", shown)
    await to_pay(one, invoice)
    assert "Pix or transfer, confirmed by hand" in await one.see(f"/app/billing/invoices/{invoice.id}")
    await one.customer.pay(invoice)
    paid = text_of(await one.see(f"/app/billing/invoices/{invoice.id}"))
    assert "Paid on" in paid
    assert "Pay R$" not in paid


async def test_use_leads_down_to_its_days(one):
    await one.customer.pay(await one.customer.subscribe("starter"))
    await one.customer.pass_days(2)
    with clock.frozen(one.customer.now):
        await make_partitions(one.customer.db, one.customer.now)
    await use(one.customer, 9_000)
    await one.customer.pass_days(1)
    await use(one.customer, 1_500)
    await one.customer.pass_days(30, paying_all=True)
    renewal = (await one.customer.invoices())[-1]
    page = await one.see(f"/app/billing/invoices/{renewal.id}")
    shown = text_of(page)
    assert "quantity 10,500" in shown
    assert re.search(r"Day Requests \w+ \d+, \d{4} 9,000 \w+ \d+, \d{4} 1,500", shown)


async def test_anothers_invoice_and_payment_are_nothing(site, one):
    invoice = await one.customer.subscribe()
    way = await to_pay(one, invoice)
    async with site.browser() as browser:
        other = await reader(site, browser)
        for path in (f"/app/billing/invoices/{invoice.id}", way, f"{way}/live"):
            assert (await browser.get(path)).status_code == 404
        refused = await other.act("/app/billing/pay", invoice_id=str(invoice.id))
        assert refused.status_code == 404
        paid = await other.see("/app/billing", paid=str(invoice.id))
        assert "being confirmed" not in paid
    assert (await one.browser.get(f"/billing/pay/{clock.new_id()}")).status_code == 404
    assert (await one.browser.get("/billing/pay/x")).status_code == 400
    user = await make_user(site.db, one.tenant_id, role="TENANT_USER")
    async with site.browser() as browser:
        assert (await browser.get(way)).headers["location"].startswith("/login?redirect=%2Fbilling%2Fpay")
        await sign_in(browser, user)
        assert (await browser.get(way)).status_code == 403


async def test_without_a_pix_key_one_asks_for_the_bank_details(one):
    page = await one.see(await to_pay(one, await one.customer.subscribe()))
    shown = text_of(page)
    assert "R$297.00" in shown
    assert "for the bank details, and name the number of this invoice" in shown
    assert "Copy the code" not in shown
    assert '<svg class="segno"' not in page


async def test_the_page_turns_to_paid_when_staff_confirm(site, one):
    invoice = await one.customer.subscribe("starter", agents_of=3)
    way = await to_pay(one, invoice)
    page = await one.see(way)
    live = re.search(r'hx-get="(/billing/pay/[^"]+/live)"', page)[1]
    seen = re.search(r'name="seen" value="([0-9a-f]+)"', page)[1]
    assert (await one.browser.get(live, params={"seen": seen})).status_code == 204
    providers = Providers(site.services.settings)
    await collecting.received(
        site.db, providers, one.customer.rules, None, one.tenant_id, invoice.id, invoice.total_cents
    )
    changed = await one.browser.get(live, params={"seen": seen})
    shown = text_of(changed.text)
    assert "Payment confirmed" in shown
    assert "Plan Starter, by the month Active" in shown
    assert changed.text.count("#bot") >= 3
    assert "hx-trigger" not in changed.text
    assert await one.customer.active_agents() == ["active"] * 3


async def test_a_way_to_pay_that_is_closed_leads_to_the_invoice(one):
    first = await one.customer.subscribe("starter")
    way = await to_pay(one, first)
    await one.customer.subscribe("profissional")
    assert (await one.customer.invoices(InvoiceStatus.VOID))[0].id == first.id
    shown = await one.see(way)
    assert "Nothing to pay here any more" in shown
    assert f"/app/billing/invoices/{first.id}" in shown
    refused = await one.act("/app/billing/pay", invoice_id=str(first.id))
    assert refused.status_code == 409


async def test_staff_see_the_page_with_the_company_in_every_link(site, one):
    way = await to_pay(one, await one.customer.subscribe())
    async with site.browser() as browser:
        await sign_in(browser, site.people["staff"])
        page = await browser.get(f"{way}?tenant_id={one.tenant_id}")
        assert page.status_code == 200
        assert f"/live?tenant_id={one.tenant_id}" in page.text
        UUID(way.rsplit("/", 1)[1])

"""The staff's page of revenue and their acts on one tenant: who may, what they show, and what they refuse."""

from datetime import timedelta
from uuid import uuid4

import msgspec
import pytest

from alquimista import clock
from alquimista.access import PLATFORM_TENANT, Role
from alquimista.billing.models.invoices import InvoiceStatus
from alquimista.billing.models.revenue import DEFINITIONS, RevenuePeriod
from alquimista.billing.service import revenue, standing
from alquimista.db.statement import Statement
from alquimista.errors import Invalid
from alquimista.tenants import service as tenants
from alquimista.web import formats
from alquimista.web.forms import cents_of, reason_of
from factories import make_tenant, make_user
from support.billing import Customer
from web.reading import sign_in, text_of, token_of

PAGE = "/app/company/billing"


class Action(msgspec.Struct, frozen=True):
    action: str
    resource_id: str


AUDIT = Statement(
    "SELECT action, resource_id FROM alquimista_platform.audit_logs WHERE tenant_id = %(tenant_id)s", Action
)


async def customer(site, name: str) -> Customer:
    """A tenant without a subscription."""
    tenant = await make_tenant(site.db, name=name)
    await make_user(site.db, tenant.id)
    return Customer(site.db, await tenants.get(site.db.tenant(tenant.id), tenant.id), clock.now())


@pytest.fixture
async def staff(site):
    """A browser of an administrator of the staff."""
    async with site.browser() as browser:
        await sign_in(browser, await make_user(site.db))
        yield browser


def place(one: Customer, *further: object) -> str:
    return "/".join(map(str, (f"/app/company/tenants/{one.tenant.id}/billing", *further)))


async def post(browser, path, shown=PAGE, **fields):
    """Send a form with the token of a page that shows one."""
    token = token_of((await browser.get(shown)).text)
    return await browser.post(path, data={"_csrf": token, **fields})


@pytest.mark.parametrize("text", ["1.234,56", "1234,56", "R$ 1.234,56", " 1.234,56 "])
def test_an_amount_is_read_as_brazilians_write_it(text):
    assert cents_of(text, "amount") == 123_456


@pytest.mark.parametrize(
    ("text", "cents"), [("297", 29_700), ("297,5", 29_750), ("0,01", 1), ("1.234", 123_400), ("0,29", 29)]
)
def test_cents_are_exact(text, cents):
    assert cents_of(text, "amount") == cents
    assert cents_of(formats.reais(cents), "amount") == cents


@pytest.mark.parametrize(
    "text",
    ["", "0", "0,00", "-1", "1,234.56", "1.23", "297.00", "12.34,56", "1,2,3", "1e9", "١٢", "1 000", "NaN", "9" * 30],
)
def test_what_is_no_amount_is_refused(text):
    with pytest.raises(Invalid):
        cents_of(text, "amount")


@pytest.mark.parametrize("text", ["", "ab", "x" * 301, "two\nlines", "nul\x00"])
def test_a_reason_is_one_line(text):
    with pytest.raises(Invalid):
        reason_of(text, "reason")


@pytest.mark.parametrize(("role", "status"), [("INTERNAL_SUPPORT", 403), ("TENANT_ADMIN", 303), ("TENANT_USER", 303)])
async def test_only_administrators_of_the_staff_open_it(site, role, status):
    one = await customer(site, "Empresa Fechada")
    tenant_id = PLATFORM_TENANT if role == "INTERNAL_SUPPORT" else one.tenant.id
    async with site.browser() as browser:
        await sign_in(browser, await make_user(site.db, tenant_id, role=Role(role)))
        for path in (PAGE, place(one), place(one, "invoices", uuid4(), "refund")):
            assert (await browser.get(path)).status_code == status
        home = await browser.get("/app/company" if status == 403 else "/app/dashboard")
        assert PAGE not in home.text
        refused = await browser.post(place(one, "credit"), data={"_csrf": token_of(home.text), "amount": "1,00"})
        assert refused.status_code == 403
    assert await one.balance() == 0


async def test_the_figures_are_those_of_the_service(site, staff):
    one = await customer(site, "Empresa Pagante")
    await one.pay(await one.subscribe("profissional"))
    assert f'href="{PAGE}"' in (await staff.get("/app/company")).text
    for period in RevenuePeriod:
        known = await revenue.overview(site.db.staff(), period, clock.now(), "en")
        html = (await staff.get(f"{PAGE}?period={period}")).text
        shown, money = text_of(html), known.financial_summary
        for amount in (money.total_mrr, money.total_arr, money.avg_mrr_per_tenant, money.new_mrr_this_period):
            assert formats.money(amount, "en") in shown
        assert f'href="/internal/billing/overview.csv?period={period}"' in html
        assert html.count('role="tooltip"') == html.count('aria-describedby="tip-')
        for name in ("total_mrr", "total_arr", "mrr_at_start", "churned_mrr", "by_segment"):
            assert str(DEFINITIONS[name]) in shown
    trail = await site.db.tenant(PLATFORM_TENANT).fetch(AUDIT, tenant_id=PLATFORM_TENANT)
    assert Action("platform.read", PAGE) in trail


async def test_open_invoices_of_all_tenants_the_oldest_first(site, staff):
    late = await customer(site, "Empresa Atrasada")
    invoice = await late.subscribe()
    rows, totals = await standing.owed_by_all(site.db.staff(), clock.now(), 100, 0)
    assert [row.due_on for row in rows] == sorted(row.due_on for row in rows)
    assert not any(row.overdue for row in rows)
    later, owed = await standing.owed_by_all(site.db.staff(), clock.now() + timedelta(days=40), 100, 0)
    assert {row.id: row.overdue for row in later}[invoice.id]
    assert [one.overdue_cents for one in owed] == [one.total_cents for one in owed]
    assert sum(one.invoices for one in totals) == len(rows)
    assert sum(one.total_cents for one in totals) == sum(row.total_cents for row in rows)
    html = (await staff.get(PAGE)).text
    assert f"/app/billing/invoices/{invoice.id}?tenant_id={late.tenant.id}" in html
    assert place(late, "invoices", invoice.id, "received") in html


@pytest.mark.parametrize("query", ["period=1d", "owed=x", "nothing=1", "owed=1&owed=2"])
async def test_a_strange_address_is_refused_in_words(staff, query):
    answer = await staff.get(f"{PAGE}?{query}")
    assert answer.status_code == 400
    assert answer.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize("query", ["owed=-7", "owed=99999999", "proofs=0", "proofs=9999999999", "done=%3Cscript%3E"])
async def test_a_page_that_is_not_there_is_the_nearest(staff, query):
    answer = await staff.get(f"{PAGE}?{query}")
    assert answer.status_code == 200
    assert "<script>" not in answer.text.split("<main")[1].split("application/json")[0]


async def test_a_payment_is_registered_once_and_only_when_it_is_meant(site, staff):
    one = await customer(site, "Empresa do Pix")
    invoice = await one.subscribe()
    form = place(one, "invoices", invoice.id, "received")
    shown = (await staff.get(form)).text
    assert f'value="{formats.reais(invoice.total_cents)}"' in shown
    wrong = [
        ({"amount": "297,00"}, "Tick this box first"),
        ({"amount": "297.00", "confirmed": "yes"}, "Write the amount as 1.234,56."),
        ({"amount": "296,99", "confirmed": "yes"}, "This is less than the invoice asks for."),
        ({"amount": "<b>1</b>", "confirmed": "yes"}, "Write the amount as 1.234,56."),
    ]
    for fields, sentence in wrong:
        refused = await post(staff, form, form, **fields)
        assert refused.status_code == 400
        assert sentence in text_of(refused.text)
        assert "<b>1</b>" not in refused.text
    assert await one.invoices(InvoiceStatus.PAID) == []
    done = await post(staff, form, form, amount="300,00", confirmed="yes")
    assert (done.status_code, done.headers["location"]) == (303, f"{PAGE}?done=received")
    assert "The payment is registered" in text_of((await staff.get(done.headers["location"])).text)
    assert [paid.id for paid in await one.invoices(InvoiceStatus.PAID)] == [invoice.id]
    assert (await one.state(), await one.balance()) == ("active", 300_00 - invoice.total_cents)
    again = await post(staff, form, PAGE.replace("/billing", ""), amount="300,00", confirmed="yes")
    assert again.status_code == 409
    assert "there is nothing to pay" in text_of((await staff.get(form)).text)
    assert await one.balance() == 300_00 - invoice.total_cents


async def test_without_its_token_nothing_is_done(site, staff):
    one = await customer(site, "Empresa Forjada")
    invoice = await one.subscribe()
    fields = {"amount": "297,00", "reason": "forged", "confirmed": "yes"}
    for act in ("credit", f"invoices/{invoice.id}/received", f"invoices/{invoice.id}/refund"):
        for token in ({}, {"_csrf": "0" * 64}):
            assert (await staff.post(place(one, act), data=fields | token)).status_code == 403
    assert await one.balance() == 0
    assert await one.invoices(InvoiceStatus.PAID) == []


async def test_another_tenant_s_invoice_is_not_found(site, staff):
    one, other = await customer(site, "Empresa Uma"), await customer(site, "Empresa Outra")
    invoice = await one.subscribe()
    for act in ("received", "refund"):
        path = place(other, "invoices", invoice.id, act)
        assert (await staff.get(path)).status_code == 404
        sent = await post(staff, path, place(one), amount="297,00", reason="wrong", confirmed="yes")
        assert sent.status_code == 404
    assert (await staff.get(place(one).replace(str(one.tenant.id), str(uuid4())))).status_code == 404


async def test_credit_and_refund_take_an_amount_and_a_reason(site, staff):
    one = await customer(site, "Empresa do Crédito")
    await one.pay(await one.subscribe())
    invoice = (await one.invoices())[0]
    refused = await post(staff, place(one, "credit"), place(one), amount="50,00", reason="x", confirmed="yes")
    assert refused.status_code == 400
    assert "Say why in one line" in text_of(refused.text)
    assert 'value="50,00"' in refused.text
    given = await post(staff, place(one, "credit"), place(one), amount="1.050,10", reason="Fora do ar", confirmed="yes")
    assert given.headers["location"] == f"{place(one)}?done=credit"
    assert await one.balance() == 105_010
    form = place(one, "invoices", invoice.id, "refund")
    much = await post(staff, form, form, amount="9.999,00", reason="Em dobro", confirmed="yes")
    assert much.status_code == 409
    assert "at most 297.00 can be paid back" in text_of(much.text)
    asked = await post(staff, form, form, amount="10,00", reason="Em dobro", confirmed="yes")
    assert asked.headers["location"] == f"{place(one)}?done=refund"
    trail = {row.action for row in await site.db.tenant(one.tenant.id).fetch(AUDIT, tenant_id=one.tenant.id)}
    assert {"tenant.read", "credit.given", "refund.asked_for"} <= trail


async def test_a_trial_is_granted_to_who_has_no_subscription(site, staff):
    one = await customer(site, "Empresa em Teste")
    plan = str(await one.plan("starter"))
    for fields, sentence in [
        ({"plan": plan, "days": "91"}, "Give a whole number of days, 1 to 90."),
        ({"plan": plan, "days": "²"}, "Give a whole number of days, 1 to 90."),
        ({"plan": "starter", "days": "7"}, "Give a UUID"),
        ({"plan": str(uuid4()), "days": "7"}, ""),
    ]:
        refused = await post(staff, place(one, "trial"), place(one), confirmed="yes", **fields)
        assert 400 <= refused.status_code < 500
        assert sentence in text_of(refused.text)
    granted = await post(staff, place(one, "trial"), place(one), plan=plan, days="14", confirmed="yes")
    assert granted.headers["location"] == f"{place(one)}?done=trial"
    assert await one.state() == "trialing"
    again = await post(staff, place(one, "trial"), place(one), plan=plan, days="14", confirmed="yes")
    assert again.status_code == 409


async def test_a_provider_s_message_is_replayed(site, staff):
    one = await customer(site, "Empresa da Mensagem")
    invoice = await one.subscribe()
    form = place(one, "invoices", invoice.id, "received")
    await post(staff, form, form, amount=formats.reais(invoice.total_cents), confirmed="yes")
    html = (await staff.get(place(one))).text
    action = html.split('/replay"')[0].rsplit('"', 1)[1] + "/replay"
    assert (await post(staff, action, place(one))).headers["location"] == f"{place(one)}?done=replay"
    assert (await post(staff, place(one, "events", uuid4(), "replay"), place(one))).status_code == 404
    assert len(await one.invoices(InvoiceStatus.PAID)) == 1

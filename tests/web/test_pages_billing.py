"""/app/billing: every state of a subscription in words, and what may be done about it."""

import re

import pytest

from alquimista import clock
from alquimista.billing.models.summary import Use
from alquimista.billing.service import subscribing
from alquimista.web.client.billing import _bar
from factories import make_user
from support.billing_pages import reader
from web.reading import send, sign_in, text_of, token_of


@pytest.fixture
async def one(site):
    async with site.browser() as browser:
        yield await reader(site, browser)


async def trial(one, days=7):
    async with one.customer.book() as book:
        await subscribing.grant_trial(book, await one.customer.wants("starter"), days)


async def test_without_a_plan_there_is_one_thing_to_do(one):
    page = await one.see()
    assert "Your company has no plan yet" in text_of(page)
    assert 'href="/app/billing/plan"' in page
    assert "No invoices yet" in page
    assert 'popovertarget="cancel"' not in page


async def test_a_pending_one_says_what_to_pay_and_when(one):
    await one.customer.subscribe("starter")
    shown = text_of(await one.see())
    assert "Waiting for payment" in shown
    assert "Pay invoice 1 of R$297.00 to start" in shown
    assert "Open" in shown


async def test_a_trial_says_until_when(one):
    await trial(one)
    shown = text_of(await one.see())
    assert "You are on trial until" in shown
    assert "Change the plan" in shown


async def test_an_active_one_shows_its_plan_its_use_and_its_invoices(one):
    await one.customer.pay(await one.customer.subscribe("profissional", "yearly", agents_of=3))
    await one.customer.credit(1_234)
    page = await one.see()
    shown = text_of(page)
    for said in (
        "Everything is paid",
        "Professional",
        "by the year",
        "R$6,970.00",
        "Next renewal",
        "R$12.34",
        "Active agents 3 of 16",
        "Users 1 of 10",
        "Requests of this billing period 0 of 50,000",
        "No. 1",
        "Paid",
    ):
        assert said in shown, said
    invoice = (await one.customer.invoices())[0]
    assert f'href="/app/billing/invoices/{invoice.id}"' in page
    assert f'href="/api/billing/invoices/{invoice.id}/pdf"' in page


async def test_past_due_suspended_and_canceled_are_told_apart(one):
    await one.customer.pay(await one.customer.subscribe())
    seen = {}
    for _ in range(70):
        await one.customer.pass_days(1)
        state = await one.customer.state()
        if state not in seen:
            seen[state] = text_of(await one.see())
    assert "Everything is paid" in seen["active"]
    assert "without the payment they stop on" in seen["past_due"]
    assert "Pay invoice 2" in seen["past_due"]
    assert "The agents have stopped, because invoice 2 of R$297.00 is not paid" in seen["suspended"]
    assert "The subscription ended on" in seen["canceled"]
    assert "Choose a plan" in seen["canceled"]


async def test_a_trial_that_nobody_paid_for_offers_its_invoice(one):
    await trial(one, 2)
    await one.customer.pass_days(3)
    shown = text_of(await one.see())
    assert "The trial is over" in shown
    assert "Pay invoice 1" in shown


async def test_cancel_and_take_it_back(one):
    await one.customer.pay(await one.customer.subscribe())
    page = await one.see()
    assert "The agents work until" in page
    assert "the guarantee gives the whole first payment back" in page
    answer = await one.act("/app/billing/cancel")
    assert (answer.status_code, answer.headers["location"]) == (303, "/app/billing?done=canceled")
    page = await one.see(answer.headers["location"])
    assert "The cancellation is noted" in page
    assert "is canceled and ends on" in page
    assert 'popovertarget="cancel"' not in page
    answer = await one.act("/app/billing/resume")
    assert answer.headers["location"] == "/app/billing?done=resumed"
    assert "Everything is paid" in await one.see()
    again = await one.act("/app/billing/resume")
    assert again.status_code == 409
    assert "has changed meanwhile" in again.text
    assert 'role="alert"' in again.text


async def test_the_guarantee_ends_it_and_is_refused_when_there_is_none(one):
    await one.customer.pay(await one.customer.subscribe())
    answer = await one.act("/app/billing/cancel", guarantee="true")
    assert answer.headers["location"] == "/app/billing?done=returned"
    assert "The subscription ended on" in await one.see()
    again = await one.act("/app/billing/cancel", guarantee="true")
    assert again.status_code == 409
    assert "seven days of the guarantee are over" in again.text


async def test_a_change_that_is_to_come_can_be_dropped(one):
    await one.customer.pay(await one.customer.subscribe("profissional"))
    await one.customer.subscribe("starter")
    shown = text_of(await one.see())
    assert "on the plan is Starter, by the month" in shown
    answer = await one.act("/app/billing/keep")
    assert answer.headers["location"] == "/app/billing?done=kept"
    assert "Starter" not in text_of(await one.see())


async def test_a_change_that_waits_for_its_payment_says_so(one):
    await one.customer.pay(await one.customer.subscribe("starter"))
    await one.customer.subscribe("profissional")
    shown = text_of(await one.see())
    assert "The change to Professional, by the month, begins with the payment of its invoice" in shown
    assert "Pay for the change" in shown
    assert "Everything is paid" in shown


async def test_coming_back_from_a_payment_waits_for_it_and_then_says_so(one):
    invoice = await one.customer.subscribe()
    page = await one.see("/app/billing", paid=str(invoice.id))
    assert "The payment is being confirmed" in page
    live = re.search(r'hx-get="(/app/billing/live[^"]+)"', page)[1].replace("&amp;", "&")
    seen = re.search(r'name="seen" value="([0-9a-f]+)"', page)[1]
    assert (await one.browser.get(f"{live}&seen={seen}")).status_code == 204
    await one.customer.pay(invoice)
    changed = await one.browser.get(f"{live}&seen={seen}")
    assert changed.status_code == 200
    assert "The payment is confirmed" in changed.text
    assert "hx-trigger" not in changed.text
    assert "being confirmed" not in await one.see("/app/billing", paid=str(clock.new_id()))


async def test_many_invoices_come_in_pages(one):
    await one.customer.pay(await one.customer.subscribe("starter"))
    for _ in range(11):
        await one.customer.pass_days(1)
        plan = "profissional" if (await one.customer.subscription()).total_cents == 29_700 else "starter"
        await one.customer.pay(await one.customer.subscribe(plan) or (await one.customer.invoices())[-1])
        if plan == "starter":
            async with one.customer.book() as book:
                await subscribing.drop_change(book)
        await one.customer.credit(1)
    await one.customer.pass_days(370, paying_all=True)
    total = len(await one.customer.invoices())
    assert total > 10
    first, beyond = text_of(await one.see()), text_of(await one.see("/app/billing", page="99999"))
    assert f"1–10 of {total}" in first
    assert f"of {total}" in beyond
    assert "No. 1 " in beyond
    assert (await one.browser.get("/app/billing?page=99999999")).status_code == 400


async def test_a_form_needs_its_token_and_nothing_that_it_does_not_know(one):
    await one.customer.pay(await one.customer.subscribe())
    for action in ("cancel", "resume", "keep", "pay", "portal"):
        assert (await one.browser.post(f"/app/billing/{action}", data={})).status_code == 403
    token = token_of(await one.see())
    foreign = {"_csrf": token, "tenant_id": str(clock.new_id())}
    assert (await one.browser.post("/app/billing/cancel", data=foreign)).status_code == 400
    named = f"/app/billing/cancel?tenant_id={clock.new_id()}"
    assert (await one.browser.post(named, data={"_csrf": token})).status_code == 403
    assert await one.customer.state() == "active"
    assert "<script>" not in await one.see("/app/billing", done="<script>alert(1)</script>")


async def test_who_pays_nothing_sees_nothing(site, one):
    user = await make_user(site.db, one.tenant_id, role="TENANT_USER")
    invoice = await one.customer.subscribe()
    async with site.browser() as browser:
        await sign_in(browser, user)
        bounced = await browser.get("/app/billing")
        assert bounced.headers["location"] == "/app/dashboard?error=forbidden"
        home = (await browser.get("/app/dashboard")).text
        assert "/app/billing" not in home
        answer = await browser.post("/app/billing/cancel", data={"_csrf": token_of(home)})
        assert answer.status_code == 403
        assert (await browser.get(f"/app/billing/invoices/{invoice.id}")).status_code == 303
    assert "/app/billing" in await one.see("/app/dashboard")


async def test_staff_read_a_company_and_leave_its_acts_to_it(site, one):
    invoice = await one.customer.subscribe()
    async with site.browser() as browser:
        await sign_in(browser, site.people["staff"])
        assert (await browser.get("/app/billing")).headers["location"] == "/app/company"
        page = (await browser.get(f"/app/billing?tenant_id={one.tenant_id}")).text
        assert "Pay invoice 1 of" in page
        assert 'action="/app/billing' not in page
        assert f"/app/billing/invoices/{invoice.id}?tenant_id={one.tenant_id}" in page
        opened = await browser.get(f"/app/billing/invoices/{invoice.id}?tenant_id={one.tenant_id}")
        assert opened.status_code == 200
        assert 'action="/app/billing' not in opened.text
        data = {"_csrf": token_of(page)}
        assert (await browser.post(f"/app/billing/cancel?tenant_id={one.tenant_id}", data=data)).status_code == 403
    assert await one.customer.state() == "pending"


async def test_only_a_provider_that_keeps_cards_has_its_button(one):
    await one.customer.pay(await one.customer.subscribe())
    page = await one.see()
    assert "Manage payment methods" not in page
    answer = await one.act("/app/billing/portal")
    assert answer.status_code == 409
    assert "There is no stored payment method to manage" in answer.text


@pytest.mark.parametrize(
    ("used", "tone", "said"),
    [
        (79, None, None),
        (80, "warn", "80% or more used"),
        (95, "bad", "almost all used"),
        (130, "bad", "limit reached"),
    ],
)
def test_thresholds_are_said_in_colour_and_words(used, tone, said):
    bar = _bar("x", Use(used, 100, used))
    assert (bar.tone, str(bar.said) if bar.said else None) == (tone, said)
    assert bar.width <= 100
    assert (bar.icon != "") == (tone is not None)


async def test_the_mails_lead_here(one):
    from alquimista.billing.service import telling  # noqa: PLC0415 - Only its addresses matter here.

    invoice = await one.customer.subscribe()
    async with one.customer.book() as book:
        link = telling._link(book, invoice)
    assert link.endswith(f"/app/billing/invoices/{invoice.id}")
    assert (await one.browser.get(link.removeprefix(one.customer.rules.public_url))).status_code == 200


async def test_an_ended_session_comes_back_to_the_page(site):
    async with site.browser() as browser:
        answer = await browser.get("/app/billing?page=2")
        assert answer.headers["location"] == "/login?redirect=%2Fapp%2Fbilling%3Fpage%3D2"
        assert (await send(browser, "/login", "/app/billing/cancel")).status_code in {303, 401, 403}

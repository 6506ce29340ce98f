"""The pages about a tenant's billing ask the database five times at most, whatever state its subscription is in."""

import re

import pytest

from alquimista import clock
from alquimista.access import Role
from alquimista.billing.service import subscribing
from alquimista.usage.service import make_partitions
from factories import make_user
from support.billing_pages import Reader, reader
from support.metered import use
from support.pages import counted
from web.reading import sign_in

MOST = 5
CHOICE = {"cycle": "monthly", "chosen": "true", "step": "summary"}


@pytest.fixture
async def one(site):
    async with site.browser() as browser:
        yield await reader(site, browser)


@pytest.fixture
async def staff(site):
    async with site.browser() as browser:
        await sign_in(browser, await make_user(site.db, role=Role.INTERNAL_ADMIN))
        yield browser


async def nothing(one: Reader) -> None:
    """It never had a plan."""


async def pending(one: Reader) -> None:
    await one.customer.subscribe("starter")


async def trial(one: Reader) -> None:
    async with one.customer.book() as book:
        await subscribing.grant_trial(book, await one.customer.wants("starter"), 7)


async def active(one: Reader) -> None:
    await one.customer.pay(await one.customer.subscribe("starter"))


async def changing(one: Reader) -> None:
    await active(one)
    await one.customer.subscribe("profissional")


async def canceled(one: Reader) -> None:
    await pending(one)
    async with one.customer.book() as book:
        await subscribing.cancel(book)


STATES = (nothing, pending, trial, active, changing, canceled)


async def cost(browser, path, **query):
    """What a page that opens asks the database."""
    with counted() as statements:
        answer = await browser.get(path, params=query or None)
    assert answer.status_code == 200, answer.text[:300]
    assert 0 < statements.total() <= MOST, "\n".join((path, *(f"{n} {sql}" for sql, n in statements.items())))


@pytest.mark.parametrize("state", STATES)
async def test_the_account_and_its_invoices(one, state):
    await state(one)
    await cost(one.browser, "/app/billing")
    await cost(one.browser, "/app/billing", page="7")
    for invoice in await one.customer.invoices():
        await cost(one.browser, "/app/billing", paid=str(invoice.id))
        await cost(one.browser, f"/app/billing/invoices/{invoice.id}")


@pytest.mark.parametrize("state", STATES)
async def test_choosing_a_plan(one, state):
    await state(one)
    held = (await one.customer.subscription()).selected_agents if state is not nothing else ()
    await cost(one.browser, "/app/billing/plan")
    for plan in ("starter", "profissional"):
        await cost(one.browser, "/app/billing/plan", plan=plan, agents=[str(agent) for agent in held], **CHOICE)
        await cost(one.browser, "/app/billing/plan", plan=plan, step="summary")


@pytest.mark.parametrize("state", STATES)
async def test_a_tenants_billing_as_staff_see_it(one, staff, state):
    await state(one)
    await cost(staff, f"/app/company/tenants/{one.tenant_id}/billing")
    for invoice in await one.customer.invoices():
        await cost(staff, f"/app/billing/invoices/{invoice.id}", tenant_id=str(one.tenant_id))


async def test_an_invoice_about_use_and_where_it_was_paid(one):
    await active(one)
    await one.customer.pass_days(2)
    with clock.frozen(one.customer.now):
        await make_partitions(one.customer.db, one.customer.now)
    await use(one.customer, 20)
    await one.customer.pass_days(30)
    renewal = (await one.customer.invoices())[-1]
    await cost(one.browser, f"/app/billing/invoices/{renewal.id}")
    way = (await one.act("/app/billing/pay", invoice_id=str(renewal.id))).headers["location"]
    assert re.match(r"/billing/pay/[0-9a-f-]+$", way)
    await cost(one.browser, way)
    await one.customer.pay(renewal)
    await cost(one.browser, way)

"""/app/billing/plan: from the public page through the sign-in to the payment."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest

from alquimista.agents import service as agents
from alquimista.billing.models.invoices import InvoiceStatus
from factories import make_user
from support.billing_pages import hidden, reader
from web.reading import sign_in, text_of, token_of

PLAN = "/app/billing/plan"
CHOICE = {"plan": "starter", "cycle": "monthly", "chosen": "true"}


@pytest.fixture
async def one(site):
    async with site.browser() as browser:
        yield await reader(site, browser)


async def agree(one, fields, **changes):
    shown = await one.browser.get("/app/billing")
    return await one.browser.post(PLAN, data={"_csrf": token_of(shown.text), **fields, **changes})


async def summary_of(one, **choice):
    page = await one.see(PLAN, **{**CHOICE, "step": "summary", **choice})
    return page, hidden(page, PLAN)


async def test_a_stranger_chooses_on_the_public_page_and_keeps_the_choice(site):
    async with site.browser() as browser:
        plans = (await browser.get("/plans?cycle=yearly")).text
        assert 'href="/app/billing/plan?plan=expert&amp;cycle=yearly"' in plans
        sent = await browser.get(f"{PLAN}?plan=expert&cycle=yearly")
        target = parse_qs(urlsplit(sent.headers["location"]).query)["redirect"][0]
        assert target == f"{PLAN}?plan=expert&cycle=yearly"


async def test_the_steps_work_as_plain_forms(one):
    page = await one.see(PLAN, plan="starter", cycle="yearly")
    assert 'id="plan-starter" type="radio" name="plan" value="starter" required' in page
    assert "R$2,970.00" in page
    assert "16% less" in page
    page = await one.see(PLAN, **CHOICE, go="subnucleos", step="plan")
    assert "0 of 1 chosen" in page
    page = await one.see(PLAN, **CHOICE, subnucleos="vendas", step="subnucleos", go="agents")
    required = page[page.index('id="agent-sdr-spin"') :][:160]
    assert "checked disabled" in required
    assert "1 of 8 chosen" in page
    page, fields = await summary_of(one, subnucleos="vendas", agents="vendas-ativas")
    shown = text_of(page)
    for said in (one.customer.tenant.name, "Starter, by the month", "Agents: 2, of 8", "Total today R$297.00"):
        assert said in shown
    assert fields["agents"] == ["vendas-ativas"]


async def test_more_subnucleos_than_the_plan_go_to_sales(one):
    query = [*CHOICE.items(), ("subnucleos", "vendas"), ("subnucleos", "educacao"), ("step", "summary")]
    answer = await one.browser.get(PLAN, params=query)
    shown = text_of(answer.text)
    assert "SubNúcleos in the plan: 1" in shown
    assert re.search(r'href="/contact\?subnucleos=[0-9a-f-]{36}&amp;subnucleos=[0-9a-f-]{36}"', answer.text)
    assert "Choose the SubNúcleos" in shown
    assert f'action="{PLAN}"' in answer.text
    assert 'name="agreed"' not in answer.text


async def test_agents_beyond_the_plan_show_their_price(one):
    agents = ["delivery", "seguros", "ead", "juridico", "manutencao", "imobiliaria", "retencao", "telemedicina"]
    query = [*CHOICE.items(), *(("agents", slug) for slug in [*agents, "cobranca"]), ("step", "agents")]
    shown = text_of((await one.browser.get(PLAN, params=query)).text)
    assert "9 of 8 chosen" in shown
    assert "1 beyond the plan: R$29.90 for each, by the month" in shown
    assert "Total today R$326.90" in shown


async def test_agreeing_makes_the_invoice_and_leads_to_its_payment(one):
    _, fields = await summary_of(one, subnucleos="vendas", agents="vendas-ativas")
    answer = await agree(one, fields)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/billing/pay/")
    (invoice,) = await one.customer.invoices(InvoiceStatus.OPEN)
    assert invoice.total_cents == 29_700
    assert await one.customer.active_agents() == []
    again = await agree(one, fields)
    assert again.headers["location"] == answer.headers["location"]
    assert len(await one.customer.invoices()) == 1


async def test_nobody_pays_for_what_the_page_did_not_show(one):
    _, fields = await summary_of(one, agents="delivery")
    for changes in ({"plan": "expert"}, {"cycle": "yearly"}, {"agreed": ""}, {"agreed": "0.first.0.0"}):
        answer = await agree(one, fields, **changes)
        assert answer.status_code == 409
        assert "The price or the choice has changed meanwhile" in text_of(answer.text)
    assert await one.customer.invoices() == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"plan": "nothing"}, "no longer on sale"),
        ({"agents": "<script>alert(1)</script>"}, "There is no agent with this id or slug"),
        ({"subnucleos": "x' OR 1=1"}, "There is no SubNúcleo with this id"),
        ({"subnucleos": ["vendas", "educacao"]}, "SubNúcleos in the plan: 1"),
    ],
)
async def test_what_there_is_not_is_refused_in_words(one, changes, said):
    _, fields = await summary_of(one)
    answer = await agree(one, fields, **changes)
    assert 400 <= answer.status_code < 500
    assert said in text_of(answer.text)
    assert "<script>alert" not in answer.text
    assert await one.customer.invoices() == []


async def test_hostile_addresses_are_pages(one):
    for query in ({"plan": "<b>"}, {"agents": "\u0000"}, {"step": "nowhere"}, {"cycle": "weekly"}, {"tenant": "x"}):
        assert (await one.browser.get(PLAN, params=query)).status_code in {200, 400}
    shown = await one.see(PLAN, plan="<b>x</b>", agents="<i>y", chosen="true", step="summary")
    assert "<b>x" not in shown
    assert "<i>y" not in shown
    assert (await one.browser.post(PLAN, data={"plan": "starter"})).status_code == 403


async def test_who_has_a_plan_begins_with_it(one):
    await one.customer.pay(await one.customer.subscribe("profissional", agents_of=3))
    page = await one.see(PLAN, plan="expert", step="summary")
    shown = text_of(page)
    assert "Agents: 3, of 24" in shown
    assert "Total today R$800.00" in shown
    answer = await agree(one, hidden(page, PLAN))
    assert answer.headers["location"].startswith("/billing/pay/")
    blocked = await one.see(PLAN, plan="enterprise", step="summary")
    assert "A change waits for its payment" in blocked
    assert 'name="agreed"' not in blocked


async def test_an_agent_of_the_catalogue_is_added_to_what_one_has(site, one):
    await one.customer.pay(await one.customer.subscribe("profissional", agents_of=3))
    has = (await one.customer.subscription()).selected_agents
    known = {agent.id: agent.slug for agent in await agents.catalogue(site.db.staff()) if agent.number}
    other = next(one_id for one_id in known if one_id not in has)
    page = await one.see(PLAN, agents=str(other), step="summary")
    assert len(hidden(page, PLAN)["agents"]) == 4
    assert known[other] in hidden(page, PLAN)["agents"]
    assert "The price stays the same" in page
    answer = await agree(one, hidden(page, PLAN))
    assert answer.headers["location"] == "/app/billing?done=changed"
    assert await one.customer.active_agents() == ["active"] * 4


async def test_less_begins_with_the_next_cycle_and_the_same_is_nothing_to_agree_to(one):
    await one.customer.pay(await one.customer.subscribe("profissional", agents_of=3))
    assert "This is what you have already" in await one.see(PLAN, step="summary")
    page = await one.see(PLAN, plan="starter", step="summary")
    assert "It begins on" in page
    assert "Confirm the change" in page
    answer = await agree(one, hidden(page, PLAN))
    assert answer.headers["location"] == "/app/billing?done=later"
    page = await one.see(PLAN, plan="profissional", step="summary")
    answer = await agree(one, hidden(page, PLAN))
    assert answer.headers["location"] == "/app/billing?done=kept"


async def test_a_provider_that_is_away_leaves_an_invoice_to_try_again(one, monkeypatch):
    from alquimista.payments.gateway.manual import Manual  # noqa: PLC0415 - Only to break it.
    from alquimista.payments.models import ProviderUnavailable  # noqa: PLC0415 - As above.

    async def away(*_):
        raise ProviderUnavailable(provider="manual", retry_after=5)

    _, fields = await summary_of(one, agents="delivery")
    with monkeypatch.context() as broken:
        broken.setattr(Manual, "open", away)
        answer = await agree(one, fields)
        (invoice,) = await one.customer.invoices()
        assert answer.headers["location"] == f"/app/billing/invoices/{invoice.id}?error=checkout"
        assert "could not be opened" in await one.see(answer.headers["location"])
        failed = await one.act("/app/billing/pay", invoice_id=str(invoice.id))
        assert failed.status_code == 503
        assert "does not answer at the moment" in failed.text
    assert (await one.act("/app/billing/pay", invoice_id=str(invoice.id))).status_code == 303


@pytest.mark.parametrize("who", ["user", "staff"])
async def test_only_the_companys_administrators_choose(site, one, who):
    person = site.people["staff"] if who == "staff" else await make_user(site.db, one.tenant_id, role="TENANT_USER")
    async with site.browser() as browser:
        await sign_in(browser, person)
        query = f"?tenant_id={one.tenant_id}" if who == "staff" else ""
        assert "error=forbidden" in (await browser.get(PLAN + query)).headers["location"]
        token = token_of((await browser.get("/account/second-factor")).text)
        data = {"_csrf": token, "plan": "starter"}
        assert (await browser.post(PLAN + query, data=data)).status_code == 403
    assert await one.customer.invoices() == []

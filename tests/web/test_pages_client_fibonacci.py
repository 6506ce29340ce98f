"""/app/dashboard/fibonacci: the company's SubNúcleos with their health, and the others with the way to them."""

import re
from datetime import timedelta

import pytest

from alquimista import clock
from alquimista.agents.models.agents import AgentStatus
from alquimista.billing.service import catalogue
from alquimista.clock import new_id
from alquimista.dashboards.models.subnucleos import Cause, Health, SubNucleoAgent, judge
from alquimista.fleet.models.states import AgentState
from factories import make_user
from support.agent_pages import company
from support.billing_pages import reader
from web.reading import sign_in, text_of

PATH = "/app/dashboard/fibonacci"


@pytest.fixture
async def one(site):
    async with site.browser() as browser:
        slugs = ("agendamento", "pesquisa-de-satisfacao", "clinica-medica", "cobranca")
        yield await company(site, browser, slugs, subnucleos=("saude", "eventos"))


async def see(one, **query):
    answer = await one.browser.get(PATH, params=query)
    assert answer.status_code == 200, answer.text[:500]
    return answer.text


async def test_each_has_its_calls_success_and_health_and_the_whole_its_totals(one):
    await one.serve("agendamento", 30)
    await one.serve("pesquisa-de-satisfacao", 10, failed=4)
    await one.serve("cobranca", 7)  # Of no SubNúcleo that the company has.
    await one.beat("agendamento")
    await one.beat("clinica-medica", clock.now() - timedelta(minutes=4))
    shown = text_of(await see(one, period="7d"))
    assert "Contracted 2 of 7 SubNúcleos" in shown
    assert "At work 2 3 of 3 agents switched on" in shown
    assert "Calls 40 requests that their agents served" in shown
    assert "Success 90.0% of all requests" in shown
    health = shown[shown.index("Saúde & Telemedicina") : shown.index("Eventos & Relacionamento")]
    assert "Failing Offline: 1 Agents on 1 of 1 Calls 0 Success –" in health
    events = shown[shown.index("Eventos & Relacionamento") :]
    assert "Needs attention Success: 90.0% Agents on 2 of 2 Calls 40 Success 90.0%" in events
    assert "Agendamento de atendimentos Calls: 30 Online" in events
    assert "Could also bring: Retenção de clientes" in events


async def test_an_open_incident_shows_at_its_agent(one):
    await one.miss("clinica-medica")
    shown = text_of(await see(one))
    assert "Needs attention Open incidents: 1" in shown
    assert f'href="{one.path("clinica-medica")}"' in await see(one)


async def test_the_others_lead_to_sales_and_to_the_plan(site, one):
    bundles = {bundle.name: bundle.id for bundle in await catalogue.subnucleos(site.db.staff())}
    html = await see(one)
    assert f'href="/contact?subnucleos={bundles["vendas"]}"' in html
    assert 'href="/app/billing/plan?subnucleos=vendas"' in html
    assert f'href="/contact?subnucleos={bundles["eventos"]}"' not in html
    plan = await one.browser.get("/app/billing/plan?subnucleos=vendas")
    assert plan.status_code == 200
    user = await make_user(site.db, one.tenant_id, role="TENANT_USER")
    async with site.browser() as browser:
        await sign_in(browser, user)
        html = (await browser.get(PATH)).text
    assert f'href="/contact?subnucleos={bundles["vendas"]}"' in html
    assert "/app/billing/plan" not in html


async def test_without_any_the_page_says_so_and_leads_to_sales(site):
    async with site.browser() as browser:
        one = await reader(site, browser)
        html = await one.see(PATH)
    assert "Your company has no SubNúcleo yet" in html
    assert 'href="/contact" class="btn' in html
    assert "Contracted" not in html
    assert html.count('href="/contact?subnucleos=') == 7


async def test_it_refreshes_itself_and_staff_name_the_company(site, one):
    page = await see(one)
    seen = re.search(r'name="seen" value="([0-9a-f]+)"', page)[1]
    live = re.search(r'hx-get="(/app/dashboard/fibonacci/live[^"]+)"', page)[1].replace("&amp;", "&")
    assert (await one.browser.get(f"{live}&seen={seen}")).status_code == 204
    async with site.browser() as browser:
        await sign_in(browser, site.people["staff"])
        html = (await browser.get(PATH, params={"tenant_id": str(one.tenant_id)})).text
    assert f'href="{one.path("agendamento")}?tenant_id={one.tenant_id}"' in html
    assert "/app/billing/plan" not in html  # Theirs to choose.


def agent(status=AgentStatus.ACTIVE, state=AgentState.ONLINE, requests=0, failed=0, incidents=0):
    figures = {"requests": requests, "successes": requests - failed, "incidents": incidents}
    return SubNucleoAgent(agent_id=new_id(), name="x", required=True, status=status, state=state, **figures)


@pytest.mark.parametrize(
    ("agents", "health", "causes"),
    [
        ([agent()], Health.GOOD, {}),
        ([agent(state=None)], Health.UNHEARD, {}),
        ([agent(state=None, requests=1)], Health.GOOD, {}),
        ([agent(), agent(state=AgentState.LATE)], Health.ATTENTION, {Cause.LATE: 1}),
        ([agent(state=AgentState.PAUSED)], Health.ATTENTION, {Cause.PAUSED: 1}),
        ([agent(), agent(state=AgentState.OFFLINE)], Health.FAILING, {Cause.OFFLINE: 1}),
        ([agent(incidents=2)], Health.ATTENTION, {Cause.INCIDENTS: 2}),
        ([agent(requests=20, failed=2)], Health.ATTENTION, {Cause.SUCCESS: 90.0}),
        ([agent(requests=20, failed=5)], Health.FAILING, {Cause.SUCCESS: 75.0}),
        ([agent(requests=19, failed=19)], Health.GOOD, {}),
        ([agent(), agent(AgentStatus.INACTIVE, AgentState.OFFLINE, 99, 99, 3)], Health.GOOD, {}),
        ([agent(AgentStatus.INACTIVE)], Health.STOPPED, {}),
        ([agent(AgentStatus.SUSPENDED, AgentState.SUSPENDED)], Health.STOPPED, {Cause.SUSPENDED: 1}),
        ([], Health.STOPPED, {}),
    ],
)
def test_how_a_subnucleo_is_follows_from_its_agents(agents, health, causes):
    found = judge(agents)
    assert (found.health, dict(found.causes)) == (health, causes)

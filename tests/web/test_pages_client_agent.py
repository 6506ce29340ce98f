"""/app/dashboard/agents/{id}: figures, health, history; acts that ask first; settings with errors at their fields."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest

from alquimista import clock
from alquimista.agents import service as agents
from alquimista.audit import service as audit
from alquimista.audit.models import Wanted
from alquimista.db.tenancy import tenant_transaction
from alquimista.fleet import service as fleet
from factories import activate_agent, make_user
from support.agent_pages import company
from support.identity import eventually
from web.reading import send, sign_in, text_of, token_of


@pytest.fixture
async def one(site):
    async with site.browser() as browser:
        yield await company(site, browser)


async def see(one, slug="cobranca", **query):
    answer = await one.browser.get(one.path(slug), params=query)
    assert answer.status_code == 200, answer.text[:500]
    return answer.text


def main_of(html):
    """The page without what surrounds every page."""
    return html.partition("<main")[2].partition("</main>")[0]


async def test_an_agent_shows_its_figures_of_the_period(one):
    await one.serve("cobranca", 20, failed=2)
    shown = text_of(await see(one, period="7d")).replace("\u00a0", " ")
    assert "Requests 20 2 failed" in shown
    assert "Success 90.0%" in shown
    assert re.search(r"Half within \(p50\) 4\d\d ms", shown)
    assert "Cost R$20.00 200 tokens" in shown
    assert "Requests per day The last 7 days, and what failed" in shown
    assert (await one.browser.get(one.path("cobranca"), params={"period": "13d"})).status_code == 400


async def test_without_data_nothing_is_made_up(one):
    shown = text_of(await see(one))
    for said in ("No requests in this period", "Never connected", "Nothing is open about this agent.", "Success –"):
        assert said in shown
    assert "Nothing yet: starts, restarts" in shown


async def test_it_shows_its_processes_incidents_and_every_start_with_who_asked(one):
    asked = clock.now() - timedelta(minutes=3)
    first = await one.beat("cobranca", asked - timedelta(days=2), version="1.0")
    await one.beat("cobranca", asked, boot=first)
    await one.restart("cobranca", "nova versão", asked)
    await one.beat("cobranca", asked + timedelta(seconds=9), version="1.1")
    await one.miss("cobranca")
    html = await see(one)
    shown = text_of(html)
    assert "Active Offline last sign of life" in shown
    assert "web-1 Offline version 1.1 · rack-3 · python 0.1.0" in shown
    assert "cobranca is offline" in shown
    name = "Maria da Silva"
    assert f"Started with version 1.1 web-1 · asked by {name} Reason: nova versão" in shown
    assert f"Restart asked for Started anew web-1 · asked by {name} Reason: nova versão Answer: até já" in shown
    assert "Started with version 1.0 web-1 · not asked for here" in shown
    assert shown.index("Started with version 1.1") < shown.index("Restart asked for") < shown.index("version 1.0 web-1")


async def test_the_history_has_pages(one):
    moment = clock.now() - timedelta(days=3)
    for number in range(12):
        await one.beat("cobranca", moment + timedelta(hours=number), version=f"2.{number}")
    assert "Started with version 2.11" in await see(one)
    last = await see(one, history="900")
    assert "Started with version 2.0" in last
    assert "Started with version 2.11" not in last


async def test_it_is_switched_off_and_on_again(one):
    page = await see(one)
    assert "Deactivate Cobrança?" in page
    assert "Activate Cobrança?" not in page
    off = await send(one.browser, one.path("cobranca"), one.path("cobranca", "deactivate"))
    assert off.headers["location"] == f"{one.path('cobranca')}?done=deactivated"
    page = await see(one, done="deactivated")
    assert "The agent is switched off." in page
    assert "Activate Cobrança?" in page
    on = await send(one.browser, one.path("cobranca"), one.path("cobranca", "activate"))
    assert on.headers["location"].endswith("?done=activated")
    assert "Inactive" not in text_of(await see(one))


async def test_what_the_plan_does_not_hold_is_refused_with_a_way_on(one):
    async with tenant_transaction(one.site.db, one.tenant_id) as conn:
        await agents.begin_trial(conn, None, one.tenant_id, one.ids["delivery"], clock.now())
        await agents.end_trial(conn, one.tenant_id, one.ids["delivery"], clock.now())
    page = await see(one, "delivery")
    assert "Your plan does not include this agent." in page
    assert f'href="/app/billing/plan?agents={one.ids["delivery"]}"' in page
    refused = await send(one.browser, one.path("delivery"), one.path("delivery", "activate"))
    assert refused.status_code == 409
    assert "Add it to the plan first." in refused.text
    assert 'role="alert"' in refused.text


async def test_a_full_plan_is_told_with_the_way_to_a_larger_one(site, one):
    await send(one.browser, one.path("cobranca"), one.path("cobranca", "deactivate"))
    for _ in range(15):
        await activate_agent(site.db, one.tenant_id)
    refused = await send(one.browser, one.path("cobranca"), one.path("cobranca", "activate"))
    assert refused.status_code == 409
    assert "The plan allows 16 active agents. Deactivate one or change the plan." in refused.text
    assert 'href="/app/billing/plan" class="btn' in refused.text


async def test_a_suspended_one_leads_to_billing(one):
    async with tenant_transaction(one.site.db, one.tenant_id) as conn:
        await agents.suspend_all(conn, one.tenant_id, clock.now())
    page = await see(one)
    assert "This agent is suspended. Settle the subscription to bring it back." in page
    assert "Save the settings" not in page
    assert "data-open=" not in main_of(page)
    refused = await send(one.browser, one.path("cobranca"), one.path("cobranca", "deactivate"))
    assert refused.status_code == 409
    assert 'href="/app/billing" class="btn' in refused.text


async def test_it_is_paused_resumed_and_restarted(one):
    assert "Restart Cobrança?" not in await see(one)  # Nothing runs that could be told.
    await one.beat("cobranca")
    assert "Restart Cobrança?" in await see(one)
    path = one.path("cobranca")
    paused = await send(one.browser, path, one.path("cobranca", "pause"), reason="manutenção")
    assert paused.headers["location"] == f"{path}?done=paused"
    shown = text_of(await see(one))
    assert "Active Paused" in shown
    assert ": manutenção" in shown
    assert "Pause asked for Waits for an answer web-1 · asked by Maria da Silva Reason: manutenção" in shown
    assert (await send(one.browser, path, one.path("cobranca", "resume"))).headers["location"].endswith("resumed")
    asked = await send(one.browser, path, one.path("cobranca", "restart"), reason="")
    assert asked.headers["location"].endswith("?done=restarting")
    again = await send(one.browser, path, one.path("cobranca", "restart"), reason="")
    assert (again.status_code, "being restarted already" in again.text) == (409, True)


async def test_settings_are_drawn_from_the_schema_kept_and_told_to_the_agent(one):
    await one.beat("cobranca")
    page = await see(one)
    assert 'name="config.parcelas-maximas" type="text" class="input " value="3"' in page
    version = re.search(r'name="version" value="(\d+)"', page)[1]
    fields = {"config.assinatura": "Equipe Aurora", "config.parcelas-maximas": "6", "config.desconto-maximo": "2,5"}
    path, action = one.path("cobranca"), one.path("cobranca", "settings")
    saved = await send(one.browser, path, action, version=version, **fields)
    assert saved.headers["location"] == f"{path}?done=configured"
    stored = await agents.configuration(one.site.db.tenant(one.tenant_id), one.tenant_id, one.ids["cobranca"])
    assert stored.config == {"assinatura": "Equipe Aurora", "parcelas-maximas": 6, "desconto-maximo": 2.5}
    running = await fleet.read(one.site.db.tenant(one.tenant_id), one.tenant_id, one.ids["cobranca"], clock.now())
    assert [told.kind for told in running.wishes] == ["configuration_changed"]
    back = {"config.assinatura": "", "config.parcelas-maximas": "3", "config.desconto-maximo": "0"}
    await send(one.browser, path, action, version=str(stored.version), **back)
    stored = await agents.configuration(one.site.db.tenant(one.tenant_id), one.tenant_id, one.ids["cobranca"])
    assert stored.config == {}  # What is as the default is not set, so that it changes with the agent.


async def test_wrong_settings_come_back_with_the_mistakes_at_their_fields(one):
    page = await see(one)
    version = re.search(r'name="version" value="(\d+)"', page)[1]
    wrong = {"config.assinatura": "x" * 81, "config.parcelas-maximas": "2,5", "config.desconto-maximo": "metade"}
    path, action = one.path("cobranca"), one.path("cobranca", "settings")
    refused = await send(one.browser, path, action, version=version, **wrong)
    assert refused.status_code == 400
    for field, said in (
        ("assinatura", "Write 0 to 80 characters."),
        ("parcelas-maximas", "Write a whole number."),
        ("desconto-maximo", "Write a number."),
    ):
        part = refused.text[refused.text.index(f'id="error-config.{field}"') :][:400]
        assert said in part
    assert 'value="metade"' in refused.text
    right = {"config.assinatura": "A", "config.parcelas-maximas": "3", "config.desconto-maximo": "0"}
    stale = await send(one.browser, path, action, version="999", **right)
    assert (stale.status_code, "Somebody else has changed these settings" in stale.text) == (409, True)
    assert (await send(one.browser, path, action, version="x")).status_code == 409


async def test_who_may_what(site, one):
    user = await make_user(site.db, one.tenant_id, role="TENANT_USER")
    path = one.path("cobranca")
    async with site.browser() as browser:
        await sign_in(browser, user)
        page = (await browser.get(path)).text
        assert "data-open=" not in main_of(page)
        assert "Save the settings" not in page
        assert "Número máximo de parcelas" in page  # They may read them.
        for act in ("activate", "deactivate", "pause", "resume", "restart", "settings"):
            assert (await send(browser, path, one.path("cobranca", act))).status_code == 403, act
    async with site.browser() as stranger:
        await sign_in(stranger, site.people["admin"])
        for where in (path, f"{path}/live", f"/app/dashboard/agents/{uuid4()}"):
            assert (await stranger.get(where)).status_code == 404
        for act in ("activate", "deactivate", "pause", "settings"):
            refused = await send(stranger, "/app/dashboard", one.path("cobranca", act))
            assert refused.status_code == 404, act
    assert (await one.browser.post(f"{path}/deactivate", data={"_csrf": "0" * 64})).status_code == 403


async def test_staff_who_look_as_the_administrator_change_nothing(site, one):
    staff = await make_user(site.db, name="Lia Fontes")
    async with site.browser() as browser:
        await sign_in(browser, staff)
        page = await browser.get("/app/company")
        form = {"_csrf": token_of(page.text), "tenant_id": str(one.tenant_id), "reason": "Chamado 4711: o agente."}
        assert (await browser.post("/app/company/view-as", data=form)).status_code == 303
        page = await browser.get(one.path("cobranca"))
        assert page.status_code == 200
        assert "data-open=" not in main_of(page.text)
        assert "Save the settings" not in page.text


async def test_the_live_part_is_of_one_agent_and_tells_staffs_reads(site, one):
    query = f"?tenant_id={one.tenant_id}"
    async with site.browser() as browser:
        await sign_in(browser, site.people["staff"])
        page = (await browser.get(f"{one.path('cobranca')}{query}")).text
        seen = re.search(r'name="seen" value="([0-9a-f]+)"', page)[1]
        before = await _reads(site, one)
        assert (await browser.get(f"{one.path('cobranca')}/live{query}&seen={seen}")).status_code == 204
        assert await _reads(site, one) == before
        assert (await browser.get(f"{one.path('retencao')}/live{query}&seen={seen}")).status_code == 200
        assert await _reads(site, one) == before + 1  # Having opened one agent's page proves nothing of another's.


async def test_the_live_part_shows_an_agents_answer_at_once(one):
    await one.beat("cobranca")
    page = await see(one)
    seen = re.search(r'name="seen" value="([0-9a-f]+)"', page)[1]
    live = re.search(r'hx-get="(/app/dashboard/agents/[^"]+)"', page)[1].replace("&amp;", "&")
    assert (await one.browser.get(f"{live}&seen={seen}")).status_code == 204
    await one.restart("cobranca", "nova versão", clock.now())

    async def answered():
        answer = await one.browser.get(f"{live}&seen={seen}")
        return answer.status_code == 200 and "Restart asked for Acknowledged web-1" in text_of(answer.text)

    await eventually(answered)


async def test_what_was_just_done_is_not_taken_back_by_what_was_kept(one):
    await one.beat("cobranca")
    page = await see(one)
    live = re.search(r'hx-get="(/app/dashboard/agents/[^"]+)"', page)[1].replace("&amp;", "&")
    assert "Active Online" in text_of((await one.browser.get(live)).text)
    await send(one.browser, one.path("cobranca"), one.path("cobranca", "pause"))

    async def paused():
        return "Active Paused" in text_of((await one.browser.get(live)).text)

    await eventually(paused)


async def _reads(site, one):
    found = await audit.entries(site.db.tenant(one.tenant_id), one.tenant_id, Wanted(action="tenant.read"), 100)
    return len(found)

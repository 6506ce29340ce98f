"""/app/dashboard/support/incidents and /app/company/incidents: what went wrong, and who saw it to its end."""

import re
from uuid import UUID

import pytest

from alquimista import clock
from alquimista.access import PLATFORM_TENANT, Actor, ActorKind, Role
from alquimista.audit import service as audit
from alquimista.audit.models import Wanted
from alquimista.db.tenancy import tenant_transaction
from alquimista.incidents import service
from alquimista.incidents.models import Alert, RuleName, Severity, Visibility, by_rule
from alquimista.support import service as support
from alquimista.support.models import TicketSeverity
from factories import make_tenant, make_user
from web.reading import sign_in, text_of, token_of

HERE, THERE = "/app/dashboard/support/incidents", "/app/company/incidents"


@pytest.fixture(scope="module")
async def helper(site, db):
    """A supporter of the staff, and their browser."""
    person = await make_user(db, role=Role.INTERNAL_SUPPORT, name="Lia Fontes")
    async with site.browser() as browser:
        await sign_in(browser, person)
        yield Actor(kind=ActorKind.SYSTEM, permissions=frozenset(), role=person.role, user_id=person.id), browser


@pytest.fixture
async def company(site, db):
    """One of a new company's people, and their browser."""
    tenant = await make_tenant(db, name="Transportes Aurora")
    person = await make_user(db, tenant.id, role=Role.TENANT_USER, name="Diego Nunes")
    async with site.browser() as browser:
        await sign_in(browser, person)
        yield person, browser


async def by_hand(db, actor, tenant_id, title, *, visibility=Visibility.TENANT, severity=Severity.ERROR):
    async with tenant_transaction(db, tenant_id) as conn:
        return await service.open_by_hand(
            conn, actor, tenant_id, severity, title, "Desde as 9 h.", visibility, [], clock.now()
        )


async def post(browser, page, action, **fields):
    return await browser.post(action, data={"_csrf": token_of((await browser.get(page)).text), **fields})


async def test_a_company_reads_what_concerns_it_and_nothing_internal(company, helper, db):
    person, browser = company
    lia, _ = helper
    assert "All quiet" in text_of((await browser.get(HERE)).text)
    shown = await by_hand(db, lia, person.tenant_id, "Lento <b>hoje</b>")
    hidden = await by_hand(db, lia, person.tenant_id, "Só nosso", visibility=Visibility.INTERNAL)
    over = await by_hand(db, lia, person.tenant_id, "Já passou", severity=Severity.INFO)
    async with tenant_transaction(db, person.tenant_id) as conn:
        await service.acknowledge(conn, lia, person.tenant_id, shown, clock.now())
        await service.comment(conn, lia, person.tenant_id, shown, "Estamos vendo.", clock.now(), public=True)
        await service.comment(conn, lia, person.tenant_id, shown, "Culpa nossa", clock.now(), public=False)
        await service.end(conn, lia, person.tenant_id, over, clock.now())
    listed = (await browser.get(HERE)).text
    assert "Lento &lt;b&gt;hoje&lt;/b&gt;" in listed
    assert "Só nosso" not in listed
    assert "Being worked on" in text_of(listed)
    assert "Já passou" not in text_of((await browser.get(HERE, params={"state": "open"})).text)
    past = text_of((await browser.get(HERE, params={"state": "over", "severity": "info"})).text)
    assert "Já passou" in past
    assert "Lento" not in past
    assert "No incident like that" in text_of((await browser.get(HERE, params={"severity": "critical"})).text)

    one = (await browser.get(f"{HERE}/{shown}")).text
    told = text_of(one)
    for text in ("Our team is working on it", "Estamos vendo.", "It began: Error", "Ask about it"):
        assert text in told
    assert "Culpa nossa" not in told
    assert "Lia" not in told, "to a company staff are one"
    assert f'href="/app/dashboard/support/new?incident={shown}"' in one
    for path in (f"{HERE}/{hidden}", f"{HERE}/{hidden}/live"):
        assert (await browser.get(path)).status_code == 404
    foreign = await by_hand(db, lia, (await make_tenant(db)).id, "Alheio")
    assert (await browser.get(f"{HERE}/{foreign}")).status_code == 404
    # The overview leads there, and so does what people are told.
    assert f'href="{HERE}/{shown}"' in (await browser.get("/app/dashboard")).text
    assert f"{HERE}/{shown}" in (await browser.get("/app/dashboard/support")).text


async def test_staff_see_an_incident_to_its_end(helper, db):
    lia, agent = helper
    tenant = await make_tenant(db, name="Padaria Ágata")
    person = await make_user(db, tenant.id, role=Role.TENANT_USER)
    incident_id = await by_hand(db, lia, tenant.id, "Fila parada")
    async with tenant_transaction(db, tenant.id) as conn:
        asks = Actor(kind=ActorKind.SYSTEM, permissions=frozenset(), role=Role.TENANT_USER, user_id=person.id)
        about = await service.shown_to(conn, tenant.id, incident_id)
        ticket = await support.open_ticket(
            conn, asks, tenant.id, "E agora?", TicketSeverity.HIGH, "Parou.", clock.now(), incident=about
        )
    path = f"{THERE}/{incident_id}"
    shown = (await agent.get(path)).text
    assert f'href="/app/company/tenants/{tenant.id}"' in shown
    assert f'href="/app/company/support/{ticket.id}"' in shown
    assert (await post(agent, path, f"{path}/acknowledge")).headers["location"] == f"{path}?done=acknowledged"
    assert "The incident is taken up." in text_of((await agent.get(f"{path}?done=acknowledged")).text)
    again = await post(agent, path, f"{path}/acknowledge")
    assert (again.status_code, "Somebody has acknowledged" in text_of(again.text)) == (409, True)
    empty = await post(agent, path, f"{path}/notes", body=" ", public="no")
    assert (empty.status_code, "Write what is to be said" in text_of(empty.text)) == (400, True)
    assert (await post(agent, path, f"{path}/notes", body="É o disco", public="no")).status_code == 303
    assert (await post(agent, path, f"{path}/notes", body="Voltamos às 10 h", public="yes")).status_code == 303
    assert (await post(agent, path, f"{path}/severity", severity="critical")).status_code == 303
    assert (await post(agent, path, f"{path}/resolve")).headers["location"] == f"{path}?done=resolved"
    story = text_of((await agent.get(path)).text)
    for text in ("Taken up", "Lia Fontes", "É o disco", "Voltamos às 10 h", "Severity changed: Error → Critical"):
        assert text in story
    assert "Resolve" not in re.findall(r"<button[^>]*>(.*?)</button>", (await agent.get(path)).text)
    late = await post(agent, path, f"{path}/resolve")
    assert (late.status_code, "stays so" in text_of(late.text)) == (409, True)
    told = await service.own(db.tenant(tenant.id), tenant.id, incident_id)
    assert [event.body for event in told.events if event.body] == ["Voltamos às 10 h"]
    trail = Wanted(resource_type="incident", resource_id=str(incident_id))
    acts = {row.action for row in await audit.entries(db.tenant(tenant.id), tenant.id, trail, 50)}
    assert {"incident.read", "incident.acknowledged", "incident.commented", "incident.resolved"} <= acts


async def test_the_automatic_command_stands_in_the_timeline(helper, db):
    _, agent = helper
    tenant = await make_tenant(db)
    new = by_rule(RuleName.AGENT_OFFLINE, source="fleet", subject="x", params={"agent": "Vendas", "minutes": 5})
    async with tenant_transaction(db, tenant.id) as conn:
        await service.open_incident(conn, tenant.id, new, clock.now())
        found, _ = await service.page(conn, tenant.id, 1, 0)
        command_id = clock.new_id()
        await service.note_command(conn, tenant.id, found[0].id, command_id, "HEALTH_CHECK", clock.now())
        await service.note_refusal(conn, tenant.id, found[0].id, "RESTART_AGENT", "x", "Falta algo", clock.now())
    shown = (await agent.get(f"{THERE}/{found[0].id}")).text
    assert f'href="/app/company/operations/{command_id}"' in shown
    story = text_of(shown)
    assert "Automatic command given: Check health" in story
    assert "Automatic command refused: Restart an agent" in story
    assert "Falta algo" in story
    assert "Vendas is offline" in story
    rule = {"rule": "agent.offline", "tenant": str(tenant.id)}
    assert "Vendas is offline" in text_of((await agent.get(THERE, params=rule)).text)
    assert "Vendas" not in text_of((await agent.get(THERE, params={**rule, "rule": "manual"})).text)


async def test_what_staff_were_told_stands_in_the_timeline_for_them_alone(company, helper, db):
    person, browser = company
    lia, agent = helper
    incident_id = await by_hand(db, lia, person.tenant_id, "Parado", severity=Severity.CRITICAL)
    await service.alert(db, person.tenant_id, Alert(incident_id), clock.now())
    await service.escalate(db, person.tenant_id, incident_id, clock.now())
    story = text_of((await agent.get(f"{THERE}/{incident_id}")).text)
    assert re.search(r"Staff told: [1-9]", story)
    assert "Nobody had taken it up; internal administrators told:" in story
    theirs = text_of((await browser.get(f"{HERE}/{incident_id}")).text)
    assert "Parado" in theirs
    assert "told:" not in theirs


async def test_the_list_filters_by_state_company_and_title(helper, db):
    lia, agent = helper
    tenant = await make_tenant(db, name="Óptica Estrela")
    one = await by_hand(db, lia, tenant.id, "Primeiro deles", visibility=Visibility.INTERNAL)
    await by_hand(db, lia, tenant.id, "Segundo deles", severity=Severity.CRITICAL)
    async with tenant_transaction(db, tenant.id) as conn:
        await service.end(conn, lia, tenant.id, one, clock.now())

    async def shown(**query):
        return text_of((await agent.get(THERE, params={"search": "optica", **query})).text)

    assert "Primeiro deles" not in await shown()
    assert "Segundo deles" in await shown()
    assert "Primeiro deles" in await shown(state="resolved")
    assert "Found: 2" in await shown(state="all")
    assert "Found: 1" in await shown(state="all", severity="critical")
    assert "All quiet" in await shown(state="acknowledged")
    assert "Primeiro deles" in await shown(search="primeiro", state="all")
    assert "Only Óptica Estrela" in await shown(search="", tenant=str(tenant.id))
    assert f'href="{THERE}/{one}"' not in (await agent.get("/app/company")).text


async def test_one_opened_by_hand_is_a_companys_own_or_the_platforms(helper, db):
    _, agent = helper
    one, other = await make_tenant(db, name="Mercado Norte"), await make_tenant(db, name="Mercado Sul")
    new = f"{THERE}/new"
    found = (await agent.get(new, params={"search": "mercado s", "tenants": str(one.id)})).text
    assert re.search(rf'value="{one.id}"[^>]* checked', found), "what is ticked stays"
    assert re.search(rf'value="{other.id}"[^>]*"(?! checked)>', found)
    token = {"_csrf": token_of(found)}
    looked = await agent.post(new, data={**token, "title": "Meu <i>título</i>", "search": "norte", "look": "yes"})
    assert (looked.status_code, "Meu &lt;i&gt;" in looked.text, "Mercado Norte" in looked.text) == (200, True, True)
    refused = await agent.post(new, data={**token, "title": " ", "description": "Algo", "severity": "critical"})
    assert (refused.status_code, 'value="critical" selected' in refused.text) == (400, True)
    assert "Write what happened, in a line, without control characters." in text_of(refused.text)
    unknown = await agent.post(new, data={**token, "title": "x", "tenants": str(clock.new_id())})
    assert (unknown.status_code, "There is no customer with this id." in text_of(unknown.text)) == (400, True)

    own = await agent.post(new, data={**token, "title": "De uma", "tenants": str(one.id), "visibility": "internal"})
    incident = await service.find(db.staff(), _id_of(own))
    assert (incident.tenant_id, incident.visibility) == (one.id, Visibility.INTERNAL)
    assert "Staff alone" in text_of((await agent.get(own.headers["location"])).text)
    both = await agent.post(new, data={**token, "title": "De duas", "tenants": [str(one.id), str(other.id)]})
    assert (await service.find(db.staff(), _id_of(both))).tenant_id == PLATFORM_TENANT
    page = text_of((await agent.get(both.headers["location"])).text)
    assert "Mercado Norte" in page
    assert "Mercado Sul" in page
    assert "Tell the customers" in page


async def test_what_a_company_sees_of_the_platforms_leads_to_that_one(helper, db):
    lia, agent = helper
    tenant = await make_tenant(db)
    async with tenant_transaction(db, PLATFORM_TENANT) as conn:
        parent = await service.open_by_hand(
            conn, lia, PLATFORM_TENANT, Severity.ERROR, "Geral", "", Visibility.TENANT, [tenant.id], clock.now()
        )
    await service.mirror(db, tenant.id, parent, clock.now())
    child = await service.shown_to(db.staff(), tenant.id, parent)
    shown = (await agent.get(f"{THERE}/{child.id}")).text
    assert f'href="{THERE}/{parent}"' in shown
    assert "Take it up" not in text_of(shown)
    token = {"_csrf": token_of(shown)}
    assert (await agent.post(f"{THERE}/{child.id}/resolve", data=token)).status_code == 409


async def test_only_staff_open_these_pages(company, db, helper):
    _, browser = company
    incident_id = await by_hand(db, helper[0], PLATFORM_TENANT, "Da casa")
    for path in (THERE, f"{THERE}/new", f"{THERE}/{incident_id}"):
        assert (await browser.get(path)).headers["location"] == "/app/dashboard?error=forbidden"
    token = {"_csrf": token_of((await browser.get("/app/dashboard/support/new")).text)}
    for act in ("acknowledge", "resolve"):
        assert (await browser.post(f"{THERE}/{incident_id}/{act}", data=token)).status_code in {303, 403}
    assert (await service.find(db.staff(), incident_id)).acknowledged_at is None
    assert (await helper[1].get(f"{THERE}/{clock.new_id()}")).status_code == 404


async def test_an_open_page_hears_of_each_step(company, helper, db):
    person, browser = company
    lia, agent = helper
    incident_id = await by_hand(db, lia, person.tenant_id, "Ao vivo")
    for reader, path in ((browser, f"{HERE}/{incident_id}"), (agent, f"{THERE}/{incident_id}")):
        seen = re.search(r'id="seen" name="seen" value="([^"]+)"', (await reader.get(path)).text)[1]
        assert (await reader.get(f"{path}/live", params={"seen": seen})).status_code == 204
        async with tenant_transaction(db, person.tenant_id) as conn:
            await service.comment(conn, lia, person.tenant_id, incident_id, "Passo", clock.now(), public=True)
        changed = await reader.get(f"{path}/live", params={"seen": seen})
        assert (changed.status_code, "Passo" in changed.text) == (200, True)


def _id_of(answer):
    assert answer.status_code == 303, answer.text
    return UUID(re.search(r"/incidents/([0-9a-f-]{36})\?done=opened", answer.headers["location"])[1])

"""Support and incidents in headless Chromium: they fit, are accessible, and hear of what happens elsewhere."""

from dataclasses import replace

import pytest

from alquimista import clock
from alquimista.access import Actor, ActorKind, Role
from alquimista.db.tenancy import tenant_transaction
from alquimista.incidents import service as incidents
from alquimista.incidents.models import Severity, Visibility
from alquimista.support import service
from alquimista.support.models import TicketSeverity
from factories import make_tenant
from web.test_browser_pages import AXE, RULES, Visit, open_page

pytestmark = pytest.mark.browser
CLIENT, STAFF = "/app/dashboard/support", "/app/company"
VISITS = [
    Visit(CLIENT, 320, "dark", "pt-BR", "user"),
    Visit(CLIENT, 768, "light", "en", "admin"),
    Visit(f"{CLIENT}/{{ticket}}", 320, "light", "en", "user"),
    Visit(f"{CLIENT}/{{ticket}}", 1440, "dark", "pt-BR", "admin"),
    Visit(f"{CLIENT}/new", 320, "light", "pt-BR", "user"),
    Visit(f"{CLIENT}/incidents", 320, "light", "en", "admin"),
    Visit(f"{CLIENT}/incidents", 768, "dark", "pt-BR", "user"),
    Visit(f"{CLIENT}/incidents/{{incident}}", 320, "dark", "en", "user"),
    Visit(f"{STAFF}/support", 320, "light", "pt-BR", "staff"),
    Visit(f"{STAFF}/support?status=all", 1440, "dark", "en", "staff"),
    Visit(f"{STAFF}/support/{{ticket}}", 320, "dark", "pt-BR", "staff"),
    Visit(f"{STAFF}/support/{{ticket}}", 768, "light", "en", "staff"),
    Visit(f"{STAFF}/incidents", 320, "dark", "en", "staff"),
    Visit(f"{STAFF}/incidents?state=all", 1440, "light", "pt-BR", "staff"),
    Visit(f"{STAFF}/incidents/{{incident}}", 320, "light", "pt-BR", "staff"),
    Visit(f"{STAFF}/incidents/{{incident}}", 1440, "dark", "en", "staff"),
    Visit(f"{STAFF}/incidents/new", 320, "dark", "pt-BR", "staff"),
]


def acting(person, role):
    return Actor(kind=ActorKind.SYSTEM, permissions=frozenset(), role=role, user_id=person.id)


@pytest.fixture(scope="module")
async def story(site, db):
    """The ids of a ticket with a conversation, and of an incident that staff have taken up."""
    asks, helps = acting(site.people["user"], Role.TENANT_USER), acting(site.people["staff"], Role.INTERNAL_ADMIN)
    tenant_id = site.people["user"].tenant_id
    async with tenant_transaction(db, tenant_id) as conn:
        incident_id = await incidents.open_by_hand(
            conn, helps, tenant_id, Severity.ERROR, "Canal parado", "Há pouco", Visibility.TENANT, [], clock.now()
        )
        await incidents.acknowledge(conn, helps, tenant_id, incident_id, clock.now())
        await incidents.comment(conn, helps, tenant_id, incident_id, "Nota interna", clock.now(), public=False)
        ticket = await service.open_ticket(
            conn, asks, tenant_id, "Nada chega", TicketSeverity.HIGH, "Desde as 9 h.", clock.now()
        )
        await service.write_message(conn, helps, tenant_id, ticket.id, "Nota", clock.now(), internal=True)
        await service.write_message(conn, helps, tenant_id, ticket.id, "Reconecte a conta.", clock.now())
    return {"ticket": ticket.id, "incident": incident_id}


@pytest.mark.parametrize("visit", VISITS, ids=str)
async def test_a_page_is_accessible_and_fits(site, story, chromium, visit):
    page = await open_page(chromium, site, replace(visit, path=visit.path.format(**story)))
    try:
        found = await AXE.run(page, options={"resultTypes": ["violations"], "runOnly": RULES})
        problems = [(v["id"], [node["target"] for node in v["nodes"]][:3]) for v in found.response["violations"]]
        assert problems == []
        too_wide = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert too_wide <= 0
        small = await page.evaluate(
            """() => [...document.querySelectorAll("main a, main button, main select, main input")]
              .filter(() => innerWidth < 768)
              .filter((e) => e.checkVisibility() && !["hidden", "checkbox"].includes(e.type))
              .filter((e) => !e.closest("label.filter-search") && getComputedStyle(e).display !== "inline")
              .map((e) => [e.outerHTML.slice(0, 80), e.getBoundingClientRect().height])
              .filter(([, height]) => height > 0 && height < 43.5)"""
        )
        assert small == []
        assert page.mistakes == []
    finally:
        await page.context.close()


async def test_an_answer_appears_while_one_writes(site, story, chromium, db):
    page = await open_page(chromium, site, Visit(f"{CLIENT}/{story['ticket']}", 1440, "light", "en", "user"))
    tenant_id, helps = site.people["user"].tenant_id, acting(site.people["staff"], Role.INTERNAL_ADMIN)
    await page.fill("#body", "Estou escrevendo")
    async with tenant_transaction(db, tenant_id) as conn:
        await service.write_message(conn, helps, tenant_id, story["ticket"], "Chegou ao vivo.", clock.now())
    await page.get_by_text("Chegou ao vivo.").wait_for()
    assert await page.input_value("#body") == "Estou escrevendo", "what one writes stays"
    await page.click("[data-open=close-ticket]")
    await page.click("#close-ticket .btn:not([data-close-dialog])")
    await page.wait_for_url("**?done=closed")
    assert not await page.locator("#reply").is_visible(), "a closed ticket is reopened first"
    await page.get_by_role("button", name="Reopen the ticket").click()
    await page.wait_for_url("**?done=reopened")
    assert await page.locator("#reply").is_visible()
    assert page.mistakes == []
    await page.context.close()


async def test_companies_stay_ticked_while_one_searches(site, chromium, db):
    await make_tenant(db, name="Mercado Norte")
    page = await open_page(chromium, site, Visit(f"{STAFF}/incidents/new", 1440, "light", "en", "staff"))
    await page.fill("#title", "Tudo parado")
    await page.get_by_label("Clínica Aurora").first.check()
    await page.get_by_placeholder("Search customers").press_sequentially("mercado n")
    await page.wait_for_function("document.querySelectorAll('#companies input').length === 2")
    assert await page.get_by_label("Clínica Aurora").first.is_checked()
    await page.get_by_label("Mercado Norte").check()
    await page.get_by_role("button", name="Open the incident").click()
    await page.wait_for_url("**?done=opened")
    assert await page.locator("aside").get_by_text("Mercado Norte").is_visible()
    assert page.mistakes == []
    await page.context.close()


async def test_a_filter_is_an_address_and_goes_back(site, story, chromium):
    page = await open_page(chromium, site, Visit(f"{STAFF}/support", 1440, "light", "en", "staff"))
    await page.get_by_placeholder("Customer, title or number").press_sequentially("nada chega")
    await page.wait_for_url("**search=nada+chega**")
    await page.get_by_label("State").select_option("closed")
    await page.get_by_text("Nothing waits here").wait_for()
    assert "status=closed" in page.url
    await page.go_back()
    await page.get_by_role("link", name="Nada chega").wait_for()
    assert page.mistakes == []
    await page.context.close()

"""Staff's companies in headless Chromium: each page fits and is accessible; the list searches while somebody types."""

import asyncio

import pytest
from playwright.async_api import expect

from alquimista import clock
from alquimista.access import ROLE_PERMISSIONS, Actor, ActorKind, Role
from alquimista.approvals import service as approvals
from alquimista.approvals.models import Audience, NewApproval
from alquimista.db.tenancy import tenant_transaction
from alquimista.http.streams import Streams
from alquimista.incidents import service as incidents
from alquimista.incidents.models import Severity, Visibility
from alquimista.operations import service as operations
from alquimista.operations.models.kinds import CommandType, HealthCheckParameters
from alquimista.operations.service.telling import changed
from alquimista.tenants import service as tenants
from factories import make_tenant
from web.test_browser_pages import AXE, RULES, Visit, open_page
from web.test_pages_overview import sent  # noqa: F401 - A fixture.

pytestmark = pytest.mark.browser
LIST = "/app/company/tenants"
PAGES = ("", "/users", "/agents", "/integrations", "/usage", "/billing", "/incidents", "/commands", "/audit", "/limits")
LOOKS = [(320, "dark", "pt-BR"), (768, "light", "en"), (1440, "light", "pt-BR")]
VISITS = [
    (LIST, *LOOKS[0]),
    (LIST, *LOOKS[1]),
    (f"{LIST}?search=nobody", *LOOKS[2]),
    (f"{LIST}/new", *LOOKS[0]),
    (f"{LIST}/new", *LOOKS[2]),
    *((f"{LIST}/{{tenant}}{page}", *LOOKS[at % 3]) for at, page in enumerate(PAGES)),
    *((f"{LIST}/{{tenant}}{page}", *LOOKS[(at + 1) % 3]) for at, page in enumerate(PAGES)),
    (f"{LIST}/{{tenant}}/suspend", *LOOKS[0]),
    (f"{LIST}/{{tenant}}/suspend", *LOOKS[2]),
]


@pytest.mark.parametrize(("path", "width", "theme", "language"), VISITS)
async def test_a_page_is_accessible_and_fits(site, sent, chromium, path, width, theme, language):  # noqa: F811
    here = path.format(tenant=site.people["admin"].tenant_id)
    page = await open_page(chromium, site, Visit(here, width, theme, language, "staff"))
    try:
        found = await AXE.run(page, options={"resultTypes": ["violations"], "runOnly": RULES})
        problems = [
            (v["id"], [node["target"] for node in v["nodes"]][:3], v["help"]) for v in found.response["violations"]
        ]
        assert problems == []
        too_wide = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert too_wide <= 0
        assert page.mistakes == []
    finally:
        await page.context.close()


@pytest.mark.parametrize("path", [LIST, f"{LIST}/new", f"{LIST}/{{tenant}}", f"{LIST}/{{tenant}}/audit"])
async def test_thumbs_have_room(site, sent, chromium, path):  # noqa: F811
    here = path.format(tenant=site.people["admin"].tenant_id)
    page = await open_page(chromium, site, Visit(here, 390, "light", "pt-BR", "staff"))
    small = await page.evaluate(
        """() => [...document.querySelectorAll("main a, main button, main input, main select")]
          .filter((e) => !e.closest(".tip"))  // Its finger's room reaches beyond its circle.
          .filter((e) => e.checkVisibility() && e.type !== "hidden" && getComputedStyle(e).display !== "inline")
          .map((e) => [e.outerHTML.slice(0, 80), (e.closest("label") ?? e).getBoundingClientRect().height])
          .filter(([, height]) => height > 0 && height < 43.5)"""
    )
    await page.context.close()
    assert small == []


async def test_the_list_searches_while_one_types_and_goes_back(site, db, chromium):
    for name in ("Açaí do Norte", "Açougue Central", "Borracharia"):
        await make_tenant(db, name=name, segment="bairro")
    page = await open_page(chromium, site, Visit(f"{LIST}?segment=bairro", 1440, "light", "en", "staff"))
    rows = page.locator("#tenants tbody tr")
    assert await rows.count() == 3
    await page.click("#tenants-by-created")
    await page.wait_for_url("**sort=created**")
    await page.type("input[name=search]", "aco", delay=20)
    await page.wait_for_url("**search=aco**")
    assert await page.evaluate("document.activeElement.name") == "search"
    await rows.filter(has_text="Borracharia").wait_for(state="detached")
    assert await rows.count() == 1
    assert "sort=created" in page.url
    await page.go_back()
    await rows.filter(has_text="Borracharia").wait_for()
    assert await rows.count() == 3
    await page.click("#tenants summary")
    await page.fill("#name", "Do bairro")
    await page.click("text=Save the view")
    await page.wait_for_url("**done=saved")
    assert await page.locator("nav[aria-label='Saved views'] a[aria-current]").inner_text() == "Do bairro"
    assert page.mistakes == []
    await page.context.close()


async def test_a_company_is_let_in_after_a_question(site, db, chromium):
    tenant = await make_tenant(db, name="Fora")
    who = Actor(ActorKind.SESSION, ROLE_PERMISSIONS[Role.INTERNAL_ADMIN], Role.INTERNAL_ADMIN)
    async with tenant_transaction(db, tenant.id) as conn:
        await tenants.block(conn, who, tenant.id, "Fraude", clock.now())
    page = await open_page(chromium, site, Visit(f"{LIST}/{tenant.id}", 390, "dark", "en", "staff"))
    await page.click("button[data-open=resume]")
    assert await page.locator("#resume").is_visible()
    found = await AXE.run(page, options={"resultTypes": ["violations"], "runOnly": RULES})
    assert [v["id"] for v in found.response["violations"]] == []
    await page.click("#resume button:not([type=button])")
    await page.wait_for_url("**done=resumed")
    assert "The customer is let in again." in await page.inner_text("main")
    await page.context.close()


async def test_its_incidents_commands_and_requests_appear_by_themselves(site, db, chromium):
    tenant = await make_tenant(db, name="Transportes Ao Vivo")
    person = site.people["staff"]
    given = ROLE_PERMISSIONS[Role.INTERNAL_ADMIN]
    actor = Actor(ActorKind.SESSION, given, Role.INTERNAL_ADMIN, person.id, None, person.email, "Ana Souza")
    paths = [f"/app/company/tenants/{tenant.id}/{tab}" for tab in ("incidents", "commands")]
    first, *others = [*paths, "/app/company/approvals?whose=all"]
    pages = [await open_page(chromium, site, Visit(first, 1280, "light", "en", "staff"))]
    async with asyncio.timeout(15):
        while not site.services.get(Streams)._count[person.id]:  # noqa: ASYNC110 - The browser's own time.
            await asyncio.sleep(0.05)
    for path in others:
        pages.append(await pages[0].context.new_page())
        await pages[-1].goto(path)
    for page in pages:
        await expect(page.locator("#list tbody tr")).to_have_count(0)
    await asyncio.sleep(4)  # What is asked for as the pages begin.
    async with tenant_transaction(db, tenant.id) as conn:
        await incidents.open_by_hand(
            conn, actor, tenant.id, Severity.ERROR, "Fila parada", "", Visibility.INTERNAL, [], clock.now()
        )
        wanted = operations.Wanted(CommandType.HEALTH_CHECK, tenant.id, HealthCheckParameters(), None)
        command, _ = await operations.give(conn, actor, wanted, site.services.settings, clock.now())
        asked = NewApproval(action_type="x.y", resource_type="plan", resource_id="7", audience=Audience.STAFF)
        await approvals.request(conn, actor, tenant.id, asked, clock.now())
    changed(site.services, command.id)
    for page in pages:
        await page.bring_to_front()
        await expect(page.locator("#list tbody tr")).to_have_count(1, timeout=12_000)
        assert page.url.endswith((*paths, "approvals?whose=all")), "and its address stays"
    await pages[0].context.close()

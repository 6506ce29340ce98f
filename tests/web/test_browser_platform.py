"""Staff's pages across companies in headless Chromium: accessible, within every width, and alive."""

import re

import pytest

from alquimista import clock
from alquimista.agents import service as agents
from alquimista.audit import service as audit
from alquimista.db.crypto import Sealer
from alquimista.db.tenancy import tenant_transaction
from alquimista.integrations import service as integrations
from alquimista.integrations.models.integrations import Integration
from alquimista.jobs.queries import beat
from factories import activate_agent, make_tenant
from web.test_browser_pages import AXE, RULES, Visit, open_page

pytestmark = pytest.mark.browser
TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
# A search box is as high as its label, and what a figure means is said beside it in its tooltip.
SMALL = """() => [...document.querySelectorAll("main a, main button, main input, main select")]
  .filter((e) => !e.closest(".filter-search, .tip") && e.checkVisibility() && e.type !== "hidden")
  .filter((e) => getComputedStyle(e).display !== "inline")
  .map((e) => [e.outerHTML.slice(0, 80), e.getBoundingClientRect().height])
  .filter(([, height]) => height > 0 && height < 43.5)"""


@pytest.fixture(scope="module")
async def places(site):
    """Every page, with something on each."""
    agent = next(one for one in await agents.catalogue(site.db.staff()) if one.number == 2)
    for number in range(3):
        tenant = await make_tenant(site.db, name=f"Empresa com um Nome Comprido {number}")
        await activate_agent(site.db, tenant.id, agent.id)
        failing = Integration(clock.new_id(), "payment", "Cobrança", "error", None, "key revoked", "stripe")
        async with tenant_transaction(site.db, tenant.id) as conn:
            await integrations.store(conn, None, tenant.id, failing, b"sk", Sealer(site.services.settings), clock.now())
        entry = await audit.record(
            site.db.tenant(tenant.id),
            None,
            "user.role_changed",
            category="user",
            tenant_id=tenant.id,
            before={"role": "TENANT_USER"},
            after={"role": "TENANT_ADMIN"},
            details={"reason": "asked for"},
        )
    await audit.anchor(site.db, site.services.settings)
    return {
        "company": "/app/company",
        "agents": "/app/company/agents",
        "agent": f"/app/company/agents/{agent.id}",
        "integrations": "/app/company/integrations",
        "audit": "/app/company/audit?trace=&resource=x",
        "entry": f"/app/company/audit/{tenant.id}/{entry}",
        "chains": "/app/company/audit/verify",
        "chain": f"/app/company/audit/verify?tenant_id={tenant.id}",
        "system": "/app/company/system",
        "own audit": "/app/dashboard/settings/audit",
    }


@pytest.mark.parametrize(
    ("name", "width", "theme", "language"),
    [
        ("company", 360, "light", "en"),
        ("company", 1440, "dark", "pt-BR"),
        ("agents", 320, "dark", "pt-BR"),
        ("agents", 1440, "light", "en"),
        ("agent", 320, "light", "en"),
        ("agent", 768, "dark", "pt-BR"),
        ("integrations", 320, "light", "pt-BR"),
        ("integrations", 1440, "dark", "en"),
        ("audit", 320, "dark", "en"),
        ("audit", 1440, "light", "pt-BR"),
        ("entry", 320, "light", "pt-BR"),
        ("entry", 1440, "dark", "en"),
        ("chains", 320, "light", "en"),
        ("chains", 1440, "dark", "pt-BR"),
        ("chain", 768, "light", "en"),
        ("system", 320, "dark", "pt-BR"),
        ("system", 1440, "light", "en"),
        ("own audit", 320, "light", "pt-BR"),
        ("own audit", 768, "dark", "en"),
    ],
)
async def test_a_page_is_accessible_fits_and_gives_thumbs_room(site, places, chromium, name, width, theme, language):
    who = "admin" if name.startswith("own") else "staff"
    page = await open_page(chromium, site, Visit(places[name], width, theme, language, who))
    try:
        if name.startswith("chain"):
            await page.locator("form[action$=verify] button").first.click()
            await page.locator("#audit [role=status], #audit [role=alert]").first.wait_for()
        found = await AXE.run(page, options={"resultTypes": ["violations"], "runOnly": RULES})
        assert [
            (one["id"], [node["target"] for node in one["nodes"]][:3]) for one in found.response["violations"]
        ] == []
        assert await page.evaluate(TOO_WIDE) <= 0
        assert width >= 768 or await page.evaluate(SMALL) == []
        assert page.mistakes == []
    finally:
        await page.context.close()


async def test_the_list_follows_what_is_typed_and_keeps_the_period(site, places, chromium):
    page = await open_page(chromium, site, Visit(places["agents"], 1440, "light", "en", "staff"))
    try:
        rows = page.locator("#agents tbody tr")
        assert await rows.count() > 30
        await page.locator("input[type=search]").press_sequentially("salão de beleza")
        await page.wait_for_url(re.compile("q=sal"))
        await page.wait_for_function("document.querySelectorAll('#agents tbody tr').length < 5")
        await page.click("#period-7d")
        await page.wait_for_url(re.compile(r"period=7d&q=sal"))
        await page.locator("#period-7d[aria-current]").wait_for()
        await page.select_option("select[name=segment]", index=1)
        await page.wait_for_url(re.compile(r"segment=\w.*period=7d"))
        await page.go_back()
        await page.wait_for_url(re.compile(r"period=7d&q=sal"))
        assert page.mistakes == []
    finally:
        await page.context.close()


async def test_the_system_shows_a_worker_that_came_without_a_reload(site, places, chromium):

    page = await open_page(chromium, site, Visit(places["system"], 1440, "light", "en", "staff"))
    try:
        worker = clock.new_id()
        await page.click("#migrations summary")
        await beat(site.db.staff(), worker, clock.now())
        await page.locator(f"#workers >> text={worker.hex[-12:]}").wait_for()
        assert await page.locator("#migrations details[open]").count() == 1
        assert page.mistakes == []
    finally:
        await page.context.close()


async def test_five_figures_stand_in_even_rows(site, chromium):
    page = await open_page(chromium, site, Visit("/app/company", 1000, "light", "pt-BR", "staff"))
    every = "() => [...document.querySelectorAll('main article:has(h2)')].map((one) => one.getBoundingClientRect())"
    for width, rows in ((1000, [3, 2]), (1280, [5]), (1440, [5])):
        await page.set_viewport_size({"width": width, "height": 900})
        found = await page.evaluate(every)
        tops = sorted({box["top"] for box in found})
        assert [sum(box["top"] == top for box in found) for top in tops] == rows
        ends = {round(max(box["right"] for box in found if box["top"] == top)) for top in tops}
        assert len(ends) == 1, "every row ends where the others do"
    assert page.mistakes == []
    await page.context.close()

"""Commands in Chromium: live by the browser's one stream, by asking without it, and given once whatever is clicked."""

import asyncio
import re
from collections import defaultdict
from datetime import timedelta

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import expect

from alquimista import clock
from alquimista.access import ROLE_PERMISSIONS, Actor, ActorKind
from alquimista.approvals.models import PAGE
from alquimista.db.tenancy import tenant_transaction
from alquimista.jobs.consumer import consume
from alquimista.operations import jobs, service
from alquimista.operations.models.kinds import KINDS, CommandType
from alquimista.operations.service import Wanted
from alquimista.operations.service.effects.effect import Effect
from factories import make_user
from web.test_browser_live import held
from web.test_browser_pages import RULES, Visit, open_page

pytestmark = pytest.mark.browser
HERE = "/app/company/operations"
STREAM = "**/notifications/stream*"
AXE = Axe()
BUSY = 15_000


def actor_of(person):
    return Actor(ActorKind.SESSION, ROLE_PERMISSIONS[person.role], person.role, person.id, None, person.email)


@pytest.fixture
def give(site):
    """`await give(CommandType.HEALTH_CHECK)`: a command of the staff's, stored with its job."""

    async def given(kind, tenant_id=None, by=None, **parameters):
        actor = actor_of(by or site.people["staff"])
        wanted = Wanted(kind, tenant_id, KINDS[kind].parameters(**parameters))
        async with tenant_transaction(site.db, wanted.tenant) as conn:
            command, _ = await service.give(conn, actor, wanted, site.services.settings, clock.now())
        service.announce(site.services, command)
        return command

    return given


@pytest.fixture
async def steps(site, monkeypatch):
    """Health checks of three steps, in a worker of this process; `steps[command.id].release()` lets one go on."""
    go = defaultdict(lambda: asyncio.Semaphore(0))

    async def work(run):
        for done in range(3):
            await run.progress(done, 3, f"Passo {done + 1}")
            await go[run.command.id].acquire()
        return {"status": "healthy", "probes": {"database": {"status": "healthy", "latency_ms": 1.5}}}

    async def foresee(*_):
        raise AssertionError

    monkeypatch.setitem(service.EFFECTS, CommandType.HEALTH_CHECK, Effect(foresee=foresee, work=work))
    stop = asyncio.Event()
    working = asyncio.create_task(consume(site.services, jobs.JOBS, (), stop, lease=timedelta(seconds=20)))
    yield go
    stop.set()
    for one in go.values():  # Of other tests' commands, too, which have waited for a worker.
        for _ in range(3):
            one.release()
    await asyncio.wait_for(working, 20)


def visit(path, width=1280, theme="light"):
    return Visit(path, width, theme, "en", "staff")


async def test_a_page_follows_its_command_to_the_end(site, chromium, give, steps):
    command = await give(CommandType.HEALTH_CHECK)
    page = await open_page(chromium, site, visit(f"{HERE}/{command.id}"))
    progress = page.locator("#progress")
    await expect(progress).to_contain_text("Passo 1", timeout=BUSY)
    await page.evaluate("window.same = true")
    for step in ("Passo 2", "Passo 3"):
        steps[command.id].release()
        await expect(progress).to_contain_text(step, timeout=BUSY)
    await expect(progress).to_contain_text("2 of 3")
    steps[command.id].release()
    await expect(page.locator("h1")).to_contain_text("Done", timeout=BUSY)
    await expect(page.locator("#result")).to_contain_text("Database")
    assert await page.evaluate("window.same") is True
    assert page.mistakes == []
    await page.context.close()


async def test_the_list_shows_what_was_given_meanwhile_and_keeps_what_is_typed(site, chromium, give):
    waits = await give(CommandType.RECOMPUTE_USAGE, site.people["admin"].tenant_id, **days())
    page = await open_page(chromium, site, visit(HERE))
    await expect(page.locator(f"#waits-{waits.approval_id}")).to_contain_text("You asked for this yourself")
    await page.fill("input[name=search]", "aurora")
    await expect(page).to_have_url(re.compile("search=aurora"), timeout=BUSY)
    await expect(page.locator("#commands")).to_contain_text("Count usage again")
    command = await give(CommandType.HEALTH_CHECK, site.people["admin"].tenant_id)
    await expect(page.locator(f"#command-{command.id}")).to_be_visible(timeout=BUSY)
    assert page.mistakes == []
    await page.context.close()


async def test_a_comment_that_is_being_typed_outlives_changes_until_somebody_else_decides(site, chromium, give):
    tenant_id = site.people["admin"].tenant_id
    waits = await give(CommandType.RECOMPUTE_USAGE, tenant_id, by=await make_user(site.db), **days())
    page = await open_page(chromium, site, visit(HERE))
    comment = page.locator(f"#decide-{waits.approval_id} textarea")
    await comment.fill("Conferi com a empresa")
    command = await give(CommandType.HEALTH_CHECK)
    await expect(page.locator(f"#command-{command.id}")).to_be_visible(timeout=BUSY)
    await expect(comment).to_have_value("Conferi com a empresa")
    async with tenant_transaction(site.db, tenant_id) as conn:
        await service.approve(conn, actor_of(await make_user(site.db)), waits, clock.now())
    service.tell(site.services, waits.id)
    await expect(comment).to_have_count(0, timeout=BUSY)
    await page.context.close()


@pytest.mark.parametrize("path", [HERE, f"{HERE}/COMMAND"])
async def test_the_console_moves_by_the_one_stream_of_the_browser(site, chromium, give, steps, path):
    command = await give(CommandType.HEALTH_CHECK)
    page = await open_page(chromium, site, visit("/app/company"))
    await held(site, site.people["staff"])
    streams, loads = [], []
    page.on("request", lambda one: streams.append(one.url) if one.resource_type == "eventsource" else None)
    page.on("domcontentloaded", lambda one: loads.append(one.url))
    await page.goto(path.replace("COMMAND", str(command.id)))
    await expect(page.locator("#operations, #command")).to_contain_text("Running", timeout=BUSY)
    await asyncio.sleep(4)  # A part may ask by itself as the page begins; from here on it does every half minute.
    for _ in range(3):
        steps[command.id].release()
    ended = page.locator(f"#command-{command.id}, #command h1").first
    await expect(ended).to_contain_text("Done", timeout=BUSY)
    told = [re.sub(r".*(?=/notifications)|&since=\d+$", "", one) for one in streams]
    assert told == ["/notifications/stream?changes=true"]
    assert len(loads) == 1, "it was not loaded again"
    await page.context.close()


async def test_without_a_stream_it_asks(site, chromium, give, steps):
    command = await give(CommandType.HEALTH_CHECK)
    page = await open_page(chromium, site, visit("/app/company"))
    await page.context.route(STREAM, lambda route: route.abort())
    await page.goto(f"{HERE}/{command.id}")
    for _ in range(3):
        steps[command.id].release()
    await expect(page.locator("h1")).to_contain_text("Done", timeout=BUSY)
    await page.context.close()


async def test_a_second_click_gives_no_second_command(site, chromium):
    page = await open_page(chromium, site, visit(f"{HERE}/new?command_type=HEALTH_CHECK"))
    _, before = await service.page(site.db.staff(), {}, 1, 0, "en")
    await page.fill("input[name=company]", "auro")
    await expect(page.locator("#matches a")).to_have_count(1, timeout=BUSY)
    await page.locator("button[value=give]").dblclick()
    await page.wait_for_url("**/operations/*?done=given")
    await expect(page.locator("h1")).to_contain_text("Check health")
    assert (await service.page(site.db.staff(), {}, 1, 0, "en"))[1] == before + 1
    await page.context.close()


def days():
    return {"first_day": clock.now().date(), "last_day": clock.now().date()}


@pytest.mark.parametrize(("width", "theme"), [(320, "dark"), (768, "light"), (1440, "dark")])
@pytest.mark.parametrize(
    "path",
    [
        HERE,
        f"{HERE}/new",
        f"{HERE}/new?command_type=REPROCESS_QUEUE",
        f"{HERE}/new?command_type=RESET_TOKEN&tenant_id=TENANT",
        f"{HERE}/COMMAND",
        "/app/company/approvals?whose=all",
        "/app/company/approvals/APPROVAL",
        f"{PAGE}?whose=all&tenant_id=TENANT",
    ],
)
async def test_it_is_accessible_and_fits(site, chromium, give, path, width, theme):
    waits = await give(CommandType.RECOMPUTE_USAGE, site.people["admin"].tenant_id, **days())
    names = {"TENANT": waits.tenant_id, "COMMAND": waits.id, "APPROVAL": waits.approval_id}
    for name, value in names.items():
        path = path.replace(name, str(value))
    page = await open_page(chromium, site, visit(path, width, theme))
    found = await AXE.run(page, options={"resultTypes": ["violations"], "runOnly": RULES})
    assert [(v["id"], [n["target"] for n in v["nodes"]][:3]) for v in found.response["violations"]] == []
    assert await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    small = await page.evaluate(
        """() => [...document.querySelectorAll("main a, main button, main input, main select, main summary")]
          .filter((e) => e.checkVisibility() && e.type !== "hidden" && getComputedStyle(e).display !== "inline")
          .filter((e) => !e.closest("table") && e.type !== "checkbox" && e.type !== "search")
          .map((e) => [e.outerHTML.slice(0, 90), e.getBoundingClientRect().height]).filter(([, h]) => h < 43.5)"""
    )
    assert width >= 768 or small == []
    assert page.mistakes == []
    await page.context.close()


async def test_it_can_be_used_without_scripts(site, chromium):
    await (await open_page(chromium, site, visit(HERE))).context.close()  # Signs in.
    page = await open_page(chromium, site, visit(f"{HERE}/new", 390), java_script_enabled=False)
    await page.click("#type-REPROCESS_QUEUE a")
    await page.fill("input[name=company]", "aurora")
    await page.click("form[role=search] button")
    await page.click("#matches a")
    await page.select_option("#queue", "mails")
    await page.click("button[value=dry_run]")
    await expect(page.locator("#foreseen")).to_contain_text("Moves 0 failed entries")
    await page.click("button[value=give]")
    await expect(page.locator("h1")).to_contain_text("Reprocess a queue")
    await page.click("dialog#cancel button:has-text('Cancel the command')")
    await expect(page.locator("main")).to_contain_text("The command is cancelled.")
    await page.context.close()

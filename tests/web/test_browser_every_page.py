"""Every page of the demo in headless Chromium: accessible, no wider than the window, true to its content policy, still.

A page is visited three times: at each width, in both themes, both languages and as up to three of its readers. That is
not every pair on every page: each pair of width, theme and language is met by half of the pages or more, and by four
neighbouring ones every combination of the three (test_ways.py); `make test-full` sees each page so, as every reader.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from itertools import product

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page

from alquimista.access import Role
from alquimista.app import API
from support.pages import walk
from support.ways import WIDTHS, of_page
from web.conftest import Site
from web.reading import sign_in
from web.test_browser_pages import RULES, Visit, open_page
from web.test_every_page import APART, NEVER, ROUTES

pytestmark = pytest.mark.browser
AXE = Axe()
READERS = {"": "/plans", **dict.fromkeys(Role, "/app")}
PATHS = sorted({route.path for route in ROUTES if route.method == "GET" and not route.passive} - NEVER - set(APART))
MOST_MOVED = 0.02  # Of the score that browsers give to shifts of a layout, in which 0.1 is still called good.
MOVES = """
  globalThis.moves = [];
  new PerformanceObserver((list) => {
    for (const { hadRecentInput, value, sources } of list.getEntries()) {
      if (!hadRecentInput) moves.push([value, ...sources.map(({ node }) => (node?.outerHTML ?? "").slice(0, 90))]);
    }
  }).observe({ type: "layout-shift", buffered: true });
"""
EVERY = tuple(product(WIDTHS, ("light", "dark"), ("pt-BR", "en")))


@pytest.fixture(scope="module")
async def places(demo_site: Site) -> dict[str, list[tuple[str, str]]]:
    """For each page the readers who reach it, each with an address of theirs."""
    found: dict[str, list[tuple[str, str]]] = {}
    for role, start in READERS.items():
        async with demo_site.browser() as browser:
            if role:
                await sign_in(browser, demo_site.people[role])
            walked = await walk(browser, (*ROUTES, *API), start, each=1, never=NEVER)
        for path, addresses in walked.pages.items():
            if walked.links[addresses[0]].ids:  # Not files.
                found.setdefault(path, []).append((role, addresses[0]))
    return found


@pytest.fixture(scope="module")
async def windows(demo_site: Site, chromium: Browser) -> AsyncIterator[Callable[[Visit], Awaitable[Page]]]:
    """Opens a page in the window of its reader, width, theme and language, of which each is made once.

    Nothing is kept of the page before, so that each is seen as at a first visit; `moves` tells how it moved meanwhile.
    """
    opened: dict[tuple[str, int, str, str], Page] = {}

    async def go(visit: Visit) -> Page:
        key = (visit.who, visit.width, visit.theme, visit.language)
        if key not in opened:
            page = opened[key] = await open_page(chromium, demo_site, visit)
            await page.add_init_script(MOVES)
            network = await page.context.new_cdp_session(page)
            await network.send("Network.enable")
            await network.send("Network.setCacheDisabled", {"cacheDisabled": True})
        opened[key].mistakes.clear()
        await opened[key].goto(visit.path)
        return opened[key]

    yield go
    for page in opened.values():
        await page.context.close()


@pytest.mark.parametrize("path", PATHS)
async def test_a_page_is_accessible_and_fits(windows, places, path):
    await _look(windows, of_page(PATHS.index(path), _readers(places, path)))


@pytest.mark.load
@pytest.mark.parametrize("path", PATHS)
async def test_a_page_is_accessible_and_fits_every_way(windows, places, path):
    for reader in _readers(places, path):
        await _look(windows, [(reader, *way) for way in EVERY])


def _readers(places, path):
    if path not in places:
        pytest.skip("a file, a fragment, or not in the demo: test_every_page.py asks for links to it")
    return places[path]


async def _look(windows, ways):
    found = {}
    for (who, address), width, theme, language in ways:
        page = await windows(Visit(address, width, theme, language, who))
        answer = await AXE.run(page, options={"resultTypes": ["violations"], "runOnly": RULES})
        problems = [
            (one["id"], [node["target"] for node in one["nodes"]][:3], one["help"])
            for one in answer.response["violations"]
        ]
        wide = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        dark = await page.evaluate("document.documentElement.classList.contains('dark')")
        spoken = await page.evaluate("document.documentElement.lang")
        moves = await page.evaluate("moves")
        if _sum(moves) > MOST_MOVED:  # Late letters may move a page once; its making, each time.
            await page.reload()
            moves = await page.evaluate("moves")
        moved = _sum(moves) > MOST_MOVED
        if problems or wide > 0 or moved or page.mistakes or (spoken, dark) != (language, theme == "dark"):
            found[address, who, width, theme, language] = (
                problems,
                f"{wide} px too wide",
                moves,
                list(page.mistakes),
                spoken,
            )
    assert found == {}


def _sum(moves):
    return sum(value for value, *_ in moves)

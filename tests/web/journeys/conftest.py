"""A demo installation of real processes, and people who use it in Chromium."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect

from support.installation import Installation
from web.journeys.steps import BUSY, Person, sign_in

Enter = Callable[..., Awaitable[Page]]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """The module's installation: PostgreSQL, the web process and the worker, with the demo's companies."""
    installation = Installation(tmp_path_factory.mktemp("home") / "data", signup_enabled="true")
    installation.up.line("API keys of the demo companies")
    yield installation
    installation.end()


@pytest.fixture(autouse=True)
def patience() -> Iterator[None]:
    """What is expected of a page may take its time."""
    expect.set_options(timeout=BUSY)
    yield
    expect.set_options(timeout=5_000)


@pytest.fixture
async def enter(home: Installation, chromium: Browser) -> AsyncIterator[Enter]:
    """`page = await enter(person)`: a browser of their own, signed in; without a person, a stranger's.

    A script that fails, or that the content policy stops, fails the test.
    """
    contexts: list[BrowserContext] = []
    mistakes: list[str] = []

    async def entered(person: Person | None = None) -> Page:
        context = await chromium.new_context(
            base_url=home.up.base_url,
            locale="pt-BR",
            viewport={"width": 1280, "height": 900},
            reduced_motion="reduce",
        )
        contexts.append(context)
        context.set_default_timeout(BUSY)
        page = await context.new_page()
        page.on("pageerror", lambda error: mistakes.append(str(error)))
        page.on("console", lambda line: mistakes.append(line.text) if "Content Security" in line.text else None)
        if person:
            await page.goto("/login")
            await sign_in(page, person)
            await page.wait_for_url(re.compile(r"/app/"))
        return page

    yield entered
    for context in contexts:
        await context.close()
    assert mistakes == []

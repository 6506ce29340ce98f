"""What a browser loads at a first visit: under 150 KB, all of it, as it travels to one that knows gzip alone."""

import re

import pytest

from alquimista.web.public import guide
from web.reading import sign_in
from web.test_pages_overview import sent  # noqa: F401 - A fixture.

MOST = 150_000
PAGES = [
    ("", "/login"),
    ("", "/plans"),
    ("", "/nowhere"),
    ("admin", "/app/dashboard?period=90d"),
    ("admin", "/app/billing"),
    ("staff", "/app/company?period=90d"),
    ("staff", "/app/company/billing"),
    ("staff", "/app/company/catalogue"),
]
ASSET = re.compile(r'(?:href|src)="(/static/[^"#]+)')


@pytest.mark.parametrize(("who", "path"), PAGES, ids=[path for _, path in PAGES])
async def test_a_first_visit_is_light(site, sent, who, path):  # noqa: F811
    async with site.browser() as browser:
        if who:
            await sign_in(browser, site.people[who])
        await weigh(browser, path)


@pytest.mark.parametrize("language", ["pt-BR", "en"])
async def test_a_first_visit_to_a_chapter_of_the_guide_is_light_with_its_picture(site, language):
    async with site.browser() as browser:
        browser.headers["accept-language"] = language
        for chapter in guide.chapters(language).values():
            await weigh(browser, chapter.path)


async def weigh(browser, path):
    """A page, with everything that it names."""
    page, text = await loaded(browser, path)
    named = set(ASSET.findall(text))
    weights = {one: (await loaded(browser, one))[0] for one in named}
    assert {one.rpartition("/")[2] for one in named} >= {"app.css", "app.js", "htmx.js", "inter.woff2", "icons.svg"}
    assert page + sum(weights.values()) < MOST, (page, weights)


async def loaded(browser, address):
    """How many bytes of a page or an asset travel, and what it says."""
    answer = await browser.get(address, headers={"accept-encoding": "gzip"})
    assert answer.status_code == (404 if address == "/nowhere" else 200)
    assert "accept-encoding" in answer.headers["vary"].lower()
    packed = answer.headers.get("content-encoding") == "gzip"
    assert packed or address.endswith((".woff2", ".webp"))
    return answer.num_bytes_downloaded, "" if address.startswith("/static/") else answer.text

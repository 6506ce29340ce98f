"""/docs: the same chapters in both languages, nothing in them dead, every page of the navigation named."""

import re

import pytest

from alquimista.i18n import LOCALES
from alquimista.operations.models.kinds import CommandType
from alquimista.web import nav
from alquimista.web.pages.account import ROUTES as ACCOUNT
from alquimista.web.public import guide
from support.screenshots import GUIDE_SHOTS
from web.reading import sign_in, text_of

EVERY = [(locale, path) for locale in LOCALES for path in sorted((guide.FOLDER / locale).glob("*.md"))]
NAMES = [f"{locale}/{path.name}" for locale, path in EVERY]
LINK = re.compile(r'href="(/docs/([a-z-]+))?(?:#([^"]+))?"')


def shape(locale: str) -> list[tuple[str, list[int], int, int]]:
    """What a language's chapters are made of, without their words."""
    return [
        (slug, [one.level for one in chapter.headings], chapter.html.count("<tr>"), chapter.html.count("<pre"))
        for slug, chapter in guide.chapters(locale).items()
    ]


def test_both_languages_have_the_same_chapters_headings_tables_and_examples():
    assert len(guide.chapters("en")) > 10
    assert shape("pt-BR") == shape("en")
    numbers = [sorted(path.name for path in (guide.FOLDER / locale).glob("*.md")) for locale in LOCALES]
    assert numbers[0] == numbers[1]


@pytest.mark.parametrize(("locale", "path"), EVERY, ids=NAMES)
def test_a_chapter_leads_nowhere_that_is_not_there(locale, path):
    chapters = guide.chapters(locale)
    chapter = chapters[path.stem.partition("-")[2]]
    anchors = [one.anchor for one in chapter.headings]
    assert len(set(anchors)) == len(anchors)
    assert chapter.title
    assert chapter.lead
    for href in re.findall(r'href="([^"]*)"', chapter.html):
        if href.startswith("https://"):
            continue
        found = LINK.fullmatch(f'href="{href}"')
        assert found, f"{href} is no chapter: write NN-name.md"
        target = chapters[found[2]] if found[2] else chapter
        assert not found[3] or found[3] in {one.anchor for one in target.headings}, href


def test_the_pictures_are_those_that_the_command_takes():
    made = {f"{shot.name}.{locale}.webp" for shot in GUIDE_SHOTS for locale in LOCALES}
    assert {path.name for path in guide.IMAGES.iterdir()} == made
    shown = {name for _, path in EVERY for name in re.findall(r"\]\(\.\./images/([^)]+)\)", path.read_text())}
    assert shown == made
    for locale, path in EVERY:
        assert all(f".{locale}.webp" in name for name in re.findall(r"\.\./images/([^)]+)", path.read_text())), path
    assert all(path.stat().st_size < 16_000 for path in guide.IMAGES.iterdir())


@pytest.mark.parametrize("locale", LOCALES)
def test_every_page_of_the_navigation_is_named_in_a_chapter(locale):
    text = "".join(path.read_text() for of, path in EVERY if of == locale)
    pages = {item.href for group in (*nav.STAFF, *nav.CLIENT) for item in group.items}
    assert sorted(page for page in pages if f"`{page}`" not in text) == []
    known = pages | {route.path for route in ACCOUNT}
    named = set(re.findall(r"`(/(?:app|account)/[^`]*)`", text))
    assert sorted(named - known) == [], "named, and not there"


@pytest.mark.parametrize("locale", LOCALES)
def test_every_type_of_command_has_an_example(locale):
    text = guide.chapters(locale)["commands"].html
    assert sorted(one for one in CommandType if f"command_type&quot;: &quot;{one}&quot;" not in text) == []


async def test_everybody_reads_it_in_their_language(site):
    async with site.browser() as browser:
        contents = await browser.get("/docs")
        assert contents.status_code == 200
        for chapter in guide.chapters("en").values():
            assert f'href="{chapter.path}"' in contents.text
        first = await browser.get("/docs/first-steps")
        assert 'lang="en"' in first.text
        assert '<h2 id="four-things-to-do">' in first.text
        assert 'rel="next" href="/docs/sending-usage"' in first.text
        assert 'rel="prev"' not in first.text
        portuguese = await browser.get("/docs/first-steps", headers={"accept-language": "pt-BR"})
        assert '<h2 id="quatro-coisas-a-fazer">' in portuguese.text
        missing = await browser.get("/docs/nothing")
        assert missing.status_code == 404
        assert "The guide has no such chapter." in text_of(missing.text)


async def test_a_picture_is_an_asset_with_its_size(site):
    async with site.browser() as browser:
        page = (await browser.get("/docs/overview")).text
        source = re.search(r'<img src="([^"]+)" alt="[^"]+" width="800" height="\d+" loading="lazy"', page)
        assert source, page
        picture = await browser.get(source[1])
        assert picture.headers["content-type"] == "image/webp"
        assert "immutable" in picture.headers["cache-control"]


async def test_help_is_in_the_account_menu(site):
    async with site.browser() as browser:
        await sign_in(browser, site.people["user"])
        assert 'href="/docs"' in (await browser.get("/app/dashboard")).text


def test_html_in_a_chapter_is_text(tmp_path):
    path = tmp_path / "01-x.md"
    path.write_text("# T\n\nLead <b>x</b>\n\n<script>1</script>\n")
    assert "<script>" not in guide._read(path).html
    assert "<b>" not in guide._read(path).html

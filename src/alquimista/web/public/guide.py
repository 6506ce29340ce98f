"""The user guide: Markdown files of the package, the same chapters in each language, rendered once a process.

Links between chapters and to pictures are written so that they also work where the files are read as files.
"""

import re
import struct
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from alquimista.i18n import N_, Text
from alquimista.web import assets

PATH: Final = "/docs"
FOLDER: Final = Path(__file__).parents[1] / "guide"
IMAGES: Final = FOLDER / "images"
_STAFF_FROM: Final = 20  # Chapters of this number and above are for those who run the platform.
_CHAPTER: Final = re.compile(r"\d\d-([a-z-]+)\.md(#.+)?")
_PICTURE: Final = re.compile(r"\.\./images/([\w.-]+\.webp)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """One entry of a chapter's table of contents."""

    level: int
    text: str
    anchor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """`lead` is the first paragraph as plain text; `html` is everything below the title."""

    slug: str
    for_staff: bool
    title: str
    lead: str
    html: Markup
    headings: tuple[Heading, ...]

    @property
    def path(self) -> str:
        """Its address."""
        return f"{PATH}/{self.slug}"


@dataclass(frozen=True, slots=True)
class Part:
    """What is for one audience."""

    label: Text
    chapters: tuple[Chapter, ...]


@cache
def chapters(locale: str) -> dict[str, Chapter]:
    """All chapters of a language by their names in addresses, in the order of reading."""
    return {chapter.slug: chapter for chapter in map(_read, sorted((FOLDER / locale).glob("*.md")))}


def parts(locale: str) -> tuple[Part, ...]:
    """The chapters by whom they are for."""
    every = tuple(chapters(locale).values())
    return (
        Part(N_("For companies"), tuple(one for one in every if not one.for_staff)),
        Part(N_("For those who run the platform"), tuple(one for one in every if one.for_staff)),
    )


def beside(locale: str, chapter: Chapter) -> tuple[Chapter | None, Chapter | None]:
    """The chapters before and after one."""
    every = list(chapters(locale).values())
    at = every.index(chapter)
    return (every[at - 1] if at else None), (every[at + 1] if at + 1 < len(every) else None)


def _read(path: Path) -> Chapter:
    number, _, slug = path.stem.partition("-")
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = markdown.parse(path.read_text())
    headings = tuple(_anchored(tokens))
    for token in _all(tokens):
        _addressed(token)
    body = markdown.renderer.render(tokens[3:], markdown.options, {})  # Without the title, which the page shows.
    return Chapter(
        slug=slug,
        for_staff=int(number) >= _STAFF_FROM,
        title=headings[0].text,
        lead=_plain(tokens[4]),
        html=Markup(body),  # noqa: S704 - Our own files', with HTML in them escaped.
        headings=headings[1:],
    )


def _anchored(tokens: list[Token]) -> Iterator[Heading]:
    """The headings, each of which gets its id."""
    for token, content in pairwise(tokens):
        if token.type == "heading_open":
            text = _plain(content)
            anchor = anchor_of(text)
            token.attrSet("id", anchor)
            yield Heading(level=int(token.tag[1:]), text=text, anchor=anchor)


def anchor_of(text: str) -> str:
    """What follows the # of a heading's address, without accents."""
    ascii_only = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return "-".join(re.findall(r"[a-z0-9]+", ascii_only))


def _plain(token: Token) -> str:
    return "".join(one.content for one in token.children or () if one.type in {"text", "code_inline"}) or token.content


def _all(tokens: Iterable[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from _all(token.children or ())


def _addressed(token: Token) -> None:
    """Links and pictures lead to where the site has them; what may be wider than a phone can be scrolled by keys."""
    if token.type == "link_open" and (found := _CHAPTER.fullmatch(str(token.attrGet("href")))):
        token.attrSet("href", f"{PATH}/{found[1]}{found[2] or ''}")
    elif token.type == "image" and (found := _PICTURE.fullmatch(str(token.attrGet("src")))):
        width, height = _size(IMAGES / found[1])
        token.attrSet("src", assets.url(f"guide-{found[1]}"))
        token.attrs |= {"width": width, "height": height, "loading": "lazy", "decoding": "async"}
    elif token.type in {"fence", "table_open"}:
        token.attrSet("tabindex", "0")


def _size(path: Path) -> tuple[int, int]:
    """A lossy WebP's width and height (14 bits each, RFC 9649), so that the page keeps its place for it."""
    with path.open("rb") as file:
        width, height = struct.unpack("<HH", file.read(30)[26:])
    return width & 0x3FFF, height & 0x3FFF

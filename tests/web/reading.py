"""Small helpers to read pages and to send their forms as a browser without scripts does."""

import re
from html import unescape

import httpx

from factories import MadeUser


def token_of(html: str) -> str:
    found = re.search(r'name="_csrf" value="([0-9a-f]+)"', html)
    assert found, html[:500]
    return found[1]


def text_of(html: str) -> str:
    """What a reader sees, roughly: no tags, no templates, one space between words."""
    html = re.sub(r"<(script|template|style)\b.*?</\1>", " ", html, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


async def send(browser: httpx.AsyncClient, page: str, action: str, **fields: str) -> httpx.Response:
    """Open a page and send a form of it."""
    shown = await browser.get(page)
    return await browser.post(action, data={"_csrf": token_of(shown.text), **fields})


async def sign_in(browser: httpx.AsyncClient, user: MadeUser, password: str | None = None) -> httpx.Response:
    return await send(browser, "/login", "/login", email=user.email, password=password or user.password)

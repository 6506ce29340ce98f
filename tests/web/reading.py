"""Small helpers to read pages and to send their forms as a browser without scripts does."""

import re
from html import unescape
from uuid import UUID

import httpx

from alquimista.audit import service as audit
from alquimista.audit.models import Wanted
from alquimista.db.pool import Database
from factories import MadeUser


def token_of(html: str) -> str:
    found = re.search(r'name="_csrf" value="([0-9a-f]+)"', html)
    assert found, html[:500]
    return found[1]


def text_of(html: str) -> str:
    """What a reader sees, roughly: no tags, no templates, one space between words."""
    html = re.sub(r"<(script|template|style)\b.*?</\1>", " ", html, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def live_of(html: str, target: str) -> str:
    """Where the part `target` of a page asks for itself again, as its browser would."""
    found = re.search(rf'hx-get="([^"]+)"[^>]* hx-target="#{target}"[^>]* data-live="part"', html)
    seen = re.search(r'id="seen" name="seen" value="([^"]+)"', html)
    assert found, html[:500]
    assert seen, html[:500]
    return f"{unescape(found[1])}&seen={seen[1]}"


async def read_rows(db: Database, tenant_id: UUID) -> int:
    """How often a tenant's audit says that staff have read about it."""
    return len(await audit.entries(db.tenant(tenant_id), tenant_id, Wanted(action="tenant.read"), 200))


async def send(browser: httpx.AsyncClient, page: str, action: str, **fields: str) -> httpx.Response:
    """Open a page and send a form of it."""
    shown = await browser.get(page)
    return await browser.post(action, data={"_csrf": token_of(shown.text), **fields})


async def sign_in(browser: httpx.AsyncClient, user: MadeUser, password: str | None = None) -> httpx.Response:
    return await send(browser, "/login", "/login", email=user.email, password=password or user.password)

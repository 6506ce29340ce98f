"""Customers whose people read billing's pages of a running site."""

import re
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx

import factories
from alquimista import clock
from factories import MadeUser
from support.billing import Customer
from web.reading import send, sign_in


@dataclass
class Reader:
    """A company, its administrator, and what they do in a browser without scripts."""

    customer: Customer
    person: MadeUser
    browser: httpx.AsyncClient

    @property
    def tenant_id(self) -> UUID:
        """The company."""
        return self.customer.tenant.id

    async def see(self, path: str = "/app/billing", **query: str) -> str:
        """A page that opens."""
        answer = await self.browser.get(path, params=query or None)
        assert answer.status_code == 200, answer.text[:500]
        return answer.text

    async def act(self, action: str, page: str = "/app/billing", **fields: str) -> httpx.Response:
        """Send a form of a page."""
        return await send(self.browser, page, action, **fields)


async def reader(site: Any, browser: httpx.AsyncClient, **tenant: Any) -> Reader:
    """A new company without a plan, whose administrator has signed in."""
    made = await factories.make_tenant(site.db, **tenant)
    person = await factories.make_user(site.db, made.id)
    await sign_in(browser, person)
    return Reader(Customer(site.db, made, clock.now()), person, browser)


def hidden(html: str, action: str) -> dict[str, list[str]]:
    """The hidden fields of the form with an action, but for the token."""
    found = re.search(rf'<form method="post" action="{re.escape(action)}".*?</form>', html, re.DOTALL)
    assert found, html[-2000:]
    fields: dict[str, list[str]] = {}
    for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', found[0]):
        if name != "_csrf":
            fields.setdefault(name, []).append(value)
    return fields

"""What people do in several journeys."""

import asyncio

from playwright.async_api import Page

BUSY = 30_000  # Milliseconds: other tests may have the machine.
Person = dict[str, str | None]


async def sign_in(page: Page, person: Person) -> None:
    """Fill in the sign-in form that is shown, and send it."""
    await page.get_by_label("E-mail").fill(person["email"] or "")
    await page.get_by_label("Senha", exact=True).fill(person["password"] or "")
    await page.get_by_role("button", name="Entrar", exact=True).click()


async def mailed(page: Page, recipient: str, path: str) -> str:
    """The link to the path in the mail to somebody, once the local outbox shows it."""
    await page.goto("/outbox")
    link = page.get_by_role("article").filter(has_text=f"Para {recipient}").get_by_role("link").first
    async with asyncio.timeout(BUSY / 1000):
        while not await link.count():
            await asyncio.sleep(0.1)
            await page.reload()
    address = await link.get_attribute("href") or ""
    assert path in address
    return address

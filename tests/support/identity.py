"""Processes of the platform with identity's routes, as tests start and call them."""

import asyncio
import itertools
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from alquimista.cache.bus import Bus
from alquimista.cache.store import Cache
from alquimista.config import Settings
from alquimista.db.pool import Database
from alquimista.http.app import build
from alquimista.identity.api import ROUTES
from alquimista.identity.guards import authenticate
from alquimista.identity.service import Identity, install
from alquimista.identity.service.hashing import PasswordHasher
from alquimista.wiring import Services
from factories import PASSWORD, MadeUser

_peers = (f"198.51.{a}.{b}" for a, b in itertools.product(range(100, 250), range(1, 250)))


@dataclass
class Process:
    """One web process of the platform."""

    services: Services
    bus: Bus
    app: Any

    @property
    def kit(self) -> Identity:
        return self.services.get(Identity)

    def client(self, peer: str | None = None) -> httpx.AsyncClient:
        """A client at an address of its own, so that tests do not share limits."""
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=True, client=(peer or next(_peers), 5000))
        headers = {"accept-language": "en", "user-agent": "pytest"}
        return httpx.AsyncClient(transport=transport, base_url="http://localhost:8080", headers=headers)

    async def login(self, user: MadeUser, password: str = PASSWORD, **more: str) -> dict[str, Any]:
        """The tokens of a sign-in that works."""
        body = {"email": user.email, "password": password, **more}
        answer = await self.client().post("/auth/login", json=body)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def me(self, access_token: str) -> httpx.Response:
        return await self.client().get("/auth/me", headers=bearer(access_token))


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


@asynccontextmanager
async def process(settings: Settings) -> AsyncIterator[Process]:
    """A process with connections, caches and an ear of its own. Hashing is cheap: tests sign in often."""
    db = await Database.open(settings, size=4)
    services, bus = Services(settings, db), Bus(settings)
    services.add(Cache(bus))
    kit = install(services, bus, PasswordHasher(cost=4))
    app = build(ROUTES, services, authenticate)
    await bus.start()
    async with asyncio.timeout(10):
        while not bus.healthy:  # noqa: ASYNC110 - The bus tells nobody when it is ready.
            await asyncio.sleep(0.01)
    try:
        yield Process(services, bus, app)
    finally:
        await bus.stop()
        await kit.close()
        await db.close()


async def eventually(check, seconds: float = 5) -> None:
    """Wait until the check holds: for what another process hears through the database."""
    async with asyncio.timeout(seconds):
        while not await check():  # noqa: ASYNC110 - What is awaited happens in another process.
            await asyncio.sleep(0.01)


async def link_token(sql: Callable[..., Awaitable[list[tuple[Any, ...]]]], recipient: str) -> str:
    """The token of the newest mailed link to an address."""
    rows = await sql(
        "SELECT body_text FROM alquimista_platform.mails WHERE recipient = %s ORDER BY id DESC LIMIT 1", recipient
    )
    found = re.search(r"token=([\w-]+)", rows[0][0])
    assert found
    return found[1]

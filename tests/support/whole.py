"""The whole web process, as the composition root builds it, for tests of what only the whole shows."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx

from alquimista.app import create_app
from alquimista.config import Settings
from alquimista.http.app import App
from support import documented
from support.identity import eventually

_peers = (f"203.0.{a}.{b}" for a, b in itertools.product(range(250), range(1, 250)))


@dataclass
class Whole:
    """A running application and how to call it."""

    app: App

    def client(self, token: str | None = None, **headers: str) -> httpx.AsyncClient:
        """A client at an address of its own, with a bearer token or key when given.

        An answer that the OpenAPI document does not promise fails the test, whatever it asked for.
        """
        transport = httpx.ASGITransport(self.app, client=(next(_peers), 5000))
        sent = {"accept-language": "en", **headers} | ({"authorization": f"Bearer {token}"} if token else {})
        hooks = {"response": [documented.hook]}
        return httpx.AsyncClient(transport=transport, base_url="http://localhost:8080", headers=sent, event_hooks=hooks)

    async def token(self, email: str, password: str) -> str:
        """The access token of a sign-in that works."""
        answer = await self.client().post("/auth/login", json={"email": email, "password": password})
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])


async def listening(client: httpx.AsyncClient) -> bool:
    """Whether the process hears what others publish."""
    return bool((await client.get("/health/ready")).json()["checks"]["listener"])


@asynccontextmanager
async def whole(settings: Settings) -> AsyncIterator[Whole]:
    """The application with its lifespan, ended when the block ends."""
    app = create_app(settings)
    to_app: asyncio.Queue[dict[str, str]] = asyncio.Queue()
    from_app: asyncio.Queue[dict[str, str]] = asyncio.Queue()
    life = asyncio.create_task(app({"type": "lifespan"}, to_app.get, from_app.put))
    await to_app.put({"type": "lifespan.startup"})
    assert (await from_app.get())["type"] == "lifespan.startup.complete"
    running = Whole(app)
    try:
        async with running.client() as client:
            await eventually(lambda: listening(client))
        yield running
    finally:
        await to_app.put({"type": "lifespan.shutdown"})
        await life

"""The whole web process over the real database, on a socket; and a headless Chromium that visits it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
import uvicorn
from playwright.async_api import Browser, async_playwright

from alquimista import clock
from alquimista.app import create_app
from alquimista.catalogue import files
from alquimista.catalogue.load import load
from alquimista.config import Settings
from alquimista.db.pool import Database
from alquimista.demo.catalogue import with_tiers
from alquimista.wiring import Services
from factories import MadeUser, activate_agent, make_agent, make_tenant, make_user


@dataclass
class Site:
    """A running web process, and who may sign in."""

    url: str
    db: Database
    services: Services
    people: dict[str, MadeUser] = field(default_factory=dict)
    cookies: dict[str, list[Any]] = field(default_factory=dict)  # Of people who are signed in, for Chromium.

    def browser(self) -> httpx.AsyncClient:
        """A browser without scripts: keeps cookies, does not follow redirects by itself."""
        return httpx.AsyncClient(base_url=self.url, headers={"accept": "text/html", "accept-language": "en"})


@pytest.fixture(scope="module")
def site_settings(settings: Settings) -> Settings:
    """What the process is started with; a module may say otherwise."""
    return settings


@pytest.fixture(scope="module")
async def site(site_settings: Settings, db: Database) -> AsyncIterator[Site]:
    """A tenant with two agents, an administrator and a user of it, and one of the staff."""
    tenant = await make_tenant(db, name="Clínica Aurora", plan="expert")
    for name in ("Agendamento por WhatsApp", "Prospecção ativa"):
        await activate_agent(db, tenant.id, (await make_agent(db, name=name)).id)
    await load(db, with_tiers(files.read()), clock.now())
    app = create_app(site_settings)
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning", ws="none")
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve())
    async with asyncio.timeout(20):
        while not server.started:
            await asyncio.sleep(0.02)
            if running.done():
                running.result()
    port = server.servers[0].sockets[0].getsockname()[1]
    people = {
        "admin": await make_user(db, tenant.id, name="Marina Costa"),
        "user": await make_user(db, tenant.id, role="TENANT_USER", name="João Lima"),
        "staff": await make_user(db, name="Ana Souza"),
    }
    yield Site(f"http://127.0.0.1:{port}", db, app.services, people)
    server.should_exit = True
    with contextlib.suppress(asyncio.CancelledError):
        await running


@pytest.fixture(scope="module")
async def chromium() -> AsyncIterator[Browser]:
    """Debian's Chromium, headless."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        yield browser
        await browser.close()

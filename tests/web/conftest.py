"""The whole web process over the real database, on a socket; and a headless Chromium that visits it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx
import msgspec
import pytest
import uvicorn
from playwright.async_api import Browser, async_playwright

from alquimista import clock
from alquimista.access import PLATFORM_TENANT
from alquimista.app import create_app
from alquimista.catalogue import files
from alquimista.catalogue.load import load
from alquimista.config import Settings
from alquimista.db.pool import Database
from alquimista.db.tenancy import tenant_transaction
from alquimista.demo.catalogue import with_tiers
from alquimista.demo.seed import Credentials, seed
from alquimista.tenants import service as tenants
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
    async with tenant_transaction(db, tenant.id) as conn:  # Its people have been here before.
        await tenants.greet(conn, None, tenant.id, clock.now())
    await load(db, with_tiers(files.read()), clock.now())
    people = {
        "admin": await make_user(db, tenant.id, name="Marina Costa"),
        "user": await make_user(db, tenant.id, role="TENANT_USER", name="João Lima"),
        "staff": await make_user(db, name="Ana Souza"),
    }
    async with serving(site_settings, db) as running:
        running.people.update(people)
        yield running


@pytest.fixture(scope="module")
async def demo_site(
    site_settings: Settings, db: Database, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Site]:
    """The installation that `alquimista up --demo` makes, with its companies' traffic; people by their roles."""
    await load(db, with_tiers(files.read()), clock.now())
    folder = tmp_path_factory.mktemp("demo")
    await asyncio.to_thread(seed, site_settings, folder, "http://127.0.0.1")
    made = msgspec.json.decode((folder / "demo-credentials.json").read_bytes(), type=Credentials)
    async with serving(site_settings, db) as running:
        for one in reversed(made.users):  # The first company's people stand for the others'.
            tenant = one.tenant_id or PLATFORM_TENANT
            running.people[one.role] = MadeUser(UUID(int=0), one.email, one.password, tenant, one.role)
        yield running


@asynccontextmanager
async def serving(settings: Settings, db: Database) -> AsyncIterator[Site]:
    """A web process on a socket, in this event loop."""
    app = create_app(settings)
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning", ws="none")
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve())
    async with asyncio.timeout(20):
        while not server.started:
            await asyncio.sleep(0.02)
            if running.done():
                running.result()
    port = server.servers[0].sockets[0].getsockname()[1]
    yield Site(f"http://127.0.0.1:{port}", db, app.services)
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

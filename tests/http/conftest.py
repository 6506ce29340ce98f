"""Small route tables, driven as the real ASGI application; who calls is told by a name in Authorization or a cookie."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from uuid import UUID

import httpx
import pytest

from alquimista.access import Actor, ActorKind
from alquimista.cache.store import Cache
from alquimista.config import Settings
from alquimista.db.pool import Database
from alquimista.errors import Unauthenticated
from alquimista.http.app import App, build
from alquimista.http.context import Context
from alquimista.http.routes import Route
from alquimista.wiring import Services
from support.web import ACTORS, Steering

SECRET = "a test secret of enough length, with 42 different letters!"


async def by_name(context: Context) -> Actor | None:
    headers = context.request.headers
    if (name := headers.get("authorization", "").removeprefix("Bearer ")) or (
        name := context.request.cookies.get("session", "")
    ):
        if name not in ACTORS:
            raise Unauthenticated
        actor = ACTORS[name]
        return (
            replace(actor, kind=ActorKind.SESSION, session_id=UUID(int=7)) if "authorization" not in headers else actor
        )
    return None


@pytest.fixture
def plain_settings() -> Settings:
    """Settings of a development server whose database is never asked."""
    return Settings(secret_key=SECRET, database_url="postgresql://nobody@localhost:1/nothing")


@pytest.fixture
async def offline(plain_settings: Settings) -> AsyncIterator[Database]:
    """A database that is not there."""
    database = await Database.open(plain_settings)
    yield database
    await database.close()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that does not answer is given up at once."""
    monkeypatch.setattr("alquimista.db.executor.WAIT_S", 0.01)


@pytest.fixture
def make_app(plain_settings: Settings, offline: Database) -> Callable[..., App]:
    """An application of some routes, without a database."""

    def make(*routes: Route, **options: object) -> App:
        services = Services(options.pop("settings", plain_settings), options.pop("db", offline))
        services.add(Cache(options.pop("bus", Steering())))
        for service in options.pop("wire", ()):
            services.add(service)
        return build(routes, services, options.pop("authenticate", by_name), **options)

    return make


@pytest.fixture
async def connect(make_app: Callable[..., App]) -> AsyncIterator[Callable[..., httpx.AsyncClient]]:
    """A client of an application of some routes; `peer` is the address that the server sees."""
    async with AsyncExitStack() as stack:

        def client(*routes: Route, peer: str = "203.0.113.9", **options: object) -> httpx.AsyncClient:
            app = make_app(*routes, **options)
            transport = httpx.ASGITransport(app, raise_app_exceptions=True, client=(peer, 5000))
            made = httpx.AsyncClient(
                transport=transport, base_url="http://localhost:8080", headers={"accept-language": "en"}
            )
            stack.push_async_callback(made.aclose)
            return made

        yield client

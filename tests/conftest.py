"""One server for each run, shared by its workers; a database for each module, cloned from a migrated template."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from alquimista.config import Settings
from alquimista.db.pool import Database
from support.databases import FreshDatabase, empty_database, migrated_database
from support.servers import Guardian, Server, wanted

_guardian: Guardian | None = None


def _running() -> Server:
    global _guardian  # noqa: PLW0603 - One server a run, made when it is first needed.
    if _guardian is None:
        _guardian = Guardian(wanted())
    return _guardian.server


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Where tests run in several workers, the controller starts the server for all of them."""
    node.workerinput["server"] = _running().packed()


def pytest_unconfigure() -> None:
    if _guardian is not None:
        _guardian.stop()


@pytest.fixture(scope="session")
def server(request: pytest.FixtureRequest) -> Server:
    """The server of this run."""
    worker = getattr(request.config, "workerinput", None)
    return Server(**worker["server"]) if worker else _running()


@pytest.fixture(scope="session")
def admin_url(server: Server) -> str:
    """A superuser of the server, in its maintenance database."""
    return server.url


@pytest.fixture
def fresh_database(server: Server) -> Iterator[FreshDatabase]:
    """An empty database of the test's own. Our roles may not know it yet: see bootstrap."""
    with empty_database(server) as fresh:
        yield fresh


@pytest.fixture(scope="module")
def migrated(server: Server) -> Iterator[FreshDatabase]:
    """A migrated database of the module's own."""
    with migrated_database(server) as fresh:
        yield fresh


@pytest.fixture(scope="module")
def settings(migrated: FreshDatabase) -> Settings:
    """Settings that lead to the module's database."""
    return migrated.settings


@pytest.fixture(scope="module")
async def db(settings: Settings) -> AsyncIterator[Database]:
    """The module's database, as the product opens it."""
    database = await Database.open(settings)
    yield database
    await database.close()

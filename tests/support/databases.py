"""Databases of the test server: a migrated template, and clones of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import quote
from uuid import uuid4

import psycopg
from psycopg.conninfo import conninfo_to_dict

from alquimista.config import Settings
from alquimista.db.bootstrap import bootstrap, role_url
from alquimista.db.migrations import runner
from support.servers import Server

TEMPLATE = "alquimista_template"


@dataclass(frozen=True)
class FreshDatabase:
    """A database of one's own: a superuser's URL, and settings that lead there."""

    admin_url: str
    settings: Settings

    @property
    def owner_url(self) -> str:
        """The URL of the owner, once bootstrapped."""
        return role_url(self.settings, "owner")


def at(url: str, name: str, **changes: str) -> str:
    """The same server and user, another database; `changes` are other parts, such as the user."""
    parts = {**conninfo_to_dict(url), **changes, "dbname": name}
    login = f"{quote(parts['user'])}:{quote(parts['password'], safe='')}"
    return f"postgresql://{login}@/{name}?host={quote(parts['host'], safe='')}"


@contextmanager
def empty_database(server: Server) -> Iterator[FreshDatabase]:
    """A database that holds nothing, not even the rights of our roles; dropped at the end."""
    with _created(server, "template1") as fresh:
        yield fresh


@contextmanager
def migrated_database(server: Server) -> Iterator[FreshDatabase]:
    """A bootstrapped and migrated database; dropped at the end."""
    _ensure_template(server)
    with _created(server, TEMPLATE) as fresh:
        bootstrap(fresh.admin_url, fresh.settings)  # Rights on a database are not copied from its template.
        yield fresh


@contextmanager
def _created(server: Server, template: str) -> Iterator[FreshDatabase]:
    name = f"t_{uuid4().hex}"
    with psycopg.connect(server.url, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    try:
        yield _database(server, name)
    finally:
        with psycopg.connect(server.url, autocommit=True) as admin:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _database(server: Server, name: str) -> FreshDatabase:
    url = at(server.url, name)
    return FreshDatabase(url, Settings(secret_key=server.secret_key, database_url=url, database_pool=4))


def _ensure_template(server: Server) -> None:
    """Make the template once; of several workers the first one does, and the others wait."""
    with psycopg.connect(server.url, autocommit=True) as admin:
        admin.execute("SELECT pg_advisory_lock(1)")
        if admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [TEMPLATE]).fetchone():
            return
        building = f"{TEMPLATE}_building"
        admin.execute(f"DROP DATABASE IF EXISTS {building} WITH (FORCE)")
        admin.execute(f"CREATE DATABASE {building}")
        template = _database(server, building)
        bootstrap(template.admin_url, template.settings)
        runner.apply(template.owner_url)
        admin.execute(f"ALTER DATABASE {building} RENAME TO {TEMPLATE}")

"""The PostgreSQL server of a run (ours, as `alquimista up` brings it, fsync on) and its databases."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, Self
from urllib.parse import quote

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from alquimista.config import PREFIX, Settings
from alquimista.db.bootstrap import bootstrap, role_url
from alquimista.db.migrations import runner
from alquimista.db.roles import Role
from alquimista.runtime import datadir
from alquimista.runtime.embedded import EmbeddedServer

_TEMPLATE: Final = "bench_template"


@dataclass(frozen=True)
class Site:
    """A database of the platform, and how to reach it."""

    name: str
    admin_url: str
    settings: Settings
    cluster: "Cluster"

    @property
    def env(self) -> dict[str, str]:
        """The environment of a process of ours that works on it."""
        values = {"secret_key": self.settings.secret_key, "database_url": self.settings.database_url}
        return {PREFIX + name.upper(): value for name, value in {**values, "log_level": "warning"}.items()}

    def url(self, role: Role | Literal["admin"]) -> str:
        """Where to connect as the role; admin is a superuser."""
        return self.admin_url if role == "admin" else role_url(self.settings, role)

    def admin(self, statement: str, params: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
        """Run a statement as superuser, past every policy; its rows, if it has any."""
        with psycopg.connect(self.admin_url, autocommit=True) as conn:
            cursor = conn.execute(statement.encode(), params)
            return cursor.fetchall() if cursor.description else []

    def copy(self, name: str) -> "Site":
        """A clone under another name; nobody may be connected to this one meanwhile."""
        return self.cluster.create(name, self.name)

    def drop(self) -> None:
        """Delete it, with whoever is connected."""
        self.cluster.drop(self.name)


class Cluster:
    """Use as a context. `directory` holds everything, and may be deleted after it."""

    def __init__(self, directory: Path) -> None:
        self._server = EmbeddedServer(directory)
        self._secret_key = datadir.secrets(directory).secret_key

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()

    @property
    def pid(self) -> int:
        """The postmaster."""
        assert self._server.pid is not None
        return self._server.pid

    def cpu_seconds(self) -> float:
        """Processor seconds of the server's present processes, but for the postmaster's own."""
        ticks = 0
        for entry in Path("/proc").iterdir():
            if not entry.name.isdecimal():
                continue
            try:
                stat = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(stat[1]) == self.pid:
                ticks += int(stat[11]) + int(stat[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    @property
    def address(self) -> str:
        """What tells this server from another one."""
        return self._server.plain_url

    def site(self, name: str) -> Site:
        """A database of its own, migrated and empty."""
        if not self._exists(_TEMPLATE):
            building = self.create(_TEMPLATE, "template1")
            runner.apply(building.url("owner"))
        return self.create(name, _TEMPLATE)

    def create(self, name: str, template: str) -> Site:
        """A database made after another one, dropped first if there is one of its name."""
        self.drop(name)
        self._run("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY", name, template)
        url = self._url(name)
        site = Site(name, url, Settings(secret_key=self._secret_key, database_url=self._url(name, login=False)), self)
        bootstrap(url, site.settings)  # Rights on a database are not copied from its template.
        return site

    def drop(self, name: str) -> None:
        """Delete a database, if it is there."""
        self._run("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)

    def version(self) -> str:
        """The server's version."""
        with psycopg.connect(self._server.url) as conn:
            row = conn.execute("SHOW server_version").fetchone()
            assert row is not None
            return str(row[0])

    def _exists(self, name: str) -> bool:
        with psycopg.connect(self._server.url) as conn:
            return bool(conn.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchall())

    def _run(self, statement: str, *names: str) -> None:
        with psycopg.connect(self._server.url, autocommit=True) as conn:
            conn.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))

    def _url(self, database: str, *, login: bool = True) -> str:
        parts = conninfo_to_dict(self._server.url)
        user = f"{parts['user']}:{quote(str(parts['password']), safe='')}@" if login else ""
        return f"postgresql://{user}/{database}?host={quote(str(parts['host']), safe='')}"

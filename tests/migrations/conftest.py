from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from alquimista.db.migrations.files import Chain


@pytest.fixture
def url(admin_url: str) -> Iterator[str]:
    """A database of its own, empty, as its superuser."""
    name = f"migrations_{uuid4().hex}"
    with psycopg.connect(admin_url, autocommit=True) as conn:
        conn.execute(f"CREATE DATABASE {name}")
        try:
            yield make_conninfo(**{**conninfo_to_dict(admin_url), "dbname": name})
        finally:
            conn.execute(f"DROP DATABASE {name} WITH (FORCE)")


@dataclass(frozen=True)
class Files:
    """A folder of migrations that a test writes itself."""

    chain: Chain

    def write(self, name: str, up: str, down: str = "", *, head: str = "") -> Path:
        path = self.chain.directory / f"{name}.sql"
        path.write_text(f"{head}-- migrate:up\n{up}\n-- migrate:down\n{down}\n", encoding="utf-8")
        return path


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(Chain(tmp_path))


@pytest.fixture
def two(files: Files) -> Files:
    """Two migrations: a table, then a column."""
    files.write("001_books", "CREATE TABLE public.books (id int PRIMARY KEY);", "DROP TABLE public.books;")
    files.write("002_title", "ALTER TABLE public.books ADD title text;", "ALTER TABLE public.books DROP title;")
    return files


@pytest.fixture
def tables(url: str) -> Callable[[], set[str]]:
    """The tables of the public schema, but the ledger."""

    def look() -> set[str]:
        with psycopg.connect(url) as conn:
            sql = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
            return {row[0] for row in conn.execute(sql)} - {"migrations"}

    return look

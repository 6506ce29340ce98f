"""The real chain, on the server under test (PostgreSQL 18, or 15 with TEST_SERVER=debian)."""

import os
import re

import psycopg
import pytest

from alquimista.db.bootstrap import bootstrap
from alquimista.db.migrations import catalogue, session
from alquimista.db.migrations.files import CHAIN
from alquimista.db.migrations.runner import apply, plan, rollback, verify

QUALIFIER = re.compile(r"\b[a-z_0-9]+\.(?=[a-z_])")


@pytest.fixture
def owner_url(fresh_database) -> str:
    bootstrap(fresh_database.admin_url, fresh_database.settings)
    return fresh_database.owner_url


def dumped(url: str) -> str:
    with session.reading(url) as conn:
        return catalogue.dump(conn)


def comparable(text: str, url: str) -> str:
    """PostgreSQL 15 writes more column qualifiers, and breaks lines after them: leave both out there."""
    with psycopg.connect(url) as conn:
        return text if conn.info.server_version >= 160000 else " ".join(QUALIFIER.sub("", text).split())


def test_empty_to_head_to_empty_to_head(owner_url) -> None:
    empty = dumped(owner_url)
    everything = [m.number for m in CHAIN.load()]
    assert [m.number for m in apply(owner_url)] == everything
    head = dumped(owner_url)
    assert verify(owner_url) == ()
    assert [m.number for m in rollback(owner_url, to=0)] == everything[::-1]
    assert dumped(owner_url) == empty
    assert [m.number for m in apply(owner_url)] == everything
    assert dumped(owner_url) == head


def test_the_head_is_the_schema_file(owner_url) -> None:
    apply(owner_url)
    head = dumped(owner_url)
    if os.environ.get("WRITE_SCHEMA"):
        catalogue.SCHEMA_FILE.write_text(head)
    written = catalogue.SCHEMA_FILE.read_text()
    assert comparable(head, owner_url) == comparable(written, owner_url), (
        "db/schema.sql is not what the migrations make; run: WRITE_SCHEMA=1 pytest tests/migrations/test_chain.py"
    )


def test_the_whole_chain_can_be_planned_on_an_empty_database(owner_url) -> None:
    plans = plan(owner_url)
    assert [one.migration.number for one in plans] == [m.number for m in CHAIN.load()]
    assert all(statement.executed for one in plans for statement in one.statements)
    with psycopg.connect(owner_url) as conn:
        assert conn.execute("SELECT to_regclass('alquimista_platform.tenants')").fetchone() == (None,)


def test_no_extension_is_needed_and_no_superuser(owner_url) -> None:
    apply(owner_url)
    with psycopg.connect(owner_url) as conn:
        assert conn.execute("SELECT extname FROM pg_extension").fetchall() == [("plpgsql",)]
        assert conn.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone() == (False,)

"""updated_at is the application's to set, from its own clock: every statement that changes a row sets it."""

import importlib
import pkgutil
import re
from collections.abc import Iterator

import psycopg
import pytest

import alquimista
from alquimista.db.statement import Statement
from support.databases import FreshDatabase

CHANGE = re.compile(
    r"\bUPDATE\s+(?:ONLY\s+)?(?P<updated>\w+\.\w+)\b.*?\bSET\b(?P<set>.*?)(?=\bWHERE\b|\bRETURNING\b|\bFROM\b|$)"
    r"|\bINSERT\s+INTO\s+(?P<inserted>\w+\.\w+)\b.*?\bDO\s+UPDATE\s+SET\b(?P<upsert>.*)",
    re.IGNORECASE | re.DOTALL,
)


def statements() -> Iterator[tuple[str, str]]:
    """Every hand-written statement, by its module and name."""
    for module in pkgutil.walk_packages(alquimista.__path__, "alquimista."):
        if "queries" in module.name.split("."):
            for name, value in vars(importlib.import_module(module.name)).items():
                if isinstance(value, Statement):
                    yield f"{module.name}.{name}", value.sql


def forgets(sql: str, tables: set[str]) -> bool:
    return any(
        (change["updated"] or change["inserted"]) in tables and "updated_at" not in (change["set"] or change["upsert"])
        for change in CHANGE.finditer(sql)
    )


@pytest.fixture(scope="module")
def tables(migrated: FreshDatabase) -> set[str]:
    """The tables that have updated_at."""
    with psycopg.connect(migrated.admin_url) as conn:
        rows = conn.execute(
            "SELECT table_schema || '.' || table_name FROM information_schema.columns WHERE column_name = 'updated_at'"
        )
        return {row[0] for row in rows}


def test_every_statement_that_changes_a_row_sets_updated_at(tables):
    found = dict(statements())
    assert len(found) > 20, "no statements found: has the layout changed?"
    assert [name for name, sql in found.items() if forgets(sql, tables)] == []


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE alquimista_platform.tenants SET status = 'x' WHERE updated_at < %(now)s",
        "INSERT INTO alquimista_platform.tenants (updated_at) VALUES (1) ON CONFLICT (id) DO UPDATE SET name = 'x'",
        "WITH a AS (UPDATE alquimista_platform.tenants AS t SET status = 'x' WHERE id = 1) SELECT 1",
    ],
)
def test_a_statement_that_forgets_is_noticed(tables, sql):
    assert forgets(sql, tables)

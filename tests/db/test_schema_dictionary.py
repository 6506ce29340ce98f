"""docs/data-model.md is what the database says of itself."""

from pathlib import Path

import psycopg
import pytest

from alquimista.db import dictionary
from support.databases import FreshDatabase
from support.tenancy_rules import tenant_tables

PAGE = Path(__file__).parents[2] / "docs" / "data-model.md"


@pytest.fixture
def page(migrated: FreshDatabase) -> str:
    with psycopg.connect(migrated.admin_url) as conn:
        return dictionary.render(conn)


def test_the_page_is_up_to_date(page):
    assert PAGE.read_text(encoding="utf-8") == page, "run: make data-model"


def test_every_tenant_table_is_on_the_page_with_its_security(page, migrated):
    with psycopg.connect(migrated.admin_url) as conn:
        tables = tenant_tables(conn)
    for table in tables:
        section = page.partition(f"### {table}\n")[2].partition("\n### ")[0]
        assert "app, owner may reach the rows of the tenant that is set" in section, table
        assert "PRIMARY KEY (tenant_id" in section, table


def test_nothing_on_the_page_is_left_without_a_meaning(page):
    assert not [line for line in page.splitlines() if line.startswith("| `") and line.endswith("|  |")]


def test_writing_tells_whether_the_page_changed(migrated, tmp_path):
    path = tmp_path / "page.md"
    assert dictionary.write(migrated.admin_url, path)
    assert not dictionary.write(migrated.admin_url, path)


def test_partitions_and_data_do_not_show(page, migrated):
    with psycopg.connect(migrated.admin_url) as conn:
        conn.execute(
            "CREATE TABLE alquimista_platform.agent_requests_x PARTITION OF alquimista_platform.agent_requests"
            " FOR VALUES FROM ('2026-03-01Z') TO ('2026-03-02Z')"
        )
        assert dictionary.render(conn) == page
        conn.rollback()

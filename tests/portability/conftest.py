"""Two companies with a row in every table, and another installation to move one to."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import psycopg
import pytest

from alquimista.db.pool import Database
from alquimista.usage.service import make_partitions_of
from factories import new_cnpj
from support.databases import FreshDatabase, migrated_database
from support.sample_rows import Samples, samples
from support.servers import Server
from support.tenancy_rules import tenant_tables


@dataclass
class Installation:
    """A database, as the product and as its superuser open it."""

    db: Database
    admin_url: str

    def count(self, table: str, tenant_id: object) -> int:
        return len(self.rows(table, tenant_id))

    def rows(self, table: str, tenant_id: object) -> list[dict[str, Any]]:
        """A tenant's rows of a table, as JSON tells them."""
        with psycopg.connect(self.admin_url, autocommit=True) as conn:
            query = psycopg.sql.SQL("SELECT row_to_json(r) FROM {} AS r WHERE tenant_id = %s")
            found = conn.execute(query.format(psycopg.sql.Identifier(*table.split("."))), [tenant_id])
            return [row[0] for row in found.fetchall()]

    def execute(self, query: str, *args: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.admin_url, autocommit=True) as conn:
            cursor = conn.execute(query, args or None)
            return cursor.fetchall() if cursor.description else []


@pytest.fixture
async def here(server: Server) -> AsyncIterator[Installation]:
    with migrated_database(server) as fresh:
        async for installation in _opened(fresh):
            yield installation


@pytest.fixture
async def there(server: Server) -> AsyncIterator[Installation]:
    with migrated_database(server) as fresh:
        async for installation in _opened(fresh):
            yield installation


async def _opened(fresh: FreshDatabase) -> AsyncIterator[Installation]:
    db = await Database.open(fresh.settings)
    await make_partitions_of(db, {date(2026, 3, 10)})
    yield Installation(db, fresh.admin_url)
    await db.close()


@pytest.fixture
def companies(here: Installation) -> tuple[Samples, Samples]:
    """Two companies, each with a row in every table that has a tenant."""
    with psycopg.connect(here.admin_url) as conn:
        made = (samples(conn, new_cnpj()), samples(conn, new_cnpj()))
        for one in made:
            for table in tenant_tables(conn):
                one.insert(table)
        conn.commit()
    return made

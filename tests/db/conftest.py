"""A small tenant table in a module's database, as migrations make them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import psycopg
import pytest

from alquimista.clock import new_id
from alquimista.db.executor import Executor
from alquimista.db.roles import connection_info
from support.databases import FreshDatabase
from support.notes import TABLE, OpenExecutor


@pytest.fixture(scope="module")
def notes(migrated: FreshDatabase) -> None:
    """The table, empty."""
    with psycopg.connect(migrated.admin_url, autocommit=True) as admin:
        admin.execute(TABLE)


@pytest.fixture(scope="module")
def tenants(migrated: FreshDatabase, notes: None) -> list[UUID]:
    """Twenty tenants, the n-th with n notes."""
    ids = [new_id() for _ in range(20)]
    with psycopg.connect(migrated.admin_url, autocommit=True) as admin:
        for n, tenant_id in enumerate(ids, start=1):
            admin.execute(
                "INSERT INTO public.notes SELECT %s, gen_random_uuid(), %s || i FROM generate_series(1, %s) i",
                [tenant_id, f"{tenant_id} ", n],
            )
    return ids


@pytest.fixture(scope="module")
def executor(migrated: FreshDatabase) -> OpenExecutor:
    @asynccontextmanager
    async def opened(*, size: int = 2, max_pending: int = 1000, options: str = "") -> AsyncIterator[Executor]:
        conninfo = connection_info(migrated.settings, "app")
        if options:
            given = psycopg.conninfo.conninfo_to_dict(conninfo)
            conninfo = psycopg.conninfo.make_conninfo(conninfo, options=f"{given['options']} {options}")
        one = Executor(conninfo, size=size, max_pending=max_pending)
        try:
            yield one
        finally:
            await one.close()

    return opened

"""The executor under both event loops that serve it, each one fresh."""

import asyncio
from collections.abc import Callable
from uuid import UUID

import pytest
import uvloop

from alquimista.db.pool import Database
from alquimista.db.tenancy import tenant_transaction
from support.databases import FreshDatabase
from support.notes import NOTES


@pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def test_calls_and_transactions_run_under_the_loop(
    migrated: FreshDatabase, tenants: list[UUID], new_loop: Callable[[], asyncio.AbstractEventLoop]
):
    async def visit(db: Database, tenant_id: UUID) -> None:
        for _ in range(10):
            assert {row.tenant_id for row in await db.tenant(tenant_id).fetch(NOTES)} == {tenant_id}
        async with tenant_transaction(db, tenant_id) as conn:
            assert {row.tenant_id for row in await conn.fetch(NOTES)} == {tenant_id}

    async def main() -> None:
        db = await Database.open(migrated.settings, size=4)
        try:
            await db.ping()
            async with asyncio.TaskGroup() as group:
                for tenant_id in tenants * 3:
                    group.create_task(visit(db, tenant_id))
        finally:
            await db.close()

    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(main())

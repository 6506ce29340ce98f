import asyncio
import random
from uuid import UUID

import psycopg
import pytest
from psycopg.errors import (
    DivisionByZero,
    InFailedSqlTransaction,
    InsufficientPrivilege,
    ReadOnlySqlTransaction,
    UniqueViolation,
)

from alquimista.access import PLATFORM_TENANT
from alquimista.clock import new_id
from alquimista.config import ConfigError, Settings
from alquimista.db.pool import Database
from alquimista.db.statement import NoRow, Statement
from alquimista.db.tenancy import login_transaction, owner_transaction, staff_transaction, tenant_transaction
from alquimista.errors import Unavailable
from support.databases import FreshDatabase
from support.notes import ADD, NOTES, Note

DIVIDE = Statement("SELECT 1 / 0", NoRow)


async def test_a_transaction_sees_and_writes_its_tenants_rows_only(db: Database, tenants: list[UUID]):
    async with tenant_transaction(db, tenants[3]) as conn:
        rows = await conn.fetch(NOTES)
        assert len(rows) == 4
        assert {row.tenant_id for row in rows} == {tenants[3]}
        with pytest.raises(InsufficientPrivilege):
            async with conn.raw.transaction():
                await conn.execute(ADD, tenant_id=tenants[0], id=new_id(), body="stolen")
        assert await conn.fetch(NOTES) == rows


async def test_all_statements_commit_together_and_are_undone_together(db: Database, notes: None):
    tenant_id = new_id()
    async with tenant_transaction(db, tenant_id) as conn:
        for body in "ab":
            await conn.execute(ADD, tenant_id=tenant_id, id=new_id(), body=body)
    with pytest.raises(KeyError):
        async with tenant_transaction(db, tenant_id) as conn:
            await conn.execute(ADD, tenant_id=tenant_id, id=new_id(), body="undone")
            raise KeyError
    assert [row.body for row in await db.tenant(tenant_id).fetch(NOTES)] == ["a", "b"]


async def test_a_hidden_error_does_not_pass_for_a_commit(db: Database, notes: None):
    tenant_id = new_id()
    with pytest.raises(InFailedSqlTransaction):
        async with tenant_transaction(db, tenant_id) as conn:
            await conn.execute(ADD, tenant_id=tenant_id, id=new_id(), body="half")
            with pytest.raises(DivisionByZero):
                await conn.execute(DIVIDE)
    assert await db.tenant(tenant_id).fetch(NOTES) == []


async def test_a_block_may_not_end_its_transaction_itself(db: Database):
    with pytest.raises(RuntimeError, match="ended the transaction"):
        async with tenant_transaction(db, PLATFORM_TENANT) as conn:
            await conn.raw.commit()


async def test_the_context_never_reaches_the_next_user_of_a_connection(migrated: FreshDatabase, tenants: list[UUID]):
    leak = Statement("SELECT count(*) FROM public.notes", NoRow)
    one = await Database.open(migrated.settings, size=1)
    try:
        for tenant_id in tenants[:3]:
            async with tenant_transaction(one, tenant_id) as conn:
                assert await conn.fetch(NOTES)
        async with one.pool("app").connection() as raw:  # The same connection, by no door.
            assert await (await raw.execute(leak.sql)).fetchone() == (0,)
            setting = await (await raw.execute("SELECT current_setting('app.tenant_id', true)")).fetchone()
            assert setting == ("",)
    finally:
        await one.close()


async def test_tenants_stay_apart_under_load_errors_and_cancellations(db: Database, tenants: list[UUID]):
    async def visit(tenant_id: UUID, seed: int) -> str:
        chance = random.Random(seed)
        try:
            async with asyncio.timeout(0.02 * chance.random() if chance.random() < 0.3 else 30):
                async with tenant_transaction(db, tenant_id) as conn:
                    rows = await conn.fetch(NOTES)
                    assert {row.tenant_id for row in rows} == {tenant_id}
                    if chance.random() < 0.2:
                        await conn.execute(DIVIDE)
        except (TimeoutError, DivisionByZero) as error:
            return type(error).__name__
        return "rows"

    outcomes = await asyncio.gather(*(visit(tenants[n % 20], n) for n in range(400)))
    assert set(outcomes) == {"rows", "TimeoutError", "DivisionByZero"}
    async with tenant_transaction(db, tenants[7]) as conn:
        assert len(await conn.fetch(NOTES)) == 8


async def test_a_door_inside_a_door_of_the_same_role_is_refused(db: Database, tenants: list[UUID]):
    async with tenant_transaction(db, tenants[0]):
        with pytest.raises(RuntimeError, match="already has a transaction"):
            async with tenant_transaction(db, tenants[1]):
                pass
        async with login_transaction(db):  # Another role has connections of its own.
            pass
    async with tenant_transaction(db, tenants[1]):
        pass


async def test_a_task_started_inside_a_door_may_open_its_own(db: Database, tenants: list[UUID]):
    async def other() -> list[Note]:
        async with tenant_transaction(db, tenants[1]) as conn:
            return await conn.fetch(NOTES)

    async with tenant_transaction(db, tenants[0]):
        rows = await asyncio.create_task(other())
    assert {row.tenant_id for row in rows} == {tenants[1]}


async def test_staff_read_every_tenant_and_write_nothing(db: Database, tenants: list[UUID], migrated: FreshDatabase):
    with psycopg.connect(migrated.admin_url, autocommit=True) as admin:
        admin.execute("CREATE POLICY staff ON public.notes FOR SELECT TO alquimista_internal USING (true)")
    assert {row.tenant_id for row in await db.staff().fetch(NOTES)} >= set(tenants)
    async with staff_transaction(db) as conn:
        assert {row.tenant_id for row in await conn.fetch(NOTES)} >= set(tenants)
    with pytest.raises(ReadOnlySqlTransaction):
        async with staff_transaction(db) as conn:
            await conn.execute(ADD, tenant_id=tenants[0], id=new_id(), body="x")
    with pytest.raises(InsufficientPrivilege):
        await db.staff().execute(ADD, tenant_id=tenants[0], id=new_id(), body="x")


async def test_the_login_role_sees_no_business_table(db: Database, notes: None):
    with pytest.raises(InsufficientPrivilege):
        await db.login().fetch(NOTES)
    with pytest.raises(InsufficientPrivilege):
        async with login_transaction(db) as conn:
            await conn.fetch(NOTES)


async def test_the_owner_makes_tables_in_one_transaction_and_sees_no_tenants_rows(db: Database, notes: None):
    make = Statement("CREATE TABLE alquimista_platform.made_by_owner (n int)", NoRow)
    with pytest.raises(KeyError):
        async with owner_transaction(db) as conn:
            await conn.execute(make)
            raise KeyError
    async with owner_transaction(db) as conn:
        await conn.execute(make)
        await conn.execute(Statement("DROP TABLE alquimista_platform.made_by_owner", NoRow))


async def test_a_servers_refusal_keeps_its_class(db: Database, notes: None):
    tenant_id, key = new_id(), new_id()
    with pytest.raises(UniqueViolation):
        async with tenant_transaction(db, tenant_id) as conn:
            for _ in range(2):
                await conn.execute(ADD, tenant_id=tenant_id, id=key, body="x")
    assert await db.tenant(tenant_id).fetch(NOTES) == []


async def test_a_lost_connection_is_unavailable_and_dead_idle_ones_are_passed_over(
    db: Database, migrated: FreshDatabase, tenants: list[UUID]
):
    def end_all() -> None:
        with psycopg.connect(migrated.admin_url, autocommit=True) as admin:
            admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )

    with pytest.raises(Unavailable):
        async with tenant_transaction(db, tenants[0]) as conn:
            await asyncio.to_thread(end_all)
            await conn.fetch(NOTES)

    async def one() -> None:
        async with tenant_transaction(db, tenants[0]) as conn:
            assert len(await conn.fetch(NOTES)) == 1

    await asyncio.gather(*(one() for _ in range(6)))
    await asyncio.to_thread(end_all)
    await asyncio.gather(*(one() for _ in range(6)))


async def test_without_a_server_doors_and_the_health_check_are_unavailable(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("alquimista.db.pool._WAIT_S", 0.2)
    monkeypatch.setattr("alquimista.db.executor.WAIT_S", 0.2)
    nowhere = Settings(secret_key="x" * 40, database_url="postgresql:///x?host=/nowhere/at/all")
    db = await Database.open(nowhere)
    try:
        with pytest.raises(Unavailable):
            await db.ping()
        with pytest.raises(Unavailable):
            async with tenant_transaction(db, PLATFORM_TENANT):
                pass
        with pytest.raises(Unavailable):
            async with owner_transaction(db):
                pass
    finally:
        await db.close()


async def test_a_database_without_an_address_says_what_to_set():
    for url in ("", "postgresql://user:s3cr3t@[host/name"):
        with pytest.raises(ConfigError, match="ALQUIMISTA_DATABASE_URL") as told:
            await Database.open(Settings(secret_key="x" * 40, database_url=url))
        assert "s3cr3t" not in str(told.value)

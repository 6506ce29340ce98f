import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import psycopg
import pytest

from alquimista.clock import new_id
from alquimista.db.executor import DEPTH, SingleStatements
from alquimista.db.statement import NoRow, Statement
from alquimista.http.queries import RAISE_WINDOW
from support.databases import FreshDatabase
from support.notes import ADD, NOTES, OpenExecutor

SLEEP = Statement("SELECT pg_sleep(%(seconds)s)", NoRow)


@contextmanager
def writers_wait(database: FreshDatabase) -> Iterator[None]:
    """Whoever writes a note waits, as for a disk that has stopped; readers do not."""
    with psycopg.connect(database.admin_url) as admin:
        admin.execute("LOCK TABLE public.notes IN SHARE MODE")
        yield


@pytest.mark.parametrize("writes", [2, 4 * DEPTH + 1])
async def test_reads_pass_writes_that_wait(
    migrated: FreshDatabase, executor: OpenExecutor, tenants: list[UUID], writes: int
):
    tenant_id = new_id()
    async with executor(size=4) as one:
        conn = SingleStatements(one, tenant_id)
        # As many connections as there may be: until then a read may stand behind the first write for a moment.
        await asyncio.gather(*(conn.fetch(NOTES) for _ in range(4 * DEPTH)))
        with writers_wait(migrated):
            writing = [
                asyncio.create_task(conn.execute(ADD, tenant_id=tenant_id, id=new_id(), body="x"))
                for _ in range(writes)
            ]
            await asyncio.sleep(0)
            async with asyncio.timeout(5):
                assert set(map(len, await asyncio.gather(*(conn.fetch(NOTES) for _ in range(3 * DEPTH))))) == {0}
            assert not any(task.done() for task in writing)
        assert await asyncio.gather(*writing) == [1] * writes
        assert len(await conn.fetch(NOTES)) == writes


async def test_writes_have_a_connection_even_if_there_is_only_one(executor: OpenExecutor, tenants: list[UUID]):
    tenant_id = new_id()
    async with executor(size=1) as one:
        conn = SingleStatements(one, tenant_id)
        adding = [conn.execute(ADD, tenant_id=tenant_id, id=new_id(), body="x") for _ in range(3 * DEPTH)]
        await asyncio.gather(*adding, conn.fetch(NOTES))
        assert len(await conn.fetch(NOTES)) == 3 * DEPTH


async def test_writes_have_their_turn_among_reads_that_never_end(executor: OpenExecutor, tenants: list[UUID]):
    tenant_id = new_id()
    async with executor(size=2) as one:
        conn, done = SingleStatements(one, tenant_id), asyncio.Event()

        async def reader() -> None:
            while not done.is_set():
                await conn.execute(SLEEP, seconds=0.01)

        readers = [asyncio.create_task(reader()) for _ in range(6 * DEPTH)]
        await asyncio.sleep(0.1)
        adding = (conn.execute(ADD, tenant_id=tenant_id, id=new_id(), body="x") for _ in range(DEPTH))
        try:
            assert await asyncio.gather(*adding) == [1] * DEPTH
        finally:
            done.set()
            await asyncio.gather(*readers)


async def test_reads_have_their_turn_among_writes_that_never_end(executor: OpenExecutor, tenants: list[UUID]):
    tenant_id = new_id()
    async with executor(size=1) as one:
        conn, done = SingleStatements(one, tenant_id), asyncio.Event()

        async def writer() -> None:
            while not done.is_set():
                await conn.execute(ADD, tenant_id=tenant_id, id=new_id(), body="x")

        writers = [asyncio.create_task(writer()) for _ in range(6 * DEPTH)]
        await asyncio.sleep(0.1)
        try:
            assert [len(rows) > 0 for rows in await asyncio.gather(*(conn.fetch(NOTES) for _ in range(3)))] == [
                True
            ] * 3
        finally:
            done.set()
            await asyncio.gather(*writers)


@pytest.mark.parametrize(
    ("sql", "writes"),
    [
        ("SELECT updated_at FROM notes", False),
        ("WITH a AS (INSERT INTO notes VALUES (1) RETURNING 1) SELECT * FROM a", True),
        ("SELECT 1 FROM notes FOR NO KEY UPDATE", True),
        ("SELECT 1 FROM notes FOR SHARE", True),
        ("DELETE FROM notes", True),
        ("delete from notes", True),
        ("SELECT pg_catalog.pg_notify('a', 'b')", True),
    ],
)
def test_what_counts_as_a_write(sql: str, *, writes: bool):
    assert Statement(sql, NoRow).writes is writes


def test_a_limit_is_counted_beside_the_reads_because_its_table_is_unlogged(migrated: FreshDatabase):
    assert RAISE_WINDOW.unlogged
    assert not RAISE_WINDOW.writes
    with psycopg.connect(migrated.admin_url) as admin:
        found = admin.execute(
            "SELECT relpersistence FROM pg_class WHERE oid = 'alquimista_platform.rate_limit_windows'::regclass"
        ).fetchone()
    assert found == ("u",)

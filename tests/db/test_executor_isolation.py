import asyncio
import random
from uuid import UUID

import psycopg
import pytest
from psycopg.errors import DivisionByZero, InsufficientPrivilege

from alquimista.clock import new_id
from alquimista.db.executor import SingleStatements
from alquimista.db.statement import NoRow, Statement
from support.notes import ADD, NOTES, Note, OpenExecutor

DIVIDE = Statement("SELECT 1 / %(zero)s AS x", NoRow)
SLOW_NOTES = Statement(
    "SELECT tenant_id, body FROM public.notes, pg_sleep(%(seconds)s) ORDER BY id",
    Note,
)


def assert_own(rows: list[Note], tenants: list[UUID], tenant_id: UUID) -> None:
    assert len(rows) == tenants.index(tenant_id) + 1
    assert {row.tenant_id for row in rows} == {tenant_id}


async def one_call(conn: SingleStatements, tenants: list[UUID], tenant_id: UUID, chance: random.Random) -> str:
    match chance.randrange(4):
        case 0:
            with pytest.raises(DivisionByZero):
                await conn.execute(DIVIDE, zero=0)
            return "error"
        case 1:
            task = asyncio.create_task(conn.fetch(SLOW_NOTES, seconds=0.002))
            await asyncio.sleep(chance.random() / 200)
            task.cancel()
            try:
                assert_own(await task, tenants, tenant_id)
            except asyncio.CancelledError:
                return "cancelled"
            return "rows"
        case 2:
            with pytest.raises(InsufficientPrivilege):  # Another tenant's row is refused.
                await conn.execute(ADD, tenant_id=new_id(), id=new_id(), body="stolen")
            return "refused"
        case _:
            assert_own(await conn.fetch(NOTES), tenants, tenant_id)
            return "rows"


async def test_hundreds_of_tasks_never_see_another_tenants_rows(executor: OpenExecutor, tenants: list[UUID]):
    chance = random.Random(20260704)
    seen: list[str] = []

    async def visitor(tenant_id: UUID, seed: int) -> None:
        mine = random.Random(seed)
        conn = SingleStatements(one, tenant_id)
        seen.extend([await one_call(conn, tenants, tenant_id, mine) for _ in range(8)])

    async with executor(size=3) as one:
        async with asyncio.TaskGroup() as group:
            for seed in range(300):
                group.create_task(visitor(chance.choice(tenants), seed))
        assert_own(await SingleStatements(one, tenants[4]).fetch(NOTES), tenants, tenants[4])
    assert {outcome: seen.count(outcome) > 100 for outcome in set(seen)} == dict.fromkeys(
        ["error", "cancelled", "refused", "rows"], True
    )


async def test_without_a_tenant_there_are_no_rows_even_after_one(executor: OpenExecutor, tenants: list[UUID]):
    async with executor(size=1) as one:
        assert_own(await SingleStatements(one, tenants[2]).fetch(NOTES), tenants, tenants[2])
        assert await SingleStatements(one, None).fetch(NOTES) == []


async def test_what_a_tenant_writes_it_alone_reads(executor: OpenExecutor, tenants: list[UUID]):
    writer, reader = new_id(), new_id()
    async with executor() as one:
        assert await SingleStatements(one, writer).execute(ADD, tenant_id=writer, id=new_id(), body="mine") == 1
        assert await SingleStatements(one, writer).fetch(NOTES) == [Note(writer, "mine")]
        assert await SingleStatements(one, reader).fetch(NOTES) == []


async def test_an_abandoned_call_leaves_its_answer_to_nobody(executor: OpenExecutor, tenants: list[UUID]):
    async with executor(size=1) as one:
        abandoned = asyncio.create_task(SingleStatements(one, tenants[9]).fetch(SLOW_NOTES, seconds=0.05))
        followers = [asyncio.create_task(SingleStatements(one, tenants[n]).fetch(NOTES)) for n in range(6)]
        await asyncio.sleep(0.02)
        abandoned.cancel()
        for n, rows in enumerate(await asyncio.gather(*followers)):
            assert_own(rows, tenants, tenants[n])
        with pytest.raises(asyncio.CancelledError):
            await abandoned


@pytest.mark.parametrize(
    "sql",
    [
        "BEGIN",
        "COMMIT",
        "SET app.tenant_id = 'x'",
        "CALL something()",
        "COPY public.notes TO STDOUT",
        "WITH t AS (SELECT set_config('app.tenant_id', 'x', true)) SELECT 1",
        "SELECT pg_catalog.SET_CONFIG('app.tenant_id', 'x', false)",
        "/* SELECT */ ROLLBACK",
    ],
)
async def test_statements_that_could_carry_a_tenant_over_are_refused(executor: OpenExecutor, sql: str):
    async with executor(size=1) as one:
        with pytest.raises(ValueError, match="Not a single query"):
            await SingleStatements(one, None).execute(Statement(sql, NoRow))


async def test_two_statements_in_one_text_are_refused_by_the_server(executor: OpenExecutor, tenants: list[UUID]):
    async with executor(size=1) as one:
        with pytest.raises(psycopg.errors.SyntaxError):
            await SingleStatements(one, None).execute(Statement("SELECT 1; BEGIN", NoRow))
        assert_own(await SingleStatements(one, tenants[0]).fetch(NOTES), tenants, tenants[0])


async def test_a_tenant_id_that_is_not_a_uuid_is_refused(executor: OpenExecutor):
    async with executor(size=1) as one:
        with pytest.raises(TypeError, match="UUID"):
            await SingleStatements(one, "x'; --").fetch(NOTES)  # type: ignore[arg-type]

import asyncio

import msgspec
import psycopg
import pytest

from alquimista.db import pipeline
from alquimista.db.executor import SingleStatements
from alquimista.db.pool import Database
from alquimista.db.statement import NoRow, Statement
from alquimista.db.tenancy import login_transaction
from alquimista.errors import Unavailable
from support.databases import FreshDatabase
from support.notes import OpenExecutor


class Number(msgspec.Struct, frozen=True):
    n: int


# The statements of this session, apart from the one that asks.
PREPARED = Statement("SELECT count(*)::int AS n FROM pg_prepared_statements WHERE name LIKE 's%%'", Number)
SHAPE = Statement("SELECT * FROM public.shape", Number)


def numbered(n: int) -> Statement[Number]:
    return Statement(f"SELECT {n} + %(m)s AS n", Number)


async def test_a_statement_is_prepared_once_for_each_connection(executor: OpenExecutor):
    async with executor(size=1) as one:
        conn = SingleStatements(one, None)
        for _ in range(5):
            assert await conn.fetch(numbered(1), m=1) == [Number(2)]
        assert await conn.fetch(PREPARED) == [Number(2)]


async def test_prepared_statements_are_bounded_and_the_least_used_goes(
    executor: OpenExecutor, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(pipeline, "MAX_PREPARED", 8)
    async with executor(size=1) as one:
        conn = SingleStatements(one, None)
        for n in range(50):
            assert await conn.fetch(numbered(n), m=1) == [Number(n + 1)]
            assert await conn.fetch(numbered(0), m=1) == [Number(1)]
        burst = await asyncio.gather(*(conn.fetch(numbered(n % 30), m=2) for n in range(300)))
        assert burst == [[Number(n % 30 + 2)] for n in range(300)]
        await conn.fetch(PREPARED)
        assert await conn.fetch(PREPARED) == [Number(8)]


async def test_statements_that_always_fail_do_not_pile_up_on_the_server(executor: OpenExecutor):
    divide = Statement("SELECT 1 / %(zero)s::int AS n", Number)
    async with executor(size=1) as one:
        conn = SingleStatements(one, None)
        for _ in range(30):
            with pytest.raises(psycopg.errors.DivisionByZero):
                await conn.fetch(divide, zero=0)
        assert (await conn.fetch(PREPARED))[0].n <= 2
        assert await conn.fetch(divide, zero=1) == [Number(1)]


async def test_a_changed_result_type_is_prepared_again_on_every_connection(
    migrated: FreshDatabase, executor: OpenExecutor
):
    with psycopg.connect(migrated.admin_url, autocommit=True) as admin:
        admin.execute("CREATE TABLE public.shape (n int); INSERT INTO public.shape VALUES (5)")
        admin.execute("GRANT SELECT ON public.shape TO alquimista_app, alquimista_login")
        async with executor(size=4) as one:
            conn = SingleStatements(one, None)
            await asyncio.gather(*(conn.fetch(SHAPE) for _ in range(40)))
            admin.execute("ALTER TABLE public.shape ALTER n TYPE bigint")
            assert await asyncio.gather(*(conn.fetch(SHAPE) for _ in range(40))) == [[Number(5)]] * 40


async def test_a_first_use_that_fails_spoils_no_call_behind_it(migrated: FreshDatabase, executor: OpenExecutor):
    """Calls that follow in the same moment count on a statement that was never prepared."""
    soon = Statement("SELECT n FROM public.soon", Number)
    async with executor(size=1) as one:
        conn = SingleStatements(one, None)
        await conn.fetch(PREPARED)
        failed = await asyncio.gather(*(conn.fetch(soon) for _ in range(5)), return_exceptions=True)
        assert {type(outcome) for outcome in failed} == {psycopg.errors.UndefinedTable}
        with psycopg.connect(migrated.admin_url, autocommit=True) as admin:
            admin.execute("CREATE TABLE public.soon (n int); GRANT SELECT ON public.soon TO alquimista_app")
        assert await asyncio.gather(*(conn.fetch(soon) for _ in range(5))) == [[]] * 5


async def test_a_transaction_with_a_stale_plan_asks_to_try_again_and_the_next_succeeds(
    migrated: FreshDatabase, db: Database
):
    with psycopg.connect(migrated.admin_url, autocommit=True) as admin:
        admin.execute("DROP TABLE IF EXISTS public.shape; CREATE TABLE public.shape (n int)")
        admin.execute("GRANT SELECT ON public.shape TO alquimista_app, alquimista_login")
        for _ in range(8):  # Until the driver has prepared it.
            async with login_transaction(db) as conn:
                await conn.fetch(SHAPE)
        admin.execute("ALTER TABLE public.shape ALTER n TYPE bigint")
        with pytest.raises(Unavailable):
            async with login_transaction(db) as conn:
                await conn.fetch(SHAPE)
        async with login_transaction(db) as conn:
            assert await conn.fetch(SHAPE) == []


async def test_columns_that_are_not_the_rows_fields_are_a_mistake(executor: OpenExecutor):
    async with executor(size=1) as one:
        with pytest.raises(TypeError, match="the statement answers"):
            await SingleStatements(one, None).fetch(Statement("SELECT 1 AS m", Number))


async def test_missing_and_unknown_parameters_are_a_mistake(executor: OpenExecutor):
    async with executor(size=1) as one:
        conn = SingleStatements(one, None)
        for params in ({}, {"m": 1, "x": 2}, {"x": 2}):
            with pytest.raises(TypeError, match="takes"):
                await conn.fetch(numbered(1), **params)


async def test_more_than_one_row_is_not_the_only_row(executor: OpenExecutor):
    async with executor(size=1) as one:
        conn = SingleStatements(one, None)
        series = Statement("SELECT n FROM generate_series(1, %(to)s) n", Number)
        assert await conn.fetch_one(series, to=0) is None
        assert await conn.fetch_one(series, to=1) == Number(1)
        with pytest.raises(LookupError):
            await conn.fetch_one(series, to=2)
        assert await conn.execute(Statement("SELECT 1 WHERE false", NoRow)) == 0

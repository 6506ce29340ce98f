import asyncio
from contextlib import suppress
from uuid import UUID

import msgspec
import psycopg
import pytest
from psycopg.errors import CheckViolation, UniqueViolation
from psycopg.errors import SyntaxError as WrongSyntax

from alquimista.clock import new_id
from alquimista.db.executor import DEPTH, Executor, SingleStatements
from alquimista.db.statement import NoRow, Statement
from alquimista.errors import Unavailable
from support.databases import FreshDatabase
from support.notes import ADD, NOTES, OpenExecutor


class Number(msgspec.Struct, frozen=True):
    n: int


class Pid(msgspec.Struct, frozen=True):
    pid: int


ONE = Statement("SELECT 1 AS n", Number)
PID = Statement("SELECT pg_backend_pid() AS pid", Pid)
SLEEP = Statement("SELECT pg_sleep(%(seconds)s)", NoRow)


def terminate(admin_url: str) -> int:
    """End every connection of the app role to this database, as a restart of the server does."""
    with psycopg.connect(admin_url, autocommit=True) as admin:
        ended = admin.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
            "WHERE datname = current_database() AND usename = 'alquimista_app'"
        ).fetchone()
    assert ended is not None
    return ended[0]


async def test_an_error_is_its_own_and_the_calls_around_it_succeed(executor: OpenExecutor, tenants: list[UUID]):
    async with executor(size=1) as one:
        conn, key = SingleStatements(one, tenants[0]), new_id()
        first, wrong, again, last = await asyncio.gather(
            conn.execute(ADD, tenant_id=tenants[0], id=key, body="x"),
            conn.execute(Statement("SELECT nonsense FROM", NoRow)),
            conn.execute(ADD, tenant_id=tenants[0], id=key, body="x"),
            conn.fetch(ONE),
            return_exceptions=True,
        )
        assert (first, last) == (1, [Number(1)])
        assert isinstance(wrong, WrongSyntax)
        assert isinstance(again, UniqueViolation)
        assert again.diag.constraint_name == "notes_pkey"


async def test_a_commit_that_fails_is_not_told_as_success(migrated: FreshDatabase, executor: OpenExecutor):
    with psycopg.connect(migrated.admin_url, autocommit=True) as admin:
        admin.execute(
            "CREATE TABLE public.late (n int, CONSTRAINT twice UNIQUE (n) DEFERRABLE INITIALLY DEFERRED);"
            "GRANT SELECT, INSERT ON public.late TO alquimista_app"
        )
    add = Statement("INSERT INTO public.late VALUES (%(n)s), (%(n)s) RETURNING n", Number)
    async with executor(size=1) as one:
        conn = SingleStatements(one, None)
        outcome, after = await asyncio.gather(conn.fetch(add, n=7), conn.fetch(ONE), return_exceptions=True)
        assert isinstance(outcome, UniqueViolation)
        assert after == [Number(1)]
        assert await conn.fetch(Statement("SELECT n FROM public.late", Number)) == []


async def test_a_statement_that_runs_too_long_ends_alone(executor: OpenExecutor):
    async with executor(size=1, options="-c statement_timeout=100") as one:
        conn = SingleStatements(one, None)
        slow, quick = await asyncio.gather(conn.execute(SLEEP, seconds=30), conn.fetch(ONE), return_exceptions=True)
        assert isinstance(slow, Unavailable)
        assert isinstance(slow.__cause__, psycopg.errors.QueryCanceled)
        assert slow.headers == {"Retry-After": "1"}
        assert quick == [Number(1)]


async def test_after_the_server_ends_its_connections_calls_succeed_again(
    migrated: FreshDatabase, executor: OpenExecutor
):
    async with executor(size=2) as one:
        conn = SingleStatements(one, None)
        before = await conn.fetch(PID)
        flying = [asyncio.create_task(conn.execute(SLEEP, seconds=5)) for _ in range(4)]
        await asyncio.sleep(0.2)
        assert terminate(migrated.admin_url) >= 1
        lost = await asyncio.gather(*flying, return_exceptions=True)
        assert {type(outcome) for outcome in lost} == {Unavailable}
        assert all(outcome.__cause__ is not None for outcome in lost)
        # A connection that carried nothing may learn of its end a moment later: at most one call each pays for that.
        after = await fetch_again(conn, tries=3)
        assert after
        assert after != before


async def fetch_again(conn: SingleStatements, *, tries: int) -> list[Pid] | None:
    """What the first call answers that is not refused."""
    for _ in range(tries):
        with suppress(Unavailable):
            return await conn.fetch(PID)
    return None


async def test_a_connection_that_died_while_idle_is_not_used(migrated: FreshDatabase, executor: OpenExecutor):
    async with executor(size=1) as one:
        conn = SingleStatements(one, None)
        for _ in range(3):
            await conn.fetch(ONE)
            terminate(migrated.admin_url)
            await asyncio.sleep(0.1)
            assert await conn.fetch(ONE) == [Number(1)]


async def test_tenants_stay_apart_while_connections_die(
    migrated: FreshDatabase, executor: OpenExecutor, tenants: list[UUID]
):
    outcomes: list[str] = []

    async def visitor(tenant_id: UUID) -> None:
        for _ in range(30):
            try:
                rows = await SingleStatements(one, tenant_id).fetch(NOTES)
            except Unavailable:
                outcomes.append("lost")
            else:
                assert {row.tenant_id for row in rows} == {tenant_id}
                outcomes.append("rows")

    async def trouble() -> None:
        for _ in range(5):
            await asyncio.sleep(0.05)
            await asyncio.to_thread(terminate, migrated.admin_url)

    async with executor(size=3) as one:
        await asyncio.gather(trouble(), *(visitor(tenants[n % 20]) for n in range(60)))
    assert outcomes.count("rows") > 1000


async def test_beyond_the_queue_callers_are_told_at_once(executor: OpenExecutor):
    async with executor(size=1, max_pending=5) as one:
        conn = SingleStatements(one, None)
        await conn.fetch(ONE)
        accepted = [asyncio.create_task(conn.execute(SLEEP, seconds=0.05)) for _ in range(DEPTH + 5)]
        await asyncio.sleep(0.01)
        with pytest.raises(Unavailable):
            await conn.fetch(ONE)
        assert not any(task.done() for task in accepted)
        assert await asyncio.gather(*accepted) == [1] * (DEPTH + 5)
        assert await conn.fetch(ONE) == [Number(1)]


async def test_those_who_gave_up_in_the_queue_make_room_and_are_never_sent(executor: OpenExecutor, tenants: list[UUID]):
    tenant_id = new_id()
    async with executor(size=1, max_pending=5) as one:
        conn = SingleStatements(one, tenant_id)
        await conn.fetch(ONE)
        busy = [asyncio.create_task(conn.execute(SLEEP, seconds=0.03)) for _ in range(DEPTH)]
        gone = [
            asyncio.create_task(conn.execute(ADD, tenant_id=tenant_id, id=new_id(), body="unsent")) for _ in range(5)
        ]
        await asyncio.sleep(0.01)
        for task in gone:
            task.cancel()
        assert await conn.execute(ADD, tenant_id=tenant_id, id=new_id(), body="sent") == 1
        await asyncio.gather(*busy)
        assert [note.body for note in await conn.fetch(NOTES)] == ["sent"]


async def test_without_a_server_the_caller_waits_a_little_and_is_told(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("alquimista.db.executor.WAIT_S", 0.2)
    one = Executor("host=/nowhere/at/all user=x dbname=y", size=2)
    with pytest.raises(Unavailable):
        await SingleStatements(one, None).fetch(ONE)
    await one.close()


async def test_a_server_that_stops_answering_is_given_up(executor: OpenExecutor, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("alquimista.db.executor.STATEMENT_TIMEOUT_S", 0)
    monkeypatch.setattr("alquimista.db.executor._GRACE_S", 0.3)
    async with executor(size=1) as one:
        conn = SingleStatements(one, None)
        with pytest.raises(Unavailable) as told:
            await conn.execute(SLEEP, seconds=5)
        assert "stopped answering" in str(told.value.__cause__)
        assert await conn.fetch(ONE) == [Number(1)]


async def test_a_call_after_a_long_idle_time_has_the_whole_patience(
    executor: OpenExecutor, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("alquimista.db.executor.STATEMENT_TIMEOUT_S", 0)
    monkeypatch.setattr("alquimista.db.executor._GRACE_S", 0.5)
    async with executor(size=1) as one:
        conn = SingleStatements(one, None)
        before = await conn.fetch(PID)
        await asyncio.sleep(0.4)
        await conn.execute(SLEEP, seconds=0.3)
        assert await conn.fetch(PID) == before


async def test_closing_lets_calls_in_flight_end_and_refuses_new_ones(executor: OpenExecutor):
    async with executor(size=1) as one:
        conn = SingleStatements(one, None)
        await conn.fetch(ONE)
        flying = asyncio.create_task(conn.execute(SLEEP, seconds=0.1))
        await asyncio.sleep(0.01)
        closing = asyncio.create_task(one.close())
        await asyncio.sleep(0.01)
        with pytest.raises(Unavailable):
            await conn.fetch(ONE)
        await closing
        assert await flying == 1


async def test_a_wrong_check_is_the_servers_word(migrated: FreshDatabase, executor: OpenExecutor):
    with psycopg.connect(migrated.admin_url, autocommit=True) as admin:
        admin.execute("CREATE TABLE public.small (n int CHECK (n < 3)); GRANT INSERT ON public.small TO alquimista_app")
    async with executor(size=1) as one:
        with pytest.raises(CheckViolation):
            await SingleStatements(one, None).execute(Statement("INSERT INTO public.small VALUES (%(n)s)", NoRow), n=9)

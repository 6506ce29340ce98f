"""Every committed entry gets its place once, whoever commits when, whoever seals, and whatever dies."""

import asyncio
import os
import signal
import subprocess
import sys
from uuid import UUID, uuid4

import psycopg
import pytest

from alquimista.audit import service
from alquimista.audit.jobs import keep_sealing
from alquimista.audit.queries import seals
from alquimista.audit.service import sealing
from alquimista.db.pool import Database
from alquimista.db.roles import connection_info
from alquimista.db.tenancy import tenant_transaction
from factories import make_tenant
from support.audit import found
from support.identity import eventually


async def chain(db: Database, tenant: UUID) -> list[UUID]:
    """The sealed entries in their order, whose places have no gap."""
    rows = await seals.chain(db.tenant(tenant), tenant, 0, 2**62, 100_000)
    assert [row.seq for row in rows] == list(range(1, len(rows) + 1))
    return [UUID(row.seal_id) for row in rows]


async def test_an_entry_is_one_round_trip_and_one_statement(db, tenant, ana):
    told = []

    class Counting:
        async def execute(self, statement, **params):
            told.append(statement)
            return await db.tenant(tenant).execute(statement, **params)

    await service.record(Counting(), ana, "agent.configured", category="agent")
    assert len(told) == 1
    assert await service.seal(db, tenant) == 1


async def test_who_commits_late_comes_later_and_is_not_skipped(db, tenant, ana, write):
    before = await chain(db, tenant)
    async with tenant_transaction(db, tenant) as conn:
        late = await service.record(conn, ana, "agent.late", category="agent")
        early = await asyncio.create_task(write(3))
        assert (await chain(db, tenant))[len(before) :] == early
    await service.seal(db, tenant)
    after = await write(1)
    assert (await chain(db, tenant))[len(before) :] == [*early, late, *after]


async def test_what_is_rolled_back_never_gets_a_place(db, tenant, ana, verified):
    before = await chain(db, tenant)
    with pytest.raises(ZeroDivisionError):
        async with tenant_transaction(db, tenant) as conn:
            await service.record(conn, ana, "agent.undone", category="agent")
            raise ZeroDivisionError
    await service.seal(db, tenant)
    assert await chain(db, tenant) == before
    assert found(await verified()) == []


async def test_many_writers_and_sealers_at_once_seal_each_entry_once(db, settings, tenant, ana, verified):
    before = await chain(db, tenant)
    other = await Database.open(settings, size=4)
    written: list[UUID] = []

    async def writer(number: int) -> None:
        for turn in range(10):
            async with tenant_transaction(db, tenant) as conn:
                mine = [
                    await service.record(conn, ana, f"agent.w{number}", category="agent", resource_id=str(turn))
                    for _ in range(3)
                ]
                await asyncio.sleep(0.001 * (number % 3))
            written.extend(mine)

    async def sealer(base: Database) -> None:
        while not done.is_set():
            await service.seal(base, tenant)
            await asyncio.sleep(0)

    done = asyncio.Event()
    sealers = [asyncio.create_task(sealer(base)) for base in (other, other)]
    await asyncio.gather(*(writer(number) for number in range(4)))
    done.set()
    await asyncio.gather(*sealers)
    await service.seal(db, tenant)
    await other.close()
    assert sorted((await chain(db, tenant))[len(before) :]) == sorted(written)
    assert found(await verified()) == []


async def test_each_writers_own_order_is_kept(db, tenant, write):
    before = await chain(db, tenant)
    ids = await write(20)
    assert (await chain(db, tenant))[len(before) :] == ids


async def test_more_than_a_batch_is_sealed_in_several(db, tenant, write, verified, monkeypatch):
    monkeypatch.setattr(sealing, "BATCH", 4)
    before = await chain(db, tenant)
    ids = await write(13)
    assert (await chain(db, tenant))[len(before) :] == ids
    assert found(await verified()) == []


async def test_writers_do_not_wait_while_a_sealer_is_at_work(db, settings, tenant, ana, write):
    await write(5, seal=False)
    async with await psycopg.AsyncConnection.connect(connection_info(settings, "app")) as conn:
        await conn.execute("SELECT set_config('app.tenant_id', %s, true)", [str(tenant)])
        await conn.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended('alquimista.audit/' || %s::uuid, 0))", [tenant]
        )
        await conn.execute("DELETE FROM alquimista_platform.audit_unsealed")
        # The sealer holds its lock and has touched the queue; a writer with no patience at all goes through.
        async with tenant_transaction(db, tenant) as writing:
            await writing.raw.execute("SET LOCAL lock_timeout = '1ms'")
            await service.record(writing, ana, "agent.unhindered", category="agent")
        assert await service.seal(db, tenant) == 0  # Another sealer leaves it alone.
        await conn.rollback()
    assert await service.seal(db, tenant) == 6


KILLED = """
import asyncio, os, signal, sys
from uuid import UUID
from alquimista.audit import service
from alquimista.audit.queries import seals
from alquimista.audit.service import sealing
from alquimista.config import load
from alquimista.db.pool import Database

sealing.BATCH = 3
insert = seals.insert
turns = 0

async def dying(*args):
    global turns
    await insert(*args)
    turns += 1
    if turns == 2:
        os.kill(os.getpid(), signal.SIGKILL)

seals.insert = dying

async def main():
    await service.seal(await Database.open(load(os.environ)), UUID(sys.argv[1]))

asyncio.run(main())
"""


async def test_a_sealer_that_is_killed_leaves_whole_batches_and_the_rest_in_the_queue(
    db, settings, tenant, write, verified
):
    before = await chain(db, tenant)
    ids = await write(8, seal=False)
    env = {name: value for name, value in os.environ.items() if not name.startswith("ALQUIMISTA_")} | {
        "ALQUIMISTA_DATABASE_URL": settings.database_url,
        "ALQUIMISTA_SECRET_KEY": settings.secret_key,
    }
    command = [sys.executable, "-c", KILLED, str(tenant)]
    done = await asyncio.to_thread(subprocess.run, command, env=env, check=False)
    assert done.returncode == -signal.SIGKILL
    assert (await chain(db, tenant))[len(before) :] == ids[:3]
    assert found(await verified()) == []

    async def sealed() -> bool:  # The server may take a moment to notice, and lets go of the lock then.
        return bool(await service.seal(db, tenant)) or len(await chain(db, tenant)) == len(before) + 8

    await eventually(sealed, 20)
    assert (await chain(db, tenant))[len(before) :] == ids
    assert found(await verified()) == []


async def test_one_companys_broken_chain_does_not_hold_up_the_others(db, tenant, ana, write, tamper):
    await write(2)
    await write(1, seal=False)
    async with tamper() as conn:  # The next entry has a seal already, which is one too many.
        await conn.execute(
            "INSERT INTO alquimista_platform.audit_seals SELECT q.tenant_id, 999, q.entry_id, s.actor_digest,"
            " s.content_digest, s.hash, s.sealed_at FROM alquimista_platform.audit_unsealed q,"
            " alquimista_platform.audit_seals s WHERE q.tenant_id = %s AND s.tenant_id = %s AND s.seq = 1",
            [tenant, tenant],
        )
    other = (await make_tenant(db)).id
    await service.record(db.tenant(other), None, "agent.fine", category="agent", tenant_id=other)
    assert await service.seal_all(db) >= 1
    assert await seals.unsealed(db.tenant(other), other, UUID(int=0), 10) == []
    async with tamper() as conn:
        await conn.execute("DELETE FROM alquimista_platform.audit_seals WHERE seq = 999")
    assert await service.seal(db, tenant) == 1


async def test_the_worker_seals_by_itself(db, tenant, write):
    before = await chain(db, tenant)
    stop = asyncio.Event()
    working = asyncio.create_task(keep_sealing(db, stop))
    ids = await write(3, seal=False)

    async def sealed() -> bool:
        return (await chain(db, tenant))[len(before) :] == ids

    await eventually(sealed, 20)
    stop.set()
    await working


async def test_sealing_a_company_that_has_nothing_does_nothing(db):
    assert await service.seal(db, uuid4()) == 0

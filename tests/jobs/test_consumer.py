import asyncio
from datetime import timedelta

import msgspec
import pytest

from alquimista.access import PLATFORM_TENANT
from alquimista.db.tenancy import tenant_transaction
from alquimista.jobs import models
from alquimista.jobs.models import Job, Periodic, pause
from alquimista.jobs.queue import enqueue
from alquimista.observability.metrics import JOBS
from factories import make_tenant

QUEUE = "SELECT entrypoint, status::text, attempts FROM alquimista_platform.job_queue ORDER BY id"


class Parcel(msgspec.Struct):
    weight: int


def counted(job: str, result: str) -> float:
    return JOBS.labels(job, result)._value.get()


@pytest.fixture
def at_once(monkeypatch):
    """Retries without the pause."""
    monkeypatch.setattr("alquimista.jobs.executor.pause", lambda _: timedelta(0))


async def test_a_handler_gets_its_tenant_and_its_payload_and_the_job_is_gone(db, working, sql, until) -> None:
    tenant = await make_tenant(db)
    seen = []

    async def handler(services, tenant_id, payload):
        async with tenant_transaction(services.db, tenant_id):
            seen.append((tenant_id, payload))

    before = counted("test.parcel", "success")
    async with working(Job(name="test.parcel", handler=handler, payload=Parcel)):
        await enqueue(db.tenant(tenant.id), "test.parcel", Parcel(7), tenant_id=tenant.id)

        async def done():
            return await sql(QUEUE) == [] and bool(seen)

        await until(done)
    assert seen == [(tenant.id, Parcel(7))]
    assert counted("test.parcel", "success") == before + 1


async def test_a_failing_job_is_tried_again_and_then_kept_with_a_masked_error(db, working, sql, until, at_once) -> None:
    tries = []

    async def handler(services, tenant_id, payload):
        tries.append(1)
        raise ValueError("no route to maria.silva@empresa.com.br with password=hunter2")

    async with working(Job(name="test.fails", handler=handler, retries=2)):
        await enqueue(db.tenant(PLATFORM_TENANT), "test.fails")

        async def kept():
            return await sql(QUEUE) == [("test.fails", "failed", 2)]

        await until(kept)
    assert len(tries) == 3
    log = await sql("SELECT status::text, traceback::text FROM alquimista_platform.job_log ORDER BY id")
    told = [text for status, text in log if text]
    assert len(told) == 3
    assert log[-1][0] == "failed"
    for text in told:
        assert "ValueError" in text
        assert "m***@empresa.com.br" in text
        assert "maria" not in text
        assert "hunter2" not in text


async def test_a_payload_that_cannot_be_read_is_kept_at_once(db, working, sql, until) -> None:
    async def handler(services, tenant_id, payload):
        raise AssertionError("must not run")

    async with working(Job(name="test.unread", handler=handler, payload=Parcel)):
        await enqueue(db.tenant(PLATFORM_TENANT), "test.unread")

        async def kept():
            return await sql(QUEUE) == [("test.unread", "failed", 0)]

        await until(kept)


async def test_a_job_that_takes_too_long_is_ended(db, working, sql, until) -> None:
    async def handler(services, tenant_id, payload):
        await asyncio.sleep(60)

    async with working(Job(name="test.slow", handler=handler, retries=0, timeout_s=0.1)):
        await enqueue(db.tenant(PLATFORM_TENANT), "test.slow")

        async def kept():
            return await sql(QUEUE) == [("test.slow", "failed", 0)]

        await until(kept)
    ((text,),) = await sql(
        "SELECT traceback->>'exception_message' FROM alquimista_platform.job_log WHERE status = 'failed'"
    )
    assert "TimeoutError" in text


async def test_stopping_lets_a_running_job_end(db, working, sql) -> None:
    started, ended = asyncio.Event(), []

    async def handler(services, tenant_id, payload):
        started.set()
        await asyncio.sleep(0.5)
        ended.append(1)

    async with working(Job(name="test.ends", handler=handler)):
        await enqueue(db.tenant(PLATFORM_TENANT), "test.ends")
        await asyncio.wait_for(started.wait(), 20)
    assert ended == [1]
    assert await sql(QUEUE) == []


async def test_a_job_that_is_cut_off_goes_back_into_the_queue(db, working, sql, until) -> None:
    tries = []

    async def handler(services, tenant_id, payload):
        tries.append(1)
        if len(tries) == 1:
            asyncio.current_task().cancel()
            await asyncio.sleep(60)

    async with working(Job(name="test.cut", handler=handler)):
        await enqueue(db.tenant(PLATFORM_TENANT), "test.cut")

        async def gone():
            return await sql(QUEUE) == [] and len(tries) == 2

        await until(gone)


async def test_a_job_whose_worker_died_is_taken_over(db, working, sql, until) -> None:
    done = []

    async def handler(services, tenant_id, payload):
        done.append(1)

    await enqueue(db.tenant(PLATFORM_TENANT), "test.orphan")
    await sql(
        "UPDATE alquimista_platform.job_queue SET status = 'picked', queue_manager_id = gen_random_uuid(),"
        " heartbeat = now() - interval '3 seconds'"
    )
    async with working(Job(name="test.orphan", handler=handler), lease=timedelta(seconds=1)):

        async def gone():
            return await sql(QUEUE) == []

        await until(gone)
    assert done == [1]


async def test_a_job_that_kills_its_workers_is_kept_and_not_tried_for_ever(db, working, sql, until) -> None:
    done = []

    async def handler(services, tenant_id, payload):
        done.append(1)

    await enqueue(db.tenant(PLATFORM_TENANT), "test.poison")
    await sql(
        "INSERT INTO alquimista_platform.job_log (job_id, status, priority, entrypoint)"
        " SELECT id, 'picked', 0, entrypoint FROM alquimista_platform.job_queue, generate_series(1, 3)"
    )
    async with working(Job(name="test.poison", handler=handler)):

        async def kept():
            return await sql(QUEUE) == [("test.poison", "failed", 0)]

        await until(kept)
    assert done == []


async def test_concurrency_is_a_limit_over_all_workers(db, working, sql, until) -> None:
    running, most = 0, 0

    async def handler(services, tenant_id, payload):
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.05)
        running -= 1

    job = Job(name="test.few", handler=handler, concurrency=1)
    for _ in range(4):
        await enqueue(db.tenant(PLATFORM_TENANT), "test.few")
    async with working(job), working(job):

        async def gone():
            return await sql(QUEUE) == []

        await until(gone)
    assert most == 1


async def test_a_worker_that_is_full_takes_no_job_of_another_name(db, working, sql, until, monkeypatch) -> None:
    monkeypatch.setattr("alquimista.jobs.consumer._AT_ONCE", 20)
    leave, running, peak = asyncio.Event(), [], []

    async def handler(services, tenant_id, payload):
        running.append(1)
        peak.append(len(running))
        await leave.wait()
        running.pop()

    conn = db.tenant(PLATFORM_TENANT)
    async with working(Job(name="test.many", handler=handler), Job(name="test.other", handler=handler)):
        for _ in range(20):
            await enqueue(conn, "test.many")

        async def full():
            return len(running) == 20

        await until(full)
        for _ in range(3):
            await enqueue(conn, "test.other")
        await asyncio.sleep(0.5)
        assert [status for name, status, _ in await sql(QUEUE) if name == "test.other"] == ["queued"] * 3
        leave.set()

        async def done():
            return await sql(QUEUE) == []

        await until(done)
    assert max(peak) == 20
    assert len(peak) == 23


async def test_a_periodic_job_runs_when_it_is_due(working, sql, until) -> None:
    ran = asyncio.Event()

    async def handler(services, tenant_id, payload):
        assert tenant_id is None
        ran.set()

    periodic = Periodic(name="test.clockwork", cron="* * * * * */1", handler=handler)
    async with working(periodic=[periodic]):
        await asyncio.wait_for(ran.wait(), 20)


def test_pauses_grow_up_to_an_hour() -> None:
    assert [pause(n).total_seconds() for n in range(7)] == [5, 20, 80, 320, 1280, 3600, 3600]
    assert models.pause(60).total_seconds() == 3600

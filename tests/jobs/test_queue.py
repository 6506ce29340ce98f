from contextlib import suppress
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import msgspec
import psycopg
import pytest
import structlog
from pgqueuer.adapters.drivers.psycopg import PsycopgDriver
from pgqueuer.domain.models import Job as QueuedJob

from alquimista.access import PLATFORM_TENANT
from alquimista.db.roles import connection_info
from alquimista.db.tenancy import login_transaction, staff_transaction, tenant_transaction
from alquimista.jobs.consumer import queue_queries
from alquimista.jobs.models import Envelope
from alquimista.jobs.queue import enqueue, enqueue_for_each
from factories import make_tenant


class Parcel(msgspec.Struct):
    weight: int


async def test_the_tables_are_what_the_installed_pgqueuer_expects(settings) -> None:
    async with await psycopg.AsyncConnection.connect(connection_info(settings, "owner"), autocommit=True) as conn:
        plan = await queue_queries(PsycopgDriver(conn)).plan_upgrade()
    assert list(plan.statements) == []
    assert list(plan.notes) == []


async def test_a_job_is_there_when_its_cause_is_committed_and_only_then(db, sql) -> None:
    tenant = await make_tenant(db)
    async with tenant_transaction(db, tenant.id) as conn:
        assert await enqueue(conn, "test.kept", Parcel(3), tenant_id=tenant.id)
    with suppress(ZeroDivisionError):
        async with tenant_transaction(db, tenant.id) as conn:
            await enqueue(conn, "test.gone", Parcel(4), tenant_id=tenant.id)
            raise ZeroDivisionError
    rows = await sql("SELECT entrypoint, status::text, payload FROM alquimista_platform.job_queue")
    assert [row[:2] for row in rows] == [("test.kept", "queued")]
    envelope = msgspec.json.decode(rows[0][2], type=Envelope)
    assert envelope.tenant_id == tenant.id
    assert msgspec.json.decode(envelope.data, type=Parcel) == Parcel(3)


async def test_the_trace_of_the_request_travels_with_the_job(db, sql) -> None:
    with structlog.contextvars.bound_contextvars(trace_id="abc123"):
        await enqueue(db.tenant(PLATFORM_TENANT), "test.traced")
    ((payload,),) = await sql("SELECT payload FROM alquimista_platform.job_queue")
    assert msgspec.json.decode(payload, type=Envelope).trace_id == "abc123"


async def test_a_waiting_job_with_the_same_key_is_not_enqueued_again(db, sql) -> None:
    async with login_transaction(db) as conn:
        assert await enqueue(conn, "test.once", dedupe="k")
        assert not await enqueue(conn, "test.once", dedupe="k")
        assert await enqueue(conn, "test.once", dedupe="other")
        assert await enqueue(conn, "test.once")
    await sql("UPDATE alquimista_platform.job_queue SET status = 'failed' WHERE dedupe_key = 'k'")
    assert await enqueue(db.login(), "test.once", dedupe="k")


async def test_one_job_for_each_tenant_in_one_statement(db, sql) -> None:
    tenants = [uuid4() for _ in range(3)]
    conn = db.tenant(PLATFORM_TENANT)
    assert await enqueue_for_each(conn, "test.each", tenants) == 3
    assert await enqueue_for_each(conn, "test.each", [*tenants, uuid4()]) == 1
    assert await enqueue_for_each(conn, "test.each", []) == 0


async def test_a_job_may_wait_for_its_time(db, sql) -> None:
    moment = datetime.now(UTC) + timedelta(hours=1)
    await enqueue(db.tenant(PLATFORM_TENANT), "test.later", run_at=moment)
    assert await sql("SELECT execute_after FROM alquimista_platform.job_queue") == [(moment,)]


@pytest.mark.parametrize("role", ["app", "login"])
@pytest.mark.parametrize(
    "statement",
    [
        "SELECT payload FROM alquimista_platform.job_queue",
        "UPDATE alquimista_platform.job_queue SET status = 'failed'",
        "DELETE FROM alquimista_platform.job_queue",
        "SELECT * FROM alquimista_platform.job_log",
        "UPDATE alquimista_platform.job_schedules SET next_run = now()",
        "INSERT INTO alquimista_platform.workers VALUES (gen_random_uuid(), now(), now())",
    ],
)
async def test_tenants_roles_put_jobs_in_but_cannot_read_or_take_them(settings, role, statement) -> None:
    async with await psycopg.AsyncConnection.connect(connection_info(settings, role), autocommit=True) as conn:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await conn.execute(statement)


async def test_staff_pages_cannot_change_the_queue(db) -> None:
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        async with staff_transaction(db) as conn:
            await conn.raw.execute("DELETE FROM alquimista_platform.job_queue")


def test_pgqueuer_still_has_the_fields_that_the_executor_reads() -> None:
    assert {"id", "attempts", "payload"} <= set(QueuedJob.model_fields)
